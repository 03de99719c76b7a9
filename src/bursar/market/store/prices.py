"""Writing and reading prices in bulk; `write` is the only statement that adds or changes one.

COPY cannot enter a table with row-level security, so rows go by COPY into a temporary table and
from there by one INSERT. The exact figures travel as text, which PostgreSQL parses; float64 is
only what the yearly blocks hold.
"""

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.market.calc import price_years
from bursar.market.calc.price_years import Days, Floats, Integers
from bursar.runtime.context import Context

BLOCKS_PER_STATEMENT = 2_000
BLOCKS_AT_ONCE_MAX = 2_000
COPY_CHUNK_BYTES = 1 << 20
STAGE_COLUMNS = (
    "n",
    "day",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "as_of",
    "quality",
)

CREATE_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS price_stage (
    n integer, day date, open numeric, high numeric, low numeric, close numeric, volume numeric,
    as_of timestamptz, quality text
) ON COMMIT DELETE ROWS;
TRUNCATE price_stage
"""
ADD_FROM_STAGE = """
INSERT INTO price (workspace_id, instrument_id, day, open, high, low, close, volume, as_of,
                   fetched_at, source, basis, quality)
SELECT $1, ($2::uuid[])[n], day, open, high, low, close, volume, as_of,
       $3, $4, $5, coalesce(quality, 'ok')
FROM price_stage
"""
# Rows that are there already, unchanged, are filtered out by the join: ON CONFLICT would lock, and
# so write, every one of them.
CHANGE_FROM_STAGE = """
INSERT INTO price (workspace_id, instrument_id, day, open, high, low, close, volume, as_of,
                   fetched_at, source, basis, quality)
SELECT $1, s.instrument_id, s.day, s.open, s.high, s.low, s.close, s.volume, s.as_of,
       $3, $4, $5, s.quality
FROM (SELECT ($2::uuid[])[n] AS instrument_id, day, open, high, low, close, volume, as_of,
             coalesce(quality, 'ok') AS quality FROM price_stage) s
LEFT JOIN price p ON p.instrument_id = s.instrument_id AND p.day = s.day
WHERE p.instrument_id IS NULL
   OR (p.open, p.high, p.low, p.close, p.volume, p.as_of, p.source, p.basis, p.quality)
      IS DISTINCT FROM
      (s.open, s.high, s.low, s.close, s.volume, s.as_of, $4, $5, s.quality)
ON CONFLICT (instrument_id, day) DO UPDATE SET
    open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
    volume = excluded.volume, as_of = excluded.as_of, fetched_at = excluded.fetched_at,
    source = excluded.source, basis = excluded.basis, quality = excluded.quality
"""
READ_BLOCKS = """
SELECT k.n::integer, p.closes
FROM unnest($1::uuid[], $2::smallint[]) WITH ORDINALITY AS k (instrument_id, year, n)
JOIN price_year p ON p.instrument_id = k.instrument_id AND p.year = k.year
"""
WRITE_BLOCKS = """
INSERT INTO price_year (workspace_id, instrument_id, year, closes)
SELECT $1, * FROM unnest($2::uuid[], $3::smallint[], $4::bytea[])
ON CONFLICT (instrument_id, year) DO UPDATE
SET closes = excluded.closes, xid = pg_current_xact_id()
"""
SELECT_BLOCKS = """
SELECT k.n::integer, p.year, p.closes
FROM unnest($1::uuid[]) WITH ORDINALITY AS k (instrument_id, n)
JOIN price_year p ON p.instrument_id = k.instrument_id
WHERE p.year BETWEEN $2 AND $3
"""
CHANGED = """
SELECT DISTINCT instrument_id FROM price_year
WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot)
  AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
  AND instrument_id = ANY ($2::uuid[])
UNION
SELECT DISTINCT instrument_id FROM corporate_action
WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot)
  AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
  AND instrument_id = ANY ($2::uuid[]) AND kind IN ('split', 'stock_dividend')
