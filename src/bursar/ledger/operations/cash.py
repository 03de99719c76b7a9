"""Cash from one own account to another, or to the world outside: what payments are made of.

`between` locks both balances for the rest of the transaction; what it says is spendable stays so.
The rules of payments are not here: an account that may be overdrawn in the book may still be
refused to pay.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bursar.core.errors import InvalidInput
from bursar.core.money import from_units, to_units
from bursar.ledger.calc.currencies import Currency, currency
from bursar.ledger.calc.leg import LegCode, SystemAccount
from bursar.ledger.errors import AccountClosed, AlreadyReversed
from bursar.ledger.models import Account, AccountClass
from bursar.ledger.operations.accounts import account_model, existing
from bursar.ledger.operations.activities import not_held
from bursar.ledger.store import accounts as account_store
from bursar.ledger.store import cash as store
from bursar.ledger.store import posting, reversals
from bursar.ledger.store.activities import NOT_REVERSIBLE, PAYMENT_KINDS
from bursar.runtime.context import Context


@dataclass(frozen=True, slots=True)
class Between:
    """Two locked balances in one currency. Units are the currency's smallest."""

    payer: Account | None
    payee: Account | None
    cash: Currency
    commodity_id: int
    debit: int
    credit: int
    available: int
    on_hold: int

    @property
    def must_cover(self) -> bool:
        """Whether the payer can spend only what it has; a credit line is spent by owing."""
        if self.payer is None:
            return False
        return self.payer.no_overdraft or self.payer.account_class is AccountClass.ASSET

    def units(self, amount: Decimal) -> int:
        """Return an amount in smallest units. Raises InvalidInput for less than one, or a part."""
        return units_of(amount, self.cash)

    def major(self, units: int) -> Decimal:
        """Return smallest units as an amount in major units."""
        return from_units(units, self.cash.exponent)


@dataclass(frozen=True, slots=True)
class Movement:
    """What a posting says beside its amount; `id` names its group."""

    id: uuid.UUID
    kind: str
    account_id: uuid.UUID
    counter_account_id: uuid.UUID | None
    arrives: bool
    payee: str | None = None
    memo: str | None = None


def units_of(amount: Decimal, cash: Currency, *, field: str = "amount") -> int:
    """Return an amount in smallest units. Raises InvalidInput for less than one, or a part of one."""
    smallest = from_units(1, cash.exponent)
    try:
        units = to_units(amount, cash.exponent)
    except ValueError as error:
        raise InvalidInput(
            f"{error}: {cash.code} has {cash.exponent}",
            field=field,
            hint=f"The smallest amount of {cash.code} is {smallest}.",
            details={"smallest": str(smallest)},
        ) from None
    if units < 1:
        raise InvalidInput(
            f"the amount must be at least {smallest} {cash.code}",
            field=field,
            details={"smallest": str(smallest)},
        )
    return units


def currency_named(code: str, *, field: str = "currency") -> Currency:
    """Return a currency by its code. Raises InvalidInput when it is not known."""
    try:
        return currency(code)
    except ValueError as error:
        raise InvalidInput(str(error), field=field) from None


async def open_account_of(context: Context, account_id: uuid.UUID, *, field: str) -> Account:
    """Return an own account that is open. Raises AccountNotFound, AccountClosed."""
    row = await existing(context, account_id)
    if row.closed_at is not None:
        raise AccountClosed(
            f"{row.name} was closed on {row.closed_at.date()}",
            field=field,
            hint="Use an account that is open.",
        )
    return account_model(row)


async def keeps(context: Context, account: Account, code: str) -> bool:
    """Tell whether an account is kept in a currency: its main one, or one it held before."""
    return account.currency == code or await store.keeps(
        context.session, context.workspace_id, account.id, code
    )


