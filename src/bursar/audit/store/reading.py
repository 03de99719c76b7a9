"""What readers ask: rows, leaves, checkpoints and nodes of one log, inside the caller's transaction."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.audit.calc.checkpoints import Checkpoint, PublicKey
from bursar.audit.calc.merkle import Node
from bursar.audit.row_text import ROW_TEXT
from bursar.audit.store.sealing import HORIZON, checkpoint_of, key_of, nodes_among

LOOKED_AT_MAX: Final = 1000
_CHECKPOINT: Final = "SELECT log_id, size, root, at, key_id, signature FROM journal_checkpoint"
_JOURNAL: Final = """
SELECT j.seq, j.at, j.actor_kind, j.user_id, j.credential_id, j.source, j.operation, j.outcome,
       j.error_code, j.facts, j.request_id, j.input_hash, l.index AS leaf_index
FROM journal j LEFT JOIN journal_leaf l ON l.seq = j.seq
WHERE j.workspace_id = :workspace{conditions}
ORDER BY j.seq DESC LIMIT :limit
"""
_CONDITIONS: Final = {
    "before": "j.seq < :before",
    "operation": "j.operation = :operation",
    "actor_id": "(j.user_id = :actor_id OR j.credential_id = :actor_id)",
    "object_id": "j.facts @> jsonb_build_array(jsonb_build_object('object', cast(:object_id AS text)))",
    "outcome": "j.outcome = :outcome",
    "from_at": "j.at >= :from_at",
    "to_at": "j.at < :to_at",
}
_LEAVES: Final = f"""
SELECT l.index AS leaf_index, l.hash, l.subtrees, convert_to({ROW_TEXT}, 'UTF8') AS content
FROM journal_leaf l LEFT JOIN journal j ON j.seq = l.seq
WHERE l.log_id = :log AND l.index >= :first ORDER BY l.index LIMIT :limit
"""  # noqa: S608 - constants only
_STATE: Final = f"""
WITH newest AS (
    SELECT sealed_xid, sealed_seq FROM journal_checkpoint
    WHERE cluster = (SELECT system_identifier FROM pg_control_system())
    ORDER BY id DESC LIMIT 1
)
SELECT (SELECT min(j.at) FROM (
            SELECT at, seq FROM journal
            WHERE (xid, seq) > (coalesce((SELECT sealed_xid FROM newest), '0'::xid8),
                                coalesce((SELECT sealed_seq FROM newest), 0))
            ORDER BY xid, seq LIMIT {LOOKED_AT_MAX}) j
        WHERE NOT EXISTS (SELECT FROM journal_leaf l WHERE l.seq = j.seq)) AS oldest_unsealed_at,
       (SELECT min(j.at) FROM (
            SELECT at FROM journal  -- rows of another cluster may lie in this one's future
            WHERE xid >= {HORIZON} AND xid < pg_snapshot_xmax(pg_current_snapshot())
            ORDER BY xid, seq LIMIT 1) j)
           AS oldest_held_at,
       (SELECT min(xact_start) FROM pg_stat_activity
        WHERE backend_xid IS NOT NULL AND datname = current_database()) AS oldest_writer_at,
       clock_timestamp() AS now
"""  # noqa: S608 - constants only


async def journal(
    session: AsyncSession, workspace_id: uuid.UUID, query: dict[str, Any]
) -> list[Any]:
    """Return journal rows, newest first; `query` holds limit and any of the conditions."""
    given = {name: value for name, value in query.items() if value is not None}
    conditions = "".join(f" AND {sql}" for name, sql in _CONDITIONS.items() if name in given)
    statement = text(_JOURNAL.format(conditions=conditions))
    return list(await session.execute(statement, given | {"workspace": workspace_id}))


async def checkpoints(
    session: AsyncSession, log_id: uuid.UUID, *, above: int, limit: int, size_max: int | None = None
) -> list[Checkpoint]:
    """Return checkpoints with a size above `above`, smallest first."""
    most = "" if size_max is None else " AND size <= :size_max"
    rows = await session.execute(
        text(
            f"{_CHECKPOINT} WHERE log_id = :log AND size > :above{most} ORDER BY size LIMIT :limit"
        ),
        {"log": log_id, "above": above, "limit": limit}
        | ({} if size_max is None else {"size_max": size_max}),
    )
    return [checkpoint_of(row._mapping) for row in rows]  # noqa: SLF001 - the public name of a row's dictionary


async def checkpoint(
    session: AsyncSession, log_id: uuid.UUID, size: int | None
) -> Checkpoint | None:
    """Return the checkpoint of a size, or the newest."""
    which = "" if size is None else " AND size = :size"
    row = (
        await session.execute(
            text(f"{_CHECKPOINT} WHERE log_id = :log{which} ORDER BY size DESC LIMIT 1"),
            {"log": log_id} | ({} if size is None else {"size": size}),
        )
    ).one_or_none()
    return None if row is None else checkpoint_of(row._mapping)  # noqa: SLF001 - as above


async def leaves(session: AsyncSession, log_id: uuid.UUID, *, first: int, limit: int) -> list[Any]:
    """Return leaves from an index on, each with its row's text, null when the row is gone."""
    statement = text(_LEAVES)
    return list(await session.execute(statement, {"log": log_id, "first": first, "limit": limit}))


