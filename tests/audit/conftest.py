from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.audit.build import Book
from tests.harness import migrated_database
from tests.servers import SharedServers


@pytest.fixture(scope="session")
def template(shared_servers: SharedServers, worker_id: str) -> str:
    name = f"bursar_audit_{worker_id}"
    migrated_database(shared_servers, name)
    return name


@pytest.fixture
async def book(
    shared_servers: SharedServers, worker_id: str, template: str, tmp_path: Path
) -> AsyncIterator[Book]:
    addresses = await shared_servers.create_database(f"{template}_copy", template=template)
    made = Book(addresses, tmp_path / "home")
    (made.home / "keys").mkdir(parents=True)
    yield made
    await made.close()
    await shared_servers.drop_database(addresses.name)
