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
    least_opening,
    opening_for,
    units_of,
)
from bursar.banking.models.imports import OpeningBooked
from bursar.banking.operations.statements.accounts import Place
from bursar.banking.operations.statements.balances import Stated
from bursar.banking.tables import Opening
from bursar.core.clock import utc_midnight
from bursar.core.ids import new_id
from bursar.ledger.calc.currencies import currency
from bursar.ledger.models import ActivityKind, InstrumentRef, NewActivity
from bursar.ledger.operations.activities import post_activities
from bursar.runtime.context import Context

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
    for each in stated:
        before = opening_for(movements, each.commodity, each.amount, each.until or latest)
        if isinstance(each.commodity, str):
            found.append(
                (each.commodity, units_of(before, currency(each.commodity).exponent), STATED)
            )
        elif before > 0:
            exponent = instruments[each.commodity].exponent
            found.append((each.commodity, units_of(before, exponent), STATED))
    for instrument_id, reference in instruments.items():
        if instrument_id not in known:
            before = least_opening(movements, instrument_id)
            found.append((instrument_id, units_of(before, reference.exponent), SALES))
    return [(commodity, amount, reason) for commodity, amount, reason in found if amount]


def goes_short(
    movements: Sequence[Movement],
    wanted: Sequence[tuple[Commodity, Decimal, str]],
    stated: Sequence[Stated],
) -> bool:
    """Tell whether the stated holdings can only be reached by holding less than nothing for a while."""
    opening = {commodity: amount for commodity, amount, _ in wanted}
    return any(
        least_opening(movements, each.commodity) > opening.get(each.commodity, Decimal(0))
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
    """Return the activity that books an opening balance; one per account and commodity."""
    return NewActivity(
        account_id=account_id,
        kind=ActivityKind.OPENING_BALANCE,
        effective_at=at,
        instrument=instrument,
        quantity=amount if instrument is not None else None,
        amount=None if instrument is not None else amount,
        currency=commodity if isinstance(commodity, str) else None,
        external_id=f"bursar:opening:{commodity}",
        import_id=import_id,
        memo=f"Opening balance, worked out from {reason}",
        source="import",
    )


async def remembered(context: Context, account_id: uuid.UUID) -> list[Opening]:
    """Return the openings that imports booked in an account and that still count."""
    found = await context.session.scalars(
        select(Opening).where(
            Opening.workspace_id == context.workspace_id, Opening.account_id == account_id
        )
    )
    return list(found)
