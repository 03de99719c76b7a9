"""The sealed journal: how fast it is sealed, how far it lags behind, how fast an export is verified.

Rows are journal rows of a payment's size, written as `invoke` writes them (bursar_record, one
transaction each, 16 connections). The sealer runs in a process of its own, as beside the worker's
tasks. Lag goes from the moment PostgreSQL writes the row to the moment the checkpoint over it is
signed, on one clock, so that a load generator that gets no time on a busy machine does not count.

    python -m bench.journal_sealing
"""

import asyncio
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import psutil

from bench.row import Row, show
from bursar.audit.calc import documents
from bursar.audit.calc.export_file import verify_export
from bursar.audit.checking import check_log
from bursar.audit.sealing import Sealer
from bursar.audit.store import reading
from bursar.core.clock import SystemClock
from bursar.identity.operations.bootstrap import ensure_owner
from bursar.interfaces.application import open_application
from bursar.interfaces.invoke import Call, invoke
from bursar.runtime.actor import Source, system_actor
from bursar.runtime.database import EVERY_WORKSPACE, Database
from bursar.runtime.migrations.upgrade import migrate
from bursar.settings import Environment, Settings
from tests.servers import Database as Addresses
from tests.servers import RunningServers

BACKLOG_ROWS = 100_000
POSTING_SECONDS = 4.0
POSTING_CONNECTIONS = 16
OFFERED_PER_SECOND = 1000
LAG_SECONDS = 15.0
STARTING_LOOKS_MAX = 300
WORKSPACE = uuid.UUID(int=77)
RECORD = "SELECT bursar_record($1::text::jsonb || jsonb_build_object('at', clock_timestamp()))"
BACKLOG = "SELECT bursar_record($1::text::jsonb) FROM generate_series(1, $2)"
NEWEST = "SELECT max(size) FROM journal_checkpoint WHERE log_id = $1"
LAGS = """
SELECT extract(epoch FROM c.at - j.at)::float8 AS lag
FROM journal_leaf l JOIN journal j ON j.seq = l.seq
CROSS JOIN LATERAL (SELECT at FROM journal_checkpoint c
                    WHERE c.log_id = l.log_id AND c.size > l.index ORDER BY c.size LIMIT 1) c
WHERE l.log_id = $1 AND l.index >= $2 ORDER BY 1
"""


def _document() -> str:
    payment, payer, payee = (str(uuid.uuid4()) for _ in range(3))
    facts = [
        {"kind": "payment.made", "object": payment, "amount": "12.34", "currency": "USD",
         "payer": payer, "payee": payee},
    ]  # fmt: skip
    return json.dumps(
        {
            "at": datetime.now(UTC).isoformat(),
            "workspace_id": str(WORKSPACE),
            "actor_kind": "token",
            "user_id": str(uuid.uuid4()),
            "credential_id": str(uuid.uuid4()),
            "source": "rest",
            "operation": "payments.initiate_payment",
            "outcome": "done",
            "error_code": None,
            "input_hash": "ab" * 32,
            "facts": facts,
            "request_id": str(uuid.uuid4()),
            "idempotency_key": None,
            "effects": [],
        }
    )


async def _pool(url: str) -> Any:
    return await asyncpg.create_pool(
        url,
        min_size=POSTING_CONNECTIONS,
        max_size=POSTING_CONNECTIONS,
        server_settings={"bursar.workspace_id": str(WORKSPACE)},
    )


async def _posting_rate(pool: Any) -> float:
    """Rows a second, one transaction each, as fast as they go."""
    deadline = time.perf_counter() + POSTING_SECONDS
    count = 0

    async def write() -> None:
        nonlocal count
        async with pool.acquire() as connection:
            while time.perf_counter() < deadline:
                await connection.execute(RECORD, _document())
                count += 1

    await asyncio.gather(*(write() for _ in range(POSTING_CONNECTIONS)))
    return count / POSTING_SECONDS


async def _writing_rate(made: Addresses, settings: Settings) -> float:
    """Deposits a second through `invoke`, with as many callers as there are connections."""
    settings = settings.model_copy(update={"database_connections_max": POSTING_CONNECTIONS})
    async with open_application(settings, made.application_url) as application:
        owner = await ensure_owner(
            application.database, settings, SystemClock(),
            workspace_name="Bench", base_currency="USD", username="owner",
        )  # fmt: skip
        actor = system_actor(owner.workspace_id)
        for number in range(POSTING_CONNECTIONS):
            account = {"name": f"Bench {number}", "kind": "checking", "currency": "USD",
                       "opened_at": "2024-01-01T00:00:00Z"}  # fmt: skip
            await invoke(application, Call("ledger.open_account", account, Source.JOB, actor=actor))
        deadline = time.perf_counter() + POSTING_SECONDS
        count = 0

        async def write(number: int) -> None:
            nonlocal count
            while time.perf_counter() < deadline:
                body = {"account": f"Bench {number}", "kind": "deposit", "amount": "1.00",
                        "effective_at": "2024-01-02"}  # fmt: skip
                key = str(uuid.uuid4())
                await invoke(
                    application,
                    Call("banking.record_transaction", body, Source.JOB, actor=actor,
                         idempotency_key=key),
                )  # fmt: skip
                count += 1

        await asyncio.gather(*(write(number) for number in range(POSTING_CONNECTIONS)))
    return count / POSTING_SECONDS


