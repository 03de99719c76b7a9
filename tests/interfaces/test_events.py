"""Live events: nothing missed, nothing twice, only what the listener may see, nobody held up."""

import asyncio
import json
import threading
import time
import uuid
from typing import Any

import pytest
from websockets.asyncio.client import connect as websocket
from websockets.exceptions import ConnectionClosed

from bursar.runtime.feed import Position
from tests.interfaces.listening import Ended, listening, settle
from tests.interfaces.live import Live

pytestmark = pytest.mark.requirement("MCP.11")


@pytest.fixture(autouse=True)
def nothing_to_come(live: Live) -> None:
    settle(live)


def open_account(live: Live, name: str = "") -> dict[str, Any]:
    body = {"name": name or f"Heard {uuid.uuid4()}", "kind": "checking", "currency": "USD"}
    reply = live.send("POST", "/api/v1/accounts", body)
    assert reply.status == 201, reply.body
    return reply.json()


def test_an_event_arrives_says_what_happened_and_no_more(live: Live) -> None:
    with listening(live) as stream:
        account = open_account(live)
        event = stream.event(2)
    assert event["type"] == "ledger.open_account"
    assert event["facts"] == [{"type": "account.opened", "object": account["id"]}]
    assert event["actor"]["kind"] == "token"
    assert event["cursor"] == stream.last_id
    assert stream.retry == "2000"
    assert account["name"] not in str(event)
    assert set(event) == {
        "id", "cursor", "type", "outcome", "at", "facts", "facts_total", "accounts", "actor",
        "request_id",
    }  # fmt: skip
    headers = {name.lower(): value for name, value in stream.response.getheaders()}
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"


def test_a_listener_goes_on_where_it_stopped(live: Live) -> None:
    with listening(live) as first:
        seen = [open_account(live)["id"] for _ in range(3)]
        before = [first.event()["facts"][0]["object"] for _ in range(2)]
    missed = [open_account(live)["id"] for _ in range(4)]
    with listening(live, last_id=first.last_id) as second:
        after = [second.event()["facts"][0]["object"] for _ in range(5)]
        late = open_account(live)["id"]
        after.append(second.event()["facts"][0]["object"])
    assert before + after == [*seen, *missed, late]


def token_with(live: Live, *scopes: str) -> tuple[str, str]:
    """Return a new token with these scopes, and its id."""
    body = {"name": f"Listener {uuid.uuid4()}", "scopes": ["developer:read", *scopes]}
    reply = live.send("POST", "/api/v1/api-tokens", body)
    assert reply.status == 201, reply.body
    made = reply.json()
    return made["token"], made["id"]


def new_instrument(live: Live) -> str:
    body = {"name": "Heard of", "kind": "stock", "currency": "USD",
            "identifiers": [{"scheme": "ticker", "value": f"T{uuid.uuid4().hex[:8].upper()}"}]}  # fmt: skip
    reply = live.send("POST", "/api/v1/instruments", body)
    assert reply.status == 201, reply.body
    return str(reply.json()["id"])


def test_a_listener_hears_only_of_packages_it_may_read(live: Live) -> None:
    token, _ = token_with(live, "market:read")
    everything, _ = token_with(live, "market:read", "ledger:read")
    with listening(live, token=token) as narrow, listening(live, token=everything) as wide:
        account = open_account(live)["id"]
        instrument = new_instrument(live)
        assert narrow.event()["facts"][0]["object"] == instrument
        assert [e["facts"][0]["object"] for e in wide.events(2)] == [account, instrument]
        # Of identity a person hears its own: the owner's token acts for the owner.
        assert narrow.is_quiet(0.2)
    pulled = live.send("GET", "/api/v1/events/history?limit=500", token=token).json()["items"]
    assert {event["type"].partition(".")[0] for event in pulled} == {"market"}


def test_what_is_heard_can_be_narrowed(live: Live) -> None:
    first, second = open_account(live)["id"], open_account(live)["id"]
    settle(live)
    with (
        listening(live, f"objects={second}") as of_one,
        listening(live, "types=market.*") as of_market,
        listening(live, "types=account.changed,market.instrument_created") as of_facts,
        listening(live, "refused=true") as refused,
    ):
        for account in (first, second):
            path = f"/api/v1/accounts/{account}"
            assert live.send("PATCH", path, {"name": f"New {uuid.uuid4()}"}).status == 200
        instrument = new_instrument(live)
        wrong = live.send("PATCH", f"/api/v1/accounts/{uuid.uuid4()}", {"name": "Nobody"})
        assert wrong.status == 404
        assert of_one.event()["facts"][0]["object"] == second
        assert of_market.event()["facts"][0]["object"] == instrument
        assert [e["facts"][0]["object"] for e in of_facts.events(3)] == [first, second, instrument]
        heard = [refused.event()]
        while heard[-1]["outcome"] == "done":  # jobs of earlier tests may still end
            heard.append(refused.event())
        assert heard[-1]["outcome"] == "refused"
        assert [
            fact["object"]
            for event in heard[:-1]
            for fact in event["facts"]
            if fact["object"] in {first, second, instrument}
        ] == [first, second, instrument]
        assert of_one.is_quiet(0.2)
        assert of_market.is_quiet(0)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("cursor=nonsense", 422),
        ("cursor=WzEsMl0x", 422),
        (f"cursor={Position(2**60, 1).cursor()}", 422),
        (f"cursor={Position(-1, 1).cursor()}", 422),
        ("token=bursar_x", 422),
        ("unknown=1", 422),
        ("refused=perhaps", 422),
    ],
)
def test_a_wrong_wish_is_refused_before_the_stream_begins(
    live: Live, path: str, status: int
) -> None:
    reply = live.send("GET", f"/api/v1/events?{path}")
    assert reply.status == status
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["code"] == "invalid_input"


