"""The embedded servers on real processes: first start, second start, and what a kill leaves."""

import asyncio
import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from bursar.runtime.embedded.accounts import ServerAccount, server_account
from bursar.runtime.embedded.home import (
    AlreadyRunning,
    Home,
    HomeLock,
    HomeUnusable,
    port_is_free,
    write_atomically,
)
from bursar.runtime.embedded.postgresql import (
    ADMIN_ROLE,
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgresql,
    program_folder,
)
from bursar.runtime.embedded.processes import Launch, marked_processes, wait_until_ready
from bursar.runtime.embedded.redis import EmbeddedRedis
from bursar.runtime.embedded.state import (
    ServersNotRunning,
    addresses,
    forget_servers,
    publish_servers,
)
from bursar.settings import Settings

pytestmark = pytest.mark.requirement("CONF.02")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("embedded"))


@pytest.fixture
def lock(home: Home) -> Iterator[HomeLock]:
    with HomeLock.acquire(home) as held:
        yield held


def spawn(launch: Launch) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        launch.arguments(),
        cwd=launch.folder,
        env=launch.child_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextlib.asynccontextmanager
async def running(
    server: EmbeddedPostgresql | EmbeddedRedis,
) -> AsyncIterator[subprocess.Popen[bytes]]:
    process = spawn(await asyncio.to_thread(server.prepare))
    try:
        assert await wait_until_ready(server.ready, 30)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        yield connection
    finally:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await connection.close(timeout=2)


async def test_the_roles_have_no_more_rights_than_they_need(lock: HomeLock) -> None:
    server = EmbeddedPostgresql(lock)
    async with running(server), connected(server.address.url(ADMIN_ROLE)) as admin:
        rows = await admin.fetch(
            "select rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication"
            " from pg_roles where rolname like 'bursar%' order by rolname"
        )
        assert [tuple(row) for row in rows] == [
            (APPLICATION_ROLE, False, False, False, False, False),
            (OWNER_ROLE, False, False, False, False, False),
        ]
        owner = await admin.fetchval(
            "select rolname from pg_database join pg_roles r on r.oid = datdba"
            " where datname = 'bursar'"
        )
        assert owner == OWNER_ROLE
        async with connected(server.address.url(APPLICATION_ROLE)) as application:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await application.execute("create table public.mine (x int)")
        async with connected(server.address.url(OWNER_ROLE)) as owning:
            await owning.execute("create table public.theirs (x int)")
            await owning.execute("drop table public.theirs")


async def test_it_is_durable_and_speaks_utc(lock: HomeLock) -> None:
    server = EmbeddedPostgresql(lock)
    async with running(server), connected(server.address.url(APPLICATION_ROLE)) as connection:
        for name, wanted in {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "data_checksums": "on",
            "TimeZone": "UTC",
            "listen_addresses": "127.0.0.1",
            "idle_in_transaction_session_timeout": "1min",
            "server_encoding": "UTF8",
        }.items():
            assert await connection.fetchval("select current_setting($1)", name) == wanted, name
        assert await connection.fetchval("select uuidv7() is not null")


async def test_a_wrong_password_is_refused_and_keys_are_private(lock: HomeLock) -> None:
    server = EmbeddedPostgresql(lock)
    async with running(server):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(
                f"postgresql://{ADMIN_ROLE}:wrong@127.0.0.1:{server.address.port}/postgres"
            )
        keys = list(lock.home.keys.iterdir())
        assert len(keys) >= 3
        for path in (lock.home.keys, *keys):
            assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), path
        for process in marked_processes("postgres", server.mark):
            line = " ".join(process.cmdline())
            assert not any(password in line for password in server.address.passwords.values())


async def test_a_second_start_keeps_port_passwords_and_data(lock: HomeLock) -> None:
    first = EmbeddedPostgresql(lock)
    async with running(first), connected(first.address.url(OWNER_ROLE)) as owner:
        await owner.execute("create table if not exists kept (x int)")
        await owner.execute("insert into kept values (42)")
    second = EmbeddedPostgresql(lock)
    async with running(second), connected(second.address.url(OWNER_ROLE)) as owner:
        assert second.address == first.address
        assert await owner.fetchval("select x from kept") == 42


