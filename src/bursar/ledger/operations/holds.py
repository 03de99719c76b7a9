"""Holds: an amount reserved now, captured in parts or released later; each resolved once."""

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal

from pydantic import Field

from bursar.core.clock import Moment
from bursar.core.errors import InvalidInput
from bursar.core.ids import new_id
from bursar.core.model import Model
from bursar.core.money import Amount, format_decimal, from_units, to_units
from bursar.ledger.calc.currencies import currency
from bursar.ledger.calc.leg import SystemAccount
from bursar.ledger.errors import ActivityNotFound, HoldResolved
from bursar.ledger.operations.accounts import existing
from bursar.ledger.operations.activities import not_held
from bursar.ledger.store import accounts as account_store
from bursar.ledger.store import cash as cash_store
from bursar.ledger.store import holds as store
from bursar.ledger.store import posting
from bursar.ledger.tables import TransferGroup
from bursar.runtime.context import Context

EXPIRED_MAX = 1_000


class NewHold(Model):
    """An amount to reserve for another account, or for the world outside."""

    account_id: uuid.UUID = Field(description="The account that will pay.")
    amount: Amount = Field(description="Amount to reserve.")
    currency: str = Field(max_length=10, description="Its currency.")
    counter_account_id: uuid.UUID | None = Field(None, description="The own account to be paid.")
    expires_at: Moment | None = Field(None, description="When it lapses by itself.")
    id: uuid.UUID | None = Field(None, description="Id of the hold and of its group; default new.")
    payee: str | None = Field(None, description="Other party, for the book's rows.")
    memo: str | None = Field(None, description="Free text, for the book's rows.")


async def hold(context: Context, order: NewHold) -> uuid.UUID:
    """Reserve an amount and return the hold's id; raises NotHeld when it is not available."""
    payer = await existing(context, order.account_id)
    if order.counter_account_id is not None:
        await existing(context, order.counter_account_id)
    units = _units(order.amount, order.currency)
    session, workspace_id, now = context.session, context.workspace_id, context.clock.now()
    system = await account_store.system_accounts(session, workspace_id, now)
    cash = currency(order.currency)
    known = await posting.commodities(
        session, workspace_id, {cash.code: (cash.code, cash.exponent, cash.kind)}
    )
    commodity = known[cash.code].id
    target = order.counter_account_id or system[SystemAccount.WORLD]
    balances = await posting.open_balances(
        session, workspace_id, [(payer.id, commodity), (target, commodity)]
    )
    hold_id = order.id or new_id()
    group = _group(context, order.account_id, order.counter_account_id, kind="hold")
    group.id = hold_id
    group.currency, group.amount = cash.code, order.amount
    group.payee, group.memo = order.payee, order.memo
    session.add(group)
    await session.flush()
    refused = await store.hold(
        session,
        workspace_id,
        store.HoldOrder(
            group.id,
            hold_id,
            balances[payer.id, commodity],
            balances[target, commodity],
            units,
            now,
            order.expires_at,
        ),
    )
    if refused is not None:
        raise await not_held(context, None, refused)
    context.fact("hold.made", hold_id, amount=format_decimal(order.amount), currency=cash.code)
    return hold_id


async def capture(context: Context, hold_id: uuid.UUID, amount: Decimal | None = None) -> uuid.UUID:
    """Post a part of a hold, or all that is left of it; the rest stays reserved. Return the group."""
    return await _resolve(context, hold_id, kind="post", amount=amount)


async def void(context: Context, hold_id: uuid.UUID) -> uuid.UUID:
    """Release what is left of a hold; return the group."""
    return await _resolve(context, hold_id, kind="void")


async def expire(context: Context, hold_id: uuid.UUID) -> uuid.UUID:
    """Release what is left of a hold because its time has run out; return the group."""
    return await _resolve(context, hold_id, kind="expire")


async def due(context: Context, *, limit: int = EXPIRED_MAX) -> list[uuid.UUID]:
    """Return holds of the workspace whose time has run out."""
    return await store.due(context.session, context.workspace_id, context.clock.now(), limit)


async def lock(context: Context, hold_ids: Sequence[uuid.UUID]) -> None:
    """Lock the balances of several holds at once, before the first of them is resolved."""
    balances = await store.balances(context.session, context.workspace_id, hold_ids)
    if balances:
        await cash_store.lock(context.session, context.workspace_id, balances)


async def expire_due(context: Context) -> int:
    """Release holds whose time has run out, at most 1000 a call; return how many."""
    late = await due(context)
    for hold_id in late:
        await expire(context, hold_id)
    return len(late)


async def _resolve(
    context: Context, hold_id: uuid.UUID, *, kind: str, amount: Decimal | None = None
) -> uuid.UUID:
    found = await store.find(context.session, context.workspace_id, hold_id)
    if found is None:
        raise ActivityNotFound(f"there is no hold {hold_id}", field="hold_id")
    units = None if amount is None else _units(amount, found.currency)
    group_kind = "capture" if kind == "post" else kind
    group = _group(context, found.account_id, found.counter_account_id, kind=group_kind)
    group.currency, group.payee, group.memo = found.currency, found.payee, found.memo
    if kind == "post":
        exponent = currency(found.currency).exponent
        group.amount = from_units(int(found.remaining) if units is None else units, exponent)
        group.cash_change = -group.amount
    answer = await store.resolve(
        context.session,
        context.workspace_id,
        hold_id,
        group=group,
        kind=kind,
        amount=units,
    )
    if answer == "too_much":
        raise InvalidInput("more than is left of the hold", field="amount")
    if answer != "done":
        raise HoldResolved(f"this hold was {answer} before", field="hold_id")
    context.fact(f"hold.{group_kind}", hold_id)
    return group.id


def _group(
    context: Context, account_id: uuid.UUID, counter_account_id: uuid.UUID | None, *, kind: str
) -> TransferGroup:
    now: dt.datetime = context.clock.now()
    return TransferGroup(
        id=new_id(),
        workspace_id=context.workspace_id,
        kind=kind,
        effective_at=now,
        created_at=now,
        account_id=account_id,
        counter_account_id=counter_account_id,
        source="hold",
        details={},
    )


def _units(amount: Decimal, code: str) -> int:
    try:
        units = to_units(amount, currency(code).exponent)
    except ValueError as error:
        raise InvalidInput(str(error), field="amount") from None
    if units <= 0:
        raise InvalidInput("the amount must be above zero", field="amount")
    return units
