"""Costs stated after the fact, for units that a file brought without one.

The book never changes: the activity without a cost is reversed and one with a cost takes its place,
of the same units on the same day. Half a spin-off or merger becomes the whole one, so that lots are
carried over instead of appearing from nowhere.
"""

import uuid
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from sqlalchemy import update

from bursar.banking.models.costs import StateCost, StatedCost
from bursar.banking.operations.corporate_actions import apply_to, halves_of
from bursar.banking.operations.statements.instruments import reference_of
from bursar.banking.operations.transaction_search import existing_activity
from bursar.banking.tables import Opening
from bursar.core.errors import Conflict, InvalidInput
from bursar.ledger.calc.currencies import currency as currency_of
from bursar.ledger.models import Activity, ActivityKind, NewActivity
from bursar.ledger.operations.activities import post_activities, reverse_activity
from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations import instruments as market_instruments
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

ARRIVALS = frozenset({"opening_balance", "delivery_in", "transfer_in"})
SHARE_PLACES_MAX = 12


@operation(
    "banking.state_cost",
    scope="banking:write",
    http="POST /transactions/{transaction_id}/cost",
    command="transaction cost",
    positional=("transaction_id",),
    writes=True,
)
async def state_cost(context: Context, body: StateCost) -> StatedCost:
    """Say what units cost that came in without a cost, and when they were bought.

    With from_instrument they are the result of a spin-off or merger, and the cost carries over.
    """
    old = await existing_activity(context, body.transaction_id)
    _check(old, body)
    if old.kind == ActivityKind.SPIN_OFF or body.from_instrument is not None:
        return await _carried_over(context, old, body)
    instrument = await _instrument(context, old.instrument_id)
    code = body.currency or instrument.currency
    made = _same_day(old, body) | {
        "kind": old.kind,
        "instrument": reference_of(instrument),
        "quantity": old.quantity,
        "amount": _cost(body, old.quantity or Decimal(0), code),
        "currency": code,
    }
    if body.acquired_on is not None:
        made["metadata"] = {"acquired_on": body.acquired_on.isoformat()}
    return await _replace(context, NewActivity.model_validate(made), old, body.reason)


def _check(old: Activity, body: StateCost) -> None:
    if old.reversed_by_id is not None:
        raise Conflict(
            "this transaction was reversed",
            field="transaction_id",
            hint="The portfolio's completeness names the transaction that counts.",
        )
    arrives = old.kind in ARRIVALS and old.instrument_id is not None
    if not (arrives and old.counter_account_id is None) and old.kind != ActivityKind.SPIN_OFF:
        raise InvalidInput(
            f"a {old.kind} {'between own accounts ' if arrives else ''}takes no cost",
            field="transaction_id",
            hint="Name what brought the units: an opening_balance, delivery_in, transfer_in from "
            "outside, or a spin_off.",
        )
    given = [name for name in ("cost", "unit_cost") if getattr(body, name) is not None]
    if old.kind == ActivityKind.SPIN_OFF or body.from_instrument is not None:
        if given or body.acquired_on is not None:
            name = given[0] if given else "acquired_on"
            raise InvalidInput("the cost and its day carry over; they are not given", field=name)
        if old.kind == ActivityKind.SPIN_OFF and body.share is None:
            raise InvalidInput("a spin_off needs the share of the cost that moves", field="share")
    elif len(given) != 1:
        raise InvalidInput("give cost or unit_cost, one of them", field="cost")
    elif body.share is not None:
        raise InvalidInput("share needs from_instrument", field="share")
    if body.share is not None and not 0 < body.share < 1:
        raise InvalidInput("share lies between 0 and 1, 0.2 for 20 %", field="share")
    for name in given:
        if getattr(body, name) < 0:
            raise InvalidInput(f"{name} must not be negative", field=name)
    if body.acquired_on is not None and body.acquired_on > old.effective_at.date():
        raise InvalidInput(
            f"the units came in on {old.effective_at.date()}, so they were bought by then",
            field="acquired_on",
        )


def _cost(body: StateCost, quantity: Decimal, code: str) -> Decimal:
    try:
        unit = Decimal(1).scaleb(-currency_of(code).exponent)
    except ValueError as error:
        raise InvalidInput(str(error), field="currency") from None
    if body.cost is not None:
        if body.cost != body.cost.quantize(unit):
            raise InvalidInput(f"{code} has no smaller unit than {unit}", field="cost")
        return body.cost
    return ((body.unit_cost or Decimal(0)) * quantity).quantize(unit, rounding=ROUND_HALF_EVEN)


def _same_day(old: Activity, body: StateCost) -> dict[str, object]:
    return {
        "account_id": old.account_id,
        "effective_at": old.effective_at,
        "import_id": old.import_id,
        "memo": old.memo or body.reason,
        "source": "manual",
    }


async def _instrument(context: Context, instrument_id: uuid.UUID | None) -> InstrumentRow:
    return await market_instruments.find(context, str(instrument_id))


async def _carried_over(context: Context, old: Activity, body: StateCost) -> StatedCost:
    """Put the whole spin-off or merger in the place of the half that the file brought."""
    spun = old.kind == ActivityKind.SPIN_OFF
    day = old.effective_at.date()
    if spun:
        parent = await _instrument(context, old.instrument_id)
        child = await _instrument(context, old.counter_instrument_id)
    else:
        parent = await market_instruments.find(context, body.from_instrument or "", as_of=day)
        child = await _instrument(context, old.instrument_id)
    if parent.id == child.id:
        raise InvalidInput("units cannot come out of themselves", field="from_instrument")
    made = _same_day(old, body) | {
        "instrument": reference_of(parent),
        "counter_instrument": reference_of(child),
        "counter_quantity": old.counter_quantity if spun else old.quantity,
    }
    gone: tuple[Activity, ...] = ()
    if body.share is not None:
        share = Fraction(round(body.share, SHARE_PLACES_MAX))
        made |= {"kind": ActivityKind.SPIN_OFF, "ratio": (share.numerator, share.denominator)}
        made |= {"quantity": old.quantity, "amount": old.amount} if spun else {}
    else:
        taken, _ = await halves_of(context, old.account_id, (parent.id, None), day=day)
        gone = () if taken is None else (taken,)
        made |= {"kind": ActivityKind.MERGER, "amount": None}
        if gone:
            made["quantity"] = gone[0].quantity
            await reverse_activity(context, gone[0].id, body.reason)
    return await _replace(context, NewActivity.model_validate(made), old, body.reason, before=gone)


async def _replace(
    context: Context,
    made: NewActivity,
    old: Activity,
    reason: str,
    *,
    before: tuple[Activity, ...] = (),
) -> StatedCost:
    """Post the new activity, then undo the old one: its units may have been sold since."""
    (posted,) = await post_activities(context, [made])
    await reverse_activity(context, old.id, reason)
    await context.session.execute(
        update(Opening)
        .where(Opening.workspace_id == context.workspace_id, Opening.activity_id == old.id)
        .values(activity_id=posted.id)
    )
    references = [each for each in (made.instrument, made.counter_instrument) if each is not None]
    await apply_to(context, {each.instrument_id for each in references})
    context.fact("banking.cost_stated", posted.id, replaced=str(old.id))
    carried = made.kind in (ActivityKind.SPIN_OFF, ActivityKind.MERGER)
    return StatedCost(
        transaction_id=posted.id,
        kind=made.kind.value,
        replaced=(*(each.id for each in before), old.id),
        cost=None if carried else made.amount,
        currency=None if carried else made.currency,
    )