@pytest.mark.requirement("LEDGER.03")
async def test_kill_keeps_what_was_committed_and_only_that(lock: HomeLock) -> None:
    server = EmbeddedPostgresql(lock)
    process = spawn(await asyncio.to_thread(server.prepare))
    assert await wait_until_ready(server.ready, 30)
    async with (
        connected(server.address.url(OWNER_ROLE)) as owner,
        connected(server.address.url(OWNER_ROLE)) as open_ended,
    ):
        await owner.execute("drop table if exists killed; create table killed (x int)")
        await owner.execute("insert into killed select generate_series(1, 100)")
        await open_ended.execute("begin; insert into killed select generate_series(101, 200)")
        process.kill()
        # Not waited for: the zombie stays, as under a container's careless process 1.
        async with (
            running(EmbeddedPostgresql(lock)),
            connected(server.address.url(OWNER_ROLE)) as again,
        ):
            assert await again.fetchval("select count(*) from killed") == 100
    process.wait()


async def test_backends_that_outlive_a_killed_postmaster_are_ended(lock: HomeLock) -> None:
    server = EmbeddedPostgresql(lock)
    process = spawn(await asyncio.to_thread(server.prepare))
    assert await wait_until_ready(server.ready, 30)
    async with connected(server.address.url(APPLICATION_ROLE)) as connection:
        backend = psutil.Process(await connection.fetchval("select pg_backend_pid()"))
        backend.suspend()  # so it cannot notice that its postmaster is gone
        process.kill()
        process.wait()
        assert backend.is_running()
        async with running(EmbeddedPostgresql(lock)):
            assert not backend.is_running() or backend.status() == psutil.STATUS_ZOMBIE


async def test_an_orphaned_server_is_stopped_before_a_new_one_starts(lock: HomeLock) -> None:
    server = EmbeddedPostgresql(lock)
    process = spawn(await asyncio.to_thread(server.prepare))
    assert await wait_until_ready(server.ready, 30)
    async with running(EmbeddedPostgresql(lock)):
        assert process.wait(5) == 0  # an orderly shutdown, not a kill


async def test_a_pid_file_that_names_a_living_stranger_is_no_obstacle(lock: HomeLock) -> None:
    server = EmbeddedPostgresql(lock)
    async with running(server):
        pid_file = server.data / "postmaster.pid"
        text = pid_file.read_text()
    stranger = spawn(Launch(("/bin/sleep", "60")))
    try:
        pid_file.write_text(text.replace(text.split("\n", 1)[0], str(stranger.pid), 1))
        async with running(EmbeddedPostgresql(lock)):
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_lost_passwords_are_replaced(lock: HomeLock) -> None:
    server = EmbeddedPostgresql(lock)
    async with running(server):
        before = server.address
    (lock.home.keys / f"postgresql_{APPLICATION_ROLE}").unlink()
    server = EmbeddedPostgresql(lock)
    async with running(server), connected(server.address.url(APPLICATION_ROLE)):
        assert server.address.passwords[OWNER_ROLE] == before.passwords[OWNER_ROLE]
        assert server.address.passwords[APPLICATION_ROLE] != before.passwords[APPLICATION_ROLE]


async def test_a_taken_port_is_given_up_for_another(lock: HomeLock) -> None:
    server = EmbeddedPostgresql(lock)
    async with running(server):
        before = server.address.port
    with socket.create_server(("127.0.0.1", before)):
        async with running(server):
            assert server.address.port != before
    assert port_is_free(before)


async def test_a_broken_off_initialisation_is_begun_anew(tmp_path: Path) -> None:
    home = Home(tmp_path / "an odd 'plače\" %s {x}")
    with HomeLock.acquire(home) as lock:
        half = home.postgresql / "18.partial-dead"
        half.mkdir()
        (half / "PG_VERSION").write_text("18")
        server = EmbeddedPostgresql(lock, durable=False)
        async with running(server), running(EmbeddedRedis(lock)):
            assert not half.exists()
    assert home.path.stat().st_mode & 0o777 in {0o700, 0o711}


def test_two_starts_at_once_one_is_refused(lock: HomeLock) -> None:
    with pytest.raises(AlreadyRunning, match="another process runs the servers"):
        HomeLock.acquire(lock.home)


def test_a_folder_that_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with HomeLock.acquire(Home(tmp_path)):
        assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_home_that_cannot_be_written_to_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable, match="cannot be used") as caught:
        HomeLock.acquire(Home(tmp_path / "file" / "home"))
    assert "BURSAR_HOME" in (caught.value.hint or "")


