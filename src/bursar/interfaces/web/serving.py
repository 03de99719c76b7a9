"""Answer what no route answers: a built page, a file of one, or the one error shape.

It stands behind every route, so it can never hide one, and knows only the names of the manifest,
so no address leads out of the folder.
"""

from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bursar.core.errors import NotFound
from bursar.interfaces.web.files import BuiltPages, File
from bursar.interfaces.web.plain import NOT_BUILT, SIGN_IN, SIGN_IN_SCRIPT

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
HOME = "overview/"
NOT_FOUND_PAGE = "404.html"
READING = frozenset({"GET", "HEAD"})
# Nothing under these is ever a page, even where no route matches.
PROGRAMS = ("api/", "mcp/", "docs/")
POLICY = (
    "default-src 'self'; script-src 'self'{scripts}; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)


class WebPages:
    """The ASGI application behind all routes."""

    def __init__(
        self, pages: BuiltPages | None = None, *, session_cookies: Collection[str] = ()
    ) -> None:
        self._pages = BuiltPages() if pages is None else pages
        self._session_cookies = session_cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a websocket is closed."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        request = Request(scope, receive)
        await self.answer(request)(scope, receive, send)

    def has_page(self, path: str) -> bool:
        """Tell whether a page lies at this address with a slash at its end."""
        return not path.endswith("/") and self._pages.find(f"{path[1:]}/") is not None

    def answer(self, request: Request) -> Response:
        """Return the page, the file or the way to it; raise NotFound."""
        path = request.url.path.removeprefix("/")
        if f"{path}/".startswith(PROGRAMS) and path.endswith("/"):
            return _moved(request, f"/{path.rstrip('/')}", 307)
        if request.method not in READING or f"{path}/".startswith(PROGRAMS):
            raise _nothing_here()
        if not self._pages:
            return _plain(path)
        request.state.route = "page"
        if path == "" and any(name in request.cookies for name in self._session_cookies):
            return _moved(request, f"/{HOME}", 302)
        file = self._pages.find(path)
        if file is None and self._pages.find(f"{path}/") is not None:
            return _moved(request, f"/{path}/", 308)
        if file is not None:
            return self._send(request, file, 200)
        missing = self._pages.find(NOT_FOUND_PAGE)
        if missing is None or "text/html" not in request.headers.get("accept", ""):
            raise _nothing_here()
        return self._send(request, missing, 404)

    def _send(self, request: Request, file: File, status: int) -> Response:
        tag = f'"{file.hash}"'
        headers = {
            "Cache-Control": FOR_EVER if file.is_hashed else ASK_AGAIN,
            "ETag": tag,
            "Vary": "Accept-Encoding",
        }
        if file.media_type.startswith("text/html"):
            headers["Content-Security-Policy"] = policy(file.scripts)
        if tag in request.headers.get("if-none-match", "") and status == 200:  # noqa: PLR2004 - HTTP's own number
            return Response(status_code=304, headers=headers)
        gzip = file.gzip and "gzip" in request.headers.get("accept-encoding", "")
        if gzip:
            headers["Content-Encoding"] = "gzip"
        content = self._pages.content(file, gzip=gzip)
        return Response(content, status, headers, file.media_type)


class PagesFirst:
    """ASGI middleware: an address typed into a browser opens its page, also where a route answers.

    Some operations answer at addresses without the prefix, such as /portfolio/performance; a
    program that asks there gets the operation as before.
    """

    def __init__(self, app: ASGIApp, pages: WebPages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a browser that goes to a page's name to the page; pass everything else on."""
        if scope["type"] == "http" and scope["method"] == "GET":
            request = Request(scope, receive)
            typed = request.headers.get("sec-fetch-mode") == "navigate"
            if typed and self._pages.has_page(request.url.path):
                moved = _moved(request, f"{request.url.path}/", 307)
                await moved(scope, receive, send)
                return
        await self._app(scope, receive, send)


def policy(scripts: tuple[str, ...]) -> str:
    """Return a page's content security policy: its own inline scripts by hash, and no others."""
    return POLICY.format(scripts="".join(f" '{one}'" for one in scripts))


def _moved(request: Request, path: str, status: int) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(path + query, status, {"Cache-Control": "no-store"})


def _plain(path: str) -> Response:
    """Answer without built pages; a link to sign in works all the same."""
    if path.rstrip("/") == "sign-in":
        return HTMLResponse(SIGN_IN, headers={"Cache-Control": "no-store"})
    if path == "sign-in.js":
        return Response(SIGN_IN_SCRIPT, media_type="text/javascript")
    if path == "":
        return HTMLResponse(NOT_BUILT, headers={"Cache-Control": ASK_AGAIN})
    raise _nothing_here()


def _nothing_here() -> NotFound:
    return NotFound("there is nothing at this path")