"""
SPLIT_ADJUSTED = """
SELECT s.n::integer, s.ratio, s.ex_date, p.first_day, p.last_day, p.days
FROM (
    SELECT k.n, k.instrument_id, a.ex_date,
           a.ratio_numerator::float8 / a.ratio_denominator AS ratio
    FROM unnest($1::uuid[]) WITH ORDINALITY AS k (instrument_id, n)
    JOIN corporate_action a ON a.instrument_id = k.instrument_id
    WHERE a.kind IN ('split', 'stock_dividend') AND a.ratio_numerator IS NOT NULL
) s
CROSS JOIN LATERAL (
    SELECT min(day) AS first_day, max(day) AS last_day,
           string_agg(int4send(day - DATE '1970-01-01'), '') AS days
    FROM price
    WHERE instrument_id = s.instrument_id AND basis = 'split_adjusted' AND day < s.ex_date
      AND s.ex_date <= fetched_at::date AND day BETWEEN $2 AND $3
) p
WHERE p.days IS NOT NULL
"""
HOLDS_ADJUSTED = """
SELECT k.n::integer FROM unnest($1::uuid[]) WITH ORDINALITY AS k (instrument_id, n)
WHERE EXISTS (SELECT FROM price p WHERE p.instrument_id = k.instrument_id
              AND p.basis = 'adjusted' AND p.day BETWEEN $2 AND $3)
"""
LATEST = """
SELECT p.instrument_id, p.day, p.close, p.as_of, p.fetched_at, p.source, p.basis, p.quality
FROM unnest($1::uuid[]) AS k (instrument_id)
CROSS JOIN LATERAL (
    SELECT * FROM price
    WHERE instrument_id = k.instrument_id AND day <= $2 AND (as_of IS NULL OR as_of <= $3)
    ORDER BY day DESC LIMIT 1
) p
"""
HISTORY = """
SELECT day, open, high, low, close, volume, as_of, source, basis, quality FROM price
WHERE instrument_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class PriceRows:
    """Prices to write, as columns: `instrument` indexes `instrument_ids`, from 0.

    `rows` holds the exact figures as CSV lines of STAGE_COLUMNS (n from 1), sorted and free of
    duplicates by (instrument, day); `closes` repeats the close as float64.
    """

    instrument_ids: Sequence[uuid.UUID]
    instrument: Integers
    day: Days
    closes: Floats
    rows: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """How many prices were new, replaced another, or were there already."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a batch of prices comes from."""

    source: str
    basis: str
    fetched_at: dt.datetime


async def driver(session: AsyncSession) -> Any:
    """Return asyncpg's connection inside the session's transaction, for COPY and arrays."""
    connection = await session.connection()
    return (await connection.get_raw_connection()).driver_connection