async def test_redis_keeps_its_data_through_a_kill_and_wants_its_password(lock: HomeLock) -> None:
    server = EmbeddedRedis(lock)
    process = spawn(await asyncio.to_thread(server.prepare))
    assert await wait_until_ready(server.ready, 30)
    async with Redis.from_url(server.url) as client:
        await client.set("queue", "message")
        facts = await client.info("memory")
        assert facts["maxmemory_policy"] == "volatile-lru"
    async with Redis.from_url(server.url.split("@")[1].join(["redis://", ""])) as stranger:
        with pytest.raises(AuthenticationError):
            await stranger.get("queue")
    process.kill()
    process.wait()
    again = EmbeddedRedis(lock)
    async with running(again), Redis.from_url(again.url) as client:
        assert again.url == server.url
        assert await client.get("queue") == b"message"


def test_given_addresses_win_and_need_no_running_server(tmp_path: Path) -> None:
    settings = Settings(
        bursar_home=tmp_path,
        database_url="postgresql+asyncpg://app:x@db/bursar",
        redis_url="redis://cache/1",
        _env_file=None,
    )
    found = addresses(settings)
    assert found.database_url == "postgresql://app:x@db/bursar"
    assert found.database_owner_url == found.database_url
    assert found.redis_url == "redis://cache/1"
    assert "x@db" not in repr(found)


def test_addresses_come_from_the_running_servers(lock: HomeLock) -> None:
    home = lock.home
    publish_servers(home, database_url="postgresql://a", database_owner_url="postgresql://o")
    settings = Settings(bursar_home=home.path, redis_url="redis://elsewhere", _env_file=None)
    found = addresses(settings)
    assert found.database_owner_url == "postgresql://o"
    assert (home.run / "servers.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ServersNotRunning, match="Redis is not running") as caught:
        addresses(Settings(bursar_home=home.path, _env_file=None))
    assert "bursar up" in (caught.value.hint or "")
    lock.release()  # as a killed supervisor would
    with pytest.raises(ServersNotRunning, match="PostgreSQL is not running"):
        addresses(settings)
    forget_servers(home)


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_atomically(target, "one")
    write_atomically(target, "two")
    assert target.read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert target.stat().st_mode & 0o777 == 0o600


NOBODY = 65534
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can try both kinds of user")


@ROOT
def test_as_root_the_server_runs_as_nobody_and_folders_keep_their_modes(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = Home(closed / "home")
    with HomeLock.acquire(home) as lock:
        server = EmbeddedPostgresql(lock, durable=False)
        process = spawn(server.prepare())
        assert asyncio.run(wait_until_ready(server.ready, 30))
        assert psutil.Process(process.pid).uids().effective != 0
        process.send_signal(signal.SIGINT)
        process.wait(20)
    assert closed.stat().st_mode & 0o777 == 0o700
    account = server_account(server.data, program_folder() / "postgres")
    assert account is not None
    assert account.reads_anywhere


AS_ORDINARY_USER = """
import asyncio, subprocess, sys
from pathlib import Path
from bursar.runtime.embedded.home import Home, HomeLock
from bursar.runtime.embedded.postgresql import EmbeddedPostgresql
from bursar.runtime.embedded.processes import wait_until_ready
with HomeLock.acquire(Home(Path(sys.argv[1]))) as lock:
    server = EmbeddedPostgresql(lock, durable=False)
    launch = server.prepare()
    assert launch.account is None
    process = subprocess.Popen(launch.arguments(), cwd=launch.folder, env=launch.child_environment())
    assert asyncio.run(wait_until_ready(server.ready, 30))
    process.terminate()
    process.wait()
"""


@ROOT
def test_an_ordinary_user_can_run_it() -> None:
    with tempfile.TemporaryDirectory(prefix="bursar-ordinary-") as folder:
        os.chown(folder, NOBODY, NOBODY)
        launch = Launch(
            (sys.executable, "-c", AS_ORDINARY_USER, f"{folder}/home"),
            environment={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
            # The interpreter itself may lie under /root.
            account=ServerAccount(NOBODY, NOBODY, reads_anywhere=True),
        )
        done = subprocess.run(
            launch.arguments(),
            env=launch.child_environment(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
