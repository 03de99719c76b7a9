"""Exchange rates, written and read in bulk."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bursar.market.models.rates import RecordedRate
from bursar.market.store.prices import driver

WRITE = """
INSERT INTO fx_rate (workspace_id, base, quote, day, rate, source, fetched_at)
SELECT $1, r.base, r.quote, r.day, r.rate, $2, $3
FROM unnest($4::text[], $5::text[], $6::date[], $7::numeric[]) AS r (base, quote, day, rate)
ON CONFLICT (workspace_id, base, quote, day) DO UPDATE SET
    rate = excluded.rate, source = excluded.source, fetched_at = excluded.fetched_at,
    xid = pg_current_xact_id()
WHERE (fx_rate.rate, fx_rate.source) IS DISTINCT FROM (excluded.rate, excluded.source)
"""
NEWEST = """
SELECT DISTINCT ON (base, quote) base, quote, day, rate, source FROM fx_rate
WHERE workspace_id = $1 AND day <= $2
  AND (base = ANY ($3::text[]) OR quote = ANY ($3::text[]))
ORDER BY base, quote, day DESC
"""
BETWEEN = """
SELECT base, quote, day - $2::date AS place, rate::float8 AS rate FROM fx_rate
WHERE workspace_id = $1 AND day BETWEEN $2 AND $3
"""
CHANGED = """
SELECT EXISTS (SELECT FROM fx_rate
               WHERE workspace_id = $1 AND xid >= pg_snapshot_xmin($2::text::pg_snapshot)
                 AND NOT pg_visible_in_snapshot(xid, $2::text::pg_snapshot))
"""


async def write(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    rates: Sequence[RecordedRate],
    *,
    source: str,
    at: dt.datetime,
) -> int:
    """Add or replace rates; return how many were new or different."""
    connection = await driver(session)
    status = await connection.execute(
        WRITE,
        workspace_id,
        source,
        at,
        [rate.base for rate in rates],
        [rate.quote for rate in rates],
        [rate.day for rate in rates],
        [rate.rate for rate in rates],
    )
    return int(status.split()[-1])


async def newest(
    session: AsyncSession, workspace_id: uuid.UUID, currencies: Sequence[str], day: dt.date
) -> list[Any]:
    """Return the newest rate at or before `day` of each pair that touches one of `currencies`."""
    connection = await driver(session)
    records: list[Any] = await connection.fetch(NEWEST, workspace_id, day, list(currencies))
    return records


async def between(
    session: AsyncSession, workspace_id: uuid.UUID, first: dt.date, last: dt.date
) -> list[Any]:
    """Return (base, quote, days after `first`, rate as float) of every rate in the range."""
    connection = await driver(session)
    records: list[Any] = await connection.fetch(BETWEEN, workspace_id, first, last)
    return records


async def changed_since(session: AsyncSession, workspace_id: uuid.UUID, token: str) -> bool:
    """Tell whether any rate was written after the snapshot `token`."""
    connection = await driver(session)
    changed: bool = await connection.fetchval(CHANGED, workspace_id, token)
    return changed
