"""The fast way in answers as the ordinary route does, byte for byte but for ids, keys and moments.

A Dry-Run header that says no sends the very same request by the ordinary route.
"""

import json
import re
import uuid
from typing import Any

import pytest

from tests.interfaces.live import Live, Reply
from tests.interfaces.test_payments import account, send

PATH = "/api/v1/payments"
ORDINARY = {"Dry-Run": "false"}
CHANGES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z|key [a-z]+"
)
HEADERS = (
    "content-type", "idempotent-replayed", "www-authenticate", "retry-after",
    "content-security-policy", "x-content-type-options",
)  # fmt: skip


@pytest.fixture(scope="module")
def sides(live: Live) -> tuple[str, str]:
    """Two accounts with dollars, so that a batch finds both balances."""
    return account(live, "1000.00")["id"], account(live, "5.00")["id"]


def both(live: Live, body: Any, **more: Any) -> tuple[Reply, Reply]:
    """Send one request by each road, with keys of their own."""
    headers = more.pop("headers", {})
    found = []
    for road, extra in (("fast", {}), ("ordinary", ORDINARY)):
        key = {"Idempotency-Key": f"key {road}{uuid.uuid4().hex}"}
        given = {**key, **headers, **extra}
        found.append(live.send("POST", PATH, body, headers=given, **more))
    return found[0], found[1]


def same(fast: Reply, ordinary: Reply) -> None:
    assert fast.status == ordinary.status
    assert {n: fast.headers.get(n) for n in HEADERS} == {
        n: ordinary.headers.get(n) for n in HEADERS
    }
    shown = [
        json.loads(CHANGES.sub("-", re.sub(r"key [a-z]+[0-9a-f]*", "key", reply.body.decode())))
        for reply in (fast, ordinary)
    ]
    assert shown[0] == shown[1]
    assert list(shown[0]) == list(shown[1])


def order(sides: tuple[str, str], amount: str = "1.00", **more: Any) -> dict[str, Any]:
    return {
        "payer_account": sides[0],
        "payee_account": sides[1],
        "amount": amount,
        "currency": "USD",
        **more,
    }


def batches(live: Live) -> int:
    """How many calls were posted in batches so far."""
    text = live.send("GET", "/metrics", token=None).body.decode()
    found = re.search(r"^bursar_batch_items_sum\S* ([\d.]+)", text, re.MULTILINE)
    return 0 if found is None else int(float(found[1]))


@pytest.mark.requirement("LEDGER.03", "LEDGER.04")
def test_a_payment_is_answered_alike_and_one_road_is_batched(
    live: Live, sides: tuple[str, str]
) -> None:
    before = batches(live)
    fast, ordinary = both(live, order(sides, description="Café"))
    assert fast.status == 201
    same(fast, ordinary)
    assert batches(live) == before + 1


@pytest.mark.requirement("LEDGER.03")
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"{}",
        b'{"amount": NaN}',
        b'{"payer_account": "\\u0000"}',
        b'{"payer_account": "a", "payee_name": "b", "amount": 1}',
        b'{"payer_account": "a", "payee_name": "b", "amount": "1", "odd": 1}',
        b'{"payer_account": "\\ud800", "payee_name": "b", "amount": "1"}',
        b"\xff\xfe",
    ],
)
def test_what_is_wrong_with_a_body_is_worded_alike(live: Live, body: bytes) -> None:
    fast, ordinary = both(live, body)
    assert fast.status == 422
    same(fast, ordinary)


@pytest.mark.requirement("LEDGER.03")
def test_refusals_are_worded_alike(live: Live, sides: tuple[str, str]) -> None:
    closed = account(live)["id"]
    assert send(live, f"/accounts/{closed}/close", {}).status == 200
    for body in (
        order(sides, "1000000.00"),
        order(sides, "0.001"),
        order(sides, "0"),
        order((sides[0], sides[0])),
        order((sides[0], closed)),
        order((str(uuid.uuid4()), sides[1])),
        order(sides, currency="XXQ"),
    ):
        fast, ordinary = both(live, body)
        assert fast.status >= 400
        same(fast, ordinary)


@pytest.mark.requirement("LEDGER.03", "AUTH.02")
def test_credentials_are_checked_alike_and_a_revoked_one_ends_at_once(
    live: Live, sides: tuple[str, str]
) -> None:
    made = send(live, "/api-tokens", {"name": "reader", "scopes": ["payments:read"]}).json()
    fast, ordinary = both(live, order(sides), token=made["token"])
    assert fast.status == 403
    same(fast, ordinary)
    fast, ordinary = both(live, order(sides), token="bur_live_nonsense")
    assert fast.status == 401
    same(fast, ordinary)
    made = send(live, "/api-tokens", {"name": "payer", "scopes": ["payments:write"]}).json()
    assert both(live, order(sides), token=made["token"])[0].status == 201
    assert live.send("DELETE", f"/api/v1/api-tokens/{made['id']}").status == 200
    fast, ordinary = both(live, order(sides), token=made["token"])
    assert fast.status == 401
    same(fast, ordinary)


@pytest.mark.requirement("LEDGER.03")
def test_keys_and_sizes_are_limited_alike(live: Live, sides: tuple[str, str]) -> None:
    same(*both(live, order(sides), headers={"Idempotency-Key": "k" * 256}))
    fast, ordinary = both(live, b"[" + b" " * (4 * 1024 * 1024) + b"]")
    assert fast.status == 413
    same(fast, ordinary)
    fast, ordinary = both(live, order(sides), headers={"Content-Type": "text/plain"})
    assert fast.status == 422
    same(fast, ordinary)


@pytest.mark.requirement("LEDGER.03")
def test_replays_and_other_bodies_are_answered_alike(live: Live, sides: tuple[str, str]) -> None:
    for first, second in (({}, ORDINARY), (ORDINARY, {})):
        key = {"Idempotency-Key": str(uuid.uuid4())}
        paid = live.send("POST", PATH, order(sides), headers={**key, **first})
        replies = [
            live.send("POST", PATH, order(sides), headers={**key, **road})
            for road in (first, second)
        ]
        same(*replies)
        assert replies[0].json() == paid.json()
        assert replies[0].headers["idempotent-replayed"] == "true"
        other = [
            live.send("POST", PATH, order(sides, "2.00"), headers={**key, **road})
            for road in (first, second)
        ]
        assert other[0].status == 422
        same(other[0], other[1])


@pytest.mark.requirement("MON.08", "MON.03", "API.04")
def test_the_fast_way_is_logged_counted_and_described(live: Live, sides: tuple[str, str]) -> None:
    given = {"X-Request-Id": f"batched-{uuid.uuid4().hex}"}
    fast, _ = both(live, order(sides), headers=given)
    assert fast.headers["x-request-id"] == given["X-Request-Id"]
    lines = (live.home / "logs" / "api.log").read_text(encoding="utf-8").splitlines()
    logged = [json.loads(line) for line in lines if given["X-Request-Id"] in line]
    assert {line["message"] for line in logged} == {"request"}
    assert logged[0].keys() == {
        "method", "path", "status", "milliseconds", "request_id", "level", "timestamp", "message",
    }  # fmt: skip
    text = live.send("GET", "/metrics", token=None).body.decode()
    assert f'bursar_http_requests_total{{method="POST",route="{PATH}",status="201"}}' in text
    entry = live.send("GET", "/openapi.json", token=None).json()["paths"][PATH]["post"]
    assert entry["operationId"] == "payments.initiate_payment"
