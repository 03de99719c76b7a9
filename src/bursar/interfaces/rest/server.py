"""The one ASGI application: web pages, REST, MCP, health, metrics and documentation on one port.

Any ASGI server runs it: granian is the default (`bursar up`), uvicorn works.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from redis.asyncio import Redis
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bursar import __version__
from bursar.core.errors import BursarError, NotFound, Refused
from bursar.interfaces import catalogue
from bursar.interfaces.application import open_application
from bursar.interfaces.carrier import Carrier
from bursar.interfaces.lab import Lab, lab_routes
from bursar.interfaces.logs import configure_logs
from bursar.interfaces.mcp.server import mcp_routes
from bursar.interfaces.rest.batched import BatchedRoutes
from bursar.interfaces.rest.cookies import NAME, SECURE_NAME
from bursar.interfaces.rest.envelope import Envelope
from bursar.interfaces.rest.event_routes import open_feed, stream_routes
from bursar.interfaces.rest.routes import render_error, routes
from bursar.interfaces.rest.system import system_routes
from bursar.interfaces.web import PagesFirst, WebPages
from bursar.runtime.embedded.state import addresses
from bursar.settings import Settings

NOT_FOUND = 404


class Server(FastAPI):
    """The framework's application, behind the fast way in."""

    batched: BatchedRoutes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        request = self.batched.request_of(scope) if scope["type"] == "http" else None
        if request is None:
            await super().__call__(scope, receive, send)
        else:
            await self.batched.answer(request, self.state.application, receive, send)


def create(settings: Settings | None = None) -> FastAPI:
    """Return the application; the database is opened when the server starts it."""
    settings = settings or Settings()
    configure_logs(settings)
    catalogue.load()
    served, run_mcp = mcp_routes(settings)
    lab = Lab(settings, session_cookies=(SECURE_NAME, NAME))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        where = addresses(settings)
        async with AsyncExitStack() as stack:
            app.state.application = await stack.enter_async_context(
                open_application(settings, where.database_url)
            )
            app.state.application.carrier = Carrier(where.redis_url)
            redis = Redis.from_url(where.redis_url)
            stack.push_async_callback(redis.aclose)
            app.state.redis = redis
            await stack.enter_async_context(run_mcp(app.state.application))
            app.state.feed = await stack.enter_async_context(open_feed(app.state.application))
            await stack.enter_async_context(lab.running())
            yield

    app = Server(
        title="Bursar",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.batched = BatchedRoutes(settings)
    app.router.routes[:] = [
        *stream_routes(),
        *routes(),
        *system_routes(),
        *served,
        *lab_routes(lab),
    ]
    pages = WebPages(session_cookies=(NAME, SECURE_NAME))
    app.router.default = pages
    # A page's address ends with a slash; without this, a route of the same name would take it.
    app.router.redirect_slashes = False
    app.add_exception_handler(BursarError, _bursar_error)
    app.add_exception_handler(HTTPException, _http_error)
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    app.add_middleware(PagesFirst, pages=pages)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "Last-Event-ID",
                "X-Request-Id",
            ],
        )
    app.add_middleware(Envelope, settings=settings)
    return app


async def _bursar_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, BursarError)  # noqa: S101 - registered for this type only
    return render_error(error)


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    if error.status_code == NOT_FOUND:
        return render_error(NotFound("there is nothing at this path"))
    refused = Refused(str(error.detail))
    response = render_error(refused)
    response.status_code = error.status_code
    return response
