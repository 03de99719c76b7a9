"""Payments as clients meet them: keys over HTTP, the same by REST, MCP and command line."""

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bursar.interfaces import catalogue
from bursar.runtime.registry import operations
from tests.interfaces.live import Live, Reply, live_server
from tests.interfaces.test_mcp import connect
from tests.interfaces.test_parity import by_command, by_mcp, by_rest, steady
from tests.servers import SharedServers

catalogue.load()


def send(live: Live, path: str, body: Any, key: str | None = "", **headers: str) -> Reply:
    given = dict(headers)
    if key is not None:
        given["Idempotency-Key"] = key or str(uuid.uuid4())
    return live.send("POST", f"/api/v1{path}", body, headers=given)


def account(live: Live, amount: str | None = None, **fields: Any) -> dict[str, Any]:
    name = f"Account {uuid.uuid4()}"
    body = {"name": name, "kind": "checking", "currency": "USD", **fields}
    made = send(live, "/accounts", body).json()
    if amount is not None:
        deposit = {
            "account": name, "kind": "deposit", "effective_at": "2024-01-01", "amount": amount,
        }  # fmt: skip
        assert send(live, "/transactions", deposit).status == 201
    return made  # type: ignore[no-any-return]


def balance(live: Live, account_id: str) -> str:
    found = live.send("GET", f"/api/v1/accounts/{account_id}").json()["balances"]
    return str(found[0]["amount"]) if found else "0.00"


@pytest.fixture(scope="module")
def payer(live: Live) -> dict[str, Any]:
    return account(live, "1000.00")


def order(payer: dict[str, Any], amount: str = "1.00", **more: Any) -> dict[str, Any]:
    return {"payer_account": payer["id"], "payee_name": "Shop", "amount": amount, **more}


