"""The same events over a WebSocket (RFC 6455): /api/v1/events/socket.

A browser is known by its session's cookie, and then must come from a page of this server, because
browsers let any page open a socket with the visitor's cookies. Everybody else sends the token in
the first message, as a JSON object beside the filter; nothing secret stands in the address.
"""

import asyncio
import json
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bursar.core.errors import BursarError, Forbidden, InvalidInput
from bursar.developer.models.events import EventFilter
from bursar.interfaces.application import Application
from bursar.interfaces.rest.cookies import NAME, SECURE_NAME
from bursar.interfaces.rest.event_stream import actor_of, asked_by, from_own_origin, read_filter
from bursar.interfaces.stream.connection import pump
from bursar.interfaces.stream.feed import Feed
from bursar.interfaces.stream.listener import Chunk, End
from bursar.runtime.actor import Actor

FIRST_MESSAGE_SECONDS_MAX = 10.0
FIRST_MESSAGE_CHARACTERS_MAX = 64 * 1024
CLOSED_NORMALLY = 1000
POLICY = 1008
TRY_AGAIN = 1013
SERVICE_RESTART = 1012
SERVER_FAULTS_FROM = 500


async def event_socket(socket: WebSocket) -> None:
    """Serve one socket: accept, learn who listens, send events, close with a reason."""
    application: Application = socket.app.state.application
    try:
        cookie = _session(socket, application)
    except Forbidden:
        await socket.close(POLICY)  # before accepting: the browser sees a refused handshake
        return
    await socket.accept()
    try:
        actor, asked, cursor = await _asked(socket, application, cookie)
        feed: Feed = socket.app.state.feed
        async with feed.listen(actor, asked, cursor) as (listener, chunks):

            async def write(chunk: Chunk | End) -> None:
                if isinstance(chunk, End):
                    await socket.send_text(f'{{"kind":"end","end":{chunk.document()}}}')
                    await socket.close(SERVICE_RESTART if chunk.resume else POLICY)
                    return
                for message in chunk.messages:
                    await socket.send_text(message)

            await pump(listener, chunks, write=write, until_gone=_gone(socket))
            if socket.application_state is WebSocketState.CONNECTED and listener.end is not None:
                await socket.close(SERVICE_RESTART)
    except BursarError as error:
        await socket.send_text(json.dumps({"kind": "error", "error": error.as_json()}))
        await socket.close(TRY_AGAIN if error.status >= SERVER_FAULTS_FROM else POLICY)
    except WebSocketDisconnect:
        return


def _session(socket: WebSocket, application: Application) -> str | None:
    """Return the session in the cookie; refuse one that another site made the browser send."""
    secret = socket.cookies.get(SECURE_NAME) or socket.cookies.get(NAME)
    listed = application.settings.cors_origins.split(",")
    allowed = frozenset(filter(None, (origin.strip() for origin in listed)))
    if secret is not None and not from_own_origin(socket.headers, allowed):
        raise Forbidden("this socket was opened by a page of another site")
    return secret


async def _asked(
    socket: WebSocket, application: Application, cookie: str | None
) -> tuple[Actor, EventFilter, str | None]:
    """Return who listens to what, from the cookie and the address or from the first message."""
    asked, cursor = asked_by(socket.query_params)
    if cookie is not None:
        return await actor_of(application, cookie), asked, cursor
    first = await _first_message(socket)
    token = first.pop("token", None)
    if not isinstance(token, str):
        raise InvalidInput("the first message carries the token", field="token")
    actor = await actor_of(application, token)
    if first:
        asked, cursor = read_filter(first)
    return actor, asked, cursor


async def _first_message(socket: WebSocket) -> dict[str, Any]:
    hint = 'Send {"token": "..."} first; types, objects, refused and cursor may stand beside it.'
    try:
        async with asyncio.timeout(FIRST_MESSAGE_SECONDS_MAX):
            text = await socket.receive_text()
        document = json.loads(text[:FIRST_MESSAGE_CHARACTERS_MAX])
    except TimeoutError:
        raise InvalidInput("no first message came in 10 s", hint=hint) from None
    except (ValueError, KeyError, RecursionError):
        raise InvalidInput("the first message is not valid JSON", hint=hint) from None
    if not isinstance(document, dict):
        raise InvalidInput("the first message must be a JSON object", hint=hint)
    return document


async def _gone(socket: WebSocket) -> None:
    """Wait until the client leaves; what it says meanwhile has no meaning."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
