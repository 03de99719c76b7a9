"""The routes, made from the registry. An endpoint parses, invokes and renders; it decides nothing."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bursar.core.errors import BursarError
from bursar.interfaces.application import Application
from bursar.interfaces.invoke import Answer, Call, invoke
from bursar.interfaces.rest.bodies import read_input
from bursar.interfaces.rest.cookies import (
    ENDS_SESSION,
    drop_session,
    keep_session,
    session_of,
    set_session,
)
from bursar.runtime.actor import Client, Source
from bursar.runtime.registry import Operation, operations

PREFIX = "/api/v1"
# Paths that the requirements name without the prefix: the same operation answers there.
ALIASED = ("/auth/", "/users/me", "/portfolio/")
# Paths under which the requirements name an operation that lives elsewhere.
OTHER_PATHS = {"/portfolio/transactions": "banking.search_transactions"}
CREDENTIAL_CHARACTERS_MAX = 4096
USER_AGENT_CHARACTERS_MAX = 512

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


def routes() -> list[Route]:
    """Return one route for each operation, and its alias where the requirements name one.

    Fixed paths come before paths with parameters, so that /lots/summary is not taken for an id.
    """
    made: list[Route] = []
    for operation in sorted(operations().values(), key=lambda o: (o.path.count("{"), o.path)):
        endpoint = _endpoint(operation)
        made.append(Route(PREFIX + operation.path, endpoint, methods=[operation.method]))
        if operation.path.startswith(ALIASED):
            made.append(Route(operation.path, endpoint, methods=[operation.method]))
    for path, name in OTHER_PATHS.items():
        endpoint = _endpoint(operations()[name])
        made += [Route(p, endpoint, methods=["GET"]) for p in (path, PREFIX + path)]
    return made


def _endpoint(operation: Operation) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        application: Application = request.app.state.application
        request.state.route = PREFIX + operation.path
        try:
            body = await read_input(request, operation, application.settings.upload_bytes_max)
            answer = await invoke(
                application,
                Call(
                    operation=operation.name,
                    body=body,
                    source=_source(request),
                    credential=credential_of(request),
                    request_id=request.state.request_id,
                    client=_client(request),
                    idempotency_key=request.headers.get("idempotency-key"),
                    dry_run=operation.writes and _wants_dry_run(request),
                ),
            )
        except BursarError as error:
            return render_error(error)
        return _render_session(request, operation, answer)

    endpoint.__name__ = operation.name
    return endpoint


def _source(request: Request) -> Source:
    agent = request.headers.get("user-agent", "")
    return Source.CLI if agent.startswith("bursar-cli/") else Source.REST


def credential_of(request: Request) -> str | None:
    """Return the bearer token or, for a browser, the session of its cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()[:CREDENTIAL_CHARACTERS_MAX]
    return session_of(request)


def _client(request: Request) -> Client:
    address = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")
    return Client(address=address, user_agent=agent[:USER_AGENT_CHARACTERS_MAX])


def _render_session(request: Request, operation: Operation, answer: Answer) -> Response:
    """Render an answer; one that opens or ends a browser's session also moves its cookie."""
    kept = keep_session(request, operation, answer)
    if kept is None:
        response = render(answer)
    else:
        response = render(kept)
        set_session(request, response, getattr(answer.model, "token", ""))
    if operation.name in ENDS_SESSION:
        drop_session(response)
    return response


def _wants_dry_run(request: Request) -> bool:
    asked = request.query_params.get("dry_run") or request.headers.get("dry-run") or ""
    return asked.lower() in ("1", "true", "yes")


def render(answer: Answer) -> Response:
    """Return an answer as JSON; a replay says so in a header."""
    content = answer.content() or json.dumps(answer.document()).encode()
    response = Response(content, answer.status, media_type="application/json")
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def render_error(error: BursarError) -> Response:
    """Return an error in the one shape; a replay says so in a header."""
    response = Response(json.dumps(error.as_json()), error.status, media_type="application/json")
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if error.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if error.status == 401:  # noqa: PLR2004 - HTTP's own number
        response.headers["WWW-Authenticate"] = 'Bearer realm="bursar"'
    return response
