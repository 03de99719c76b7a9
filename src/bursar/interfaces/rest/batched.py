"""The fast way in: batchable operations answered by ASGI itself, before FastAPI sees the request.

What a framework's route costs is the most of such a request, so this handler does without one. It
takes what a program sends that moves money: POST, JSON, a bearer token, an idempotency key. Anything
else (a cookie, a dry run, a query, an upload, no key) goes on to the ordinary route, as does all that
is wrong with a request: there is one place that words refusals. Both answer alike; a test compares.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from bursar.core.errors import BursarError, InvalidInput, TooLarge
from bursar.interfaces.application import Application
from bursar.interfaces.invoke import Answer, Call
from bursar.interfaces.invoke_batched import invoke_batched
from bursar.interfaces.rest.bodies import JSON_BYTES_MAX
from bursar.interfaces.rest.routes import (
    CREDENTIAL_CHARACTERS_MAX,
    PREFIX,
    USER_AGENT_CHARACTERS_MAX,
    render_error,
)
from bursar.runtime.actor import Client, Source
from bursar.runtime.registry import Operation, operations

NUL_ESCAPE = b"\\u0000"
JSON_TYPES = frozenset({"", "application/json"})
BEARER = "bearer"
READ_HEADERS = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"dry-run",
        b"idempotency-key",
        b"user-agent",
    }
)


class BatchedRoutes:
    """ASGI middleware: answers batchable calls, and passes everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._operations = {
            PREFIX + each.path: each
            for each in operations().values()
            if each.batch is not None and each.method == "POST" and "{" not in each.path
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        operation = None
        if scope["type"] == "http" and scope["method"] == "POST" and not scope["query_string"]:
            operation = self._operations.get(scope["path"])
        headers = None if operation is None else _headers_of(scope)
        if operation is None or headers is None:
            await self._app(scope, receive, send)
            return
        scope["state"]["route"] = scope["path"]
        try:
            body = _parsed(operation, await _read(receive))
            application: Application = scope["app"].state.application
            answer = await invoke_batched(
                application, operation, _call(operation, scope, headers, body)
            )
        except BursarError as error:
            await render_error(error)(scope, receive, send)
            return
        await _send(answer, send)


def _headers_of(scope: Scope) -> dict[bytes, str] | None:
    """Return the headers that matter, or None when this request is not for the fast way."""
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in READ_HEADERS and name not in found:
            found[name] = value.decode("latin-1")
    scheme, _, token = found.get(b"authorization", "").partition(" ")
    kind = found.get(b"content-type", "").partition(";")[0].strip().lower()
    length = found.get(b"content-length", "")
    fits = length.isdigit() and 0 < int(length) <= JSON_BYTES_MAX
    fast = (
        scheme.lower() == BEARER
        and fits
        and kind in JSON_TYPES
        and b"dry-run" not in found
        and found.get(b"idempotency-key")
    )
    if not fast:
        return None
    found[b"authorization"] = token.strip()[:CREDENTIAL_CHARACTERS_MAX]
    return found if found[b"authorization"] else None


async def _read(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > JSON_BYTES_MAX:
            raise TooLarge(f"a body may hold at most {JSON_BYTES_MAX} bytes")
    return body


def _parsed(operation: Operation, raw: bytes) -> BaseModel | Mapping[str, Any]:
    """Return the input; one that is not valid comes back as JSON, for the check that words it."""
    if NUL_ESCAPE not in raw:
        try:
            return operation.input_model.model_validate_json(raw)
        except ValidationError:
            pass
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidInput("the body is not valid JSON") from None
    if not isinstance(document, Mapping):
        raise InvalidInput("the body must be a JSON object")
    return document


def _call(
    operation: Operation,
    scope: Scope,
    headers: dict[bytes, str],
    body: BaseModel | Mapping[str, Any],
) -> Call:
    agent = headers.get(b"user-agent", "")
    address = scope["client"][0] if scope.get("client") else ""
    return Call(
        operation=operation.name,
        body=body,
        source=Source.CLI if agent.startswith("bursar-cli/") else Source.REST,
        credential=headers[b"authorization"],
        client=Client(address=address, user_agent=agent[:USER_AGENT_CHARACTERS_MAX]),
        request_id=scope["state"]["request_id"],
        idempotency_key=headers[b"idempotency-key"],
    )


async def _send(answer: Answer, send: Send) -> None:
    content = answer.content() or json.dumps(answer.document()).encode()
    headers = [
        (b"content-length", str(len(content)).encode()),
        (b"content-type", b"application/json"),
    ]
    if answer.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
