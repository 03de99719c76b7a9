"""Moving an amount between two own accounts, in one currency or at a stated rate."""

import uuid
from decimal import Decimal

from bursar.core.errors import InvalidInput
from bursar.core.money import format_decimal, from_units, round_to_units
from bursar.ledger.calc.currencies import Currency
from bursar.ledger.errors import AlreadyReversed
from bursar.ledger.models import Account, Activity, ActivityFilter, ActivityKind, NewActivity
from bursar.ledger.operations import cash as ledger_cash
from bursar.ledger.operations.activities import post_activities, reverse_activity
from bursar.ledger.operations.search import search_activities
from bursar.payments.errors import SameAccount, TransferNotFound
from bursar.payments.models.transfers import (
    CreateTransfer,
    ReverseTransfer,
    Transfer,
    TransferReference,
)
from bursar.payments.operations.batches import TRANSFERS
from bursar.payments.operations.parties import (
    open_account,
    refuse_beyond,
    refuse_other_currency,
)
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

SOURCE = "transfer"


@operation(
    "payments.create_transfer",
    scope="payments:write",
    http="POST /transfers",
    command="transfer create",
    positional=("from_account", "to_account", "amount"),
    writes=True,
    moves_money=True,
    batch=TRANSFERS,
)
async def create_transfer(context: Context, body: CreateTransfer) -> Transfer:
    """Move an amount between two own accounts; another currency needs a rate or the amount arriving.

    Moves money in the book; no bank is told.
    """
    source = await open_account(context, body.from_account, field="from_account")
    target = await open_account(context, body.to_account, field="to_account")
    if source.id == target.id:
        raise SameAccount("both accounts are the same", field="to_account")
    cash = ledger_cash.currency_named(body.currency or source.currency or "")
    other = ledger_cash.currency_named(body.to_currency or cash.code, field="to_currency")
    units = ledger_cash.units_of(body.amount, cash)
    arriving = _arriving(body, cash, other)
    await refuse_other_currency(context, source, cash, field="currency")
    await refuse_other_currency(context, target, other, field="to_currency")
    between = await ledger_cash.between(context, source, target if arriving is None else None, cash)
    refuse_beyond(between, units)
    activity = NewActivity(
        account_id=source.id,
        kind=ActivityKind.TRANSFER_OUT,
        effective_at=context.clock.now(),
        amount=from_units(units, cash.exponent),
        currency=cash.code,
        counter_account_id=target.id,
        counter_amount=arriving,
        counter_currency=None if arriving is None else other.code,
        memo=body.description,
        source=SOURCE,
    )
    (posted,) = await post_activities(context, [activity])
    await ledger_cash.refuse_closed(context, [source.id, target.id])
    context.fact(
        "transfer.made",
        posted.id,
        amount=format_decimal(body.amount),
        currency=cash.code,
        to_amount=None if arriving is None else format_decimal(arriving),
        to_currency=other.code,
    )
    return await get_transfer(context, TransferReference(transfer_id=posted.id))


@operation(
    "payments.get_transfer",
    scope="payments:read",
    http="GET /transfers/{transfer_id}",
    command="transfer show",
    positional=("transfer_id",),
)
async def get_transfer(context: Context, query: TransferReference) -> Transfer:
    """Show one transfer between own accounts."""
    return _model(await _found(context, query.transfer_id))


@operation(
    "payments.reverse_transfer",
    scope="payments:write",
    http="POST /transfers/{transfer_id}/reversal",
    command="transfer reverse",
    positional=("transfer_id", "reason"),
    writes=True,
    moves_money=True,
    status=200,
)
async def reverse_transfer(context: Context, body: ReverseTransfer) -> Transfer:
    """Undo a transfer as of the day it was made; who received it needs the money. The book keeps both."""
    found = await _found(context, body.transfer_id)
    if found.counter_account_id is None or found.currency is None:
        raise not_found(body.transfer_id)
    if found.reversed_by_id is not None:
        raise AlreadyReversed(
            f"transfer {found.id} was reversed before",
            field="transfer_id",
            hint="Make a new transfer.",
        )
    source = await _open(context, found.account_id)
    target = await _open(context, found.counter_account_id)
    model = _model(found)
    cash = ledger_cash.currency_named(model.to_currency)
    same = model.to_currency == model.currency
    between = await ledger_cash.between(context, target, source if same else None, cash)
    refuse_beyond(between, between.units(model.to_amount))
    await reverse_activity(context, body.transfer_id, body.reason)
    await ledger_cash.refuse_closed(context, [source.id, target.id])
    return _model(await _found(context, body.transfer_id))


def not_found(transfer_id: uuid.UUID) -> TransferNotFound:
    """Return the error for an id that is none of this workspace's transfers."""
    return TransferNotFound(f"there is no transfer {transfer_id}", field="transfer_id")


async def _open(context: Context, account_id: uuid.UUID) -> Account:
    return await ledger_cash.open_account_of(context, account_id, field="transfer_id")


async def _found(context: Context, transfer_id: uuid.UUID) -> Activity:
    wanted = ActivityFilter(ids=(transfer_id,), with_reversed=True)
    page = await search_activities(context, wanted, limit=1)
    if not page.items or page.items[0].source != SOURCE:
        raise not_found(transfer_id)
    return page.items[0]


def _model(row: Activity) -> Transfer:
    amount, code = row.amount, row.currency
    if amount is None or code is None or row.counter_account_id is None:
        raise not_found(row.id)
    return Transfer(
        id=row.id,
        from_account_id=row.account_id,
        to_account_id=row.counter_account_id,
        amount=amount,
        currency=code,
        to_amount=row.counter_amount if row.counter_amount is not None else amount,
        to_currency=row.counter_currency or code,
        description=row.memo,
        created_at=row.effective_at,
        reversed_by_id=row.reversed_by_id,
    )


def _arriving(body: CreateTransfer, cash: Currency, other: Currency) -> Decimal | None:
    """Return what arrives in the other currency; None when both are the same."""
    stated = body.to_amount if body.to_amount is not None else body.rate
    if cash.code == other.code:
        if stated is not None:
            raise InvalidInput(
                f"both accounts move {cash.code}, so no rate or to_amount applies",
                field="rate" if body.rate is not None else "to_amount",
                hint="Leave it out, or name to_currency.",
            )
        return None
    if stated is None:
        raise InvalidInput(
            f"{cash.code} does not become {other.code} without a rate",
            field="rate",
            hint="Give rate, or to_amount as the bank stated it.",
        )
    if body.to_amount is not None:
        units = ledger_cash.units_of(body.to_amount, other, field="to_amount")
        return from_units(units, other.exponent)
    units = round_to_units(body.amount * stated, other.exponent)
    arriving = from_units(units, other.exponent)
    ledger_cash.units_of(arriving, other, field="rate")
    return arriving
