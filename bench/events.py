"""Live events: how fast one event reaches 1,000 listeners of one process, and what each costs.

The listeners are plain sockets in this process, so the figure holds their reading, too. The last
row is why nobody is woken by NOTIFY (docs/decisions/0017): the same commits with and without it.

    python -m bench.events
"""

import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from bench.row import Row, show
from bursar.interfaces import catalogue
from tests.interfaces.live import Live, live_server
from tests.servers import Database, RunningServers

LISTENERS = 1_000
EVENTS = 20
BURST = 200
WRITERS = 16
COMMITS = 1_500
ROUNDS = 3
SECONDS_MAX = 30.0
KIB = 1024
TABLE = "CREATE TABLE paid (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text NOT NULL)"
PLAIN = "BEGIN; INSERT INTO paid (note) VALUES ('a row of the journal'); COMMIT"
NOTIFYING = "BEGIN; INSERT INTO paid (note) VALUES ('a row of the journal'); NOTIFY journal; COMMIT"


class Listener:
    """One raw connection that notes when it saw how many events."""

    def __init__(self) -> None:
        self.seen = 0
        self.at = 0.0
        self.writer: asyncio.StreamWriter | None = None

    async def open(self, live: Live) -> asyncio.StreamReader:
        reader, self.writer = await asyncio.open_connection("127.0.0.1", live.port, limit=2**20)
        head = f"GET /api/v1/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {live.token}\r\n\r\n"
        self.writer.write(head.encode())
        while b": heartbeat" not in await reader.readline():
            pass
        return reader

    async def read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65_536):
            events = data.count(b"\ndata: {")
            if events:
                self.seen += events
                self.at = time.perf_counter()


async def _all_saw(listeners: list[Listener], count: int) -> float:
    """Wait until everybody saw `count` events; return when the last one did."""
    deadline = time.perf_counter() + SECONDS_MAX
    while any(listener.seen < count for listener in listeners):
        if time.perf_counter() > deadline:
            low = min(listener.seen for listener in listeners)
            raise AssertionError(f"somebody saw {low} of {count} events")
        await asyncio.sleep(0.002)
    return max(listener.at for listener in listeners)


def _server_process(live: Live) -> psutil.Process:
    port = f"{live.port}"
    for child in psutil.Process(os.getpid()).children(recursive=True):
        if port in child.cmdline() and child.children():
            return child.children()[0]
    raise AssertionError("the server's process was not found")


async def _heard(live: Live, database: Database) -> tuple[list[float], float, float]:
    """Return seconds to the last listener by event, KiB a listener, and events handed out a second."""
    server = _server_process(live)
    before = server.memory_info().rss
    listeners = [Listener() for _ in range(LISTENERS)]
    readers = []
    for start in range(0, LISTENERS, 100):
        some = listeners[start : start + 100]
        readers += await asyncio.gather(*(listener.open(live) for listener in some))
    reading = [
        asyncio.create_task(listener.read(reader))
        for listener, reader in zip(listeners, readers, strict=True)
    ]
    held = (server.memory_info().rss - before) / LISTENERS / KIB
    waits = []
    for number in range(1, EVENTS + 1):
        body = {"name": f"Bench {number}", "kind": "checking", "currency": "USD"}
        started = time.perf_counter()
        await asyncio.to_thread(live.send, "POST", "/api/v1/accounts", body)
        waits.append(await _all_saw(listeners, number) - started)
    started = time.perf_counter()
    await _burst(live, database)
    rate = BURST * LISTENERS / (await _all_saw(listeners, EVENTS + BURST) - started)
    for task, listener in zip(reading, listeners, strict=True):
        task.cancel()
        if listener.writer is not None:
            listener.writer.close()
    await asyncio.gather(*reading, return_exceptions=True)
    return waits, held, rate


async def _burst(live: Live, database: Database) -> None:
    workspace = (await asyncio.to_thread(live.send, "GET", "/api/v1/workspace")).json()["id"]
    connection = await asyncpg.connect(database.admin_url)
    facts = json.dumps([{"kind": "account.opened", "object": workspace}])
    await connection.execute(
        "INSERT INTO journal (at, workspace_id, actor_kind, source, operation, outcome, input_hash,"
        " facts, request_id) SELECT now(), $1, 'system', 'job', 'ledger.open_account', 'done', '',"
        " $2, 'burst' FROM generate_series(1, $3)",
        workspace,
        facts,
        BURST,
    )
    await connection.close()


async def _commits(database: Database) -> tuple[float, float]:
    """Return the medians of commits a second without and with NOTIFY, on a durable server."""
    admin = await asyncpg.connect(database.admin_url)
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        await admin.execute(f"ALTER SYSTEM SET {name} = on")
    await admin.execute("SELECT pg_reload_conf()")
    await admin.execute(TABLE)
    writers = [await asyncpg.connect(database.admin_url) for _ in range(WRITERS)]
    listening = await asyncpg.connect(database.admin_url)
    await listening.add_listener("journal", lambda *_facts: None)

    async def rate(statement: str) -> float:
        async def write(connection: Any) -> None:
            for _ in range(COMMITS // WRITERS):
                await connection.execute(statement)

        started = time.perf_counter()
        await asyncio.gather(*map(write, writers))
        return COMMITS / (time.perf_counter() - started)

    pairs = [(await rate(PLAIN), await rate(NOTIFYING)) for _ in range(ROUNDS)]
    for connection in (*writers, listening, admin):
        await connection.close()
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def run() -> list[Row]:
    """Measure on servers of its own."""
    catalogue.load()
    servers = RunningServers()
    try:
        with tempfile.TemporaryDirectory() as folder:
            database = asyncio.run(servers.shared.create_database("bench_events"))
            home = Path(folder) / "home"
            with live_server(database, servers.shared.redis_url(), home) as live:
                waits, held, rate = asyncio.run(_heard(live, database))
            plain, notifying = asyncio.run(
                _commits(asyncio.run(servers.shared.create_database("bench_notify")))
            )
    finally:
        servers.stop()
    median = statistics.median(waits)
    return [
        Row(
            f"Events: seconds from the request to the last of {LISTENERS} listeners, worst of {EVENTS}",
            max(waits),
            1.0,
            f"median {median:.3f} s; one process, one core shared with the listeners",
        ),
        Row("Events: KiB of server memory a listener", held, None, f"{LISTENERS} SSE listeners"),
        Row(
            "Events: thousand events handed to listeners a second",
            rate / 1000,
            None,
            f"{BURST} events at once to {LISTENERS} listeners",
        ),
        Row(
            "Events: commits with NOTIFY, seconds each / without",
            plain / notifying,
            None,
            f"{notifying:.0f} against {plain:.0f} commits/s, {WRITERS} writers, durable, 1 listener",
        ),
    ]


if __name__ == "__main__":
    show(run())
