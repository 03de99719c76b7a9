"""Many activities undone together: all or none, lots derived once."""

import uuid
from collections.abc import Sequence

from bursar.core.errors import TooLarge
from bursar.ledger.errors import AlreadyReversed
from bursar.ledger.operations.activities import REASON_CHARACTERS_MAX, not_held
from bursar.ledger.operations.lots import refresh_lots
from bursar.ledger.store import posting
from bursar.ledger.store import reversals as store
from bursar.runtime.context import Context

REVERSALS_MAX = 1_100_000
GROUPS_PER_POSTING = 10_000


async def reverse_activities(
    context: Context, activity_ids: Sequence[uuid.UUID], reason: str, *, release: bool = False
) -> int:
    """Undo activities in the order given (give the newest first); return how many.

    `release` lets the same source rows be imported again. Raises AlreadyReversed when one cannot be
    undone (again), NotHeld when what came in with them was passed on since; then nothing is undone.
    """
    if len(activity_ids) > REVERSALS_MAX:
        raise TooLarge(f"one call undoes at most {REVERSALS_MAX} activities")
    instruments: set[uuid.UUID] = set()
    for start in range(0, len(activity_ids), GROUPS_PER_POSTING):
        block = activity_ids[start : start + GROUPS_PER_POSTING]
        found = await store.reversible(context.session, context.workspace_id, block)
        lost = [each for each in block if each not in found]
        if lost:
            raise AlreadyReversed(f"activity {lost[0]} is unknown or was reversed before")
        batch = await store.mirrors_of(
            context.session,
            context.workspace_id,
            [found[each] for each in block],
            reason=reason[:REASON_CHARACTERS_MAX],
            at=context.clock.now(),
            release=release,
        )
        for outcome in await posting.post(context.session, context.workspace_id, batch):
            if outcome.balance_id is not None:
                raise await not_held(context, None, outcome.balance_id)
        for row in found.values():
            pair = (row.instrument_id, row.counter_instrument_id)
            instruments.update(each for each in pair if each is not None)
    await refresh_lots(context, instruments)
    return len(activity_ids)
