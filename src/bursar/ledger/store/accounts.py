"""Queries about accounts and what they hold."""

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.ids import new_id
from bursar.ledger.calc.leg import SystemAccount
from bursar.ledger.models.accounts import AccountClass
from bursar.ledger.tables import Account, Balance, Commodity

OWN_CLASSES = (AccountClass.ASSET.value, AccountClass.LIABILITY.value)

SYSTEM_CLASSES = {
    SystemAccount.WORLD: AccountClass.WORLD,
    SystemAccount.DIVIDEND_INCOME: AccountClass.INCOME,
    SystemAccount.INTEREST_INCOME: AccountClass.INCOME,
    SystemAccount.REWARD_INCOME: AccountClass.INCOME,
    SystemAccount.OTHER_INCOME: AccountClass.INCOME,
    SystemAccount.FEE_COST: AccountClass.COST,
    SystemAccount.TAX_COST: AccountClass.COST,
    SystemAccount.INTEREST_COST: AccountClass.COST,
    SystemAccount.CONVERSION: AccountClass.CONVERSION,
    SystemAccount.ROUNDING: AccountClass.ROUNDING,
}

_ADD_SYSTEM = text("""
INSERT INTO account (id, workspace_id, name, kind, class, cost_method, tax_wrapper, allow_short,
                     no_overdraft, opened_at, created_at)
SELECT s.id, :workspace, replace(s.kind, '_', ' '), s.kind, s.class, 'fifo', 'taxable', true, false,
       'epoch', :at
FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:classes AS text[]))
     s (id, kind, class)
ORDER BY s.kind
ON CONFLICT DO NOTHING
""")

_HELD = """
SELECT b.account_id, c.code, c.kind, c.instrument_id, c.exponent, {amount} AS units,
       {available} AS available
FROM balance b
JOIN commodity c ON c.id = b.commodity_id
{probe}
WHERE b.workspace_id = :workspace AND b.account_id = ANY (:accounts) AND {amount} <> 0
ORDER BY b.account_id, c.kind <> 'fiat', c.code, c.id
"""

# One index probe for the last entry in time order, one for what was posted late (back-dated).
BALANCE_AT = """
CROSS JOIN LATERAL (
    SELECT coalesce(e.balance_after, 0) + coalesce((
        SELECT sum(x.amount) FROM entry x
        WHERE x.balance_id = b.id AND x.late AND x.effective_at <= :at
          AND x.id > coalesce(e.id, 0)), 0) AS units
    FROM (SELECT) one
    LEFT JOIN LATERAL (
        SELECT x.id, x.balance_after FROM entry x
        WHERE x.balance_id = b.id AND NOT x.late AND x.effective_at <= :at
        ORDER BY x.effective_at DESC, x.id DESC LIMIT 1) e ON true
) moment
"""

_ACCOUNTS = bindparam("accounts", type_=ARRAY(UUID(as_uuid=True)))
_HELD_NOW = text(
    _HELD.format(
        amount="(b.credits_posted - b.debits_posted)",
        available="(b.credits_posted - b.debits_posted - b.debits_pending)",
        probe="",
    )
).bindparams(_ACCOUNTS)
_HELD_AT = text(
    _HELD.format(amount="moment.units", available="NULL::numeric", probe=BALANCE_AT)
).bindparams(_ACCOUNTS)


class Held(NamedTuple):
    """Units of one commodity in one account; `available` is None for a past moment."""

    account_id: uuid.UUID
    code: str
    kind: str
    instrument_id: uuid.UUID | None
    exponent: int
    units: Decimal
    available: Decimal | None


async def own_account(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    account_id: uuid.UUID,
    *,
    lock: bool = False,
    alone: bool = False,
) -> Account | None:
    """Return one of the person's own accounts, or None; `lock` keeps others from changing it.

    `alone` also waits for, and then keeps out, whoever is posting to it.
    """
    query = select(Account).where(
        Account.workspace_id == workspace_id,
        Account.id == account_id,
        Account.account_class.in_(OWN_CLASSES),
    )
    if lock:
        query = query.with_for_update(key_share=not alone).execution_options(populate_existing=True)
    return await session.scalar(query)


