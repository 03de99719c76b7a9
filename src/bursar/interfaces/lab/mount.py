"""Ask who is there, load Streamlit once, and hand the request over with its own content policy."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import anyio.to_thread
import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import bursar
from bursar.core.errors import BursarError, NotFound, Unauthenticated
from bursar.interfaces.application import Application
from bursar.interfaces.web.plain import HEAD
from bursar.settings import Settings

PATH = "/lab"
SCRIPT = Path(bursar.__file__).parent / "lab" / "main.py"
READING = frozenset({"GET", "HEAD"})
# Streamlit writes its styles while it runs, starts with one inline script that is named here by its
# hash, and its charts compile their expressions: nothing else than itself may be loaded or reached.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval' "
    "'sha256-{script}'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
OPTIONS: dict[str, object] = {
    "global.developmentMode": False,
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "runner.magicEnabled": False,
    "server.allowRunOnSave": False,
    "server.enableAgentApi": False,
    "server.enableStaticServing": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": 1,
    "server.runOnSave": False,
    "server.showEmailPrompt": False,
    "theme.primaryColor": "#3b46a8",
}
MISSING = (
    HEAD.format(title="The lab is not installed")
    + """<body><main><h1>The lab is not installed</h1>
<p>It needs the extra <code>lab</code>: <code>pip install 'bursar[lab]'</code>. Install it where the
server runs, then start Bursar again.</p>
<p><a href="/overview/">Back to Bursar</a></p></main></body></html>"""
)
NOT_IMPLEMENTED = 501
log = structlog.get_logger()


class Lab:
    """The ASGI application under /lab; Streamlit allows one in each process."""

    def __init__(self, settings: Settings, *, session_cookies: Collection[str] = ()) -> None:
        self._settings = settings
        self._session_cookies = session_cookies
        self._lock = asyncio.Lock()
        self._loaded: ASGIApp | None = None
        self._policy = ""
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or websocket of somebody signed in."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
            return
        request = Request(scope, receive)
        scope.setdefault("state", {})["route"] = PATH
        refused = await self._refusal(request)
        if refused is None and find_spec("streamlit") is None:
            refused = HTMLResponse(MISSING, NOT_IMPLEMENTED, {"Cache-Control": "no-store"})
        if refused is not None:
            await refused(scope, receive, send)
            return
        app = await self._app()

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = self._policy
            await send(message)

        await app(scope, receive, send_with_policy)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Live as long as the host does: end Streamlit, if anybody started it."""
        try:
            yield
        finally:
            self._stop.set()
            if self._running is not None:
                await self._running

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        origin = urlsplit(connection.headers.get("origin", "")).netloc
        try:
            await self._authenticate(connection)
        except BursarError:
            origin = ""
        if not origin or origin != connection.headers.get("host") or not find_spec("streamlit"):
            await send({"type": "websocket.close", "code": 1008})
            return
        await (await self._app())(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        if request.method not in READING:
            raise NotFound("the lab takes no uploads")
        try:
            await self._authenticate(request)
        except Unauthenticated:
            if "text/html" not in request.headers.get("accept", ""):
                raise
            query = f"?{request.url.query}" if request.url.query else ""
            wanted = quote(request.url.path + query, safe="")
            return RedirectResponse(f"/sign-in/?next={wanted}", 303, {"Cache-Control": "no-store"})
        return None

    async def _authenticate(self, connection: HTTPConnection) -> None:
        """Raise Unauthenticated unless a cookie holds a session."""
        found = (connection.cookies.get(name) for name in self._session_cookies)
        secret = next((each for each in found if each), None)
        if secret is None:
            raise Unauthenticated("sign in to open the lab")
        application: Application = connection.scope["app"].state.application
        await application.authenticate(secret)

    async def _app(self) -> ASGIApp:
        """Return Streamlit, loaded in a thread so that other requests go on meanwhile."""
        async with self._lock:
            if self._loaded is None:
                app, script = await asyncio.to_thread(_load, self._settings)
                self._policy = POLICY.format(script=script)
                ready = asyncio.Event()
                self._running = asyncio.create_task(self._run(app, ready))
                await ready.wait()
                self._loaded = app
                log.info("lab_loaded")
            return self._loaded

    async def _run(self, app: Any, ready: asyncio.Event) -> None:
        """Hold Streamlit's lifespan from the first request to the end, in one task."""
        limiter = anyio.to_thread.current_default_thread_limiter()
        threads = limiter.total_tokens
        async with app.lifespan()(app):
            limiter.total_tokens = threads  # Streamlit sets it for the whole process
            ready.set()
            await self._stop.wait()


def _load(settings: Settings) -> tuple[Any, str]:
    """Import Streamlit, set it up and return it with the hash of its inline script."""
    import streamlit  # noqa: PLC0415 - heavy, loaded on first use
    from streamlit import config  # noqa: PLC0415 - heavy, loaded on first use

    for name, value in OPTIONS.items():
        config.set_option(name, value)
    host = settings.server_host
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - reaching, not binding
    address = f"http://{host}:{settings.server_port}"
    app = streamlit.App(SCRIPT, secrets={"bursar_address": address})
    return app, _inline_hash(Path(streamlit.__file__).parent / "static" / "index.html")


def _inline_hash(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    script = text.partition("<script>")[2].partition("</script>")[0]
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


async def _to_folder(_request: Request) -> Response:
    return RedirectResponse(f"{PATH}/", 308)


def lab_routes(lab: Lab) -> list[BaseRoute]:
    """Return the lab's route, and the way to it without the slash."""
    return [Route(PATH, _to_folder), Mount(PATH, lab)]
