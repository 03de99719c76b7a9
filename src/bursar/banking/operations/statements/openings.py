"""Opening balances: what a first statement implies was held before its first line.

They are booked as activities of their own kind, dated the day before the first line, and remembered,
so that an older statement imported later can replace them by what it says itself.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import delete, insert, select

from bursar.banking.calc.movements import (
    Commodity,
    Movement,
    by_commodity,
    least_opening,
    movements_of,
    opening_for,
    units_of,
)
from bursar.banking.calc.posted_row import PostedRow
from bursar.banking.models.imports import OpeningBooked
from bursar.banking.operations.statements.accounts import Place
from bursar.banking.operations.statements.balances import Stated
from bursar.banking.tables import Opening
from bursar.core.clock import utc_midnight
from bursar.core.ids import new_id
from bursar.ledger.calc.currencies import currency
from bursar.ledger.models import ActivityFilter, ActivityKind, InstrumentRef, NewActivity
from bursar.ledger.operations.activities import post_activities, reverse_activity
from bursar.ledger.operations.search import search_activities
from bursar.runtime.context import Context

EXTERNAL_ID = "bursar:opening:"
STATED = "what the file states at its end"
SALES = "the units sold or moved out in the file"


def needed(
    movements: Sequence[Movement],
    stated: Sequence[Stated],
    instruments: Mapping[uuid.UUID, InstrumentRef],
    *,
    latest: dt.datetime,
) -> list[tuple[Commodity, Decimal, str]]:
    """Return the openings that lead to the stated balances, each with what it was worked out from.

    latest: the moment that stands for "now" where the file does not date what it states.
    """
    found: list[tuple[Commodity, Decimal, str]] = []
    known = {each.commodity for each in stated}
    moves = by_commodity(movements)
    for each in stated:
        before = opening_for(
            moves[each.commodity], each.commodity, each.amount, each.until or latest
        )
        if isinstance(each.commodity, str):
            found.append(
                (each.commodity, units_of(before, currency(each.commodity).exponent), STATED)
            )
        elif before > 0:
            exponent = instruments[each.commodity].exponent
            found.append((each.commodity, units_of(before, exponent), STATED))
    for instrument_id, reference in instruments.items():
        if instrument_id not in known:
            before = least_opening(moves[instrument_id], instrument_id)
            found.append((instrument_id, units_of(before, reference.exponent), SALES))
    return [(commodity, amount, reason) for commodity, amount, reason in found if amount]


def goes_short(
    movements: Sequence[Movement],
    wanted: Sequence[tuple[Commodity, Decimal, str]],
    stated: Sequence[Stated],
) -> bool:
    """Tell whether the stated holdings can only be reached by holding less than nothing for a while."""
    opening = {commodity: amount for commodity, amount, _ in wanted}
    moves = by_commodity(movements)
    return any(
        least_opening(moves[each.commodity], each.commodity)
        > opening.get(each.commodity, Decimal(0))
        for each in stated
        if isinstance(each.commodity, uuid.UUID)
    )


async def book(
    context: Context,
    place: Place,
    wanted: Sequence[tuple[Commodity, Decimal, str]],
    instruments: Mapping[uuid.UUID, InstrumentRef],
    *,
    import_id: uuid.UUID,
    before: dt.date,
) -> list[OpeningBooked]:
    """Post the openings on the day before `before`, and remember them."""
    at = utc_midnight(before - dt.timedelta(days=1))
    activities = [
        opening_activity(
            place.account.id,
            commodity,
            amount,
            at=at,
            import_id=import_id,
            instrument=instruments.get(commodity) if isinstance(commodity, uuid.UUID) else None,
            reason=reason,
        )
        for commodity, amount, reason in wanted
    ]
    answers = await post_activities(context, activities)
    rows = [
        {
            "id": new_id(),
            "workspace_id": context.workspace_id,
            "account_id": place.account.id,
            "commodity": str(commodity),
            "activity_id": answer.id,
            "amount": amount,
            "effective_at": at,
        }
        for (commodity, amount, _), answer in zip(wanted, answers, strict=True)
        if answer.duplicate_of is None
    ]
    if rows:
        await context.session.execute(
            delete(Opening).where(
                Opening.account_id == place.account.id,
                Opening.commodity.in_([row["commodity"] for row in rows]),
            )
        )
        await context.session.execute(insert(Opening), rows)
    return [
        OpeningBooked(
            code=activity.instrument.code if activity.instrument else activity.currency or "",
            amount=amount,
            effective_at=at,
            reason=reason,
        )
        for activity, (_, amount, reason) in zip(activities, wanted, strict=True)
    ]


def opening_activity(
    account_id: uuid.UUID,
    commodity: Commodity,
    amount: Decimal,
    *,
    at: dt.datetime,
    import_id: uuid.UUID,
    instrument: InstrumentRef | None,
    reason: str,
) -> NewActivity:
    """Return the activity that books an opening balance; one per account, commodity and day."""
    return NewActivity(
        account_id=account_id,
        kind=ActivityKind.OPENING_BALANCE,
        effective_at=at,
        instrument=instrument,
        quantity=amount if instrument is not None else None,
        amount=None if instrument is not None else amount,
        currency=commodity if isinstance(commodity, str) else None,
        external_id=f"{EXTERNAL_ID}{commodity}:{at.date()}",
        import_id=import_id,
        memo=f"Opening balance, worked out from {reason}",
        source="import",
    )


async def never_seen(
    context: Context, account_id: uuid.UUID, commodities: Sequence[Commodity]
) -> set[Commodity]:
    """Return the instruments that the account has no activity in."""
    found: set[Commodity] = set()
    for commodity in commodities:
        if isinstance(commodity, uuid.UUID):
            wanted = ActivityFilter(account_ids=(account_id,), instrument_ids=(commodity,))
            page = await search_activities(context, wanted, limit=1)
            if not page.items:
                found.add(commodity)
    return found


async def replace_older(
    context: Context,
    place: Place,
    added: Sequence[PostedRow],
    instruments: Mapping[uuid.UUID, InstrumentRef],
    *,
    import_id: uuid.UUID,
) -> list[OpeningBooked]:
    """Replace openings by those that lead to them, when rows from before them were added.

    So history can be imported in any order: what later statements rest on does not change.
    """
    booked: list[OpeningBooked] = []
    for row in await _remembered(context, place.account.id):
        until = utc_midnight(row.effective_at.date()) + dt.timedelta(days=1, microseconds=-1)
        older = [each for each in added if each.activity.effective_at <= until]
        movements, _ = movements_of(older, place.currency)
        commodity = _commodity_of(row)
        if not any(move.commodity == commodity for move in movements):
            continue
        before = opening_for(movements, commodity, row.amount, until)
        reference = instruments.get(commodity) if isinstance(commodity, uuid.UUID) else None
        if isinstance(commodity, uuid.UUID) and (reference is None or before < 0):
            continue
        exponent = currency(str(commodity)).exponent if reference is None else reference.exponent
        amount = units_of(before, exponent)
        first = min(each.activity.effective_at for each in older).date()
        await context.session.execute(delete(Opening).where(Opening.id == row.id))
        if amount:
            wanted = [(commodity, amount, "the opening balance of a later statement")]
            booked += await book(
                context, place, wanted, instruments, import_id=import_id, before=first
            )
        reason = "an older statement was imported"
        await reverse_activity(context, row.activity_id, reason, release=True)
    return booked


def _commodity_of(row: Opening) -> Commodity:
    try:
        return uuid.UUID(row.commodity)
    except ValueError:
        return row.commodity


async def _remembered(context: Context, account_id: uuid.UUID) -> list[Opening]:
    """Return the openings that imports booked in an account and that still count."""
    found = await context.session.scalars(
        select(Opening).where(
            Opening.workspace_id == context.workspace_id, Opening.account_id == account_id
        )
    )
    rows = list(found)
    wanted = ActivityFilter(ids=tuple(row.activity_id for row in rows))
    page = await search_activities(context, wanted, limit=500) if rows else None
    standing = set() if page is None else {activity.id for activity in page.items}
    return [row for row in rows if row.activity_id in standing]
