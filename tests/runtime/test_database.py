"""The transaction scope: commits on a normal exit, rolls back on an error, confines to a workspace."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bursar.core.ids import new_id
from bursar.runtime.database import EVERY_WORKSPACE, Database
from tests.harness import Harness

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
