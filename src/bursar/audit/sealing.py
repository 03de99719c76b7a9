"""The sealer: gives journal rows their places in the Merkle trees, beside the road of the writers.

A pass takes the rows whose transactions have all ended, in the order (xid, seq), appends them to
their logs, and signs a checkpoint of each log that grew: one transaction, a handful of set-based
statements, nothing locked that a writer wants. One sealer works at a time (advisory lock); it can
be killed at any moment, for everything it knows is in the database.
"""

import asyncio
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from operator import add
from typing import Any, Final

import structlog

from bursar.audit import signing_key
from bursar.audit.anchors import Anchors
from bursar.audit.calc.checkpoints import Checkpoint, register_of
from bursar.audit.calc.merkle import Frontier, frontier_nodes, frontier_of, hash_leaf
from bursar.audit.errors import JournalTampered
from bursar.audit.store import sealing as store
from bursar.core.clock import Clock
from bursar.runtime.database import EVERY_WORKSPACE, Database
from bursar.settings import Settings

ROWS_PER_PASS: Final = 5_000
FRONTIERS_MAX: Final = 10_000
PAUSE_SECONDS: Final = 0.25
PAUSE_SECONDS_AFTER_FAILURE: Final = 1.0
log = structlog.get_logger()


@dataclass(slots=True)
class _CatchingUp:
    """On the way through rows of before: from which transaction id on the ordinary way goes on."""

    horizon: int
    seq: int = 0


@dataclass(slots=True)
class _Growth:
    """What one pass adds, in columns, as the statements take it."""

    log_ids: list[uuid.UUID] = field(default_factory=list)
    shifts: list[int] = field(default_factory=list)
    logs: list[int] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)


