"""Ratios of splits that a file states only by the units added.

Some brokers print "90 units added" and no ratio. The market may know the split; else the ratio is
what was held before and after it, exactly.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from bursar.banking.formats.statement import Activity, ActivityKind
from bursar.banking.operations.statements.accounts import Place
from bursar.banking.operations.statements.balances import held_by
from bursar.core.clock import utc_midnight
from bursar.ledger.models import InstrumentRef
from bursar.market.models.actions import ActionKind
from bursar.market.operations.actions import actions_of
from bursar.runtime.context import Context

DAYS_APART_MAX = 3
SPLITS_MAX = 1_000


async def ratios_for(
    context: Context, place: Place, instruments: Mapping[str, InstrumentRef]
) -> dict[int, tuple[int, int]]:
    """Return the ratio of each split without one, by the place of its row, where it can be known."""
    found: dict[int, tuple[int, int]] = {}
    for number, activity in enumerate(place.stated.activities):
        if activity.kind is not ActivityKind.SPLIT or activity.ratio_new or not activity.quantity:
            continue
        reference = instruments.get(activity.security or "")
        if reference is None or len(found) >= SPLITS_MAX:
            continue
        ratio = await _known(context, reference, activity.day)
        if ratio is None:
            ratio = _from_holding(await _held_before(context, place, reference, activity), activity)
        if ratio is not None:
            found[number] = ratio
    return found


async def _known(
    context: Context, reference: InstrumentRef, day: dt.date
) -> tuple[int, int] | None:
    near = dt.timedelta(days=DAYS_APART_MAX)
    actions = await actions_of(context, [reference.instrument_id], day - near, day + near)
    for action in actions:
        if (
            action.kind is ActionKind.SPLIT
            and action.ratio_numerator is not None
            and action.ratio_denominator is not None
        ):
            return action.ratio_numerator, action.ratio_denominator
    return None


async def _held_before(
    context: Context, place: Place, reference: InstrumentRef, split: Activity
) -> Decimal:
    """Return what the book held just before the split, or else what the file's own rows add up to."""
    if not place.opened:
        before = utc_midnight(split.day) - dt.timedelta(microseconds=1)
        held = await held_by(context, place.account.id, before)
        if reference.instrument_id in held:
            return held[reference.instrument_id].amount
    rows = place.stated.activities
    earlier = (a for a in rows if a.security == split.security and a.day < split.day)
    return sum((a.quantity for a in earlier if a.quantity is not None), Decimal(0))


def _from_holding(held: Decimal, split: Activity) -> tuple[int, int] | None:
    change = split.quantity or Decimal(0)
    if held <= 0 or held + change <= 0:
        return None
    ratio = Fraction(held + change) / Fraction(held)
    return ratio.numerator, ratio.denominator
