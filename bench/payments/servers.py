"""What a measurement of durable payments stands on: a PostgreSQL that waits for the disk, and an API.

Unlike the test servers, nothing is switched off here: fsync, synchronous commits, full pages.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from bursar.runtime.embedded.home import Home, HomeLock
from bursar.runtime.embedded.postgresql import (
    ADMIN_ROLE,
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgresql,
)
from bursar.runtime.embedded.processes import Launch, wait_until_ready
from bursar.runtime.embedded.redis import EmbeddedRedis
from tests.interfaces.live import Live, free_port

CONNECTIONS_MAX = 100
READY_SECONDS_MAX = 60.0


@dataclass
class Cluster:
    """A durable PostgreSQL and its processes."""

    application_url: str
    owner_url: str
    admin_url: str
    redis_url: str
    postmaster: subprocess.Popen[bytes]
    launch: Launch
    home: Path

    def cpu_seconds(self) -> float:
        """Processor time of every server process so far, those that ended included."""
        total = 0.0
        root = psutil.Process(self.postmaster.pid)
        for process in (root, *root.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
            if process.pid == root.pid:
                total += times.children_user + times.children_system
        return total

    def create_database(self, name: str) -> None:
        """Make an empty database that only the superuser uses."""
        asyncio.run(_execute(self.admin_url, f'CREATE DATABASE "{name}"'))


async def _execute(url: str, statement: str) -> None:
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a durable cluster in a folder of its own; remove it at the end."""
    with tempfile.TemporaryDirectory(prefix="bursar-bench-") as folder:
        home = Home(Path(folder))
        lock = HomeLock.acquire(home)
        postgresql = EmbeddedPostgresql(lock, connections_max=CONNECTIONS_MAX)
        redis = EmbeddedRedis(lock, durable=False)
        children = {name: _start(home, name, s) for name, s in
                    (("redis", redis), ("postgresql", postgresql))}  # fmt: skip
        try:
            for server in (redis, postgresql):
                ready = asyncio.run(wait_until_ready(server.ready, READY_SECONDS_MAX))
                assert ready, "a server did not start"
            address = postgresql.address
            child, launch = children["postgresql"]
            yield Cluster(
                address.url(APPLICATION_ROLE),
                address.url(OWNER_ROLE),
                address.url(ADMIN_ROLE),
                redis.url,
                child,
                launch,
                home.path,
            )
        finally:
            for child, _ in children.values():
                child.send_signal(signal.SIGINT)
            for child, _ in children.values():
                child.wait(timeout=30)
            postgresql.end_leftovers()
            lock.release()


def _start(home: Home, name: str, server: Any) -> tuple[subprocess.Popen[bytes], Launch]:
    launch: Launch = server.prepare()
    with (home.logs / f"{name}.log").open("wb") as log:
        child = subprocess.Popen(
            launch.arguments(),
            cwd=launch.folder,
            env=launch.child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return child, launch


@contextmanager
def api(
    servers: Cluster, home: Path, *, factory: str = "bursar.interfaces.rest.server:create"
) -> Iterator[tuple[Live, int]]:
    """Prepare a database and start the API as `bursar up` does; yield it with its process id."""
    port = free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "BURSAR_HOME": str(home),
        "DATABASE_URL": servers.application_url,
        "DATABASE_OWNER_URL": servers.owner_url,
        "REDIS_URL": servers.redis_url,
        "SERVER_PORT": str(port),
        "BURSAR_API_URL": f"http://127.0.0.1:{port}",
        "ENVIRONMENT": "test",
    }
    subprocess.run([sys.executable, "-m", "bursar.interfaces.prepare"], env=environment, check=True)
    home.joinpath("logs").mkdir(exist_ok=True)
    with (home / "logs" / "api.log").open("wb") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory"),
                *("--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop"),
                *("--workers", "1"),
                *("--no-access-log", "--log-level", "warning"),
                factory,
            ],
            env=environment,
            stdout=log,
            stderr=log,
        )
    token = (home / "keys" / "cli-token").read_text(encoding="utf-8").strip()
    live = Live(port=port, token=token, link="", home=home, environment=environment)
    try:
        _wait(live, server)
        yield live, server.pid
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(live: Live, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if live.send("GET", "/health", token=None).status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError((live.home / "logs" / "api.log").read_text(encoding="utf-8")[-3000:])


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and its children so far."""
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        times = process.cpu_times()
        total += times.user + times.system
    return total
