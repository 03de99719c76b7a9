"""`bursar up`: the table of parts, and what is printed once they answer."""

import asyncio
import http.client
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bursar.core.errors import InvalidInput
from bursar.interfaces.supervisor import Part, Supervisor, claim_home, postgresql_part, redis_part
from bursar.runtime.embedded.home import Home, HomeLock, PortTaken, port_is_free
from bursar.runtime.embedded.processes import Launch
from bursar.runtime.embedded.records import left_behind
from bursar.settings import Settings

WELCOME = "welcome.json"
TOKEN = "cli-token"  # noqa: S105 - a file's name
PROBE_SECONDS_MAX = 2.0
HTTP_OK = 200
PORT_LAST = 65_535
PYTHON = sys.executable


def parts(settings: Settings, lock: HomeLock, *, demo: bool) -> list[Part]:
    """Return everything this installation runs, in the order it may start."""
    table: list[Part] = []
    if settings.database_url is None:
        table.append(postgresql_part(lock))
    if settings.redis_url is None:
        table.append(redis_part(lock))
    servers = tuple(part.name for part in table)
    table.append(
        Part(
            name="prepare",
            prepare=lambda: _python("-m", "bursar.interfaces.prepare", *(["--demo"] * demo)),
            depends_on=servers,
            runs_once=True,
            ready_seconds_max=600.0,
        )
    )
    after = (*servers, "prepare")
    table.append(
        Part(
            name="api",
            prepare=lambda: _granian(settings),
            ready=lambda: asyncio.to_thread(answers, settings),
            depends_on=after,
        )
    )
    celery = ("-m", "celery", "-A", "bursar.interfaces.celery_app:celery")
    quiet = ("--loglevel", "WARNING")
    table.append(
        Part(
            name="worker",
            prepare=lambda: _python(
                *celery, "worker", "--pool", "threads", "--concurrency", "4",
                "--without-gossip", "--without-mingle", *quiet,
            ),
            depends_on=(*after, "api"),  # the person waiting comes first
        )
    )  # fmt: skip
    table.append(
        Part(
            name="scheduler",
            prepare=lambda: _python(*celery, "beat", "--pidfile=", *quiet),
            depends_on=(*after, "api"),
        )
    )
    return table


def chosen(table: list[Part], only: Sequence[str]) -> list[Part]:
    """Return the parts named in `only` (all when it is empty), depending on one another alone.

    Raises InvalidInput for a name this installation has no part of.
    """
    if not only:
        return table
    names = [part.name for part in table]
    unknown = sorted(set(only) - set(names))
    if unknown:
        raise InvalidInput(
            f"there is no part {unknown[0]!r} here",
            hint=f"Parts: {', '.join(names)}.",
            field="only",
        )
    return [
        replace(part, depends_on=tuple(name for name in part.depends_on if name in only))
        for part in table
        if part.name in only
    ]


def _python(*arguments: str) -> Launch:
    return Launch((PYTHON, *arguments))


def check_port(settings: Settings) -> None:
    """Raise PortTaken when another program listens there.

    Granian would not notice: it shares its port, and the two would answer in turns.
    """
    host, port = settings.server_host, settings.server_port
    if not port_is_free(port, host):
        raise PortTaken(
            f"port {port} on {host} is taken by another program",
            hint=f"Stop it ('ss -ltnp' names it), or choose another port: "
            f"SERVER_PORT={port + 1 if port < PORT_LAST else port - 1} or 'bursar up --port'.",
            field="SERVER_PORT",
        )


def _granian(settings: Settings) -> Launch:
    check_port(settings)
    command = [
        PYTHON, "-m", "granian", "--interface", "asgi", "--factory",
        "--host", settings.server_host, "--port", str(settings.server_port),
        "--workers", str(settings.server_processes), "--loop", "uvloop",
        "--no-access-log", "--log-level", "warning", "--workers-kill-timeout", "5",
        "bursar.interfaces.rest.server:create",
    ]  # fmt: skip
    return Launch(tuple(command))


def answers(settings: Settings) -> bool:
    """Tell whether this machine's server answers /health."""
    host = "127.0.0.1" if settings.server_host in ("0.0.0.0", "::") else settings.server_host  # noqa: S104 - reading, not binding
    connection = http.client.HTTPConnection(host, settings.server_port, timeout=PROBE_SECONDS_MAX)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == HTTP_OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


async def up(
    settings: Settings, report: Callable[[str], None], *, demo: bool, only: Sequence[str] = ()
) -> int:
    """Run everything, or the parts in `only`, until stopped; return the exit code."""
    home = Home(settings.bursar_home)
    with claim_home(home) as lock:
        if (not only or "api" in only) and not left_behind(home):
            check_port(settings)  # before the databases start; the last run's API is ended first
        supervisor = Supervisor(
            lock,
            chosen(parts(settings, lock, demo=demo), only),
            report=report,
            address=settings.base_url,
        )
        running = asyncio.create_task(supervisor.run())
        welcome = asyncio.create_task(_welcome(supervisor, settings, home, report))
        try:
            return await running
        finally:
            welcome.cancel()


async def _welcome(
    supervisor: Supervisor, settings: Settings, home: Home, report: Callable[[str], None]
) -> None:
    if await supervisor.wait_until_ready():
        report(welcome_text(settings, home.run / WELCOME, home.keys / TOKEN))


def welcome_text(settings: Settings, welcome_file: Path, token_file: Path) -> str:
    """Return what a person needs next; the one-time link is shown once and then forgotten."""
    stored = json.loads(welcome_file.read_text(encoding="utf-8")) if welcome_file.exists() else {}
    welcome_file.unlink(missing_ok=True)
    lines = ["", "Bursar is ready.", "", f"  Address       {settings.base_url}"]
    if "sign_in_link" in stored:
        lines.append(f"  Sign in       {stored['sign_in_link']}   (works once, within 24 hours)")
    if token_file.exists():
        lines.append(f"  API token     {token_file.read_text(encoding='utf-8').strip()}")
    lines.append(f"  API docs      {settings.base_url}/docs")
    lines.append(f"  MCP           {settings.base_url}/mcp   (or: bursar mcp)")
    if stored.get("as_of"):
        lines += [
            "",
            f"  The demo's prices are real and end on {stored['as_of']}; its figures are as of that day.",
        ]
    lines += [
        "",
        "Try next, in another terminal:",
        "  bursar portfolio summary",
        "  bursar portfolio history --days 30",
        "  bursar import statement.ofx --dry-run",
        "",
        "Ctrl-C stops everything.",
    ]
    return "\n".join(lines)
