"""A database of its own whose journal is sealed: what a superuser does to it harms no other test."""

import asyncio
import datetime as dt
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from bursar.audit.calc.checkpoints import Checkpoint
from bursar.audit.calc.export_file import read_anchors
from bursar.audit.calc.replay import Verdict
from bursar.audit.checking import check_log
from bursar.audit.sealing import Sealer
from bursar.audit.store import reading
from bursar.core.clock import FixedClock
from bursar.runtime.database import EVERY_WORKSPACE, Database
from bursar.settings import Environment, Settings
from tests.harness import TEST_MOMENT
from tests.servers import Database as Addresses

SECONDS_MAX = 20.0
APPEND = """
INSERT INTO journal (at, workspace_id, actor_kind, user_id, source, operation, outcome, input_hash,
                     facts, request_id, idempotency_key)
SELECT $1, $2, 'person', gen_random_uuid(), 'rest', 'ledger.record', 'done', sha256('x'),
       jsonb_build_array(jsonb_build_object('kind', 'made', 'object', 'o' || n, 'amount', 1.10,
                                            'note', E'é"\\\\\n\t')), 'request ' || n, NULL
FROM generate_series(1, $3) n
"""


@dataclass
class Book:
    """One database with a journal, a sealer and a superuser."""

    addresses: Addresses
    home: Path
    clock: FixedClock = field(default_factory=lambda: FixedClock(TEST_MOMENT))
    workspace_id: uuid.UUID = field(default_factory=uuid.uuid4)
    anchor_seconds: int = 1

    def __post_init__(self) -> None:
        self.settings = Settings(
            _env_file=None,
            environment=Environment.TEST,
            bursar_home=self.home,
            journal_anchor_seconds=self.anchor_seconds,
        )
        self.database = Database(self.addresses.owner_url, connections_max=4)
        self.sealer = Sealer(self.database, self.settings, self.clock)

    async def close(self) -> None:
        await self.database.close()

    def another_sealer(self) -> Sealer:
        return Sealer(self.database, self.settings, self.clock)

    @asynccontextmanager
    async def superuser(self, *, triggers: bool = False) -> AsyncIterator[Any]:
        """The one nobody can keep out; triggers are off."""
        connection = await asyncpg.connect(self.addresses.admin_url)
        try:
            if not triggers:
                await connection.execute("SET session_replication_role = replica")
            yield connection
        finally:
            await connection.close()

    async def append(self, rows: int, workspace_id: uuid.UUID | str | None = "own") -> None:
        log = self.workspace_id if workspace_id == "own" else workspace_id
        async with self.superuser(triggers=True) as connection:
            await connection.execute(APPEND, self.clock.now(), log, rows)

    async def seal(self, expected: int = 0, *, by: Sealer | None = None) -> int:
        """Seal until `expected` rows are: other databases of the test server hold rows back, too."""
        sealer, sealed = by or self.sealer, 0
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            rows = await sealer.seal()
            sealed += rows
            if sealed >= expected and not rows:
                break
            assert time.monotonic() < deadline, f"{sealed} of {expected} rows sealed"
            await asyncio.sleep(0.01 if not rows else 0)
        sealer.write_anchors()
        self.clock.advance(dt.timedelta(seconds=2))
        return sealed

    async def fill(self, *batches: int) -> None:
        """Append and seal batch by batch, so that each has a checkpoint."""
        for rows in batches:
            await self.append(rows)
            assert await self.seal(rows) == rows

    def anchors(self) -> list[Checkpoint]:
        file = self.home / "anchors" / "journal.jsonl"
        return read_anchors(file.read_bytes().splitlines(keepends=True)) if file.exists() else []

    async def check(
        self, log_id: uuid.UUID | None = None, *, anchors: Sequence[Checkpoint] = ()
    ) -> Verdict:
        async with self.database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
            return await check_log(
                transaction.session, log_id or self.workspace_id, anchors=anchors
            )

    async def checkpoints(self, log_id: uuid.UUID | None = None) -> list[Checkpoint]:
        async with self.database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
            return await reading.checkpoints(
                transaction.session, log_id or self.workspace_id, above=0, limit=10_000
            )

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        async with self.superuser() as connection:
            return list(await connection.fetch(sql, *values))

    async def execute(self, sql: str, *values: Any) -> None:
        async with self.superuser() as connection:
            await connection.execute(sql, *values)
