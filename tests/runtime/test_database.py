"""The transaction scope: commits on a normal exit, rolls back on an error, confines to a workspace."""

import asyncio
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bursar.core.errors import Unavailable
from bursar.core.ids import new_id
from bursar.runtime.database import EVERY_WORKSPACE, SERVER_SETTINGS, Database
from tests.harness import Harness, TestDatabase

INSERT = text(
    "INSERT INTO idempotency (workspace_id, operation, key, input_hash, status, body, at, expires_at)"
    " VALUES (:workspace, 'test', :key, '', 200, '{}', now(), now())"
)
COUNT = text("SELECT count(*) FROM idempotency WHERE key = :key")


@pytest.mark.requirement("DB.08")
async def test_normal_exit_commits_and_an_error_rolls_back(harness: Harness) -> None:
    async with harness.context() as context:
        await context.session.execute(INSERT, {"workspace": harness.workspace_id, "key": "kept"})
    with pytest.raises(RuntimeError, match="stop"):
        async with harness.context() as context:
            await context.session.execute(
                INSERT, {"workspace": harness.workspace_id, "key": "lost"}
            )
            raise RuntimeError("stop")
    async with harness.context(read_only=True) as context:
        kept = await context.session.scalar(COUNT, {"key": "kept"})
        lost = await context.session.scalar(COUNT, {"key": "lost"})
    assert (kept, lost) == (1, 0)


@pytest.mark.requirement("DB.05")
async def test_rows_of_another_workspace_are_invisible_and_cannot_be_written(
    harness: Harness, database: Database
) -> None:
    async with harness.context() as context:
        await context.session.execute(INSERT, {"workspace": harness.workspace_id, "key": "mine"})
    stranger = new_id()
    async with database.transaction(stranger) as transaction:
        assert await transaction.session.scalar(COUNT, {"key": "mine"}) == 0
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.transaction(stranger) as transaction:
            await transaction.session.execute(
                INSERT, {"workspace": harness.workspace_id, "key": "forged"}
            )
    async with database.transaction(EVERY_WORKSPACE) as transaction:
        assert await transaction.session.scalar(COUNT, {"key": "mine"}) >= 1


END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"


async def end_connections(test_database: TestDatabase, name: str) -> None:
    admin = await asyncpg.connect(test_database.application_url)
    try:
        await admin.execute(END_ALL, name)
    finally:
        await admin.close()


@pytest.fixture
async def own(test_database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A pool of two connections that no other test uses."""
    monkeypatch.setitem(SERVER_SETTINGS, "application_name", "bursar-own")
    monkeypatch.setattr("bursar.runtime.database.POOL_WAIT_SECONDS_MAX", 0.1)
    database = Database(test_database.application_url, connections_max=2)
    yield database
    await database.close()


async def test_idle_connections_the_server_closed_are_replaced_unseen(
    own: Database, test_database: TestDatabase
) -> None:
    await asyncio.gather(own.ping(), own.ping())
    await end_connections(test_database, "bursar-own")
    await asyncio.sleep(0.05)
    await asyncio.gather(*(own.ping() for _ in range(4)))


@pytest.mark.parametrize("when", ["statement", "commit", "commit of a write", "record"])
async def test_a_connection_lost_in_a_transaction_is_unavailable_and_replaced(
    own: Database, test_database: TestDatabase, when: str
) -> None:
    with pytest.raises(Unavailable) as caught:
        if when == "record":
            await own.record(None, "SELECT pg_terminate_backend(pg_backend_pid())", durable=True)
        async with own.transaction(None, read_only=when == "commit") as transaction:
            await transaction.session.execute(text("SELECT 1"))
            await end_connections(test_database, "bursar-own")
            if when == "statement":
                await transaction.session.execute(text("SELECT 1"))
    assert caught.value.retry_after_seconds
    unknown = when in {"commit of a write", "record"}
    assert ("may have been saved" in caught.value.message) is unknown
    await asyncio.gather(*(own.ping() for _ in range(4)))


async def test_a_full_pool_is_unavailable(own: Database) -> None:
    async with own.transaction(None), own.transaction(None):
        with pytest.raises(Unavailable):
            await own.ping()
