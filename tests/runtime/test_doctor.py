"""Doctor on a healthy installation says so; on each broken one it names the fault and the cure."""

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from bursar.core.clock import FixedClock, SystemClock
from bursar.runtime import doctor
from bursar.runtime.doctor import Check, Outcome, examine
from bursar.runtime.embedded.home import Home, HomeLock, port_is_free
from bursar.runtime.embedded.postgresql import (
    ADMIN_ROLE,
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgresql,
)
from bursar.runtime.embedded.processes import identify, wait_until_ready
from bursar.runtime.embedded.records import RecordedProcess, write_processes, write_status
from bursar.runtime.embedded.redis import EmbeddedRedis
from bursar.runtime.embedded.state import publish_servers
from bursar.settings import Settings

pytestmark = pytest.mark.requirement("CONF.02")


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Home, EmbeddedPostgresql, EmbeddedRedis]]:
    home = Home(tmp_path_factory.mktemp("doctor"))
    with HomeLock.acquire(home) as lock:
        servers = (EmbeddedPostgresql(lock), EmbeddedRedis(lock))
        processes = []
        for server in servers:
            launch = server.prepare()
            processes.append(
                subprocess.Popen(
                    launch.arguments(),
                    cwd=launch.folder,
                    env=launch.child_environment(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            assert asyncio.run(wait_until_ready(server.ready, 30))
        publish_servers(
            home,
            database_url=servers[0].address.url(APPLICATION_ROLE),
            database_owner_url=servers[0].address.url(OWNER_ROLE),
            redis_url=servers[1].url,
        )
        write_status(home, {"pid": 1, "parts": [{"part": "postgresql", "state": "running"}]})
        yield home, *servers
        for process in processes:
            process.kill()
            process.wait()
        servers[0].end_leftovers()


def settings(home: Path, **values: object) -> Settings:
    return Settings(bursar_home=home, server_port=free_port(), _env_file=None, **values)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def named(checks: list[Check], name: str) -> Check:
    return next(check for check in checks if check.name == name)


async def test_a_healthy_installation_is_healthy(
    installation: tuple[Home, EmbeddedPostgresql, EmbeddedRedis],
) -> None:
    home, *_ = installation
    checks = await examine(lambda: settings(home.path), SystemClock())
    bad = [check for check in checks if check.outcome is not Outcome.OK]
    # The machine may be short of disk, and a long temporary path has no socket: neither is ours.
    assert [check for check in bad if check.name not in {"disk", "socket"}] == []
    assert {"postgresql", "role", "owner", "redis", "keys", "clock", "port"} <= {
        check.name for check in checks
    }
    assert "PostgreSQL 18" in named(checks, "postgresql").message
    assert all(
        password not in str(checks) for password in installation[1].address.passwords.values()
    )


async def test_a_role_with_too_many_rights_is_found(
    installation: tuple[Home, EmbeddedPostgresql, EmbeddedRedis],
) -> None:
    home, server, _ = installation
    for role, fault in (
        (ADMIN_ROLE, "is a superuser and bypasses row-level security"),
        (OWNER_ROLE, "owns tables or the database"),
    ):
        chosen = settings(home.path, database_url=server.address.url(role))
        checks = await examine(lambda chosen=chosen: chosen, SystemClock())
        assert named(checks, "role").outcome is Outcome.FAIL
        assert fault in named(checks, "role").message
        assert "NOSUPERUSER" in (named(checks, "role").hint or "")


async def test_a_clock_that_differs_from_the_database_is_found(
    installation: tuple[Home, EmbeddedPostgresql, EmbeddedRedis],
) -> None:
    home, *_ = installation
    clock = FixedClock(SystemClock().now() - timedelta(minutes=2))
    checks = await examine(lambda: settings(home.path), clock)
    assert named(checks, "clock").outcome is Outcome.WARN
    assert "120 s" in named(checks, "clock of the database").message


async def test_servers_that_do_not_answer_are_found(tmp_path: Path) -> None:
    dead = free_port()
    chosen = settings(
        tmp_path,
        database_url=f"postgresql://app:hidden@127.0.0.1:{dead}/bursar",
        redis_url=f"redis://:hidden@127.0.0.1:{dead}/0",
    )
    checks = await examine(lambda: chosen, SystemClock())
    assert named(checks, "postgresql").outcome is Outcome.FAIL
    assert named(checks, "redis").outcome is Outcome.FAIL
    assert "hidden" not in str(checks)
    assert all(check.hint for check in checks if check.outcome is not Outcome.OK)


async def test_an_old_or_careless_server_is_found() -> None:
    row = {"version": 160_003, "durable": True, "now": SystemClock().now()}
    found = list(doctor._judge_server(row, "postgresql://h:1/x", SystemClock()))
    assert "too old" in found[0].message
    row = {"version": 180_004, "durable": False, "now": SystemClock().now()}
    found = list(doctor._judge_server(row, "postgresql://h:1/x", SystemClock()))
    assert "not durable" in found[0].message


async def test_nothing_runs_yet(tmp_path: Path) -> None:
    checks = await examine(lambda: settings(tmp_path / "new"), SystemClock())
    assert {check.outcome for check in checks} <= {Outcome.OK, Outcome.WARN}
    assert "bursar up" in (named(checks, "servers").hint or "")
    assert not (tmp_path / "new").exists()  # looking changes nothing


async def test_settings_that_are_refused_are_named() -> None:
    checks = await examine(lambda: Settings(server_port=0, _env_file=None), SystemClock())
    assert named(checks, "settings").outcome is Outcome.FAIL
    assert "SERVER_PORT" in named(checks, "settings").message


def test_an_old_python_is_refused() -> None:
    assert doctor.check_python((3, 10)).outcome is Outcome.FAIL
    assert doctor.check_python((3, 11)).outcome is Outcome.OK


def test_keys_that_others_can_read_are_found(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    home.secret("one")
    assert doctor.check_keys(home).outcome is Outcome.OK
    (home.keys / "one").chmod(0o644)
    found = doctor.check_keys(home)
    assert found.outcome is Outcome.FAIL
    assert "one" in found.message
    assert "chmod" in (found.hint or "")


def test_a_taken_port_is_a_fault_unless_bursar_holds_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not port_is_free(port)
        chosen = Settings(bursar_home=tmp_path, server_port=port, _env_file=None)
        assert doctor.check_port(chosen, running=False).outcome is Outcome.FAIL
        assert doctor.check_port(chosen, running=True).outcome is Outcome.OK


def test_too_long_a_path_has_no_socket(tmp_path: Path) -> None:
    assert doctor.check_socket_path(Home(Path("/short"))).outcome is Outcome.OK
    assert doctor.check_socket_path(Home(tmp_path / ("x" * 90))).outcome is Outcome.WARN


def test_a_part_that_is_down_or_restarts_is_found() -> None:
    down = {"parts": [{"part": "api", "state": "restarting", "detail": "ended", "restarts": 3}]}
    assert doctor.check_parts(down).outcome is Outcome.FAIL
    assert "api is restarting (ended)" in doctor.check_parts(down).message
    up = {"parts": [{"part": "api", "state": "running", "restarts": 3}]}
    assert doctor.check_parts(up).outcome is Outcome.WARN


def test_processes_of_a_killed_run_are_found(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    process = subprocess.Popen(["sleep", "60"])
    try:
        started = identify(process.pid).started_at_seconds
        write_processes(home, "m", [RecordedProcess("a", process.pid, started, 15)])
        found = doctor.check_left_behind(home, running=False)
        assert found.outcome is Outcome.WARN
        assert str(process.pid) in found.message
    finally:
        process.kill()
        process.wait()
    assert doctor.check_left_behind(home, running=False).outcome is Outcome.OK


def test_a_clock_before_this_release_is_a_fault(tmp_path: Path) -> None:
    clock = FixedClock(datetime(1970, 1, 2, tzinfo=UTC))
    assert doctor.check_clock(Home(tmp_path), clock).outcome is Outcome.FAIL


def test_a_full_disk_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1024})
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    assert doctor.check_disk(Home(tmp_path / "new")).outcome is Outcome.FAIL


def test_asyncpg_speaks_of_its_errors_in_one_tree() -> None:
    # check_postgresql catches these two; a driver that moves them would crash the doctor.
    assert issubclass(asyncpg.InvalidPasswordError, asyncpg.PostgresError)
    assert issubclass(asyncpg.exceptions.ClientConfigurationError, asyncpg.InterfaceError)
