"""What surrounds every HTTP request: its id, its log line, its metrics and the security headers."""

import functools
import re
import time

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bursar.core.ids import new_id
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
                _count(scope, status, time.perf_counter() - started)


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
    for name, value in scope["headers"]:
        if name == b"x-request-id" and GIVEN_ID.fullmatch(value.decode("latin-1")):
            return str(value.decode("latin-1"))
    return str(new_id())


def _count(scope: Scope, status: int, seconds: float) -> None:
    requests, duration = _metrics(scope["state"].get("route", "other"), scope["method"], status)
    requests.inc()
    if not scope["state"].get("lasts"):  # a stream's length says nothing about speed
        duration.observe(seconds)
    log_request(
        method=scope["method"],
        path=scope["path"],
        status=status,
        milliseconds=round(seconds * 1000, 2),
        request_id=scope["state"]["request_id"],
    )


@functools.lru_cache(maxsize=4096)  # routes are a fixed list, so are methods and statuses
def _metrics(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(route, method, str(status)), SECONDS.labels(route, method)
