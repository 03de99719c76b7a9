"""Payer and payee: found by name or id, open, kept in the currency, and able to pay."""

import uuid

from bursar.banking.operations.statements.accounts import account_named
from bursar.ledger.calc.currencies import Currency
from bursar.ledger.models import Account
from bursar.ledger.operations import cash as ledger_cash
from bursar.payments.errors import InsufficientFunds, WrongCurrency
from bursar.payments.operations.rows import amount_facts
from bursar.runtime.context import Context


async def open_account(context: Context, wanted: str, *, field: str) -> Account:
    """Return the open own account of this name or id. Raises AccountNotFound, AccountClosed."""
    found = as_id(wanted)
    if found is None:
        found = (await account_named(context, wanted, field=field)).id
    return await ledger_cash.open_account_of(context, found, field=field)


def as_id(wanted: str) -> uuid.UUID | None:
    """Return text that is an id as one; None for a name."""
    try:
        return uuid.UUID(wanted)
    except ValueError:
        return None


async def refuse_other_currency(
    context: Context, account: Account | None, cash: Currency, *, field: str
) -> None:
    """Raise WrongCurrency when an account is not kept in `cash`."""
    if account is not None and not await ledger_cash.keeps(context, account, cash.code):
        raise WrongCurrency(
            f"{account.name} is kept in {account.currency}, not in {cash.code}",
            field=field,
            details={"currency": cash.code, "account_currency": account.currency},
        )


def refuse_beyond(between: ledger_cash.Between, units: int) -> None:
    """Raise InsufficientFunds when the paying account has less to spend than `units`."""
    if not between.must_cover or between.available >= units or between.payer is None:
        return
    cash = between.cash
    said = amount_facts(cash, available=between.available, needed=units, on_hold=between.on_hold)
    raise InsufficientFunds(
        f"{between.payer.name} has {said['available']} {cash.code} to spend,"
        f" and {said['needed']} are needed",
        field="amount",
        details={**said, "account_id": str(between.payer.id)},
    )
