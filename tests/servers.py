"""One PostgreSQL and one Redis for a whole test run, shared by all xdist workers.

A pytest plugin (`pytest_plugins = ["tests.servers"]`): the controller starts the servers before it
starts workers, hands them the addresses, and stops the servers at the end; if it is killed, they
die with it. They are fast instead of durable. Every worker makes databases of its own.
"""

import asyncio
import dataclasses
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bursar.runtime.embedded.home import Home, HomeLock, is_running
from bursar.runtime.embedded.postgresql import (
    ADMIN_ROLE,
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgresql,
    PostgresqlAddress,
    database_statements,
)
from bursar.runtime.embedded.processes import Launch, wait_until_ready
from bursar.runtime.embedded.redis import EmbeddedRedis

FOLDER_PREFIX = "bursar-tests-"
READY_SECONDS_MAX = 60.0
CONNECTIONS_MAX = 300
REDIS_DATABASES = 16
WORKER_INPUT = "bursar_servers"


@dataclasses.dataclass(frozen=True)
class Database:
    """The three addresses of one test database."""

    name: str
    application_url: str
    owner_url: str
    admin_url: str


@dataclasses.dataclass(frozen=True)
class SharedServers:
    """Addresses of the run's servers."""

    postgresql: PostgresqlAddress
    redis_base_url: str

    def redis_url(self, worker_id: str = "master") -> str:
        """Return a Redis database of the worker's own ("gw3" has number 4, "master" 0)."""
        number = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 0
        return f"{self.redis_base_url}/{number % REDIS_DATABASES}"

    def database(self, name: str) -> Database:
        """Return the addresses of a database, made or not."""
        return Database(
            name,
            self.postgresql.url(APPLICATION_ROLE, name),
            self.postgresql.url(OWNER_ROLE, name),
            self.postgresql.url(ADMIN_ROLE, name),
        )

    async def create_database(self, name: str, *, template: str | None = None) -> Database:
        """Make a fresh database for owner and application, replacing one of that name.

        `template` copies another database (migrate once, copy per worker or test: ~30 ms);
        nobody may be connected to it meanwhile.
        """
        await self.drop_database(name)
        first, *grants = database_statements(name)
        await self._execute(first + (f" TEMPLATE {template}" if template else ""), *grants)
        return self.database(name)

    async def drop_database(self, name: str) -> None:
        """Remove a database and whoever is connected to it."""
        await self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def _execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.postgresql.url(ADMIN_ROLE, ADMIN_ROLE))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


class RunningServers:
    """The servers as child processes of this one."""

    def __init__(self) -> None:
        _remove_old_folders()
        self._home = Home(Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX)))
        self._lock = HomeLock.acquire(self._home)
        self._postgresql = EmbeddedPostgresql(
            self._lock, durable=False, connections_max=CONNECTIONS_MAX
        )
        self._redis = EmbeddedRedis(self._lock, durable=False)
        self._children: list[tuple[subprocess.Popen[bytes], Launch]] = []
        for name, server in (("redis", self._redis), ("postgresql", self._postgresql)):
            launch = server.prepare()
            with (self._home.logs / f"{name}.log").open("wb") as log:
                child = subprocess.Popen(
                    launch.arguments(),
                    cwd=launch.folder,
                    env=launch.child_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self._children.append((child, launch))
        if not asyncio.run(self._ready()):
            logs = self._home.logs
            self.stop(keep_folder=True)
            pytest.exit(f"the test servers did not start; see {logs}", returncode=3)
        base = self._redis.url.removesuffix("/0")
        self.shared = SharedServers(self._postgresql.address, base)

    async def _ready(self) -> bool:
        return await wait_until_ready(
            self._redis.ready, READY_SECONDS_MAX
        ) and await wait_until_ready(self._postgresql.ready, READY_SECONDS_MAX)

    def stop(self, *, keep_folder: bool = False) -> None:
        """End both servers and remove their data: nothing of it is worth an orderly end."""
        for child, _ in self._children:
            child.kill()
            child.wait()
        self._postgresql.end_leftovers()
        self._lock.release()
        if not keep_folder:
            shutil.rmtree(self._home.path, ignore_errors=True)


def _remove_old_folders() -> None:
    """Remove what killed runs left; a running one holds its lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        if folder.stat().st_uid != os.getuid():
            continue  # another user's, who may be running
        if (folder / "run" / "lock").exists() and not is_running(Home(folder)):
            shutil.rmtree(folder, ignore_errors=True)


_running_key = pytest.StashKey[RunningServers]()
_shared_key = pytest.StashKey[SharedServers]()


def pytest_configure(config: pytest.Config) -> None:
    handed_over: dict[str, Any] | None = getattr(config, "workerinput", {}).get(WORKER_INPUT)
    if handed_over is not None:
        config.stash[_shared_key] = SharedServers(
            PostgresqlAddress(handed_over["port"], handed_over["passwords"]),
            handed_over["redis_base_url"],
        )
        return
    if config.option.collectonly:
        return
    config.stash[_running_key] = RunningServers()
    config.stash[_shared_key] = config.stash[_running_key].shared


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the addresses to an xdist worker."""
    shared = node.config.stash[_shared_key]
    node.workerinput[WORKER_INPUT] = {
        "port": shared.postgresql.port,
        "passwords": shared.postgresql.passwords,
        "redis_base_url": shared.redis_base_url,
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    running = config.stash.get(_running_key, None)
    if running is not None:
        running.stop()


@pytest.fixture(scope="session")
def shared_servers(pytestconfig: pytest.Config) -> SharedServers:
    """The run's PostgreSQL and Redis."""
    return pytestconfig.stash[_shared_key]
