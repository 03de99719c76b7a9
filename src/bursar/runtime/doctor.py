"""What is wrong with an installation, and how to mend it: a list of checks that change nothing.

Each check looks at one thing and returns a `Check`; one that is not `ok` carries a hint that says
what to do. Nothing here raises for a broken installation: a broken thing is a finding.
"""

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bursar.core.clock import Clock
from bursar.core.errors import BursarError
from bursar.runtime.embedded import postgresql, redis
from bursar.runtime.embedded.accounts import server_account
from bursar.runtime.embedded.home import Home, port_is_free
from bursar.runtime.embedded.records import left_behind, read_status
from bursar.runtime.embedded.state import Addresses, ServersNotRunning, addresses
from bursar.settings import Settings

PYTHON_OLDEST = (3, 11)
DISK_BYTES_LOW = 2 * 1024**3
DISK_BYTES_TOO_LOW = 256 * 1024**2
CONNECT_SECONDS_MAX = 5.0
CLOCK_SKEW_MAX = timedelta(seconds=5)
CLOCK_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
FILES_LOOKED_AT_MAX = 1000
REDIS_OLDEST = (6, 2)
OWNERSHIP_QUERY = """
select current_setting('server_version_num')::int as version,
       current_setting('fsync') = 'on' as durable,
       clock_timestamp() as now,
       rolsuper, rolbypassrls,
       exists (select from pg_class where relowner = r.oid)
         or exists (select from pg_database where datdba = r.oid) as owns
from pg_roles r where rolname = current_user
"""

EFFECTS_QUERY = """
select (select count(*) from effect where state = 'dead') as dead,
       (select count(*) from effect where state = 'uncertain') as uncertain,
       (select count(*) from effect where state in ('queued', 'running')
        and next_at < clock_timestamp() - interval '1 minute') as overdue
"""


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One finding; `hint` says how to mend it."""

    name: str
    outcome: Outcome
    message: str
    hint: str | None = None


def _ok(name: str, message: str) -> Check:
    return Check(name, Outcome.OK, message)


def _warn(name: str, message: str, hint: str) -> Check:
    return Check(name, Outcome.WARN, message, hint)


def _fail(name: str, message: str, hint: str) -> Check:
    return Check(name, Outcome.FAIL, message, hint)


async def examine(load: Callable[[], Settings], clock: Clock) -> list[Check]:
    """Run every check. `load` reads the settings, so that broken settings are a finding, too."""
    checks = [check_python(sys.version_info[:2])]
    try:
        settings = load()
    except ValidationError as error:
        return checks + check_settings_errors(error)
    checks.append(_ok("settings", f"settings are valid ({settings.environment.value})"))
    home = Home(settings.bursar_home)
    status = read_status(home)
    checks += [check_home(home), check_disk(home), check_socket_path(home), check_keys(home)]
    if settings.database_url is None or settings.redis_url is None:
        checks.append(check_programs(home))
    checks += [check_parts(status), check_port(settings, running=status is not None)]
    checks += [check_left_behind(home, running=status is not None), check_clock(home, clock)]
    try:
        where = addresses(settings)
    except ServersNotRunning as error:
        hint = error.hint or ""
        return [*checks, _warn("servers", error.message, hint)]
    return [*checks, *await check_servers(where, clock)]


def check_python(version: tuple[int, ...]) -> Check:
    """Bursar needs Python 3.11."""
    text = ".".join(str(number) for number in version)
    if version < PYTHON_OLDEST:
        return _fail("python", f"Python {text} is too old", "Install Python 3.11 or newer.")
    return _ok("python", f"Python {text}")


def check_settings_errors(error: ValidationError) -> list[Check]:
    """Turn each setting that is refused into a finding that names its variable."""
    return [
        _fail(
            "settings",
            f"{'.'.join(str(part) for part in issue['loc']).upper() or 'settings'}: {issue['msg']}",
            "Correct it in the environment or in .env; .env.example shows every setting.",
        )
        for issue in error.errors(include_url=False, include_input=False)
    ]


def check_home(home: Home) -> Check:
    """BURSAR_HOME exists, or can be made, and takes files."""
    path = home.path
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        hint = f"Give yourself write access ('chown -R $(id -un) {nearest}') or set BURSAR_HOME."
        return _fail("home", f"{nearest} cannot be written to", hint)
    if nearest is not path:
        return _ok("home", f"{path} will be made by the first start")
    if path.stat().st_uid != os.geteuid():
        hint = "Run Bursar as the user that owns BURSAR_HOME; mixing users breaks its permissions."
        return _warn("home", f"{path} belongs to another user (id {path.stat().st_uid})", hint)
    return _ok("home", f"{path} can be written to")


def check_disk(home: Home) -> Check:
    """There is room to write."""
    nearest = next(folder for folder in (home.path, *home.path.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    message = f"{free // 1024**2} MB free at {nearest}"
    hint = "Free some space or move BURSAR_HOME to a larger disk; PostgreSQL stops on a full one."
    if free < DISK_BYTES_TOO_LOW:
        return _fail("disk", message, hint)
    return _warn("disk", message, hint) if free < DISK_BYTES_LOW else _ok("disk", message)


def check_socket_path(home: Home) -> Check:
    """The private socket's path fits the system's limit; TCP on loopback works in any case."""
    if postgresql.socket_folder(home) is None:
        hint = "Nothing is broken; set BURSAR_HOME to a shorter path if you want the socket."
        return _warn("socket", "the path is too long for a socket, loopback TCP is used", hint)
    return _ok("socket", "the path is short enough for a socket")


def check_keys(home: Home) -> Check:
    """Passwords and keys are readable by their owner only."""
    if not home.keys.exists():
        return _ok("keys", "no keys yet; the first start makes them")
    open_to_others = [
        path.name
        for path in (home.keys, *_some_files(home.keys))
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    if open_to_others:
        hint = f"chmod 700 {home.keys} && chmod 600 {home.keys}/*"
        return _fail("keys", f"others can read {', '.join(open_to_others[:5])}", hint)
    return _ok("keys", f"{home.keys} is private")


def check_programs(home: Home) -> Check:
    """The embedded servers' programs are installed, and there is a user to run them as."""
    try:
        for program in (postgresql.program_folder() / "postgres", redis.program()):
            if not os.access(program, os.X_OK):
                hint = "Install the packages again: 'make setup'."
                return _fail("programs", f"{program} cannot be executed", hint)
            server_account(home.postgresql, program)
    except BursarError as error:
        return _fail("programs", error.message, error.hint or "Run 'make setup' again.")
    except LookupError as error:
        return _fail("programs", str(error), "Run Bursar as an ordinary user.")
    return _ok("programs", "PostgreSQL and Redis are installed")


