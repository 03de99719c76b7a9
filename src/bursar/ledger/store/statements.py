"""Movements of one balance in the order of time, with the balance after each."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.ledger.store.accounts import BALANCE_AT

_BALANCE = text("""
SELECT b.id, c.code, c.exponent FROM balance b JOIN commodity c ON c.id = b.commodity_id
WHERE b.workspace_id = :workspace AND b.account_id = :account
  AND c.instrument_id IS NULL AND c.code = :code
""")
_AT = text(f"SELECT moment.units FROM balance b {BALANCE_AT} WHERE b.id = :balance")  # noqa: S608 - text of this package
_TOTALS = text("""
SELECT count(*) AS lines, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS money_in,
       coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS money_out
FROM entry WHERE balance_id = :balance AND effective_at >= :from_at AND effective_at < :to_at
""")
_BEFORE = text("""
SELECT coalesce(sum(amount), 0) FROM entry
WHERE balance_id = :balance AND effective_at >= :from_at
  AND (effective_at, id) <= (:after_at, CAST(:after_id AS bigint))
""")
_LINES = text("""
SELECT e.id, e.effective_at, e.amount, g.id AS activity_id, g.kind, g.payee, g.memo,
       coalesce(a.category, g.category) AS category
FROM entry e
JOIN transfer t ON t.id = e.transfer_id
JOIN transfer_group g ON g.id = t.group_id
LEFT JOIN annotation a ON a.group_id = g.id
WHERE e.balance_id = :balance AND e.effective_at >= :from_at AND e.effective_at < :to_at
  AND (e.effective_at, e.id) > (:after_at, CAST(:after_id AS bigint))
ORDER BY e.effective_at, e.id LIMIT :limit
""")


async def balance_of(
    session: AsyncSession, workspace_id: uuid.UUID, account_id: uuid.UUID, code: str
) -> Any:
    """Return (id, code, exponent) of an account's balance in a currency, or None."""
    parameters = {"workspace": workspace_id, "account": account_id, "code": code}
    return (await session.execute(_BALANCE, parameters)).one_or_none()


async def units_at(session: AsyncSession, balance_id: int, at: dt.datetime) -> int:
    """Return what a balance was at the end of a moment."""
    return int(await session.scalar(_AT, {"balance": balance_id, "at": at}) or 0)


async def totals(
    session: AsyncSession, balance_id: int, from_at: dt.datetime, to_at: dt.datetime
) -> Any:
    """Return (lines, money_in, money_out) of a period."""
    parameters = {"balance": balance_id, "from_at": from_at, "to_at": to_at}
    return (await session.execute(_TOTALS, parameters)).one()


async def moved_until(
    session: AsyncSession, balance_id: int, from_at: dt.datetime, after: tuple[dt.datetime, int]
) -> int:
    """Return what moved in a period up to and with the line `after`."""
    parameters = {
        "balance": balance_id,
        "from_at": from_at,
        "after_at": after[0],
        "after_id": after[1],
    }
    return int(await session.scalar(_BEFORE, parameters) or 0)


async def lines(
    session: AsyncSession,
    balance_id: int,
    *,
    from_at: dt.datetime,
    to_at: dt.datetime,
    after: tuple[dt.datetime, int],
    limit: int,
) -> list[Any]:
    """Return movements after the line `after`, oldest first."""
    parameters = {
        "balance": balance_id,
        "from_at": from_at,
        "to_at": to_at,
        "after_at": after[0],
        "after_id": after[1],
        "limit": limit,
    }
    return list(await session.execute(_LINES, parameters))
