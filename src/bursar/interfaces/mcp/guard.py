"""What stands before the HTTP transports: whose name a request came to, and how many streams stay open.

A web page that a browser loaded from elsewhere must not reach this server under a name its author
owns (DNS rebinding). So the Host header has to be a name of this server: a local one, or the one
in PUBLIC_URL. A server that listens on every address is reached by addresses too: an address in
the Host header cannot be rebound, only a name can.
"""

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bursar.core.errors import BursarError, Refused, Unavailable
from bursar.interfaces.mcp.refusals import compact
from bursar.settings import Settings

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
EVERY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to
STREAMS_MAX = 1000
MISDIRECTED = 421
FORBIDDEN = 403
# The guard below replaces the SDK's list of exact names; its other checks stay.
GUARDED = TransportSecuritySettings(enable_dns_rebinding_protection=False)


class Guard:
    """An ASGI application behind a check of Host and Origin, with a count of what is open."""

    def __init__(self, app: ASGIApp, settings: Settings, *, open_max: int = STREAMS_MAX) -> None:
        self._app = app
        self._open_max = open_max
        self.open = 0
        public = urlsplit(settings.base_url)
        listens_on = settings.server_host.strip("[]")
        self._by_address = listens_on in EVERY_ADDRESS
        self._names = LOCAL_NAMES | {public.hostname or "", listens_on} - EVERY_ADDRESS
        if self._by_address:
            self._names |= {socket.gethostname().lower()}
        listed = (origin.strip() for origin in settings.cors_origins.split(","))
        self._origins = frozenset({f"{public.scheme}://{public.netloc}", *filter(None, listed)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            message = "this server does not go by the name in the Host header"
            hint = "Use localhost, or set PUBLIC_URL to the address people use."
            await _answer(send, Refused(message, hint=hint), MISDIRECTED)
        elif not self._may_come_from(headers.get("origin", "")):
            message = "pages from this origin may not call this server"
            await _answer(send, Refused(message, hint="Add it to CORS_ORIGINS."), FORBIDDEN)
        elif self.open >= self._open_max:
            message = f"{self._open_max} requests or streams are open already"
            await _answer(send, Unavailable(message), Unavailable.status)
        else:
            self.open += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self.open -= 1

    def _is_ours(self, host: str) -> bool:
        name = _name_of(host)
        return name in self._names or (self._by_address and _is_address(name))

    def _may_come_from(self, origin: str) -> bool:
        if not origin or origin in self._origins:
            return True
        scheme, _, host = origin.partition("://")
        return scheme == "http" and _name_of(host) in LOCAL_NAMES


def _name_of(host: str) -> str:
    """Return the name in a Host header, without port and brackets; blank when it is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return ""
    plain = parts.netloc == host and not parts.path and "@" not in host
    return (parts.hostname or "") if plain else ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


async def _answer(send: Send, error: BursarError, status: int) -> None:
    body = compact(error.as_json()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
