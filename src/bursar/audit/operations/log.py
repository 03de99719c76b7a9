"""The sealed log itself: taken out page by page, or checked where it is."""

import asyncio

from bursar.audit.anchors import anchor_files
from bursar.audit.calc.checkpoints import Checkpoint
from bursar.audit.calc.export_file import read_anchors
from bursar.audit.checking import check_log
from bursar.audit.models import LogPage, LogQuery, LogVerdict, SealedRow
from bursar.audit.operations.proofs import signed
from bursar.audit.store import reading as store
from bursar.core.errors import NotFound, TooLarge
from bursar.core.model import Nothing
from bursar.runtime.context import Context, PrepareContext
from bursar.runtime.registry import operation

ROWS_CHECKED_MAX = 200_000


@operation("audit.read_log", scope="audit:read", http="GET /audit/log", command="audit log")
async def read_log(context: Context, query: LogQuery) -> LogPage:
    """Read the sealed log: rows as they are hashed, their leaves, and the checkpoints over them.

    'bursar audit export' writes all of it to a file that 'bursar audit verify' proves offline.
    """
    session, log_id = context.session, context.workspace_id
    newest = await store.checkpoint(session, log_id, query.size)
    if newest is None and query.size is not None:
        raise NotFound(f"no checkpoint has size {query.size}", field="size")
    size = 0 if newest is None else newest.size
    limit = max(0, min(query.limit, size - query.from_index))
    rows = await store.leaves(session, log_id, first=query.from_index, limit=limit) if limit else []
    end = rows[-1].leaf_index + 1 if rows else query.from_index
    checkpoints = await store.checkpoints(
        session, log_id, above=query.from_index, limit=query.limit, size_max=min(end, size)
    )
    return LogPage(
        log_id=log_id,
        size=size,
        rows=tuple(
            SealedRow(
                index=row.leaf_index,
                leaf_hash=row.hash.hex(),
                row=None if row.content is None else row.content.decode(),
            )
            for row in rows
            if row.leaf_index < size
        ),
        checkpoints=tuple(signed(each) for each in checkpoints),
        next_index=end if rows and end < size else None,
    )


async def _read_anchors(context: PrepareContext, _query: Nothing) -> list[Checkpoint]:
    return await asyncio.to_thread(stored_anchors, context)


def stored_anchors(context: PrepareContext) -> list[Checkpoint]:
    """Return the newest anchors on this machine's disk. Blocking."""
    files = anchor_files(context.settings.bursar_home)[:1]
    if not files:
        return []
    with files[0].open("rb") as lines:
        return read_anchors(lines)


@operation(
    "audit.check_log",
    scope="audit:read",
    http="GET /audit/check",
    command=None,
    prepare=_read_anchors,
)
async def check(context: Context, _query: Nothing) -> LogVerdict:
    """Check this workspace's log: rows, leaves, tree, signatures and anchors; name the first fault.

    At most 200,000 rows; 'bursar audit check' on the server has no limit and checks every log.
    """
    newest = await store.checkpoint(context.session, context.workspace_id, None)
    if newest is not None and newest.size > ROWS_CHECKED_MAX:
        raise TooLarge(
            f"this log has {newest.size} rows; one request checks {ROWS_CHECKED_MAX}",
            hint="Run 'bursar audit check' on the server, or verify an export.",
        )
    verdict = await check_log(context.session, context.workspace_id, anchors=context.prepared)
    fault = verdict.fault
    return LogVerdict(
        holds=verdict.holds,
        rows=verdict.rows,
        checkpoints=verdict.checkpoints,
        anchors=verdict.anchors,
        bad_index=None if fault is None else fault.index,
        bad_index_end=None if fault is None else fault.index_end,
        reason=None if fault is None else fault.reason,
    )
