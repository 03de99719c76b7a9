"""The journal as a feed: rows in the order of a cursor that passes over nothing.

The identity column is handed out before a transaction commits, so "seq greater than the last one
seen" loses rows that commit late. The cursor is the pair (xid, seq), and only rows below the
oldest transaction still running are read (`pg_snapshot_xmin`): nothing can be added before them any
more. A transaction that stays open therefore holds every reader back, never makes one skip.
"""

import datetime as dt
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.errors import InvalidInput
from bursar.runtime.database import Database
from bursar.runtime.pages import decode_cursor, encode_cursor

XID_MAX = 2**63 - 1


class Position(NamedTuple):
    """A place in the journal's order: everything up to and including it was read."""

    xid: int
    seq: int

    def cursor(self) -> str:
        """Return the opaque text a client keeps."""
        return encode_cursor([self.xid, self.seq])


START = Position(0, 0)


def position_of(cursor: str) -> Position:
    """Read a cursor back; raise InvalidInput when it is not one of ours."""
    xid, seq = decode_cursor(cursor, 2)
    for number in (xid, seq):
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= XID_MAX:
            raise InvalidInput(
                "this cursor is not one of ours",
                field="cursor",
                hint="Pass the cursor of an event unchanged, or leave it out.",
            )
    return Position(int(str(xid)), int(str(seq)))


@dataclass(frozen=True, slots=True)
class Row:
    """One journal row as readers see it: what its facts name, without their figures."""

    position: Position
    at: dt.datetime
    workspace_id: uuid.UUID
    actor_kind: str
    user_id: uuid.UUID | None
    source: str
    operation: str
    outcome: str
    facts: tuple[tuple[str, str], ...]
    accounts: tuple[str, ...]
    request_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look at the journal found.

    position: how far everything is known, even where no row was. horizon: the oldest transaction
    still running; next_xid: the first one not begun. They differ while somebody is writing.
    """

    rows: Sequence[Row]
    position: Position
    horizon: int
    next_xid: int


ACCOUNTS = """(jsonb_path_query_array(j.facts, '$[*].account_id')
     || jsonb_path_query_array(j.facts, '$[*].account_ids[*]'))"""
COLUMNS = f"""
    j.xid::text::bigint AS xid, j.seq, j.at, j.workspace_id, j.actor_kind, j.user_id, j.source,
    j.operation, j.outcome, j.request_id,
    jsonb_path_query_array(j.facts, '$[*].kind')::text AS kinds,
    jsonb_path_query_array(j.facts, '$[*].object')::text AS objects, {ACCOUNTS}::text AS accounts
"""
# "(condition) IS TRUE" keeps a condition from choosing the index: without statistics the planner
# would walk all rows of a workspace, or all below the horizon, at every look.
# Reads by agents are in the journal, too; they changed nothing, so they are no events.
HAPPENED = "j.outcome IN ('done', 'refused')"
TAIL = f"""
SELECT h.xmin::text::bigint AS horizon, h.xmax::text::bigint AS next_xid, r.*
FROM (SELECT pg_snapshot_xmin(s) AS xmin, pg_snapshot_xmax(s) AS xmax
      FROM pg_current_snapshot() s) h
LEFT JOIN LATERAL (
    SELECT {COLUMNS} FROM journal j
    WHERE (j.xid, j.seq) > ($1::text::xid8, $2::bigint) AND j.xid < h.xmin
      AND (j.workspace_id = ANY($3::uuid[])) IS TRUE AND {HAPPENED}
    ORDER BY j.xid, j.seq LIMIT $4
) r ON true
"""  # noqa: S608 - constants of this module
MATCHES = f"""
    {HAPPENED}
    AND (j.operation = ANY(:operations)
         OR (j.operation = ANY(:own_operations) AND j.user_id = :user)) IS TRUE
    AND (:refused OR j.outcome = 'done')
    AND (cardinality(CAST(:objects AS text[])) = 0
         OR jsonb_path_query_array(j.facts, '$[*].object') ?| CAST(:objects AS text[])
         OR {ACCOUNTS} ?| CAST(:objects AS text[]))
    AND (cardinality(CAST(:types AS text[])) = 0 OR j.operation = ANY(:types)
         OR jsonb_path_query_array(j.facts, '$[*].kind') ?| CAST(:types AS text[])
         OR split_part(j.operation, '.', 1) || '.*' = ANY(:types))
