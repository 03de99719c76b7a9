"""What was written to market since a snapshot: one query for prices, splits, rates, instruments."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bursar.market.store.prices import driver

# The snapshot is a parameter everywhere, never a joined row: only then an index finds the few.
# The upper bound is always true: of a range the planner expects few rows, statistics or not.
NEW = """
{0}.xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND {0}.xid < '18446744073709551615'::xid8
  AND NOT pg_visible_in_snapshot({0}.xid, $1::text::pg_snapshot)
"""
CHANGES = f"""
SELECT 'price' AS what, p.instrument_id, min(p.year)::integer AS year FROM price_year p
WHERE {NEW.format("p")} GROUP BY p.instrument_id
UNION ALL
SELECT 'price', a.instrument_id, 0 FROM corporate_action a WHERE {NEW.format("a")}
UNION ALL
SELECT 'instrument', i.id, 0 FROM instrument i WHERE {NEW.format("i")}
UNION ALL
(SELECT 'rate', NULL, 0 FROM fx_rate f WHERE {NEW.format("f")} LIMIT 1)
"""  # noqa: S608 - text from above


async def since(session: AsyncSession, token: str) -> list[Any]:
    """Return (what, instrument, first year touched) of everything written after `token`."""
    records: list[Any] = await (await driver(session)).fetch(CHANGES, token)
    return records
