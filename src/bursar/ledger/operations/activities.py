"""Activities: posted in bulk, never changed, corrected by a reversal and a new activity."""

import uuid
from collections.abc import Sequence

from bursar.core.errors import TooLarge
from bursar.core.money import format_decimal, from_units
from bursar.ledger.calc.lot_events import LOT_KINDS
from bursar.ledger.errors import ActivityNotFound, AlreadyReversed, NotHeld, PartOfPayment
from bursar.ledger.models import NewActivity, PostedActivity
from bursar.ledger.operations.batches import batch_of, drafts_of, located
from bursar.ledger.operations.lots import refresh_lots
from bursar.ledger.operations.search import search_activities
from bursar.ledger.store import activities as activity_store
from bursar.ledger.store import posting
from bursar.runtime.context import Context

__all__ = ["not_held", "post_activities", "reverse_activity", "search_activities"]

ACTIVITIES_MAX = 100_000
REASON_CHARACTERS_MAX = 500


async def post_activities(
    context: Context, activities: Sequence[NewActivity]
) -> tuple[PostedActivity, ...]:
    """Post activities in one call, all or none; the answers are in the order given.

    What has an external id or content hash that its account knows already is a duplicate: nothing
    is added and the answer names the activity that is there. Raises InvalidActivity,
    AccountNotFound, AccountClosed or NotHeld with `details.activity`, the place (from 0) of the
    first activity that cannot be posted.
    """
    if len(activities) > ACTIVITIES_MAX:
        raise TooLarge(
            f"one call posts at most {ACTIVITIES_MAX} activities",
            hint="Split the import into smaller files.",
        )
    if not activities:
        return ()
    drafts = await drafts_of(context, activities)
    batch = await batch_of(context, drafts)
    outcomes = await posting.post(context.session, context.workspace_id, batch)
    answers: dict[int, PostedActivity] = {}
    for outcome in outcomes:
        draft = drafts.ordered[outcome.place - 1]
        if outcome.balance_id is not None:
            raise located(await not_held(context, draft.activity, outcome.balance_id), draft.place)
        found = outcome.group_id or draft.id
        duplicate = outcome.status == "duplicate"
        answers[draft.place] = PostedActivity(id=found, duplicate_of=found if duplicate else None)
    for place, first in drafts.repeats.items():
        answers[place] = PostedActivity(id=answers[first].id, duplicate_of=answers[first].id)
    added = {each.id for each in answers.values() if each.duplicate_of is None}
    await refresh_lots(context, _touched(activities, answers), added=added)
    _record(context, activities, answers)
    return tuple(answers[place] for place in range(len(activities)))


async def reverse_activity(
    context: Context, activity_id: uuid.UUID, reason: str, *, release: bool = False
) -> PostedActivity:
    """Undo an activity by mirroring its transfers; the book keeps both.

    `release` lets the same source row be imported again later (undoing a whole import); without
    it a re-import finds the reversed activity and adds nothing. Raises ActivityNotFound,
    AlreadyReversed, PartOfPayment, or NotHeld when what came in with it was passed on since.
    """
    original = await activity_store.group(context.session, context.workspace_id, activity_id)
    if original is None:
        raise ActivityNotFound(f"there is no activity {activity_id}", field="activity_id")
    if original.kind in activity_store.PAYMENT_KINDS:
        raise PartOfPayment(f"activity {activity_id} is part of a payment", field="activity_id")
    batch = await activity_store.mirror_of(
        context.session,
        context.workspace_id,
        original,
        reason=reason[:REASON_CHARACTERS_MAX],
        at=context.clock.now(),
        release=release,
    )
    if batch is None:
        raise AlreadyReversed(f"activity {activity_id} was reversed before", field="activity_id")
    (outcome,) = await posting.post(context.session, context.workspace_id, batch)
    if outcome.balance_id is not None:
        raise await not_held(context, None, outcome.balance_id)
    instruments = (original.instrument_id, original.counter_instrument_id)
    await refresh_lots(context, {each for each in instruments if each is not None})
    found = outcome.group_id or activity_id
    context.fact("activity.reversed", activity_id, reversal_id=str(found), reason=reason)
    return PostedActivity(id=found)


async def not_held(context: Context, activity: NewActivity | None, balance_id: int) -> NotHeld:
    """Return the error that says what a balance holds; without an activity, for another act."""
    row = await posting.balance_named(context.session, context.workspace_id, balance_id)
    held = format_decimal(from_units(int(row.held), row.exponent))
    on_hold = format_decimal(from_units(int(row.on_hold), row.exponent))
    what = "this" if activity is None else f"this {activity.kind}"
    before = "" if activity is None else f" on {activity.effective_at.date()}"
    return NotHeld(
        f"{what}{before} takes more {row.code} than {row.account_name} holds"
        f" (booked before this request: {held}, on hold: {on_hold})",
        field="amount" if row.kind == "fiat" else "quantity",
        details={
            "account_id": str(row.account_id),
            "commodity": row.code,
            "held": held,
            "on_hold": on_hold,
        },
    )


def _touched(
    activities: Sequence[NewActivity], answers: dict[int, PostedActivity]
) -> set[uuid.UUID]:
    """Return the instruments whose lots the added activities may change."""
    return {
        instrument.instrument_id
        for place, answer in answers.items()
        if answer.duplicate_of is None and activities[place].kind in LOT_KINDS
        for instrument in (activities[place].instrument, activities[place].counter_instrument)
        if instrument is not None
    }


def _record(
    context: Context, activities: Sequence[NewActivity], answers: dict[int, PostedActivity]
) -> None:
    added = [place for place, answer in answers.items() if answer.duplicate_of is None]
    if len(added) == 1:
        activity = activities[added[0]]
        context.fact(
            "activity.posted",
            answers[added[0]].id,
            activity_kind=activity.kind.value,
            account_id=str(activity.account_id),
        )
    elif added:
        accounts = sorted({str(activities[place].account_id) for place in added})
        context.fact(
            "activities.posted",
            activities[added[0]].import_id or answers[added[0]].id,
            count=len(added),
            duplicates=len(answers) - len(added),
            account_ids=[*accounts[:100]],
        )