async def own_accounts(
    session: AsyncSession, workspace_id: uuid.UUID, account_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, Account]:
    """Return the person's own accounts among `account_ids`, as they stand in the database."""
    rows = await session.scalars(
        select(Account)
        .where(
            Account.workspace_id == workspace_id,
            Account.id.in_(account_ids),
            Account.account_class.in_(OWN_CLASSES),
        )
        .execution_options(populate_existing=True)
    )
    return {account.id: account for account in rows}


async def system_accounts(
    session: AsyncSession, workspace_id: uuid.UUID, at: dt.datetime
) -> dict[SystemAccount, uuid.UUID]:
    """Return the workspace's system accounts, making them the first time."""
    query = select(Account.kind, Account.id).where(
        Account.workspace_id == workspace_id, Account.account_class.not_in(OWN_CLASSES)
    )
    found = {SystemAccount(kind): id_ for kind, id_ in await session.execute(query)}
    if len(found) == len(SystemAccount):
        return found
    await session.execute(
        _ADD_SYSTEM,
        {
            "workspace": workspace_id,
            "at": at,
            "ids": [new_id() for _ in SYSTEM_CLASSES],
            "kinds": [account.value for account in SYSTEM_CLASSES],
            "classes": [account_class.value for account_class in SYSTEM_CLASSES.values()],
        },
    )
    return {SystemAccount(kind): id_ for kind, id_ in await session.execute(query)}


async def held(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    account_ids: Sequence[uuid.UUID],
    *,
    at: dt.datetime | None = None,
) -> list[Held]:
    """Return what accounts hold, zeros left out: as posted, or at the end of a moment."""
    parameters: dict[str, object] = {"workspace": workspace_id, "accounts": list(account_ids)}
    if at is not None:
        parameters["at"] = at
    rows = await session.execute(_HELD_NOW if at is None else _HELD_AT, parameters)
    return [Held._make(row) for row in rows]


_APPLY_RULES = text("""
UPDATE balance b
SET no_overdraft = CASE WHEN c.kind = 'fiat' THEN a.no_overdraft ELSE NOT a.allow_short END
FROM account a, commodity c
WHERE a.id = b.account_id AND c.id = b.commodity_id AND b.account_id = :account
  AND b.workspace_id = :workspace
""")
_BROKEN_RULES = text("""
SELECT count(*) FROM (
    SELECT b.credits_posted - b.debits_posted - b.debits_pending AS available,
           CASE WHEN c.kind = 'fiat' THEN a.no_overdraft ELSE NOT a.allow_short END AS limited
    FROM balance b JOIN account a ON a.id = b.account_id JOIN commodity c ON c.id = b.commodity_id
    WHERE b.account_id = :account AND b.workspace_id = :workspace
    ORDER BY b.id FOR NO KEY UPDATE OF b) x
WHERE x.limited AND x.available < 0
""")


async def apply_rules(
    session: AsyncSession, workspace_id: uuid.UUID, account_id: uuid.UUID
) -> bool:
    """Give an account's balances its present rules; False when one of them breaks a rule now."""
    parameters = {"account": account_id, "workspace": workspace_id}
    if await session.scalar(_BROKEN_RULES, parameters):
        return False
    await session.execute(_APPLY_RULES, parameters)
    return True


_ON_HOLD = text("""
SELECT count(*) FROM balance
WHERE workspace_id = :workspace AND account_id = :account
  AND (debits_pending > 0 OR credits_pending > 0)
""")


async def is_on_hold(session: AsyncSession, workspace_id: uuid.UUID, account_id: uuid.UUID) -> bool:
    """Tell whether a hold takes from an account, or would give to it."""
    parameters = {"workspace": workspace_id, "account": account_id}
    return bool(await session.scalar(_ON_HOLD, parameters))


async def instruments_of(
    session: AsyncSession, workspace_id: uuid.UUID, account_id: uuid.UUID
) -> set[uuid.UUID]:
    """Return the instruments an account holds or held."""
    rows = await session.scalars(
        select(Commodity.instrument_id)
        .join(Balance, Balance.commodity_id == Commodity.id)
        .where(
            Balance.workspace_id == workspace_id,
            Balance.account_id == account_id,
            Commodity.instrument_id.is_not(None),
        )
    )
    return {instrument_id for instrument_id in rows if instrument_id is not None}
