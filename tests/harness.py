"""What tests stand on: a migrated database, and contexts for calling operations directly."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy import text

from bursar.core.clock import FixedClock
from bursar.core.ids import new_id
from bursar.interfaces import catalogue
from bursar.runtime.actor import SCOPES, Actor, ActorKind, Source
from bursar.runtime.cache import Cache
from bursar.runtime.context import Context
from bursar.runtime.database import Database
from bursar.runtime.embedded.postgresql import APPLICATION_ROLE
from bursar.runtime.migrations.upgrade import migrate
from bursar.settings import Environment, Settings
from tests.servers import SharedServers

TEST_MOMENT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class TestDatabase:
    __test__ = False
    owner_url: str
    application_url: str


def migrated_database(servers: SharedServers, name: str) -> TestDatabase:
    """A new database at the newest revision."""
    made = asyncio.run(servers.create_database(name))
    catalogue.load()
    asyncio.run(migrate(made.owner_url, APPLICATION_ROLE))
    return TestDatabase(made.owner_url, made.application_url)


@dataclass
class Harness:
    database: Database
    clock: FixedClock
    home: Path
    cache: Cache = field(default_factory=Cache)
    workspace_id: uuid.UUID = field(default_factory=new_id)

    @cached_property
    def settings(self) -> Settings:
        """Read once, as a server does."""
        return Settings(_env_file=None, environment=Environment.TEST, bursar_home=self.home)

    def actor(self, *, scopes: frozenset[str] = SCOPES) -> Actor:
        return Actor(
            ActorKind.PERSON, workspace_id=self.workspace_id, name="Test Person", scopes=scopes
        )

    async def create_workspace(self) -> uuid.UUID:
        """Make this harness's workspace; domains refer to it."""
        async with self.database.transaction(self.workspace_id) as transaction:
            await transaction.session.execute(
                text(
                    "INSERT INTO workspace (id, name, base_currency, created_at)"
                    " VALUES (:id, 'Test', 'USD', :at)"
                ),
                {"id": self.workspace_id, "at": self.clock.now()},
            )
        return self.workspace_id

    @asynccontextmanager
    async def context(
        self, *, read_only: bool = False, dry_run: bool = False
    ) -> AsyncIterator[Context]:
        """One transaction with a context in it; commits on a normal exit."""
        async with self.database.transaction(self.workspace_id, read_only=read_only) as transaction:
            transaction.rollback = dry_run
            yield Context(
                session=transaction.session,
                actor=self.actor(),
                clock=self.clock,
                settings=self.settings,
                request_id="test",
                source=Source.REST,
                cache=self.cache,
                dry_run=dry_run,
            )