class Sealer:
    """Seals the journal of one database, pass by pass.

    database: connected as the schema's owner. Raises JournalTampered when a tree in the database
    is not the one that was signed; nothing more is sealed then.
    """

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._anchors = Anchors(settings.bursar_home, settings.journal_anchor_seconds)
        self._position: store.Position | None = None
        self._catching_up: _CatchingUp | None = None
        self._frontiers: dict[uuid.UUID, Frontier] = {}
        self._key: signing_key.SigningKey | None = None
        self._key_changed_at = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Seal until asked to stop; what fails is logged and tried again."""
        while not stop.is_set():
            pause = PAUSE_SECONDS
            try:
                if await self.seal() == ROWS_PER_PASS:
                    continue
                await asyncio.to_thread(self.write_anchors)
            except Exception as error:  # noqa: BLE001 - the journal must go on being sealed
                log.warning("sealing failed", error=f"{type(error).__name__}: {error}")
                pause = PAUSE_SECONDS_AFTER_FAILURE
            try:
                await asyncio.wait_for(stop.wait(), pause)
            except TimeoutError:
                continue

    async def seal(self) -> int:
        """Run one pass; return how many rows it sealed: 0 when nothing waits or another works."""
        try:
            async with self._database.transaction(EVERY_WORKSPACE) as transaction:
                connection = await store.driver(transaction.session)
                growth, position = await self._pass(connection)
        except BaseException:
            self._frontiers.clear()  # they may be ahead of what was committed
            self._position = self._catching_up = self._key = None
            raise
        self._position = position
        self._anchors.note(growth.checkpoints)
        return len(growth.seqs)

    def write_anchors(self) -> int:
        """Write the anchors that are due. Blocking."""
        return self._anchors.write(self._clock.now())

    async def _pass(self, connection: Any) -> tuple[_Growth, store.Position | None]:
        growth, known = _Growth(), self._position
        if known is not None and known.xid is not None:
            waiting = await connection.fetchval(store.WAITING, str(known.xid), known.seq)
            if not waiting:
                return growth, known
        if not await connection.fetchval(store.LOCK):
            return growth, known
        position = await store.position(connection)
        self._compare(known, position)
        rows, position = await self._rows(connection, position)
        if rows:
            key = await self._signing_key(connection)
            await self._grow(connection, rows, growth, key)
            position = await self._write(connection, growth, position, key)
        return growth, position

    def _compare(self, known: store.Position | None, found: store.Position) -> None:
        """Forget the trees in memory when another sealer has worked, or somebody else."""
        if known is None or known.checkpoint_id == found.checkpoint_id:
            return
        self._frontiers.clear()
        if found.checkpoint_id < known.checkpoint_id:
            log.error(
                "the journal's tail was cut: checkpoints that were committed are gone",
                newest_known=known.checkpoint_id,
                newest_found=found.checkpoint_id,
            )

    async def _rows(
        self, connection: Any, position: store.Position
    ) -> tuple[list[Any], store.Position]:
        """Return the next rows and the position behind them."""
        known = self._position
        if position.xid is None and known is not None and known.xid is not None:
            position = known  # caught up, and nothing written since that would say so
        if position.xid is not None:
            self._catching_up = None
            rows = await connection.fetch(
                store.ROWS, str(position.xid), position.seq, ROWS_PER_PASS
            )
            if not rows:
                return [], position
            last = rows[-1]
            fresh = await store.unsealed(connection, rows)
            return fresh, _moved(position, last["xid"], last["seq"])
        if self._catching_up is None:
            # Rows that commit from now on have at least this id: the ordinary way finds them.
            self._catching_up = _CatchingUp(await connection.fetchval(store.HORIZON_NOW))
        behind = self._catching_up
        rows = await connection.fetch(store.ROWS_OF_BEFORE, behind.seq, ROWS_PER_PASS)
        fresh = await store.unsealed(connection, rows)
        if len(rows) < ROWS_PER_PASS:
            return fresh, _moved(position, behind.horizon, 0)
        behind.seq = rows[-1]["seq"]
        return fresh, position

    async def _grow(
        self, connection: Any, rows: list[Any], growth: _Growth, key: signing_key.SigningKey
    ) -> None:
        of_log: dict[uuid.UUID, list[Any]] = defaultdict(list)
        for row in rows:
            of_log[row["log_id"]].append(row)
        if len(self._frontiers) > FRONTIERS_MAX:
            self._frontiers.clear()
        await self._load(connection, [log_id for log_id in of_log if log_id not in self._frontiers])
        now = self._clock.now()
        for log_id, own in of_log.items():
            frontier = self._frontiers[log_id]
            # Places in SQL begin with 1.
            growth.shifts.append(frontier.size - len(growth.seqs) - 1)
            growth.log_ids.append(log_id)
            growth.logs += [len(growth.log_ids)] * len(own)
            growth.seqs += [row["seq"] for row in own]
            leaves = [hash_leaf(row["content"]) for row in own]
            growth.hashes += map(add, leaves, frontier.extend(leaves))
            unsigned = Checkpoint(log_id, frontier.size, frontier.root(), now, key.key_id)
            growth.checkpoints.append(unsigned.signed(key.private))

    async def _load(self, connection: Any, log_ids: list[uuid.UUID]) -> None:
        """Load the right edges of these trees, each held against its newest signed checkpoint."""
        if not log_ids:
            return
        newest = await store.newest_checkpoints(connection, log_ids)
        register, problems = register_of(await store.keys(connection))
        if problems:
            raise JournalTampered(problems[0])
        for log_id in log_ids:
            checkpoint = newest.get(log_id)
            if checkpoint is None:
                self._frontiers[log_id] = Frontier()
                continue
            wanted = frontier_nodes(checkpoint.size)
            known = await store.nodes(connection, log_id, wanted)
            frontier = frontier_of(checkpoint.size, known) if len(known) == len(wanted) else None
            problem = register.verify(checkpoint)
            if problem is None and (frontier is None or frontier.root() != checkpoint.root):
                problem = "its root is not that of the stored leaves"
            if problem is not None or frontier is None:
                raise JournalTampered(
                    f"log {log_id}, checkpoint of size {checkpoint.size}: {problem}"
                )
            self._frontiers[log_id] = frontier

    async def _write(
        self,
        connection: Any,
        growth: _Growth,
        position: store.Position,
        key: signing_key.SigningKey,
    ) -> store.Position:
        await connection.execute(
            store.ADD_LEAVES,
            growth.log_ids, growth.shifts, growth.logs, growth.seqs, growth.hashes,
        )  # fmt: skip
        made = growth.checkpoints
        added = await connection.fetch(
            store.ADD_CHECKPOINTS,
            [c.log_id for c in made],
            [c.size for c in made],
            [c.root for c in made],
            made[0].at,
            key.key_id,
            [c.signature for c in made],
            position.cluster if position.xid is not None else 0,
            str(position.xid or 0),
            position.seq,
        )
        newest = max(row["id"] for row in added)
        return store.Position(newest, position.cluster, position.xid, position.seq)

    async def _signing_key(self, connection: Any) -> signing_key.SigningKey:
        """Return the key in force, its public half registered; a rotation is noticed here."""
        changed_at = signing_key.changed_at(self._settings)
        if self._key is None or changed_at != self._key_changed_at:
            self._key = await asyncio.to_thread(
                signing_key.signing_key, self._settings, self._clock
            )
            self._key_changed_at = signing_key.changed_at(self._settings)
            await self._register(connection, self._key)
        return self._key

    async def _register(self, connection: Any, key: signing_key.SigningKey) -> None:
        """Make the public half known, and those it came from, should they be new here."""
        known = await store.keys(connection)
        if known and not known.keys() & {each.key_id for each in (*key.history, key.public)}:
            log.warning(
                "the journal goes on under a key that no earlier key endorsed", key=key.key_id
            )
        for each in (*key.history, key.public):
            await connection.execute(
                store.ADD_KEY, each.key_id, each.public_key, each.created_at,
                each.previous_key_id, each.endorsement,
            )  # fmt: skip


def _moved(position: store.Position, xid: int, seq: int) -> store.Position:
    return store.Position(position.checkpoint_id, position.cluster, xid, seq)
