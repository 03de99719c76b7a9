"""The book in bulk: every posted leg as columns, whole or only what a snapshot did not see yet."""

import uuid
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

NEW = """
  AND {0}.xid >= pg_snapshot_xmin($2::text::pg_snapshot)
  AND NOT pg_visible_in_snapshot({0}.xid, $2::text::pg_snapshot)
"""
ACCOUNTS = """
SELECT a.id, a.name, a.kind, a.class AS account_class, a.currency, a.cost_method, a.allow_short,
       a.institution, a.tax_wrapper
FROM account a WHERE a.workspace_id = $1
"""
BALANCES = """
SELECT b.id, b.account_id, c.id AS commodity_id, c.code, c.exponent, c.kind, c.instrument_id
FROM balance b JOIN commodity c ON c.id = b.commodity_id
WHERE b.workspace_id = $1 AND NOT b.id = ANY ($2::bigint[])
ORDER BY b.id
"""
GROUPS = """
SELECT g.id, g.kind, (g.effective_at AT TIME ZONE 'UTC')::date - DATE '1970-01-01' AS day,
       g.effective_at, g.account_id, g.counter_account_id, g.instrument_id, g.quantity,
       g.unit_price, g.currency, g.amount, g.fees, g.taxes, g.counter_instrument_id,
       g.counter_quantity, g.counter_amount, g.counter_currency, g.ratio_numerator,
       g.ratio_denominator, g.reverses_id, g.lot_choice::text AS lot_choice
FROM transfer_group g WHERE g.workspace_id = $1
"""
LEGS = """
SELECT t.group_id, t.debit_id, t.credit_id, t.amount::text AS amount, t.code
FROM transfer t WHERE t.workspace_id = $1 AND t.kind IN ('single', 'post', 'reversal')
"""
NEWER = """
SELECT pg_snapshot_xmax(s) >= pg_snapshot_xmax($1::text::pg_snapshot)
   AND NOT EXISTS (SELECT FROM pg_snapshot_xip(s) x
                   WHERE pg_visible_in_snapshot(x, $1::text::pg_snapshot)) AS newer,
       s::text AS token, current_setting('transaction_read_only') = 'on' AS read_only
FROM (SELECT pg_current_snapshot() AS s) n
"""


async def driver(session: AsyncSession) -> Any:
    """Return asyncpg's connection inside the session's transaction."""
    connection = await session.connection()
    return (await connection.get_raw_connection()).driver_connection


async def snapshot(session: AsyncSession, since: str | None) -> Any:
    """Return (newer, token, read_only): this snapshot, and whether it sees all that `since` saw."""
    return await (await driver(session)).fetchrow(NEWER, since or "1:1:")


async def accounts(session: AsyncSession, workspace_id: uuid.UUID, since: str | None) -> list[Any]:
    """Return accounts, system accounts among them."""
    return await _fetch(session, ACCOUNTS, "a", workspace_id=workspace_id, since=since)


async def groups(session: AsyncSession, workspace_id: uuid.UUID, since: str | None) -> list[Any]:
    """Return activities with the facts that lots and figures need."""
    return await _fetch(session, GROUPS, "g", workspace_id=workspace_id, since=since)


async def legs(session: AsyncSession, workspace_id: uuid.UUID, since: str | None) -> list[Any]:
    """Return posted legs; what is pending has not happened."""
    return await _fetch(session, LEGS, "t", workspace_id=workspace_id, since=since)


async def balances(session: AsyncSession, workspace_id: uuid.UUID, known: list[int]) -> list[Any]:
    """Return what each balance is of, those already known left out."""
    found: list[Any] = await (await driver(session)).fetch(BALANCES, workspace_id, known)
    return found


async def _fetch(
    session: AsyncSession, query: str, table: str, *, workspace_id: uuid.UUID, since: str | None
) -> list[Any]:
    connection = await driver(session)
    found: list[Any]
    if since is None:
        order = " ORDER BY g.effective_at, g.id" if table == "g" else ""
        found = await connection.fetch(query + order, workspace_id)
    else:
        found = await connection.fetch(query + NEW.format(table), workspace_id, since)
    return found
