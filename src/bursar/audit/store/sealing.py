"""The sealer's queries, on the driver itself: a pass moves thousands of rows.

All run inside one transaction of the schema's owner with every workspace open.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bursar.audit.calc.checkpoints import INSTALLATION_LOG, Checkpoint, PublicKey
from bursar.audit.calc.merkle import HASH_BYTES, Node
from bursar.audit.row_text import ROW_TEXT, VERSION

ADVISORY_LOCK: Final = 0x6275727365616C  # "burseal": one sealer at a time, over all hosts
# A transaction below this id has ended, so no row of one can still appear.
HORIZON: Final = "pg_snapshot_xmin(pg_current_snapshot())"

# Rows are read in the order of an index, a page at a time; nothing else is fast for a backlog.
LOCK = f"""
SELECT pg_try_advisory_xact_lock({ADVISORY_LOCK}), set_config('enable_sort', 'off', true),
       set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)
"""
STATE = """
SELECT c.id, c.cluster, c.sealed_xid::text::bigint AS sealed_xid, c.sealed_seq,
       (SELECT system_identifier FROM pg_control_system()) AS this_cluster
FROM (SELECT) nothing
LEFT JOIN LATERAL (SELECT * FROM journal_checkpoint ORDER BY id DESC LIMIT 1) c ON true
"""
_ROW = f"""
SELECT j.seq, j.xid::text::bigint AS xid, coalesce(j.workspace_id, '{INSTALLATION_LOG}') AS log_id,
       convert_to({ROW_TEXT}, 'UTF8') AS content
FROM journal j
"""  # noqa: S608 - constants only
WAITING = f"""
SELECT EXISTS (SELECT FROM journal j WHERE (xid, seq) > ($1::text::xid8, $2::bigint)
               AND xid < {HORIZON})
"""  # noqa: S608 - constants only
ROWS = f"""{_ROW}
WHERE (j.xid, j.seq) > ($1::text::xid8, $2::bigint) AND j.xid < {HORIZON}
ORDER BY j.xid, j.seq LIMIT $3
"""
# For rows whose transaction ids mean nothing here: restored from another cluster, or sealed never.
ROWS_OF_BEFORE = f"{_ROW} WHERE j.seq > $1 ORDER BY j.seq LIMIT $2"
# Asked apart from the rows: in one statement the planner would read all leaves, should it think
# there are few.
SEALED = "SELECT seq FROM journal_leaf WHERE seq BETWEEN $1 AND $2"
HORIZON_NOW = f"SELECT {HORIZON}::text::bigint"
NEWEST = """
SELECT l.log_id, c.size, c.root, c.at, c.key_id, c.signature
FROM unnest($1::uuid[]) l (log_id)
CROSS JOIN LATERAL (SELECT * FROM journal_checkpoint c WHERE c.log_id = l.log_id
                    ORDER BY size DESC LIMIT 1) c
"""
NODES = """
SELECT l.index, l.hash, l.subtrees
FROM unnest($2::bigint[]) n (index) JOIN journal_leaf l ON l.log_id = $1 AND l.index = n.index
"""
# $1, $2: the logs that grew, and what to add to a leaf's place in the arrays to get its index there.
ADD_LEAVES = f"""
INSERT INTO journal_leaf (log_id, index, seq, version, hash, subtrees)
SELECT ($1::uuid[])[log], place + ($2::bigint[])[log], seq, {VERSION},
       substring(hashes FROM 1 FOR {HASH_BYTES}), substring(hashes FROM {HASH_BYTES + 1})
FROM unnest($3::integer[], $4::bigint[], $5::bytea[]) WITH ORDINALITY t (log, seq, hashes, place)
"""  # noqa: S608 - constants only
ADD_CHECKPOINTS = """
INSERT INTO journal_checkpoint (log_id, size, root, at, key_id, signature, cluster, sealed_xid,
                                sealed_seq)
SELECT log_id, size, root, $4, $5, signature, $7, $8::text::xid8, $9
FROM unnest($1::uuid[], $2::bigint[], $3::bytea[], $6::bytea[]) AS t (log_id, size, root, signature)
RETURNING id
"""
KEYS = (
    "SELECT id, public_key, created_at, previous_id, endorsement FROM journal_key ORDER BY ordinal"
)
ADD_KEY = """
INSERT INTO journal_key (id, public_key, created_at, previous_id, endorsement)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the journal is sealed: by the newest checkpoint, in this cluster's transaction ids.

    `xid` is None while rows of before are to be caught up with: nothing was sealed in this cluster.
    """

    checkpoint_id: int
    cluster: int
    xid: int | None
    seq: int


async def driver(session: AsyncSession) -> Any:
    """Return the driver's connection of a session; its transaction is the session's."""
    connection = await session.connection()
    return (await connection.get_raw_connection()).driver_connection


async def position(connection: Any) -> Position:
    """Return how far the journal is sealed."""
    row = await connection.fetchrow(STATE)
    here = row["cluster"] == row["this_cluster"]
    return Position(
        checkpoint_id=row["id"] or 0,
        cluster=row["this_cluster"],
        xid=row["sealed_xid"] if here else None,
        seq=row["sealed_seq"] if here else 0,
    )


async def unsealed(connection: Any, rows: list[Any]) -> list[Any]:
    """Return those of these journal rows that have no leaf yet."""
    if not rows:
        return []
    seqs = [row["seq"] for row in rows]
    sealed = {row["seq"] for row in await connection.fetch(SEALED, min(seqs), max(seqs))}
    return [row for row in rows if row["seq"] not in sealed] if sealed else rows


async def newest_checkpoints(
    connection: Any, log_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, Checkpoint]:
    """Return the newest checkpoint of each of these logs that has one."""
    rows = await connection.fetch(NEWEST, list(log_ids))
    return {row["log_id"]: checkpoint_of(row) for row in rows}


def checkpoint_of(row: Any) -> Checkpoint:
    """Return the checkpoint of a row that holds one."""
    return Checkpoint(
        row["log_id"], row["size"], row["root"], row["at"], row["key_id"], row["signature"]
    )


async def nodes(connection: Any, log_id: uuid.UUID, wanted: Sequence[Node]) -> dict[Node, bytes]:
    """Return the stored Merkle nodes among `wanted`; one that is missing is left out."""
    rows = await connection.fetch(NODES, log_id, sorted({node.last_leaf for node in wanted}))
    return nodes_among(wanted, {row["index"]: (row["hash"], row["subtrees"]) for row in rows})


def nodes_among(
    wanted: Sequence[Node], stored: dict[int, tuple[bytes, bytes]]
) -> dict[Node, bytes]:
    """Pick nodes out of leaves: each is kept with the leaf that completes it."""
    found: dict[Node, bytes] = {}
    for node in wanted:
        leaf = stored.get(node.last_leaf)
        if leaf is None:
            continue
        if node.level == 0:
            found[node] = leaf[0]
        elif len(leaf[1]) >= node.level * HASH_BYTES:
            found[node] = leaf[1][(node.level - 1) * HASH_BYTES : node.level * HASH_BYTES]
    return found


async def keys(connection: Any) -> dict[str, PublicKey]:
    """Return every public key by id, oldest first."""
    return {row["id"]: key_of(row) for row in await connection.fetch(KEYS)}


def key_of(row: Any) -> PublicKey:
    """Return the key of a row that holds one."""
    return PublicKey(
        row["id"], row["public_key"], row["created_at"], row["previous_id"], row["endorsement"]
    )
