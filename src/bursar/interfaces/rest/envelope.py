"""What surrounds every HTTP request: its id, its log line, its metrics and the security headers."""

import functools
import re
import time

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bursar.core.ids import new_id_text
from bursar.interfaces.logs import log_request
from bursar.settings import Environment, Settings

REQUESTS = Counter(
    "bursar_http_requests",
    "HTTP requests by route, method and status.",
    ["route", "method", "status"],
)
SECONDS = Histogram(
    "bursar_http_request_seconds", "Time to the end of the answer.", ["route", "method"]
)
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")


class Envelope:
    """ASGI middleware: request id in and out, headers on every answer, one log line each."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._headers = security_headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; anything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = message.get("headers", [])
                named = {name.lower() for name, _value in own}
                message["headers"] = [
                    *own,
                    (b"x-request-id", request_id.encode()),
                    *(header for header in self._headers if header[0] not in named),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_headers)
            finally:
                state = scope["state"]
                count_request(
                    scope["method"],
                    scope["path"],
                    route=state.get("route", "other"),
                    status=status,
                    seconds=time.perf_counter() - started,
                    request_id=request_id,
                    lasts=bool(state.get("lasts")),
                )


def security_headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    """Return the headers every answer carries; a page states its own content policy instead."""
    headers = {
        "content-security-policy": CONTENT_POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
    }
    if settings.environment is Environment.PRODUCTION:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
    return request_id_of(None if given is None else given.decode("latin-1"))


def request_id_of(given: str | None) -> str:
    """Return the id that a request states for itself, or a new one when it states none that fits."""
    return given if given is not None and GIVEN_ID.fullmatch(given) else new_id_text()


def count_request(
    method: str,
    path: str,
    *,
    route: str,
    status: int,
    seconds: float,
    request_id: str,
    lasts: bool = False,
) -> None:
    """Count and log one request that ended."""
    requests, duration = _metrics(route, method, status)
    requests.inc()
    if not lasts:  # a stream's length says nothing about speed
        duration.observe(seconds)
    log_request(
        method=method,
        path=path,
        status=status,
        milliseconds=round(seconds * 1000, 2),
        request_id=request_id,
    )


@functools.lru_cache(maxsize=4096)  # routes are a fixed list, so are methods and statuses
def _metrics(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(route, method, str(status)), SECONDS.labels(route, method)
