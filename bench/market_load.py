"""Prices in and out: 10 years of 1,000 symbols against plain COPY and dense numpy, in one run.

The load is a CSV file of 2.52 M daily bars through the loader: parse, check, COPY, rows and yearly
blocks, under row-level security. Its peer is PostgreSQL's own COPY of the same bars into a table
of the same columns and key, without checks, blocks, origin or policies.

    python -m bench.market_load
"""

import asyncio
import io
import tempfile
import time
import uuid
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.row import Row, show
from bursar.core.clock import FixedClock
from bursar.interfaces import catalogue
from bursar.market.calc import price_file
from bursar.market.models.prices import LoadPrices
from bursar.market.operations import instruments, price_files, prices
from bursar.market.operations.instruments import Lookup
from bursar.runtime.database import Database
from bursar.runtime.migrations.upgrade import migrate
from tests.harness import Harness
from tests.servers import RunningServers

SYMBOLS, DAYS = 1_000, 2_520
ROUNDS = 5
FIRST, LAST = date(2014, 1, 1), date(2024, 1, 1)
PEER = """
CREATE TABLE peer (ticker text NOT NULL, day date NOT NULL, open numeric, high numeric, low numeric,
                   close numeric NOT NULL, volume numeric, PRIMARY KEY (ticker, day))
"""
BY_ROW = """
SELECT day - DATE '2014-01-01', close::float8 FROM price WHERE workspace_id = '{}'
"""


def _bars() -> tuple[bytes, NDArray[np.float64]]:
    """Return a CSV of random walks and its closes."""
    random = np.random.default_rng(7)
    closes = np.round(100 * np.exp(np.cumsum(random.normal(0, 0.01, (DAYS, SYMBOLS)), 0)), 2)
    days = np.busday_offset("2014-01-02", np.arange(DAYS), roll="forward")
    tickers = np.array([f"T{n:04d}" for n in range(SYMBOLS)])
    frame = pl.DataFrame(
        {
            "ticker": np.repeat(tickers, DAYS),
            "date": np.tile(days, SYMBOLS),
            "open": closes.T.ravel(),
            "high": closes.T.ravel(),
            "low": closes.T.ravel(),
            "close": closes.T.ravel(),
            "volume": np.full(DAYS * SYMBOLS, 1_234_567),
        }
    )
    out = io.BytesIO()
    frame.write_csv(out)
    return out.getvalue(), closes


async def _plain_copy(url: str, content: bytes) -> float:
    connection: Any = await asyncpg.connect(url)
    await connection.execute(PEER)
    started = time.perf_counter()
    await connection.copy_to_table("peer", source=io.BytesIO(content), format="csv", header=True)
    seconds = time.perf_counter() - started
    await connection.execute("DROP TABLE peer")
    await connection.close()
    return seconds


async def _load(harness: Harness, content: bytes) -> float:
    body = LoadPrices(text="", file_name="bars.csv", create_instruments=True)
    started = time.perf_counter()
    table = price_file.read(content, file_name=body.file_name)
    async with harness.context() as context:
        await price_files.load_table(context, table, body)
    return time.perf_counter() - started


async def _read(harness: Harness, ids: list[uuid.UUID]) -> tuple[float, prices.PriceReading]:
    best, reading = float("inf"), None
    for _ in range(ROUNDS):
        async with harness.context(read_only=True) as context:
            started = time.perf_counter()
            reading = await prices.read_prices(context, ids, FIRST, LAST)
            best = min(best, time.perf_counter() - started)
    assert reading is not None
    return best, reading


async def _read_by_row(url: str, workspace_id: uuid.UUID) -> float:
    """Return the seconds of the other road: every row by binary COPY (not yet placed in a matrix)."""
    connection: Any = await asyncpg.connect(url)
    out = io.BytesIO()
    started = time.perf_counter()
    await connection.execute(f"SET bursar.workspace_id = '{workspace_id}'")
    await connection.copy_from_query(BY_ROW.format(workspace_id), output=out, format="binary")
    seconds = time.perf_counter() - started
    await connection.close()
    return seconds


def _dense(closes: NDArray[np.float64]) -> float:
    """Return the seconds of a dense valuation of the same size: cumulate quantities, times price."""
    random = np.random.default_rng(8)
    trades = np.where(random.random((DAYS, SYMBOLS)) < 0.008, 1.0, 0.0)  # about 20,000
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        (np.cumsum(trades, axis=0) * closes).sum(axis=1)
        best = min(best, time.perf_counter() - started)
    return best


async def _measure(servers: RunningServers, home: Path) -> list[Row]:
    made = await servers.shared.create_database("bench_market")
    await migrate(made.owner_url, urlsplit(made.application_url).username or "")
    database = Database(made.application_url)
    clock = FixedClock(datetime(2026, 1, 15, tzinfo=UTC))
    harness = Harness(database, clock, home)
    await harness.create_workspace()
    content, closes = _bars()
    plain = await _plain_copy(made.owner_url, content)
    load = await _load(harness, content)
    again = await _load(harness, content)
    async with harness.context(read_only=True) as context:
        lookups = [Lookup({"ticker": f"T{n:04d}"}) for n in range(SYMBOLS)]  # type: ignore[dict-item]
        rows = await instruments.resolve_many(context, lookups)
    read, reading = await _read(harness, [row.id for row in rows])
    assert np.array_equal(reading.closes, closes)
    by_row = await _read_by_row(made.application_url, harness.workspace_id)
    dense = _dense(closes)
    await database.close()
    return [
        Row("load 2.52 M bars from CSV, against plain COPY", load / plain, 4, f"{load:.1f} s"),
        Row("load the same file again, against plain COPY", again / plain, 4, f"{again:.1f} s"),
        Row("read 2.52 M closes to a matrix, against by-row COPY", read / by_row, 0.2),
        Row("read 2.52 M closes to a matrix, seconds", read, 1),
        Row("read 2.52 M closes to a matrix, against dense valuation", read / dense, 20),
    ]


def run() -> list[Row]:
    """Measure on servers of its own."""
    catalogue.load()
    servers = RunningServers()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(_measure(servers, Path(folder)))
    finally:
        servers.stop()


if __name__ == "__main__":
    show(run())
