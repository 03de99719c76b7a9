"""What was written to market since a snapshot: one query for prices, splits, rates, instruments."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bursar.market.store.prices import driver

CHANGES = """
WITH s AS (SELECT $1::text::pg_snapshot AS seen)
SELECT 'price' AS what, p.instrument_id, min(p.year)::integer AS year FROM price_year p, s
WHERE p.xid >= pg_snapshot_xmin(s.seen) AND NOT pg_visible_in_snapshot(p.xid, s.seen)
GROUP BY p.instrument_id
UNION ALL
SELECT 'price', a.instrument_id, 0 FROM corporate_action a, s
WHERE a.xid >= pg_snapshot_xmin(s.seen) AND NOT pg_visible_in_snapshot(a.xid, s.seen)
UNION ALL
SELECT 'instrument', i.id, 0 FROM instrument i, s
WHERE i.xid >= pg_snapshot_xmin(s.seen) AND NOT pg_visible_in_snapshot(i.xid, s.seen)
UNION ALL
(SELECT 'rate', NULL, 0 FROM fx_rate f, s
 WHERE f.xid >= pg_snapshot_xmin(s.seen) AND NOT pg_visible_in_snapshot(f.xid, s.seen) LIMIT 1)
"""


async def since(session: AsyncSession, token: str) -> list[Any]:
    """Return (what, instrument, first year touched) of everything written after `token`."""
    records: list[Any] = await (await driver(session)).fetch(CHANGES, token)
    return records
