"""Check the live database: every row against its leaf, every leaf against the signed trees.

Unlike an export this also sees what an export cannot show: rows slipped in behind the sealer, and
stored tree nodes that are not those of the leaves.
"""

import uuid
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from bursar.audit.calc.checkpoints import Checkpoint, KeyRegister, register_of
from bursar.audit.calc.merkle import Frontier
from bursar.audit.calc.replay import Fault, Replay, Verdict
from bursar.audit.store import reading as store

ROWS_PER_PAGE = 2_000
ROWS_MAX = 2**62


async def check_log(
    session: AsyncSession,
    log_id: uuid.UUID,
    *,
    anchors: Iterable[Checkpoint] = (),
    rows_max: int = ROWS_MAX,
) -> Verdict:
    """Check one log from its first row; return the verdict with the first fault.

    Reads pages, so memory is bounded; stops after `rows_max` rows, the rest unchecked.
    """
    register, problems = register_of(await store.keys(session))
    replay = Replay(log_id, register, anchors)
    if problems:
        return replay.verdict(Fault(0, problems[0]))
    try:
        await _replay(session, replay, rows_max)
        newest = await store.checkpoint(session, log_id, None)
        size = 0 if newest is None else newest.size
        verdict = replay.finish(size) if replay.size < rows_max else replay.verdict()
        slipped = await store.slipped_in(session, log_id)
        if slipped:
            raise Fault(  # noqa: TRY301 - one way out for every fault
                replay.size, f"journal row seq {slipped[0]} has no leaf: it was put there later"
            )
    except Fault as fault:
        return replay.verdict(fault)
    return verdict


def unknown_anchors(anchors: Iterable[Checkpoint], logs: Iterable[uuid.UUID]) -> list[Verdict]:
    """Return a verdict for each log that only the anchors remember: it was removed whole."""
    known = set(logs)
    gone = {anchor.log_id: anchor for anchor in anchors if anchor.log_id not in known}
    return [
        Replay(log_id, KeyRegister()).verdict(
            Fault(0, f"the whole log is gone; an anchor proves that it had {anchor.size} rows")
        )
        for log_id, anchor in gone.items()
    ]


async def _replay(session: AsyncSession, replay: Replay, rows_max: int) -> None:
    frontier = Frontier()
    while replay.size < rows_max:
        first = replay.size
        rows = await store.leaves(session, replay.log_id, first=first, limit=ROWS_PER_PAGE)
        ends = await store.checkpoints(
            session,
            replay.log_id,
            above=first,
            limit=ROWS_PER_PAGE + 1,
            size_max=first + ROWS_PER_PAGE,
        )
        expected = frontier.extend([row.hash for row in rows])
        waiting = ends[::-1]
        for row, subtrees in zip(rows, expected, strict=True):
            replay.row(row.leaf_index, row.hash, row.content)
            if row.subtrees != subtrees:
                raise Fault(row.leaf_index, "the stored tree nodes are not those of the leaves")
            while waiting and waiting[-1].size <= replay.size:
                replay.checkpoint(waiting.pop())
        if len(rows) < ROWS_PER_PAGE:
            for left in reversed(waiting):
                replay.checkpoint(left)
            return
