"""BURSAR_HOME: one folder holds all state, and one lock says who runs it.

postgresql/  redis/    data of the embedded servers
keys/                  passwords and keys, 0600
run/                   lock, chosen ports, addresses, status, process ids
logs/                  one file per part
"""

import fcntl
import os
import secrets
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from bursar.core.errors import Conflict, Unavailable
from bursar.runtime.embedded.accounts import ServerAccount

# Below the range the kernel hands to outgoing connections, so a kept port stays free.
PORT_FIRST, PORT_LAST = 20_000, 32_000
PORT_TRIES_MAX = 200
SECRET_BYTES = 32
LOCK_TRIES = 10
LOCK_WAIT_SECONDS = 0.05


class HomeUnusable(Unavailable):
    """BURSAR_HOME cannot be written to."""

    code = "home_unusable"


class AlreadyRunning(Conflict):
    """Another process runs this BURSAR_HOME."""

    code = "already_running"


class PortTaken(Conflict):
    """Another program listens where the server should."""

    code = "port_taken"


def write_atomically(
    path: Path, text: str, *, account: ServerAccount | None = None, synced: bool = True
) -> None:
    """Replace `path` with `text`, readable by its owner only; a reader never sees half of it.

    `synced=False` skips the disk sync, for files that say only what runs at the moment.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            if synced:
                stream.flush()
                os.fsync(stream.fileno())
        if account is not None:
            os.chown(temporary, account.user_id, account.group_id)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class Home:
    """The folder tree of one installation."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.postgresql = path / "postgresql"
        self.redis = path / "redis"
        self.keys = path / "keys"
        self.run = path / "run"
        self.logs = path / "logs"

    def create(self) -> None:
        """Make the folders, private to their owner; root's servers must pass the top one.

        A top folder that was there keeps its permissions: it may serve others, too.
        """
        if not self.path.exists():
            self.path.mkdir(parents=True)
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.keys, self.run, self.logs):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
        for folder in (self.postgresql, self.redis):
            folder.mkdir(exist_ok=True)

    def secret(self, name: str) -> str:
        """Return the secret called `name`, made on first use (256 random bits, URL-safe)."""
        path = self.keys / name
        if not path.exists():
            write_atomically(path, secrets.token_urlsafe(SECRET_BYTES))
        return path.read_text(encoding="utf-8").strip()

    def port(self, name: str) -> int:
        """Return the loopback port kept for `name`; another is chosen and kept when it is taken."""
        path = self.run / f"{name}.port"
        kept = path.read_text(encoding="utf-8").strip() if path.exists() else ""
        if kept.isdigit() and port_is_free(int(kept)):
            return int(kept)
        for _ in range(PORT_TRIES_MAX):
            port = PORT_FIRST + secrets.randbelow(PORT_LAST - PORT_FIRST)
            if port_is_free(port):
                write_atomically(path, str(port))
                return port
        msg = f"no free port between {PORT_FIRST} and {PORT_LAST} on 127.0.0.1"
        raise OSError(msg)


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen on this port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections of the last run that linger do not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


class HomeLock:
    """Held for as long as a process runs the servers of a home; the kernel drops it with the process.

    Preparing a server ends what still runs on its data folder, so it asks for this proof that
    nobody else owns it.
    """

    def __init__(self, home: Home, descriptor: int) -> None:
        self.home = home
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, home: Home) -> Self:
        """Take the lock, or raise AlreadyRunning after half a second.

        Raises HomeUnusable when the folder cannot be written to.
        """
        try:
            home.create()
            descriptor = os.open(home.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            msg = f"{home.path} cannot be used: {error.strerror or error}"
            hint = "Give yourself write access to it, or set BURSAR_HOME to another folder."
            raise HomeUnusable(msg, hint=hint) from error
        for _ in range(LOCK_TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                # Somebody may only be looking (is_running holds it for microseconds).
                threading.Event().wait(LOCK_WAIT_SECONDS)
            else:
                return cls(home, descriptor)
        os.close(descriptor)
        msg = f"another process runs the servers of {home.path}"
        raise AlreadyRunning(msg, hint="Stop it first, or set BURSAR_HOME to another folder.")

    def release(self) -> None:
        """Let the next process run this home."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def is_running(home: Home) -> bool:
    """Tell whether some process holds the lock of this home."""
    path = home.run / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
