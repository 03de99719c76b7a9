"""Live events: nothing missed, nothing twice, only what the listener may see, nobody held up."""

import uuid
from typing import Any

import pytest

from tests.interfaces.listening import listening
from tests.interfaces.live import Live

pytestmark = pytest.mark.requirement("MCP.11")


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