"""
AFTER = text(
    f"SELECT {COLUMNS} FROM journal j WHERE {MATCHES}"  # noqa: S608 - constants of this module
    " AND (j.workspace_id = :workspace) IS TRUE"
    " AND j.xid < pg_snapshot_xmin(pg_current_snapshot())"
    " AND (j.xid, j.seq) > (CAST(CAST(:xid AS text) AS xid8), CAST(:seq AS bigint))"
    " AND (j.xid, j.seq) <= (CAST(CAST(:last_xid AS text) AS xid8), CAST(:last_seq AS bigint))"
    " ORDER BY j.xid, j.seq LIMIT :limit"
)
NEWEST = text(
    f"SELECT {COLUMNS} FROM journal j WHERE {MATCHES}"  # noqa: S608 - constants of this module
    " AND j.workspace_id = :workspace"
    " AND (j.xid < pg_snapshot_xmin(pg_current_snapshot())) IS TRUE"
    " ORDER BY j.seq DESC LIMIT :limit"
)
HORIZON = text(
    "SELECT pg_snapshot_xmin(s)::text::bigint AS horizon, pg_snapshot_xmax(s)::text::bigint AS next_xid"
    " FROM pg_current_snapshot() s"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of one workspace a reader may and wants to see.

    operations: names seen whoever acted; own_operations: names seen only where `user_id` acted.
    types: operation names, fact names or `<package>.*`; empty means all, as for objects.
    """

    workspace_id: uuid.UUID
    operations: frozenset[str]
    own_operations: frozenset[str] = frozenset()
    user_id: uuid.UUID | None = None
    types: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    refused: bool = False

    def takes(self, row: Row) -> bool:
        """Tell whether a row of any workspace is seen; the same rule as in SQL."""
        name = row.operation
        own = name in self.own_operations and row.user_id == self.user_id is not None
        if row.workspace_id != self.workspace_id or not (name in self.operations or own):
            return False
        if row.outcome != "done" and not self.refused:
            return False
        touched = {*row.accounts, *(object_id for _, object_id in row.facts)}
        if self.objects and self.objects.isdisjoint(touched):
            return False
        return not self.types or not self.types.isdisjoint(
            {name, name.partition(".")[0] + ".*", *(kind for kind, _ in row.facts)}
        )

    def parameters(self) -> dict[str, Any]:
        """Return the values of the statements' common part."""
        return {
            "workspace": self.workspace_id,
            "operations": sorted(self.operations),
            "own_operations": sorted(self.own_operations),
            "user": self.user_id,
            "types": sorted(self.types),
            "objects": sorted(self.objects),
            "refused": self.refused,
        }


async def after(
    session: AsyncSession, wanted: Wanted, span: tuple[Position, Position], limit: int
) -> list[Row]:
    """Return rows after the first position, up to and including the second, in order."""
    first, last = span
    result = await session.execute(
        AFTER,
        {
            **wanted.parameters(),
            "xid": str(first.xid),
            "seq": first.seq,
            "last_xid": str(last.xid),
            "last_seq": last.seq,
            "limit": limit,
        },
    )
    return [_row(dict(found)) for found in result.mappings()]


async def newest(session: AsyncSession, wanted: Wanted, limit: int) -> list[Row]:
    """Return the rows written last, in order."""
    result = await session.execute(NEWEST, {**wanted.parameters(), "limit": limit})
    return sorted((_row(dict(found)) for found in result.mappings()), key=lambda row: row.position)


async def known_up_to(session: AsyncSession, cursor: Position = START) -> Position:
    """Return the position before which nothing can be added any more, `cursor` at least.

    Raises InvalidInput for a cursor this database cannot have given out, as after a restore.
    """
    row = (await session.execute(HORIZON)).one()
    if cursor.xid > row.next_xid:
        raise InvalidInput(
            "this cursor was given out by another database",
            field="cursor",
            hint="Leave the cursor out, and read the present state of what you follow.",
        )
    return max(Position(row.horizon, 0), cursor)


class Tail:
    """A connection of its own that looks at the end of the journal of all workspaces.

    Its own, because it looks many times a second: one statement in one round trip, and no place
    taken from the pool. Raises DATABASE_ERRORS of runtime.database; `close`, then look again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None

    async def look(
        self, position: Position | None, workspaces: Collection[uuid.UUID], limit: int
    ) -> Batch:
        """Return what follows `position`; None means nothing but where the end is now."""
        if self._connection is None:
            self._connection = await self._database.connect_apart()
            await self._connection.execute("SET bursar.every_workspace = 'on'")
        start = position or Position(XID_MAX, 0)
        found = await self._connection.fetch(
            TAIL, str(start.xid), start.seq, list(workspaces), limit
        )
        head = found[0]
        rows = [_row(each) for each in found if each["xid"] is not None]
        known = rows[-1].position if len(rows) == limit else Position(head["horizon"], 0)
        if position is not None:
            known = max(known, position)  # a server restored from a backup may be behind
        return Batch(rows, known, head["horizon"], head["next_xid"])

    async def close(self) -> None:
        """Drop the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


def _row(found: Mapping[str, Any]) -> Row:
    kinds, objects = json.loads(found["kinds"]), json.loads(found["objects"])
    return Row(
        position=Position(found["xid"], found["seq"]),
        at=found["at"],
        workspace_id=found["workspace_id"],
        actor_kind=found["actor_kind"],
        user_id=found["user_id"],
        source=found["source"],
        operation=found["operation"],
        outcome=found["outcome"],
        facts=tuple(zip(kinds, objects, strict=False)),
        accounts=tuple(dict.fromkeys(json.loads(found["accounts"]))),
        request_id=found["request_id"],
    )
