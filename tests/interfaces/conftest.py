import asyncio
from collections.abc import Iterator

import pytest

from tests.interfaces.live import Live, live_server
from tests.servers import SharedServers


@pytest.fixture(scope="session")
def live(
    shared_servers: SharedServers, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """A running server with an owner and an empty workspace."""
    database = asyncio.run(shared_servers.create_database(f"bursar_live_{worker_id}"))
    home = tmp_path_factory.mktemp("live")
    with live_server(database, shared_servers.redis_url(worker_id), home) as running:
        yield running


@pytest.fixture(scope="session")
def demo(
    shared_servers: SharedServers, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """A running server with the demo workspace."""
    database = asyncio.run(shared_servers.create_database(f"bursar_demo_{worker_id}"))
    home = tmp_path_factory.mktemp("demo")
    with live_server(database, shared_servers.redis_url(worker_id), home, demo=True) as running:
        yield running