async def leaf_of_row(session: AsyncSession, log_id: uuid.UUID, seq: int) -> Any:
    """Return the leaf of a journal row with the row's text, or None."""
    statement = text(
        f"SELECT l.index AS leaf_index, l.hash, convert_to({ROW_TEXT}, 'UTF8') AS content FROM journal_leaf l"  # noqa: S608 - constants only
        " LEFT JOIN journal j ON j.seq = l.seq WHERE l.log_id = :log AND l.seq = :seq"
    )
    return (await session.execute(statement, {"log": log_id, "seq": seq})).one_or_none()


async def nodes(
    session: AsyncSession, log_id: uuid.UUID, wanted: Sequence[Node]
) -> dict[Node, bytes]:
    """Return the Merkle nodes among `wanted` that are stored."""
    statement = text(
        "SELECT index AS at, hash, subtrees FROM journal_leaf WHERE log_id = :log AND index = ANY (:at)"
    ).bindparams(bindparam("at", type_=ARRAY(BIGINT)))
    at = sorted({node.last_leaf for node in wanted})
    rows = await session.execute(statement, {"log": log_id, "at": at})
    return nodes_among(wanted, {row.at: (row.hash, row.subtrees) for row in rows})


async def keys(session: AsyncSession) -> dict[str, PublicKey]:
    """Return every public key by id, in the order they came."""
    rows = await session.execute(
        text(
            "SELECT id, public_key, created_at, previous_id, endorsement FROM journal_key"
            " ORDER BY ordinal"
        )
    )
    return {row.id: key_of(row._mapping) for row in rows}  # noqa: SLF001 - as above


async def logs(session: AsyncSession) -> list[uuid.UUID]:
    """Return every log this transaction may see."""
    rows = await session.execute(
        text("SELECT DISTINCT log_id FROM journal_checkpoint ORDER BY log_id")
    )
    return [row.log_id for row in rows]


async def slipped_in(session: AsyncSession, log_id: uuid.UUID) -> list[int]:
    """Return rows that the sealer is past and never saw: put there later. At most ten.

    Only where the newest checkpoint is of this cluster: ids of transactions mean nothing elsewhere.
    """
    statement = text(
        f"""
        WITH newest AS (
            SELECT sealed_xid, sealed_seq FROM journal_checkpoint
            WHERE cluster = (SELECT system_identifier FROM pg_control_system())
            ORDER BY id DESC LIMIT 1
        )
        SELECT j.seq FROM journal j, newest n
        WHERE coalesce(j.workspace_id, '{uuid.UUID(int=0)}') = :log
          AND (j.xid, j.seq) <= (n.sealed_xid, n.sealed_seq)
          AND NOT EXISTS (SELECT FROM journal_leaf l WHERE l.seq = j.seq)
        ORDER BY j.seq LIMIT 10
        """  # noqa: S608 - constants only
    )
    return [row.seq for row in await session.execute(statement, {"log": log_id})]


async def state(session: AsyncSession) -> tuple[dt.timedelta, dt.timedelta]:
    """Return the seal lag and the horizon's age: of the oldest unsealed row, of what holds rows back."""
    row = (await session.execute(text(_STATE))).one()
    unsealed = row.oldest_unsealed_at or row.now
    held = min(row.oldest_held_at or row.now, row.oldest_writer_at or row.now)
    zero = dt.timedelta()
    return max(row.now - unsealed, zero), max(row.now - held, zero)
