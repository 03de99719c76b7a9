"""What is not an operation: health, metrics, the OpenAPI document and its page."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

import fastapi_offline
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from bursar import __version__
from bursar.core.errors import BursarError, NotFound
from bursar.interfaces.application import Application
from bursar.interfaces.journal_metrics import JournalGauges
from bursar.interfaces.rest.envelope import CONTENT_POLICY
from bursar.interfaces.rest.openapi import build
from bursar.interfaces.rest.routes import render_error
from bursar.runtime.effects import counts

CHECK_SECONDS_MAX = 2.0
EFFECTS = Gauge(
    "bursar_effects",
    "Work outside that is not done: queued, running, overdue; dead and uncertain wait for a person.",
    ["state"],
)
ASSETS = Path(fastapi_offline.__file__).parent / "static"
ASSET_NAMES = frozenset({"swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"})
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bursar API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" href="/docs/assets/favicon.png"></head>
<body><div id="api"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</body></html>"""
# The documentation's own script writes styles; nothing else of Bursar may.
PAGE_POLICY = CONTENT_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
START = """SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true,
  persistAuthorization: false, docExpansion: "none", filter: true });"""

_journal_gauges = JournalGauges()


async def health(request: Request) -> Response:
    """Answer healthy, degraded or unhealthy with the time each part took; no secrets."""
    application: Application = request.app.state.application
    checks = {
        "database": await _check(application.database.ping),
        "redis": await _check(lambda: _ping_redis(request)),
    }
    if checks["database"]["status"] != "up":
        status = "unhealthy"
    elif any(check["status"] != "up" for check in checks.values()):
        status = "degraded"
    else:
        status = "healthy"
    document = {
        "status": status,
        "version": __version__,
        "checks": checks,
        "effects": await _effects(application),
        "event_streams": request.app.state.feed.open_streams,
    }
    code = 503 if status == "unhealthy" else 200
    return Response(json.dumps(document), code, media_type="application/json")


async def _check(probe: Callable[[], Awaitable[object]]) -> dict[str, object]:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            await probe()
    except (BursarError, RedisError, TimeoutError, OSError):
        return {"status": "down"}
    return {"status": "up", "milliseconds": round((time.perf_counter() - started) * 1000, 2)}


async def _effects(application: Application) -> dict[str, int] | None:
    """Return how many effects wait, for workers and for people; None when nobody can say."""
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            found = await counts(application.database, application.clock)
    except (BursarError, TimeoutError, OSError):
        return None
    return asdict(found)


async def _ping_redis(request: Request) -> None:
    redis: Redis = request.app.state.redis
    await redis.ping()


async def metrics(request: Request) -> Response:
    """Return Prometheus text; what waits is counted for it."""
    await _journal_gauges.refresh(request.app.state.application.database)
    for state, rows in (await _effects(request.app.state.application) or {}).items():
        EFFECTS.labels(state).set(rows)
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def openapi(request: Request) -> Response:
    """Return the OpenAPI document; built once for each process."""
    state = request.app.state
    if not hasattr(state, "openapi"):
        state.openapi = json.dumps(build()).encode()
    return Response(state.openapi, media_type="application/json")


async def page(_request: Request) -> Response:
    """Return the interactive documentation; every asset comes from this server."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": PAGE_POLICY})


async def start_script(_request: Request) -> Response:
    """Return the script that opens the documentation."""
    return Response(START, media_type="text/javascript")


async def asset(request: Request) -> Response:
    """Return one of the documentation's files."""
    name = request.path_params["name"]
    if name not in ASSET_NAMES:
        return render_error(NotFound("there is no such file"))
    return FileResponse(ASSETS / name)


def system_routes() -> list[Route]:
    """Return the routes beside the operations; a test holds this list."""
    return [
        Route("/health", health),
        Route("/metrics", metrics),
        Route("/openapi.json", openapi),
        Route("/docs", page),
        Route("/docs/start.js", start_script),
        Route("/docs/assets/{name}", asset),
    ]
