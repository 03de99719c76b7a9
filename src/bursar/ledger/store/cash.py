"""Cash between two balances: both locked, what the paying one can spend, and the posting."""

import uuid
from typing import NamedTuple

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, UUID
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.ledger.tables import Account, Commodity

_LOCK = text("SELECT ledger_lock(:workspace, :balances)").bindparams(
    bindparam("balances", type_=ARRAY(BIGINT))
)
_SPENDABLE = text("""
SELECT credits_posted - debits_posted - debits_pending AS available, debits_pending AS on_hold
FROM balance WHERE workspace_id = :workspace AND id = :balance
""")
_KEPT = text("""
SELECT EXISTS (SELECT FROM balance b JOIN commodity c ON c.id = b.commodity_id
               WHERE b.workspace_id = :workspace AND b.account_id = :account
                 AND c.instrument_id IS NULL AND c.code = :code)
""")
_CLOSED = text("""
SELECT name FROM account
WHERE workspace_id = :workspace AND id = ANY (:accounts) AND closed_at IS NOT NULL
ORDER BY id LIMIT 1
""").bindparams(bindparam("accounts", type_=ARRAY(UUID(as_uuid=True))))


class Spendable(NamedTuple):
    """Smallest units an account can spend, and what holds reserve of it."""

    available: int
    on_hold: int


async def lock(session: AsyncSession, workspace_id: uuid.UUID, balances: list[int]) -> None:
    """Lock balances until the transaction ends, in the order all callers use."""
    await session.execute(_LOCK, {"workspace": workspace_id, "balances": balances})


async def spendable(session: AsyncSession, workspace_id: uuid.UUID, balance: int) -> Spendable:
    """Return what a locked balance can spend."""
    found = await session.execute(_SPENDABLE, {"workspace": workspace_id, "balance": balance})
    row = found.one()
    return Spendable(int(row.available), int(row.on_hold))


async def keeps(
    session: AsyncSession, workspace_id: uuid.UUID, account_id: uuid.UUID, code: str
) -> bool:
    """Tell whether an account holds or ever held a currency."""
    parameters = {"workspace": workspace_id, "account": account_id, "code": code}
    return bool(await session.scalar(_KEPT, parameters))


async def closed_among(
    session: AsyncSession, workspace_id: uuid.UUID, accounts: list[uuid.UUID]
) -> str | None:
    """Return the name of an account that is closed by now, or None."""
    found: str | None = await session.scalar(
        _CLOSED, {"workspace": workspace_id, "accounts": accounts}
    )
    return found


async def currencies(
    session: AsyncSession, workspace_id: uuid.UUID, commodity_ids: set[int]
) -> dict[int, tuple[str, int]]:
    """Return code and decimal places of commodities, by id."""
    rows = await session.execute(
        select(Commodity.id, Commodity.code, Commodity.exponent).where(
            Commodity.workspace_id == workspace_id, Commodity.id.in_(commodity_ids)
        )
    )
    return {row.id: (row.code, row.exponent) for row in rows}


async def names(
    session: AsyncSession, workspace_id: uuid.UUID, account_ids: set[uuid.UUID]
) -> dict[uuid.UUID, str]:
    """Return the names of accounts, by id."""
    rows = await session.execute(
        select(Account.id, Account.name).where(
            Account.workspace_id == workspace_id, Account.id.in_(account_ids)
        )
    )
    return {row.id: row.name for row in rows}
