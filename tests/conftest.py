"""Every test runs on a real PostgreSQL: one database per worker, one fresh workspace per test."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from bursar.core.clock import FixedClock
from bursar.runtime.database import Database
from tests.harness import TEST_MOMENT, Harness, TestDatabase, migrated_database
from tests.servers import SharedServers

pytest_plugins = ["tests.servers"]

# The machine may be busy: how long one example takes proves nothing.
hypothesis_settings.register_profile("bursar", deadline=None, print_blob=True)
hypothesis_settings.load_profile("bursar")


@pytest.fixture(scope="session")
def test_database(shared_servers: SharedServers, worker_id: str) -> TestDatabase:
    return migrated_database(shared_servers, f"bursar_test_{worker_id}")


@pytest.fixture(scope="session")
async def database(test_database: TestDatabase) -> AsyncIterator[Database]:
    database = Database(test_database.application_url, connections_max=10)
    yield database
    await database.close()


@pytest.fixture
async def harness(database: Database, tmp_path: Path) -> Harness:
    """A fresh workspace with a fixed clock and a context factory."""
    harness = Harness(database, FixedClock(TEST_MOMENT), home=tmp_path)
    await harness.create_workspace()
    return harness


@pytest.fixture
def workspace_id(harness: Harness) -> uuid.UUID:
    return harness.workspace_id