async def write(context: Context, prices: PriceRows, origin: Origin) -> Written:
    """Add or replace prices, rows and yearly blocks alike, one writer at a time a workspace."""
    connection = await driver(context.session)
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        f"market.price:{context.workspace_id}",
    )
    blocks = await _merged_blocks(connection, prices)
    await connection.execute(CREATE_STAGE)
    await connection.copy_to_table(
        "price_stage", source=_chunks(prices.rows), columns=STAGE_COLUMNS, format="csv"
    )
    all_new = blocks.added == len(prices.day)
    if not all_new:
        await connection.execute("ANALYZE price_stage")  # or the join is planned for a few rows
    status = await connection.execute(
        ADD_FROM_STAGE if all_new else CHANGE_FROM_STAGE,
        context.workspace_id,
        list(prices.instrument_ids),
        origin.fetched_at,
        origin.source,
        origin.basis,
    )
    touched = int(status.split()[-1])
    if touched:  # an unchanged file leaves the blocks alone, so that nobody recomputes anything
        await _write_blocks(connection, context.workspace_id, blocks)
    return Written(blocks.added, touched - blocks.added, len(prices.day) - touched)


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    view = memoryview(content)
    for start in range(0, len(content), COPY_CHUNK_BYTES):
        yield bytes(view[start : start + COPY_CHUNK_BYTES])


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The yearly blocks a batch touches, with the batch worked in, and how many cells were empty."""

    instrument_ids: list[uuid.UUID]
    years: list[int]
    closes: Floats
    added: int


async def _merged_blocks(connection: Any, prices: PriceRows) -> _Blocks:
    instrument, year, row_key = price_years.keys_of(prices.instrument, prices.day)
    ids = [prices.instrument_ids[i] for i in instrument]
    years = year.tolist()
    closes = price_years.empty_blocks(len(ids))
    for record in await connection.fetch(READ_BLOCKS, ids, years):
        closes[record[0] - 1] = np.frombuffer(record[1], "<f8")
    added = price_years.merge(closes, row_key, prices.day, prices.closes)
    return _Blocks(ids, years, closes, added)


async def _write_blocks(connection: Any, workspace_id: uuid.UUID, blocks: _Blocks) -> None:
    for start in range(0, len(blocks.years), BLOCKS_PER_STATEMENT):
        part = slice(start, start + BLOCKS_PER_STATEMENT)
        packed = [block.tobytes() for block in blocks.closes[part].astype("<f8", copy=False)]
        await connection.execute(
            WRITE_BLOCKS, workspace_id, blocks.instrument_ids[part], blocks.years[part], packed
        )


async def snapshot(session: AsyncSession) -> str:
    """Return a token for "now", to ask later what changed since."""
    connection = await driver(session)
    token: str = await connection.fetchval("SELECT pg_current_snapshot()::text")
    return token


async def changed_since(
    session: AsyncSession, instrument_ids: Sequence[uuid.UUID], token: str
) -> set[uuid.UUID]:
    """Return the instruments whose closes, or splits, were written after the snapshot `token`."""
    connection = await driver(session)
    return {record[0] for record in await connection.fetch(CHANGED, token, list(instrument_ids))}


async def read_blocks(
    session: AsyncSession, instrument_ids: Sequence[uuid.UUID], first: dt.date, last: dt.date
) -> Floats:
    """Return closes as received, instruments x calendar days, NaN where there is none."""
    connection = await driver(session)
    records = await connection.fetch(SELECT_BLOCKS, list(instrument_ids), first.year, last.year)
    unpack = partial(
        price_years.unpack,
        ((record[0] - 1, record[1], record[2]) for record in records),
        len(instrument_ids),
        np.datetime64(first, "D"),
        np.datetime64(last, "D"),
    )
    # Of many, other requests are answered meanwhile; handing over a few costs more than it gives.
    return await asyncio.to_thread(unpack) if len(records) > BLOCKS_AT_ONCE_MAX else unpack()


async def undo_split_adjustment(
    session: AsyncSession,
    closes: Floats,
    instrument_ids: Sequence[uuid.UUID],
    days: tuple[dt.date, dt.date],
) -> None:
    """Turn split-adjusted closes of a range of days back into what was quoted then, in place.

    A split is taken back from days before its ex-date when the price was fetched on or after it.
    """
    connection = await driver(session)
    start = int(np.datetime64(days[0], "D").astype(np.int64))
    for record in await connection.fetch(SPLIT_ADJUSTED, list(instrument_ids), *days):
        places = np.frombuffer(record["days"], ">i4").astype(np.int64) - start
        closes[record["n"] - 1, places] *= record["ratio"]


async def holding_adjusted(
    session: AsyncSession, instrument_ids: Sequence[uuid.UUID], first: dt.date, last: dt.date
) -> set[int]:
    """Return the places of instruments that have fully adjusted prices in the range."""
    connection = await driver(session)
    records = await connection.fetch(HOLDS_ADJUSTED, list(instrument_ids), first, last)
    return {record[0] - 1 for record in records}


async def latest(
    session: AsyncSession, instrument_ids: Sequence[uuid.UUID], moment: dt.datetime
) -> list[Any]:
    """Return the newest price row of each instrument at or before `moment`; none, no row."""
    connection = await driver(session)
    records: list[Any] = await connection.fetch(LATEST, list(instrument_ids), moment.date(), moment)
    return records


async def history(
    session: AsyncSession, instrument_id: uuid.UUID, days: tuple[dt.date, dt.date], limit: int
) -> list[Any]:
    """Return an instrument's price rows in a range of days, newest first."""
    connection = await driver(session)
    records: list[Any] = await connection.fetch(HISTORY, instrument_id, *days, limit)
    return records
