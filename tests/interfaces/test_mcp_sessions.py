"""What is left of clients that went away without a word: nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette

from bursar.interfaces.application import open_application
from bursar.interfaces.mcp.server import BursarServer
from bursar.settings import Environment, Settings
from tests.interfaces.live import Live, free_port
from tests.interfaces.test_mcp_protocol import ACCEPT, INITIALIZE, LIST_TOOLS

IDLE_SECONDS = 1.5


@dataclass(frozen=True)
class Mounted:
    server: BursarServer
    http: httpx2.AsyncClient


@asynccontextmanager
async def mount(live: Live) -> AsyncIterator[Mounted]:
    """Serve the MCP routes in this process, over the live server's database."""
    port = free_port()
    settings = Settings(
        _env_file=None, environment=Environment.TEST, bursar_home=live.home, server_port=port
    )
    server = BursarServer(settings)
    routes, run = server.routes(settings, idle_seconds=IDLE_SECONDS)
    config = uvicorn.Config(
        Starlette(routes=routes), port=port, log_level="error", lifespan="off", ws="none"
    )
    web = uvicorn.Server(config)
    database_url = live.environment["DATABASE_URL"]
    async with open_application(settings, database_url) as application, run(application):
        serving = asyncio.create_task(web.serve())
        try:
            await until(lambda: web.started)
            own = {"Authorization": f"Bearer {live.token}"}
            address = f"http://127.0.0.1:{port}"
            async with httpx2.AsyncClient(base_url=address, headers=own, timeout=10) as http:
                yield Mounted(server, http)
        finally:
            web.should_exit = True
            await serving


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)


async def open_session(mounted: Mounted) -> dict[str, str]:
    opened = await mounted.http.post("/mcp", json=INITIALIZE, headers=ACCEPT)
    assert opened.status_code == 200
    return {**ACCEPT, "Mcp-Session-Id": opened.headers["mcp-session-id"]}


@pytest.mark.requirement("MCP.04")
async def test_sessions_of_clients_that_fell_silent_are_closed(live: Live) -> None:
    async with mount(live) as mounted:
        sessions = await asyncio.gather(*(open_session(mounted) for _ in range(5)))
        assert mounted.server.sessions_open() == 5
        await until(lambda: mounted.server.sessions_open() == 0)
        late = await mounted.http.post("/mcp", json=LIST_TOOLS, headers=sessions[0])
        assert late.status_code == 404, "the protocol's sign to begin anew"


@pytest.mark.requirement("MCP.04")
async def test_a_closed_session_and_a_refused_opening_leave_nothing(live: Live) -> None:
    async with mount(live) as mounted:
        session = await open_session(mounted)
        assert (await mounted.http.delete("/mcp", headers=session)).status_code == 200
        refused = await mounted.http.post("/mcp", json=LIST_TOOLS, headers=ACCEPT)
        assert refused.status_code == 400, "a session opens with initialize"
        assert (await mounted.http.post("/mcp", content=b"{", headers=ACCEPT)).status_code == 400
        assert mounted.server.sessions_open() == 0


@pytest.mark.requirement("MCP.04")
async def test_streams_of_dropped_clients_are_closed(live: Live) -> None:
    async with mount(live) as mounted:

        async def listen(path: str, headers: dict[str, str]) -> None:
            async with mounted.http.stream("GET", path, headers=headers) as stream:
                async for _ in stream.aiter_lines():
                    pass

        session = await open_session(mounted)
        listening = [asyncio.create_task(listen("/mcp/sse", {})) for _ in range(3)]
        listening.append(asyncio.create_task(listen("/mcp", session)))
        await until(lambda: mounted.server.sessions_open() == 4)
        await asyncio.sleep(IDLE_SECONDS * 1.3)
        assert mounted.server.sessions_open() == 4, "who listens is not idle"
        for task in listening:
            task.cancel()
        outcomes: list[Any] = await asyncio.gather(*listening, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        await until(lambda: mounted.server.sessions_open() == 0)
