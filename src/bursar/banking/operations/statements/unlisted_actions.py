"""Corporate actions that the market knows and the file does not list, in the days the file covers.

They must count at their place among the file's rows: a sale after a split sells units that only the
split made.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from fractions import Fraction

from bursar.banking.calc.actions import DAYS_APART_MAX, UNIT_KINDS
from bursar.banking.calc.movements import Movement
from bursar.banking.calc.posted_row import PostedRow
from bursar.core.clock import utc_midnight
from bursar.ledger.models import ActivityKind, InstrumentRef
from bursar.market.models.actions import ActionKind, CorporateActionRow
from bursar.market.operations.actions import actions_of
from bursar.runtime.context import Context

RESTATING = frozenset({ActionKind.SPLIT, ActionKind.STOCK_DIVIDEND})
OF_THE_FILE = frozenset(
    {ActivityKind.SPLIT, ActivityKind.SPIN_OFF, ActivityKind.MERGER, ActivityKind.RENAME}
)


async def unlisted(
    context: Context, rows: Sequence[PostedRow], instruments: Mapping[str, InstrumentRef]
) -> list[CorporateActionRow]:
    """Return the actions between the first and the last row that no row is about."""
    if not rows or not instruments:
        return []
    ids = {reference.instrument_id for reference in instruments.values()}
    moments = [row.activity.effective_at for row in rows]
    known = await actions_of(context, ids, min(moments).date(), max(moments).date())
    listed: dict[uuid.UUID, list[dt.date]] = {}
    for row in rows:
        activity = row.activity
        if activity.kind in OF_THE_FILE and activity.instrument is not None:
            days = listed.setdefault(activity.instrument.instrument_id, [])
            days.append(activity.effective_at.date())
    near = dt.timedelta(days=DAYS_APART_MAX)
    return [
        action
        for action in known
        if action.kind.value in UNIT_KINDS
        and not any(
            abs(day - action.ex_date) <= near for day in listed.get(action.instrument_id, ())
        )
    ]


def with_splits(
    movements: Sequence[Movement], actions: Sequence[CorporateActionRow]
) -> list[Movement]:
    """Return the movements with the splits at their days, before everything else of the day."""
    splits = [
        Movement(
            utc_midnight(action.ex_date),
            action.instrument_id,
            Fraction(0),
            Fraction(action.ratio_numerator, action.ratio_denominator),
        )
        for action in actions
        if action.kind in RESTATING
        and action.ratio_numerator is not None
        and action.ratio_denominator is not None
    ]
    if not splits:
        return list(movements)
    return sorted([*splits, *movements], key=lambda move: (move.at.date(), move.ratio is None))


def cut_at(
    rows: Sequence[PostedRow], actions: Sequence[CorporateActionRow]
) -> list[tuple[list[PostedRow], dt.date | None]]:
    """Return the rows in blocks, each with the day whose actions follow it; None after the last."""
    days = sorted({action.ex_date for action in actions})
    blocks: list[tuple[list[PostedRow], dt.date | None]] = []
    rest = list(rows)
    for day in days:
        first = utc_midnight(day)
        blocks.append(([row for row in rest if row.activity.effective_at < first], day))
        rest = [row for row in rest if row.activity.effective_at >= first]
    return [*blocks, (rest, None)]
