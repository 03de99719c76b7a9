"""Alembic's own command line builds, undoes and compares the schema."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator

import asyncpg
import pytest

from tests.house.rules import ROOT
from tests.servers import Database, SharedServers


@pytest.fixture
def empty(shared_servers: SharedServers, worker_id: str) -> Iterator[Database]:
    name = f"bursar_migrations_{worker_id}"
    yield asyncio.run(shared_servers.create_database(name))
    asyncio.run(shared_servers.drop_database(name))


def alembic(database: Database, *arguments: str) -> str:
    environment = os.environ | {
        "DATABASE_URL": database.application_url,
        "DATABASE_OWNER_URL": database.owner_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    done = subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    return done.stdout + done.stderr


def tables(database: Database) -> set[str]:
    async def read() -> set[str]:
        connection = await asyncpg.connect(database.owner_url)
        try:
            rows = await connection.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            )
        finally:
            await connection.close()
        return {row["tablename"] for row in rows}

    return asyncio.run(read())


@pytest.mark.requirement("DB.06")
def test_up_check_down_to_nothing_and_up_again(empty: Database) -> None:
    alembic(empty, "upgrade", "head")
    built = tables(empty)
    assert {"journal", "idempotency", "effect", "workspace"} <= built
    assert "No new upgrade operations detected" in alembic(empty, "check")
    alembic(empty, "downgrade", "-1")
    assert tables(empty) <= built
    alembic(empty, "downgrade", "base")
    assert tables(empty) == {"alembic_version"}
    alembic(empty, "upgrade", "head")
    assert tables(empty) == built