async def _sealing_rate(sealer: Sealer, pool: Any) -> float:
    """Rows a second over a backlog."""
    while await sealer.seal():
        pass
    async with pool.acquire() as connection:
        await connection.execute(BACKLOG, _document(), BACKLOG_ROWS)
    started, sealed = time.perf_counter(), 0
    while sealed < BACKLOG_ROWS:
        sealed += await sealer.seal()
    return sealed / (time.perf_counter() - started)


def _start_sealer(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "bursar.interfaces.sealer"], env=environment)


async def _lag(made: Addresses, home: Path, pool: Any) -> tuple[list[float], float, float]:
    """Offer 1000 rows a second; return lags in seconds, the sealer's cores, and rows a second."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
        "BURSAR_HOME": str(home),
        "DATABASE_URL": made.application_url,
        "DATABASE_OWNER_URL": made.owner_url,
        "REDIS_URL": "redis://unused",
        "ENVIRONMENT": "test",
    }
    process = _start_sealer(environment)
    watcher = await asyncpg.connect(made.admin_url)
    try:
        before_it = await watcher.fetchval(NEWEST, WORKSPACE)
        await pool.execute(RECORD, _document())
        first = before_it
        for _ in range(STARTING_LOOKS_MAX):
            first = await watcher.fetchval(NEWEST, WORKSPACE)
            if first != before_it:
                break
            await asyncio.sleep(0.1)
        before = sum(psutil.Process(process.pid).cpu_times()[:2])
        started = time.perf_counter()
        written = await _offer(pool)
        seconds = time.perf_counter() - started
        used = sum(psutil.Process(process.pid).cpu_times()[:2]) - before
        await asyncio.sleep(3.0)
        lags = [row["lag"] for row in await watcher.fetch(LAGS, WORKSPACE, first)]
    finally:
        process.kill()
        process.wait()
        await watcher.close()
    assert len(lags) == written, (len(lags), written)
    return lags, used / seconds, written / seconds


async def _offer(pool: Any) -> int:
    """Write at random moments (Poisson), 1000 a second, waiting for none."""
    chooser, tasks = random.Random(1), set()
    moment = time.perf_counter()
    end, written = moment + LAG_SECONDS, 0

    async def write() -> None:
        async with pool.acquire() as connection:
            await connection.execute(RECORD, _document())

    while moment < end:
        moment += chooser.expovariate(OFFERED_PER_SECOND)
        if (wait := moment - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(write())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        written += 1
    while tasks:
        await asyncio.gather(*tasks)
    return written


async def _verifying(database: Database) -> tuple[float, float]:
    """Return rows verified in a second of CPU, and rows checked live in a second."""
    async with database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        session = transaction.session
        started = time.perf_counter()
        verdict = await check_log(session, WORKSPACE)
        checking = verdict.rows / (time.perf_counter() - started)
        assert verdict.holds, verdict.fault
        ends = await reading.checkpoints(session, WORKSPACE, above=0, limit=10**6)
        file = io.BytesIO()
        file.write(documents.header_line(WORKSPACE, ends[-1].size))
        for key in (await reading.keys(session)).values():
            file.write(documents.key_line(key))
        rows = await reading.leaves(session, WORKSPACE, first=0, limit=10**7)
    waiting = ends[::-1]
    for row in rows:
        file.write(documents.row_line(row.leaf_index, row.hash.hex(), bytes(row.content).decode()))
        while waiting and waiting[-1].size == row.leaf_index + 1:
            file.write(documents.checkpoint_line(waiting.pop()))
    file.seek(0)
    started = time.process_time()
    found = verify_export(file)
    assert found.holds, found.fault
    return found.rows / (time.process_time() - started), checking


async def _measure(servers: RunningServers, home: Path) -> list[Row]:
    from bursar.interfaces import catalogue  # noqa: PLC0415 - after the servers

    made = await servers.shared.create_database("bench_sealing")
    catalogue.load()
    await migrate(made.owner_url, urlsplit(made.application_url).username or "")
    settings = Settings(_env_file=None, environment=Environment.TEST, bursar_home=home)
    database = Database(made.owner_url, connections_max=2)
    pool = await _pool(made.application_url)
    posting = await _posting_rate(pool)
    writing = await _writing_rate(made, settings)
    sealing = await _sealing_rate(Sealer(database, settings, SystemClock()), pool)
    lags, cores, achieved = await _lag(made, home, pool)
    verifying, checking = await _verifying(database)
    await pool.close()
    await database.close()
    p50, p99 = lags[len(lags) // 2], lags[int(len(lags) * 0.99)]
    return [
        Row(
            "deposits through the one door / rows sealed, a second",
            writing / sealing,
            0.1,
            f"{writing:,.0f} against {sealing:,.0f}",
        ),
        Row(
            "bare journal rows, one transaction each, no disk / rows sealed",
            posting / sealing,
            None,
            f"{posting:,.0f} against {sealing:,.0f}",
        ),
        Row(
            f"seal lag p99 at {OFFERED_PER_SECOND} rows/s offered, seconds",
            p99,
            1.0,
            f"p50 {p50:.3f}, max {lags[-1]:.3f}, {achieved:,.0f} rows/s achieved",
        ),
        Row("sealer's CPU at that load, cores", cores),
        Row(
            "200,000 rows/s / verifying an export",
            200_000 / verifying,
            1.0,
            f"{verifying:,.0f} rows in a second of CPU",
        ),
        Row("checking the live database, microseconds a row", 1e6 / checking),
    ]


def run() -> list[Row]:
    """Measure on servers of its own."""
    servers = RunningServers()
    try:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "keys").mkdir()
            return asyncio.run(_measure(servers, Path(folder)))
    finally:
        servers.stop()


if __name__ == "__main__":
    show(run())
