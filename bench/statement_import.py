"""Statements of 100,000 rows into the book, and what another request waits meanwhile."""

import asyncio
import datetime as dt
import random
import tempfile
import time
from pathlib import Path

from bench.row import Row
from bursar.banking.models.imports import ImportStatement
from bursar.banking.operations.imports import import_statement
from bursar.banking.operations.statements.reading import read
from bursar.core.clock import FixedClock
from bursar.core.model import Nothing
from bursar.interfaces.application import tune_garbage_collection
from bursar.ledger.operations.verification import verify
from bursar.runtime.database import Database
from tests.harness import TEST_MOMENT, Harness, migrated_database
from tests.servers import RunningServers

ROWS = 100_000
SECONDS_MAX = 20.0
WAIT_SECONDS_MAX = 1.0
ENTRIES_PER_SECOND = 1_000_000
DAYS = 7_000


def days(rows: int) -> list[dt.date]:
    first = dt.date(2005, 1, 1)
    return [first + dt.timedelta(days=place * DAYS // rows) for place in range(rows)]


def bank_statement(rows: int) -> bytes:
    chance = random.Random(1)
    lines = ["Date,Description,Amount,Reference"]
    for place, day in enumerate(days(rows)):
        amount = chance.randint(-20_000, 21_000) / 100
        lines.append(f"{day},Shop {place % 997} purchase {place},{amount:.2f},R{place}")
    return "\n".join(lines).encode()


def trades(rows: int) -> bytes:
    chance = random.Random(1)
    lines = ["Date,Action,Symbol,Description,Quantity,Price,Fees & Comm,Amount"]
    held = [0] * 50
    for day in days(rows):
        which, quantity, cents = (
            chance.randrange(50),
            chance.randint(1, 20),
            chance.randint(100, 20_000),
        )
        sells = held[which] >= quantity and chance.random() < 0.45
        held[which] += -quantity if sells else quantity
        total = f"${quantity * cents / 100:.2f}" if sells else f"-${quantity * cents / 100:.2f}"
        lines.append(
            f"{day:%m/%d/%Y},{'Sell' if sells else 'Buy'},S{which:02},Company {which},{quantity},"
            f"${cents / 100:.2f},,{total}"
        )
    return "\n".join(lines).encode()


def run() -> list[Row]:
    tune_garbage_collection()
    servers = RunningServers()
    try:
        test_database = migrated_database(servers.shared, "bench_import")
        return asyncio.run(_measure(test_database.application_url))
    finally:
        servers.stop()


async def _measure(url: str) -> list[Row]:
    rows: list[Row] = []
    database = Database(url, connections_max=4)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, make in (("a bank's CSV", bank_statement), ("a broker's CSV", trades)):
                harness = Harness(database, FixedClock(TEST_MOMENT), home=Path(folder))
                await harness.create_workspace()
                seconds, wait = await _one(harness, make(ROWS))
                rows += [
                    Row(f"import {ROWS:,} rows of {name}, seconds / 20", seconds / SECONDS_MAX, 1,
                        f"{seconds:.1f} s"),
                    Row(f"longest wait of the event loop meanwhile ({name}), seconds", wait,
                        WAIT_SECONDS_MAX),
                    await _verify(harness, name),
                ]  # fmt: skip
    finally:
        await database.close()
    return rows


async def _one(harness: Harness, data: bytes) -> tuple[float, float]:
    waits: list[float] = []
    watching = asyncio.create_task(_watch(waits))
    started = time.perf_counter()
    reading = await asyncio.to_thread(read, data, "statement.csv", None)
    async with harness.context() as context:
        context.prepared = reading
        body = ImportStatement(content="read already", account="Bench")
        result = await import_statement(context, body)
    seconds = time.perf_counter() - started
    watching.cancel()
    assert result.added > ROWS * 0.99
    return seconds, max(waits)


async def _watch(waits: list[float]) -> None:
    while True:
        started = time.perf_counter()
        await asyncio.sleep(0.01)
        waits.append(time.perf_counter() - started - 0.01)


async def _verify(harness: Harness, name: str) -> Row:
    async with harness.context(read_only=True) as context:
        started = time.perf_counter()
        found = await verify(context, Nothing())
        seconds = time.perf_counter() - started
    assert found.holds
    entries = next(each.checked for each in found.invariants if each.id == "I12")
    speed = entries / seconds
    return Row(
        f"1 M entries a second / verifying {name}",
        ENTRIES_PER_SECOND / speed, 1, f"{speed:,.0f} entries/s",
    )  # fmt: skip