@pytest.mark.requirement("LEDGER.03", "PAY.02")
def test_a_replay_returns_the_first_answer_and_says_so(live: Live, payer: Any) -> None:
    first = send(live, "/payments", order(payer), "replayed")
    assert first.status == 201
    assert "idempotent-replayed" not in first.headers
    payment = first.json()["id"]
    assert send(live, f"/payments/{payment}/refunds", {}).status == 201
    again = send(live, "/payments", order(payer), "replayed")
    assert (again.status, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.requirement("LEDGER.03")
def test_another_body_with_the_same_key_is_refused_and_writes_nothing(
    live: Live, payer: Any
) -> None:
    assert send(live, "/payments", order(payer), "body").status == 201
    before = balance(live, payer["id"])
    other = send(live, "/payments", order(payer, "2.00"), "body")
    assert (other.status, other.json()["code"]) == (422, "idempotency_key_reused")
    assert balance(live, payer["id"]) == before


@pytest.mark.requirement("LEDGER.03")
@pytest.mark.parametrize(
    "path",
    ["/payments", "/transfers", "/payments/{id}/capture", "/payments/{id}/release",
     "/payments/{id}/refunds", "/payments/{id}/reversal", "/transfers/{id}/reversal"],
)  # fmt: skip
def test_what_moves_money_needs_a_key(live: Live, payer: Any, path: str) -> None:
    body = order(payer)
    if path == "/transfers":
        body = {"from_account": "a", "to_account": "b", "amount": "1"}
    elif path != "/payments":
        body = {"reason": "x"} if "reversal" in path else {}
    missing = send(live, path.replace("{id}", str(uuid.uuid4())), body, None)
    assert (missing.status, missing.json()["field"]) == (422, "Idempotency-Key")


@pytest.mark.requirement("LEDGER.03")
def test_refusals_are_kept_and_faults_of_the_body_are_not(live: Live) -> None:
    poor = account(live, "5.00")
    first = send(live, "/payments", order(poor, "6.00"), "poor")
    assert (first.status, first.json()["code"]) == (409, "insufficient_funds")
    assert first.json()["details"] == {
        "available": "5.00", "needed": "6.00", "on_hold": "0.00", "currency": "USD",
        "account_id": poor["id"],
    }  # fmt: skip
    deposit = {
        "account": poor["name"], "kind": "deposit", "effective_at": "2024-02-01", "amount": "9",
    }  # fmt: skip
    assert send(live, "/transactions", deposit).status == 201
    again = send(live, "/payments", order(poor, "6.00"), "poor")
    assert (again.status, again.json()) == (first.status, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert send(live, "/payments", order(poor, "6.00"), "poor-2").status == 201
    for wrong in ({"amount": 1}, {"amount": "0.001"}, {"amount": "0"}, {"amount": "-1"}):
        refused = send(live, "/payments", order(poor) | wrong, "fault")
        assert (refused.status, refused.json()["field"]) == (422, "amount"), refused.body
    assert send(live, "/payments", order(poor), "fault").status == 201


@pytest.mark.requirement("LEDGER.03")
def test_sixty_four_callers_with_one_new_key_make_one_payment(live: Live) -> None:
    rich = account(live, "100.00")
    together = threading.Barrier(64, timeout=60)

    def call(_: int) -> Reply:
        together.wait()
        return send(live, "/payments", order(rich, "3.00"), "stampede")

    with ThreadPoolExecutor(64) as pool:
        replies = list(pool.map(call, range(64)))
    ids = {r.json()["id"] for r in replies if r.status == 201}
    refused = {r.json()["code"] for r in replies if r.status != 201}
    assert len(ids) == 1
    assert refused <= {"idempotency_in_flight"}
    assert balance(live, rich["id"]) == "97.00"
    fresh = [r for r in replies if r.status == 201 and "idempotent-replayed" not in r.headers]
    assert len(fresh) == 1


@pytest.mark.requirement("LEDGER.03")
def test_one_key_raced_with_different_bodies_writes_once(live: Live) -> None:
    rich = account(live, "100.00")
    together = threading.Barrier(16, timeout=60)

    def call(number: int) -> Reply:
        together.wait()
        return send(live, "/payments", order(rich, f"{number + 1}.00"), "bodies")

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(call, range(16)))
    won = [r.json() for r in replies if r.status == 201]
    assert len(won) == 1
    assert {r.json()["code"] for r in replies if r.status != 201} <= {
        "idempotency_in_flight", "idempotency_key_reused",
    }  # fmt: skip
    assert float(balance(live, rich["id"])) == 100 - float(won[0]["amount"])


@pytest.mark.requirement("LEDGER.03")
def test_answers_and_refusals_survive_a_restart(
    shared_servers: SharedServers, worker_id: str, tmp_path_factory: Any
) -> None:
    import asyncio

    name = f"bursar_restart_{worker_id}"
    database = asyncio.run(shared_servers.create_database(name))
    home, redis = tmp_path_factory.mktemp("restart"), shared_servers.redis_url(worker_id)
    with live_server(database, redis, home) as live:
        rich = account(live, "10.00")
        done = send(live, "/payments", order(rich, "4.00"), "kept")
        refused = send(live, "/payments", order(rich, "7.00"), "kept-refusal")
        assert (done.status, refused.status) == (201, 409)
    with live_server(database, redis, home) as live:
        again = send(live, "/payments", order(rich, "4.00"), "kept")
        refused_again = send(live, "/payments", order(rich, "7.00"), "kept-refusal")
        left = balance(live, rich["id"])
    assert (again.status, again.json()) == (201, done.json())
    assert (refused_again.status, refused_again.json()) == (409, refused.json())
    assert left == "6.00"
    asyncio.run(shared_servers.drop_database(name))


@pytest.mark.requirement("MCP.05", "CLI.01", "PAY.02", "PAY.03", "PAY.04")
async def test_each_operation_of_payments_is_the_same_everywhere(demo: Live) -> None:
    known = operations()
    accounts = {a["name"]: a for a in demo.send("GET", "/api/v1/accounts").json()["items"]}
    checking = accounts["Everyday checking"]["id"]
    held = send(
        demo, "/payments", order({"id": checking}, "20.00", capture_method="manual")
    ).json()["id"]
    paid = send(demo, "/payments", order({"id": checking}, "20.00")).json()["id"]
    transfer = {"from_account": checking, "to_account": "Brokerage", "amount": "1.00"}
    moved = send(demo, "/transfers", transfer).json()["id"]
    bodies: dict[str, dict[str, Any]] = {
        "payments.initiate_payment": order({"id": checking}, "5.00", metadata={"order": "7"}),
        "payments.capture_payment": {"payment_id": held, "amount": "7.50"},
        "payments.cancel_payment": {"payment_id": held, "reason": "Not needed"},
        "payments.process_refund": {"payment_id": paid, "amount": "3.00", "reason": "Broken"},
        "payments.reverse_payment": {"payment_id": paid, "reason": "Booked twice"},
        "payments.check_payment_status": {"payment_id": paid},
        "payments.list_payments": {"account": checking, "limit": 5},
        "payments.create_transfer": transfer,
        "payments.get_transfer": {"transfer_id": moved},
        "payments.reverse_transfer": {"transfer_id": moved, "reason": "Booked twice"},
        "ledger.get_account_statement": {
            "account_id": checking, "first_day": "2022-12-01", "last_day": "2022-12-31",
        },
    }  # fmt: skip
    for name, body in bodies.items():
        operation = known[name]
        rest = by_rest(demo, operation, body)
        mcp, command = await by_mcp(demo, operation, body), by_command(demo, operation, body)
        if operation.writes:
            rest, mcp, command = steady(rest), steady(mcp), steady(command)
        assert mcp == rest, name
        assert command == rest, name
    missing = {o.name for o in known.values() if o.name.startswith("payments.")} - bodies.keys()
    assert missing == {"payments.expire_payments"}


@pytest.mark.requirement("MCP.05", "PAY.02")
async def test_tools_and_commands_make_a_key_and_tell_it(live: Live) -> None:
    rich = account(live, "50.00")
    async with connect(live, "http-auto") as client:
        tools = {t.name: t for t in (await client.list_tools()).tools}
        first = await client.call_tool("initiate_payment", order(rich, "10.00"))
        made = json.loads(first.content[1].text)["idempotency_key"]
        again = await client.call_tool(
            "initiate_payment", order(rich, "10.00") | {"idempotency_key": made}
        )
    hints = tools["initiate_payment"].annotations
    assert (hints.read_only_hint, hints.destructive_hint) == (False, True)
    assert first.structured_content == again.structured_content
    assert first.structured_content["idempotency_key"] == made
    done = live.bursar("payment", "initiate", rich["id"], "5.00", "--payee-name", "Shop", "--json")
    key = done.stderr.partition("idempotency key: ")[2].strip()
    repeated = live.bursar(
        "payment", "initiate", rich["id"], "5.00", "--payee-name", "Shop", "--json",
        "--idempotency-key", key,
    )  # fmt: skip
    assert json.loads(done.stdout) == json.loads(repeated.stdout)
    assert balance(live, rich["id"]) == "35.00"


@pytest.mark.requirement("PAY.08")
async def test_history_and_status_are_resources(live: Live, payer: Any) -> None:
    paid = send(live, "/payments", order(payer)).json()
    async with connect(live, "http-auto") as client:
        status = await client.read_resource(f"payments://status/{paid['id']}")
        history = await client.read_resource("payments://history")
    shown = live.send("GET", f"/api/v1/payments/{paid['id']}").json()
    assert json.loads(status.contents[0].text) == shown
    assert json.loads(history.contents[0].text)["items"][0]["id"] == paid["id"]


@pytest.mark.requirement("PAY.04")
def test_unknown_payments_and_scopes_are_refused(live: Live) -> None:
    unknown = live.send("GET", f"/api/v1/payments/{uuid.uuid4()}")
    assert (unknown.status, unknown.json()["code"]) == (404, "payment_not_found")
    body = {"name": "reader", "scopes": ["payments:read"]}
    reader = send(live, "/api-tokens", body).json()["token"]
    forbidden = live.send(
        "POST", "/api/v1/payments", {}, token=reader, headers={"Idempotency-Key": "k"}
    )
    assert (forbidden.status, forbidden.json()["code"]) == (403, "forbidden")
    assert live.send("GET", "/api/v1/payments", token=reader).status == 200
