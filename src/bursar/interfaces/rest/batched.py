"""The fast way in: batchable operations answered by ASGI itself, before FastAPI sees the request.

What a framework's layers cost is the most of such a request, so this handler stands before all of
them, and sets the request's id, headers, log line and metrics itself. It takes what a program sends that moves money: POST, JSON, a bearer token, an idempotency key. Anything
else (a cookie, a dry run, a query, an upload, no key, a page of another origin) goes on to the ordinary route, as does all that
is wrong with a request: there is one place that words refusals. Both answer alike; a test compares.
"""

import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope, Send

from bursar.core.errors import BursarError, InvalidInput, TooLarge
from bursar.interfaces.application import Application
from bursar.interfaces.invoke import Call
from bursar.interfaces.invoke_batched import invoke_batched
from bursar.interfaces.rest.bodies import JSON_BYTES_MAX
from bursar.interfaces.rest.envelope import count_request, request_id_of, security_headers
from bursar.interfaces.rest.routes import (
    CREDENTIAL_CHARACTERS_MAX,
    PREFIX,
    USER_AGENT_CHARACTERS_MAX,
    render_error,
)
from bursar.runtime.actor import Client, Source
from bursar.runtime.registry import Operation, operations
from bursar.settings import Settings

NUL_ESCAPE = b"\\u0000"
JSON_TYPES = frozenset({"", "application/json"})
BEARER = "bearer"
JSON_CONTENT = (b"content-type", b"application/json")
READ_HEADERS = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"dry-run",
        b"idempotency-key",
        b"origin",
        b"user-agent",
        b"x-request-id",
    }
)


class BatchedRoutes:
    """Answers batchable calls; `request_of` tells which requests are such."""

    def __init__(self, settings: Settings) -> None:
        self._operations = {
            PREFIX + each.path: each
            for each in operations().values()
            if each.batch is not None and each.method == "POST" and "{" not in each.path
        }
        self._surrounding = security_headers(settings)

    def request_of(self, scope: Scope) -> "BatchedRequest | None":
        """Return the request when it is one for the fast way, else None."""
        if scope["method"] != "POST" or scope["query_string"]:
            return None
        operation = self._operations.get(scope["path"])
        headers = None if operation is None else _headers_of(scope)
        if operation is None or headers is None:
            return None
        return BatchedRequest(operation, scope, headers)

    async def answer(
        self, request: "BatchedRequest", application: Application, receive: Receive, send: Send
    ) -> None:
        """Carry a request out and send its answer, or what refused it."""
        started = time.perf_counter()
        request_id = request_id_of(request.headers.get(b"x-request-id"))
        status = 500
        try:
            status, headers, content = await _carried(request, application, receive, request_id)
            headers += ((b"x-request-id", request_id.encode()), *self._surrounding)
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": content})
        finally:
            path = request.scope["path"]
            count_request(
                "POST",
                path,
                route=path,
                status=status,
                seconds=time.perf_counter() - started,
                request_id=request_id,
            )


class BatchedRequest(NamedTuple):
    """A request for the fast way, with those of its headers that matter."""

    operation: Operation
    scope: Scope
    headers: dict[bytes, str]


async def _carried(
    request: BatchedRequest, application: Application, receive: Receive, request_id: str
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return the answer's status, its own headers and its text."""
    try:
        body = _parsed(request.operation, await _read(receive))
        call = _call(request, body, request_id)
        answer = await invoke_batched(application, request.operation, call)
    except BursarError as error:
        refused = render_error(error)
        return refused.status_code, list(refused.raw_headers), bytes(refused.body)
    content = answer.content() or json.dumps(answer.document()).encode()
    headers = [(b"content-length", b"%d" % len(content)), JSON_CONTENT]
    if answer.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    return answer.status, headers, content


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
        and b"origin" not in found  # its answer needs headers of the framework's
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


def _call(request: BatchedRequest, body: BaseModel | Mapping[str, Any], request_id: str) -> Call:
    headers, caller = request.headers, request.scope.get("client")
    agent = headers.get(b"user-agent", "")
    return Call(
        operation=request.operation.name,
        body=body,
        source=Source.CLI if agent.startswith("bursar-cli/") else Source.REST,
        credential=headers[b"authorization"],
        client=Client(
            address=caller[0] if caller else "", user_agent=agent[:USER_AGENT_CHARACTERS_MAX]
        ),
        request_id=request_id,
        idempotency_key=headers[b"idempotency-key"],
    )
