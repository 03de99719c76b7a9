"""How far the journal is sealed, for whoever watches the server: over all workspaces."""

import datetime as dt
from collections.abc import Sequence

from bursar.audit.calc.checkpoints import Checkpoint
from bursar.audit.calc.replay import Verdict
from bursar.audit.checking import check_log, unknown_anchors
from bursar.audit.store import reading as store
from bursar.runtime.database import EVERY_WORKSPACE, Database


async def journal_state(database: Database) -> tuple[dt.timedelta, dt.timedelta]:
    """Return the seal lag and the horizon's age; see `store.reading.state`."""
    async with database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        return await store.state(transaction.session)


async def check_every_log(database: Database, anchors: Sequence[Checkpoint]) -> list[Verdict]:
    """Check every log of the installation, those of no workspace and those that are gone included."""
    async with database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        session = transaction.session
        logs = await store.logs(session)
        verdicts = [await check_log(session, log_id, anchors=anchors) for log_id in logs]
        return [*verdicts, *unknown_anchors(anchors, logs)]
