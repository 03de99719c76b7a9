"""The summary of 1,000 positions x 10 years through HTTP: a real server, asked again and again.

The book, the prices and the server are those of a user: the same portfolio as in portfolio_store,
in a database that a server process of its own answers from, with sign-in, limits and journal.

    python -m bench.portfolio_http
"""

import asyncio
import http.client
import statistics
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from bench.market_load import DAYS, _bars, _load
from bench.portfolio_store import Bench
from bench.row import Row, show
from bursar.core.clock import FixedClock
from bursar.interfaces import catalogue
from bursar.runtime.database import Database
from tests.harness import Harness
from tests.interfaces.live import Live, live_server
from tests.servers import RunningServers

CALLS = 240
SECONDS_MAX = 25.0
TARGET_MS = 100.0
PATH = "/api/v1/portfolio/summary"


async def _seed(database: Any, home: Path) -> None:
    """Post the portfolio into the workspace that the server made for its owner."""
    connection: Any = await asyncpg.connect(database.admin_url)
    workspace_id: uuid.UUID = await connection.fetchval("SELECT id FROM workspace")
    await connection.close()
    opened = Database(database.application_url)
    clock = FixedClock(datetime.now(UTC))
    harness = Harness(opened, clock, home, workspace_id=workspace_id)
    content, _ = _bars()
    await _load(harness, content)
    calendar = np.busday_offset("2014-01-02", np.arange(DAYS), roll="forward")
    bench = Bench(harness, [each.item() for each in calendar])
    await bench.post()
    await opened.close()


def _ask(live: Live, calls: int) -> list[float]:
    """Return the milliseconds of each call over one connection that is kept open."""
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
    headers = {"Authorization": f"Bearer {live.token}"}
    deadline = time.monotonic() + SECONDS_MAX
    taken = []
    try:
        for _ in range(calls):
            if time.monotonic() > deadline:
                break
            started = time.perf_counter()
            connection.request("GET", PATH, headers=headers)
            response = connection.getresponse()
            body = response.read()
            if response.status == 429:
                time.sleep(1)
                continue
            assert response.status == 200, body[:500]
            taken.append((time.perf_counter() - started) * 1000)
    finally:
        connection.close()
    return taken


def _blocked(live: Live) -> tuple[float, float]:
    """Return the seconds of the first summary, and the longest wait of /health meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        cold = pool.submit(_ask, live, 1)
        longest = 0.0
        while not cold.done():
            started = time.perf_counter()
            live.send("GET", "/health", token=None)
            longest = max(longest, time.perf_counter() - started)
            time.sleep(0.005)
        return cold.result()[0] / 1000, longest


def _row(taken: list[float], concurrency: int) -> Row:
    p50, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    return Row(
        f"summary through HTTP, warm, {concurrency} at once: p95 / {TARGET_MS:g} ms",
        p95 / TARGET_MS,
        1.0,
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, {len(taken)} calls",
    )


def _measure(live: Live) -> list[Row]:
    cold, blocked = _blocked(live)
    _ask(live, 5)
    rows = [_row(_ask(live, CALLS), 1)]
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda _: _ask(live, CALLS // 4), range(4)))
    rows.append(_row([each for part in parts for each in part], 4))
    rows.append(Row("first summary of a started server, seconds", cold))
    rows.append(Row("longest wait of another request meanwhile, seconds", blocked))
    return rows


def run() -> list[Row]:
    """Measure on servers of its own."""
    catalogue.load()
    servers = RunningServers()
    try:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            database = asyncio.run(servers.shared.create_database("bench_http"))
            with live_server(database, servers.shared.redis_url(), home) as live:
                asyncio.run(_seed(database, home))
                return _measure(live)
    finally:
        servers.stop()


if __name__ == "__main__":
    show(run())
