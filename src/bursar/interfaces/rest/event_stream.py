"""Server-sent events (WHATWG HTML, section 9.2): GET /api/v1/events.

An event's `data` is one JSON object, its `id` the cursor a client sends back as Last-Event-ID.
`event: end` says why the server ends a stream; a browser connects again by itself.
"""

from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from bursar.core.errors import BursarError, Forbidden, InvalidInput, Unauthenticated
from bursar.developer.models.events import EventFilter
from bursar.interfaces.application import Application
from bursar.interfaces.invoke import validate
from bursar.interfaces.rest.routes import credential_of, render_error
from bursar.interfaces.stream.connection import pump
from bursar.interfaces.stream.feed import Feed
from bursar.interfaces.stream.listener import Chunk, End
from bursar.runtime.actor import Actor
from bursar.runtime.registry import operations

SCOPE = "developer:read"
RETRY_MILLISECONDS = 2_000
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx passes each event on at once
]
IN_ADDRESS = ("token", "access_token", "authorization")


class EventStream:
    """The ASGI endpoint: one response that lasts."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the stream, or with a refusal before anything was sent."""
        request = Request(scope, receive)
        request.state.route = "/api/v1/events"
        request.state.lasts = True
        try:
            actor = await actor_of(request.app.state.application, credential_of(request))
            asked, cursor = asked_by(request.query_params)
            cursor = request.headers.get("last-event-id") or cursor
            feed: Feed = request.app.state.feed
            async with feed.listen(actor, asked, cursor) as (listener, chunks):
                await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS]})
                await send(_body(f"retry: {RETRY_MILLISECONDS}\n\n".encode()))

                async def write(chunk: Chunk | End) -> None:
                    await send(_body(_text(chunk)))

                whole = await pump(listener, chunks, write=write, until_gone=_gone(receive))
                if whole:
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        except BursarError as error:
            await render_error(error)(scope, receive, send)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _body(data: bytes) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": True}


def _text(chunk: Chunk | End) -> bytes:
    if isinstance(chunk, Chunk):
        return chunk.sse
    return f"event: end\ndata: {chunk.document()}\n\n".encode()


async def actor_of(application: Application, credential: str | None) -> Actor:
    """Return who listens; raise Unauthenticated or Forbidden."""
    if not credential:
        raise Unauthenticated("listening to events needs a token")
    actor = await application.authenticate(credential)
    if not actor.may(SCOPE):
        raise Forbidden(
            f"this credential lacks the scope {SCOPE}",
            hint=f"Use a token that carries {SCOPE}, and the read scope of what to hear about.",
            details={"scope": SCOPE},
        )
    return actor


def asked_by(query: QueryParams) -> tuple[EventFilter, str | None]:
    """Read the filter and the cursor from an address; a credential does not belong there."""
    if any(name in query for name in IN_ADDRESS):
        raise InvalidInput(
            "a token in an address ends up in logs",
            hint="Send it as 'Authorization: Bearer <token>', or in a socket's first message.",
        )
    values: dict[str, Any] = {}
    for name in ("types", "objects"):
        values[name] = [part for text in query.getlist(name) for part in text.split(",") if part]
    rest = {name: text for name, text in query.items() if name not in ("types", "objects")}
    return read_filter({**values, **rest})


def read_filter(values: dict[str, Any]) -> tuple[EventFilter, str | None]:
    """Check a filter and a cursor by the same model as developer.list_events."""
    body: Any = validate(operations()["developer.list_events"], values)
    asked = EventFilter(types=body.types, objects=body.objects, refused=body.refused)
    return asked, body.cursor


def from_own_origin(headers: Headers, allowed: frozenset[str]) -> bool:
    """Tell whether a page of this server, or of an allowed origin, opened a socket."""
    origin = headers.get("origin", "")
    return origin.partition("://")[2] == headers.get("host") or origin in allowed
