"""Open streams against what happens to a server: stops, restarts, a database that goes away."""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from websockets.asyncio.client import connect as websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.interfaces.listening import Ended, Stream, connect, listening
from tests.interfaces.live import Live, live_server
from tests.interfaces.test_events import open_account
from tests.servers import Database, SharedServers

pytestmark = pytest.mark.requirement("MCP.11")
BROWSER = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def database(shared_servers: SharedServers, worker_id: str) -> Database:
    return asyncio.run(shared_servers.create_database(f"bursar_stream_{worker_id}"))


@pytest.fixture(scope="module")
def own(
    database: Database,
    shared_servers: SharedServers,
    worker_id: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("stream")
    with live_server(database, shared_servers.redis_url(worker_id), home) as running:
        yield running


def test_open_streams_do_not_hold_up_a_stop_and_clients_go_on_afterwards(
    shared_servers: SharedServers, worker_id: str, tmp_path: Path
) -> None:
    database = asyncio.run(shared_servers.create_database(f"bursar_stopped_{worker_id}"))
    redis = shared_servers.redis_url(worker_id)
    with contextlib.ExitStack() as stack:
        with live_server(database, redis, tmp_path) as first:
            streams = [connect(first) for _ in range(20)]
            for stream in streams:
                stack.callback(stream.close)
            account = open_account(first)
            ids = [stream.event()["facts"][0]["object"] for stream in streams]
            assert set(ids) == {account["id"]}
            started = time.monotonic()
        assert time.monotonic() - started < 3, "the stop waited for listeners"
        for stream in streams:
            with pytest.raises(Ended, match="restart"):
                stream.event()
        with live_server(database, redis, tmp_path) as second:
            missed = open_account(second)
            with listening(second, last_id=streams[0].last_id, token=second.token) as again:
                assert again.event()["facts"][0]["object"] == missed["id"]


async def end_connections(database: Database) -> int:
    """Do to every connection what a restart of PostgreSQL does."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        return int(
            await connection.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = $1 AND pid <> pg_backend_pid()",
                database.name,
            )
        )
    finally:
        await connection.close()


def test_the_reader_connects_again_and_misses_nothing(own: Live, database: Database) -> None:
    with listening(own) as stream:
        first = open_account(own)["id"]
        assert stream.event()["facts"][0]["object"] == first
        assert asyncio.run(end_connections(database)) >= 1
        later = [open_account(own)["id"] for _ in range(3)]
        assert [stream.event()["facts"][0]["object"] for _ in range(3)] == later


async def test_a_transaction_that_commits_late_is_not_passed_over(
    own: Live, database: Database
) -> None:
    """The late one holds the lower number; a reader of "greater than the last" would lose it."""
    late = await asyncpg.connect(database.application_url)
    try:
        with contextlib.closing(connect(own)) as stream:
            transaction = late.transaction()
            await transaction.start()
            workspace = own.send("GET", "/api/v1/workspace").json()["id"]
            await late.execute(f"SET LOCAL bursar.workspace_id = '{workspace}'")
            await late.execute(
                "INSERT INTO journal (at, workspace_id, actor_kind, source, operation, outcome,"
                " input_hash, facts, request_id) VALUES (now(), $1, 'system', 'job',"
                " 'ledger.open_account', 'done', '', '[{\"kind\": \"late\", \"object\": \"x\"}]', 'late')",
                workspace,
            )
            others = [open_account(own)["id"] for _ in range(3)]
            assert stream.is_quiet(0.5)
            await transaction.commit()
            got = stream.events(4)
    finally:
        await late.close()
    assert [event["facts"][0]["object"] for event in got] == ["x", *others]
    assert int(got[0]["id"]) < int(got[1]["id"])


async def write_many(database: Database, workspace: str, count: int) -> None:
    """Write events faster than operations could, each about 1.5 KB as a listener gets it."""
    connection = await asyncpg.connect(database.admin_url)
    facts = json.dumps([{"kind": "much.said", "object": "o" * 40}] * 20)
    try:
        await connection.execute(
            "INSERT INTO journal (at, workspace_id, actor_kind, source, operation, outcome,"
            " input_hash, facts, request_id) SELECT now(), $1, 'system', 'job',"
            " 'ledger.open_account', 'done', '', $2, 'many' FROM generate_series(1, $3)",
            workspace,
            facts,
            count,
        )
    finally:
        await connection.close()


def test_a_listener_that_stops_reading_is_ended_and_holds_nobody_up(
    own: Live, database: Database
) -> None:
    workspace = own.send("GET", "/api/v1/workspace").json()["id"]
    stuck = connect(own)
    sent, rounds_max = 0, 40
    with listening(own) as reading:
        while 'reason="slow"' not in ended_reasons(own):
            assert sent < rounds_max * 500
            asyncio.run(write_many(database, workspace, 500))
            sent += 500
            reading.events(500)
        account = open_account(own)["id"]
        assert reading.event(2)["facts"][0]["object"] == account
    got = drain(stuck)
    assert 0 < got < sent
    with listening(own, last_id=stuck.last_id) as again:
        rest = again.events(sent - got + 1)
    assert rest[-1]["facts"][0]["object"] == account


def ended_reasons(live: Live) -> str:
    text = live.send("GET", "/metrics", token=None).body.decode()
    return "\n".join(line for line in text.splitlines() if "event_streams_ended_total" in line)


def drain(stream: Stream) -> int:
    """Read what had been sent before the stream was cut."""
    got = 0
    with contextlib.suppress(Ended, OSError, ValueError, AssertionError, Exception):
        while True:
            stream.event(2)
            got += 1
    stream.close()
    return got


async def test_a_browser_listens_with_its_session_and_another_site_does_not(
    own: Live,
) -> None:
    opened = own.send(
        "POST", "/api/v1/auth/link", {"secret": own.link}, token=None, headers=BROWSER
    )
    cookie = opened.headers["set-cookie"].partition(";")[0]
    with listening(own, token=None, headers={"Cookie": cookie, **BROWSER}) as stream:
        address = f"ws://127.0.0.1:{own.port}/api/v1/events/socket"
        page = {"Cookie": cookie, "Origin": own.address}
        async with websocket(address, additional_headers=page) as socket:
            assert json.loads(await asyncio.wait_for(socket.recv(), 5))["kind"] == "heartbeat"
            account = await asyncio.to_thread(open_account, own)
            message = json.loads(await asyncio.wait_for(socket.recv(), 5))
            assert message["event"]["facts"][0]["object"] == account["id"]
            assert stream.event()["facts"][0]["object"] == account["id"]
            for headers in (
                {"Cookie": cookie},
                {"Cookie": cookie, "Origin": "https://elsewhere.example"},
                {"Cookie": cookie, "Origin": f"http://127.0.0.1:{own.port}.elsewhere.example"},
            ):
                with pytest.raises(InvalidStatus):
                    await websocket(address, additional_headers=headers)
            held = {"Cookie": cookie, **BROWSER}
            ended = own.send("POST", "/api/v1/auth/logout", {}, token=None, headers=held)
            assert ended.status == 200
            with pytest.raises(Ended, match="credential"):
                while True:
                    stream.event(8)
            with pytest.raises(ConnectionClosed):
                while True:
                    await asyncio.wait_for(socket.recv(), 8)