def test_nobody_listens_without_a_right(live: Live) -> None:
    assert live.send("GET", "/api/v1/events", token=None).status == 401
    assert live.send("GET", "/api/v1/events", token="bursar_nothing").status == 401
    body = {"name": f"No listener {uuid.uuid4()}", "scopes": ["ledger:read"]}
    token = live.send("POST", "/api/v1/api-tokens", body).json()["token"]
    reply = live.send("GET", "/api/v1/events", token=token)
    assert (reply.status, reply.json()["details"]) == (403, {"scope": "developer:read"})


@pytest.mark.requirement("AUTH.05")
def test_a_revoked_token_ends_its_stream_within_seconds(live: Live) -> None:
    token, token_id = token_with(live, "ledger:read")
    settle(live)
    with listening(live, token=token) as stream, listening(live) as other:
        started = time.monotonic()
        assert live.send("DELETE", f"/api/v1/api-tokens/{token_id}").status == 200
        with pytest.raises(Ended, match="credential"):
            stream.event(8)
        assert time.monotonic() - started < 5
        account = open_account(live)["id"]
        while account not in [fact["object"] for fact in other.event()["facts"]]:
            pass  # the token's own end
    assert live.send("GET", "/api/v1/events", token=token).status == 401


def test_every_event_comes_once_while_others_write_and_listeners_come_and_go(live: Live) -> None:
    """The seam from replay to live, many times, under writes that never pause."""
    with listening(live) as before:
        start = before.last_id
    made: list[str] = []
    stopped = threading.Event()

    def write() -> None:
        while not stopped.is_set():
            made.append(open_account(live)["id"])

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    heard: list[str] = []
    last = start
    try:
        for _ in range(12):
            with listening(live, "types=ledger.open_account", last_id=last) as stream:
                heard += [e["facts"][0]["object"] for e in stream.events(10)]
            last = stream.last_id
    finally:
        stopped.set()
        for writer in writers:
            writer.join()
    with listening(live, "types=ledger.open_account", last_id=last) as stream:
        heard += [e["facts"][0]["object"] for e in stream.events(len(made) - len(heard))]
        assert stream.is_quiet(0.2)
    assert len(heard) == len(set(heard))
    assert sorted(heard) == sorted(made)
    pulled: list[str] = []
    cursor, more = start, True
    while more:
        path = f"/api/v1/events/history?types=ledger.open_account&limit=50&cursor={cursor}"
        page = live.send("GET", path).json()
        pulled += [e["facts"][0]["object"] for e in page["items"]]
        cursor, more = page["next_cursor"], page["more"]
    assert pulled == heard, "asking and listening give the same order"


async def test_a_socket_gives_the_same_events(live: Live) -> None:
    address = f"ws://127.0.0.1:{live.port}/api/v1/events/socket"
    async with websocket(address) as socket:
        await socket.send(json.dumps({"token": live.token, "types": ["ledger.*"]}))
        first = json.loads(await socket.recv())
        assert first["kind"] == "heartbeat"
        account = await asyncio.to_thread(open_account, live)
        message = json.loads(await asyncio.wait_for(socket.recv(), 5))
    assert message["kind"] == "event"
    assert message["event"]["facts"][0]["object"] == account["id"]
    missed = await asyncio.to_thread(open_account, live)
    async with websocket(address) as socket:
        resumed = {"token": live.token, "cursor": message["event"]["cursor"]}
        await socket.send(json.dumps(resumed))
        assert json.loads(await socket.recv())["kind"] == "heartbeat"
        again = json.loads(await asyncio.wait_for(socket.recv(), 5))
    assert again["event"]["facts"][0]["object"] == missed["id"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"token": "bursar_nothing"}', "unauthenticated"),
        ('{"types": ["x"]}', "invalid_input"),
        ("[]", "invalid_input"),
        ("not json", "invalid_input"),
    ],
)
async def test_a_socket_says_why_it_refuses(live: Live, message: str, code: str) -> None:
    address = f"ws://127.0.0.1:{live.port}/api/v1/events/socket"
    async with websocket(address) as socket:
        await socket.send(message)
        assert json.loads(await asyncio.wait_for(socket.recv(), 5))["error"]["code"] == code
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_a_token_in_a_sockets_address_is_refused(live: Live) -> None:
    address = f"ws://127.0.0.1:{live.port}/api/v1/events/socket?token={live.token}"
    async with websocket(address) as socket:
        assert json.loads(await socket.recv())["error"]["code"] == "invalid_input"
