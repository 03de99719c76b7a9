"""The proof of the book: how many entries a second `bursar ledger verify` checks, and what limits it.

One workspace with 800,000 entries from four bank statements. Each figure is the best of three runs,
because other work on the machine only ever makes one slower. The peer is what the same PostgreSQL
takes to look at each entry once, and to bring the entries into the order that a replay needs.

    python -m bench ledger_verify
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import text

from bench.row import Row
from bench.statement_import import bank_statement
from bursar.banking.models.imports import ImportStatement
from bursar.banking.operations.imports import import_statement
from bursar.banking.operations.statements.reading import read
from bursar.core.clock import FixedClock
from bursar.core.model import Nothing
from bursar.ledger.operations import verification
from bursar.ledger.store import verification as store
from bursar.runtime.context import Context
from bursar.runtime.database import Database
from tests.harness import TEST_MOMENT, Harness, migrated_database
from tests.servers import RunningServers

ROWS, RUNS = 100_000, 3
# Names that are not near each other: a near one is taken for a typing mistake.
ACCOUNTS = ("Harbour", "Violet", "Cedar", "Monday")
ENTRIES_PER_SECOND = 1_000_000
ONCE = "SELECT sum(amount), max(effective_at) FROM entry WHERE workspace_id = :workspace"
ORDERED = """
SELECT sum(x) FROM (SELECT lag(balance_after) OVER (PARTITION BY balance_id ORDER BY id) AS x
                    FROM entry WHERE workspace_id = :workspace) o
"""


def run() -> list[Row]:
    servers = RunningServers()
    try:
        test_database = migrated_database(servers.shared, "bench_verify")
        return asyncio.run(_measure(test_database.application_url))
    finally:
        servers.stop()


async def _measure(url: str) -> list[Row]:
    database = Database(url, connections_max=2)
    try:
        with tempfile.TemporaryDirectory() as folder:
            harness = Harness(database, FixedClock(TEST_MOMENT), home=Path(folder))
            await harness.create_workspace()
            await _fill(harness)
            return await _rows(harness)
    finally:
        await database.close()


async def _fill(harness: Harness) -> None:
    reading = read(bank_statement(ROWS), "statement.csv", None)
    for name in ACCOUNTS:
        async with harness.context() as context:
            context.prepared = reading
            body = ImportStatement(content="read already", account=name)
            assert (await import_statement(context, body)).added > ROWS * 0.99


async def _rows(harness: Harness) -> list[Row]:
    entries = 0

    async def whole(context: Context) -> None:
        nonlocal entries
        found = await verification.verify(context, Nothing())
        assert found.holds
        entries = next(each.checked for each in found.invariants if each.id == "I12")

    seconds = await _best(harness, whole)
    once, ordered = [await _best(harness, _statement(sql)) for sql in (ONCE, ORDERED)]
    speed = entries / seconds
    rows = [
        Row("1 M entries a second / verifying 800,000 entries", ENTRIES_PER_SECOND / speed, 1,
            f"{speed:,.0f} entries/s"),
        Row("verifying / looking at each entry once", seconds / once, note=f"{once:.2f} s once"),
        Row("verifying / bringing the entries into order once", seconds / ordered,
            note=f"{ordered:.2f} s ordered"),
    ]  # fmt: skip
    for check in store.CHECKS:

        async def one(context: Context, check: store.Check = check) -> None:
            await store.run(context.session, context.workspace_id, check)

        part = await _best(harness, one)
        if part > seconds / 20:
            rows.append(
                Row(f"share of {check.id}: {check.name}"[:68], part / seconds, note=f"{part:.2f} s")
            )
    return rows


def _statement(sql: str) -> Callable[[Context], Awaitable[None]]:
    async def look(context: Context) -> None:
        await context.session.execute(text("SET LOCAL work_mem = '64MB'"))
        await context.session.execute(text(sql), {"workspace": context.workspace_id})

    return look


async def _best(harness: Harness, work: Callable[[Context], Awaitable[None]]) -> float:
    found = []
    for _ in range(RUNS):
        async with harness.context(read_only=True) as context:
            started = time.perf_counter()
            await work(context)
            found.append(time.perf_counter() - started)
    return min(found)