def check_parts(status: dict[str, Any] | None) -> Check:
    """Every part of a running Bursar is up."""
    if status is None:
        return _ok("parts", "Bursar is not running")
    parts = status.get("parts") or []
    down = [part for part in parts if part.get("state") not in {"running", "done"}]
    if down:
        text = "; ".join(f"{p['part']} is {p['state']} ({p.get('detail') or '-'})" for p in down)
        hint = f"Read BURSAR_HOME/logs/{down[0]['part']}.log; the supervisor keeps trying."
        return _fail("parts", text, hint)
    often = [part["part"] for part in parts if part.get("restarts", 0) > 0]
    if often:
        hint = f"Read BURSAR_HOME/logs/{often[0]}.log for the reason."
        return _warn("parts", f"restarted since the start: {', '.join(often)}", hint)
    return _ok("parts", f"all {len(parts)} parts run")


def check_port(settings: Settings, *, running: bool) -> Check:
    """The server's port is free, or it is ours."""
    port, host = settings.server_port, settings.server_host
    if port_is_free(port, host):
        return _ok("port", f"port {port} on {host} is free")
    if running:
        return _ok("port", f"port {port} on {host} is used by the running Bursar")
    hint = "Stop the other program ('ss -ltnp' names it) or set SERVER_PORT."
    return _fail("port", f"port {port} on {host} is taken, and Bursar is not running", hint)


def check_left_behind(home: Home, *, running: bool) -> Check:
    """No process of a killed run is still there."""
    if running:
        return _ok("processes", "the supervisor watches its processes")
    left = left_behind(home)
    if left:
        names = ", ".join(str(pid) for pid in sorted(left)[:10])
        hint = "The next 'bursar up' ends them; nothing else is needed."
        return _warn("processes", f"processes of a killed run still live: {names}", hint)
    return _ok("processes", "nothing is left of earlier runs")


def check_clock(home: Home, clock: Clock) -> Check:
    """The machine's clock is plausible: past this release, and not behind its own files."""
    now = clock.now()
    hint = "Set the machine's clock (NTP): sessions, prices and signatures depend on it."
    if now < CLOCK_EARLIEST:
        return _fail("clock", f"the clock says {now:%Y-%m-%d %H:%M} UTC", hint)
    newest = max((path.stat().st_mtime for path in _some_files(home.run)), default=0.0)
    if newest > (now + CLOCK_SKEW_MAX).timestamp():
        return _warn("clock", "files here are from the future: the clock went back", hint)
    return _ok("clock", f"the clock says {now:%Y-%m-%d %H:%M} UTC")


async def check_servers(where: Addresses, clock: Clock) -> list[Check]:
    """PostgreSQL and Redis answer, are new enough, and the roles have the rights they should."""
    checks = await check_postgresql(where.database_url, clock)
    if where.database_owner_url != where.database_url:
        checks.append(await check_owner(where.database_owner_url))
    return [*checks, await check_redis(where.redis_url)]