async def between(
    context: Context, payer: Account | None, payee: Account | None, cash: Currency
) -> Between:
    """Lock the balances of both (None: the world outside) and return what the payer can spend."""
    session, workspace_id = context.session, context.workspace_id
    system = await account_store.system_accounts(session, workspace_id, context.clock.now())
    world = system[SystemAccount.WORLD]
    sides = [world if side is None else side.id for side in (payer, payee)]
    known = await posting.commodities(
        session, workspace_id, {cash.code: (cash.code, cash.exponent, cash.kind)}
    )
    commodity = known[cash.code]
    pairs = [(side, commodity.id) for side in sides]
    balances = await posting.open_balances(session, workspace_id, sorted(set(pairs)))
    debit, credit = balances[pairs[0]], balances[pairs[1]]
    await store.lock(session, workspace_id, [debit, credit])
    spendable = await store.spendable(session, workspace_id, debit)
    return Between(
        payer=payer,
        payee=payee,
        cash=Currency(cash.code, commodity.exponent, cash.kind),
        commodity_id=commodity.id,
        debit=debit,
        credit=credit,
        available=spendable.available,
        on_hold=spendable.on_hold,
    )


async def move(context: Context, between_: Between, units: int, movement: Movement) -> uuid.UUID:
    """Post an amount at the present moment; return its group's id.

    Raises NotHeld when the book itself forbids it, AccountClosed when a side was just closed.
    """
    now = context.clock.now().isoformat()
    amount = between_.major(units)
    row: dict[str, Any] = {
        "id": movement.id,
        "kind": movement.kind,
        "effective_at": now,
        "created_at": now,
        "account_id": movement.account_id,
        "counter_account_id": movement.counter_account_id,
        "currency": between_.cash.code,
        "amount": amount,
        "cash_change": amount if movement.arrives else -amount,
        "source": "payment",
        "payee": movement.payee,
        "memo": movement.memo,
        "metadata": {},
    }
    batch = posting.Batch(
        groups=[{name: value for name, value in row.items() if value is not None}],
        places=[1],
        debits=[between_.debit],
        credits=[between_.credit],
        amounts=[units],
        codes=[LegCode.CASH],
    )
    (outcome,) = await posting.post(context.session, context.workspace_id, batch)
    if outcome.balance_id is not None:
        raise await not_held(context, None, outcome.balance_id)
    sides = [movement.account_id, movement.counter_account_id]
    await refuse_closed(context, [side for side in sides if side is not None])
    return movement.id


async def refuse_closed(context: Context, accounts: Sequence[uuid.UUID]) -> None:
    """Raise AccountClosed when one is closed. After a posting nobody can be closing one of them."""
    closed = await store.closed_among(context.session, context.workspace_id, list(accounts))
    if closed is not None:
        raise AccountClosed(f"{closed} was closed", hint="Use an account that is open.")


async def undo(
    context: Context, group_ids: Sequence[uuid.UUID], reason: str
) -> dict[uuid.UUID, uuid.UUID]:
    """Mirror the movements of one payment, newest first; return each one's reversal by its id.

    A reversal counts at the moment of what it undoes, so past balances come right too. Raises
    AlreadyReversed, NotHeld, AccountClosed.
    """
    refused: Collection[str] = NOT_REVERSIBLE - PAYMENT_KINDS
    found = await reversals.reversible(
        context.session, context.workspace_id, group_ids, refused=refused
    )
    lost = [each for each in group_ids if each not in found]
    if lost:
        raise AlreadyReversed(f"activity {lost[0]} is unknown or was reversed before")
    now: dt.datetime = context.clock.now()
    batch = await reversals.mirrors_of(
        context.session,
        context.workspace_id,
        [found[each] for each in group_ids],
        reason=reason,
        at=now,
        release=False,
    )
    outcomes = await posting.post(context.session, context.workspace_id, batch)
    for outcome in outcomes:
        if outcome.balance_id is not None:
            raise await not_held(context, None, outcome.balance_id)
    sides = {row.account_id for row in found.values()}
    sides |= {
        row.counter_account_id for row in found.values() if row.counter_account_id is not None
    }
    await refuse_closed(context, sorted(sides))
    return {
        group_ids[outcome.place - 1]: outcome.group_id
        for outcome in outcomes
        if outcome.group_id is not None
    }


async def currencies_of(context: Context, commodity_ids: set[int]) -> dict[int, tuple[str, int]]:
    """Return code and decimal places of commodities, by id."""
    return await store.currencies(context.session, context.workspace_id, commodity_ids)


async def names_of(context: Context, account_ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the names of accounts, by id."""
    return await store.names(context.session, context.workspace_id, account_ids)