async def check_postgresql(url: str, clock: Clock) -> list[Check]:
    """The application's role connects, and is neither superuser nor owner nor above row security."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
        hint = "Check DATABASE_URL, or read BURSAR_HOME/logs/postgresql.log."
        return [_fail("postgresql", f"{_place(url)} does not answer: {e}", hint)]
    try:
        row = await connection.fetchrow(OWNERSHIP_QUERY)
        waiting = await _waiting_effects(connection)
    finally:
        await connection.close(timeout=CONNECT_SECONDS_MAX)
    if row is None:
        return [_fail("postgresql", "the role is unknown to the server", "Check DATABASE_URL.")]
    return [*_judge_server(row, url, clock), _judge_role(row), judge_effects(waiting)]


async def _waiting_effects(connection: Any) -> Any:
    """Count the effects that wait too long or for a person; None before the first migration."""
    try:
        await connection.execute("SET bursar.every_workspace = 'on'")
        return await connection.fetchrow(EFFECTS_QUERY)
    except asyncpg.PostgresError:
        return None


def judge_effects(waiting: Mapping[str, int] | None) -> Check:
    """Nothing outside waits for a person, and the workers keep up."""
    if waiting is None:
        return _ok("effects", "no effects yet; the first start makes the tables")
    if waiting["dead"] or waiting["uncertain"]:
        text = f"{waiting['dead']} effects are dead, {waiting['uncertain']} uncertain"
        hint = "'bursar jobs list --states dead,uncertain' shows them; then retry or drop each one."
        return _warn("effects", text, hint)
    if waiting["overdue"]:
        text = f"{waiting['overdue']} effects wait for more than a minute"
        return _warn("effects", text, "Is a worker running? Read BURSAR_HOME/logs/worker.log.")
    return _ok("effects", "no effect waits for a person")


def _judge_server(row: Any, url: str, clock: Clock) -> Iterable[Check]:
    version = row["version"] // 10_000
    if version < postgresql.MAJOR_VERSION:
        hint = "Use PostgreSQL 18 or newer: ids are made by its uuidv7()."
        yield _fail("postgresql", f"PostgreSQL {version} is too old", hint)
    elif not row["durable"]:
        hint = "Set fsync = on: without it a power cut can destroy the book."
        yield _fail("postgresql", f"PostgreSQL {version} at {_place(url)} is not durable", hint)
    else:
        yield _ok("postgresql", f"PostgreSQL {version} at {_place(url)}")
    skew = abs(row["now"] - clock.now())
    if skew > CLOCK_SKEW_MAX:
        hint = "Set both machines' clocks by NTP."
        text = f"this machine and PostgreSQL differ by {skew.total_seconds():.0f} s"
        yield _warn("clock of the database", text, hint)


def _judge_role(row: Any) -> Check:
    faults = {
        "is a superuser": row["rolsuper"],
        "bypasses row-level security": row["rolbypassrls"],
        "owns tables or the database": row["owns"],
    }
    present = [text for text, fault in faults.items() if fault]
    if present:
        hint = (
            "Use a role of its own in DATABASE_URL (LOGIN NOSUPERUSER NOBYPASSRLS) and name the "
            "owner in DATABASE_OWNER_URL."
        )
        return _fail("role", f"the application's role {' and '.join(present)}", hint)
    return _ok("role", "the application's role owns nothing and obeys row-level security")


async def check_owner(url: str) -> Check:
    """The role that runs migrations can connect."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
        return _fail("owner", f"migrations cannot connect: {e}", "Check DATABASE_OWNER_URL.")
    await connection.close(timeout=CONNECT_SECONDS_MAX)
    return _ok("owner", "the schema's owner can connect")


async def check_redis(url: str) -> Check:
    """Redis answers, is new enough, and does not throw queue messages away when full."""
    hint = "Check REDIS_URL, or read BURSAR_HOME/logs/redis.log."
    try:
        async with Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS_MAX) as client:
            facts = await client.info()
    except (OSError, ValueError, RedisError) as error:
        return _fail("redis", f"{_place(url)} does not answer: {error}", hint)
    version = str(facts.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < REDIS_OLDEST:
        return _fail("redis", f"Redis {version} is too old", "Use Redis 6.2 or newer.")
    if str(facts.get("maxmemory_policy", "")).startswith("allkeys"):
        text = f"Redis evicts any key when full ({facts['maxmemory_policy']}), queues included"
        return _warn("redis", text, "Set maxmemory-policy to volatile-lru or noeviction.")
    return _ok("redis", f"Redis {version} at {_place(url)}")


def _place(url: str) -> str:
    """Return host and port without the password."""
    parts = urlsplit(url)
    return f"{parts.hostname or parts.path}:{parts.port}" if parts.port else str(parts.hostname)


def _some_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if path.is_file())
    return [path for _, path in zip(range(FILES_LOOKED_AT_MAX), found, strict=False)]
