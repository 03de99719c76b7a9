"""Work outside and scheduled jobs, seen and steered by REST, MCP and the command line."""

import asyncio
import contextlib
import datetime as dt
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest
from redis import Redis

from bursar.core.clock import SystemClock
from bursar.core.ids import new_id
from bursar.runtime.database import Database
from tests.harness import Harness
from tests.interfaces.listening import listening
from tests.interfaces.live import Live, free_port, live_server
from tests.interfaces.provider import Provider, running_provider
from tests.interfaces.test_mcp import connect
from tests.servers import Database as Addresses
from tests.servers import SharedServers

pytestmark = pytest.mark.requirement("JOBS.10", "JOBS.11")
SECRET = "4242-secret-of-the-payload"


@pytest.fixture(scope="module")
def addresses(shared_servers: SharedServers, worker_id: str) -> Addresses:
    return asyncio.run(shared_servers.create_database(f"bursar_jobs_{worker_id}"))


@pytest.fixture(scope="module")
def own(
    addresses: Addresses, shared_servers: SharedServers, worker_id: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Live]:  # fmt: skip
    home = tmp_path_factory.mktemp("jobs")
    redis_url = shared_servers.redis_url(worker_id)
    with Redis.from_url(redis_url) as redis:
        redis.delete("bursar")  # what other tests' servers sent to no worker
    with live_server(addresses, redis_url, home) as running:
        yield running


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@contextlib.contextmanager
def worker(live: Live, **environment: str) -> Iterator[None]:
    """Run a real worker process, as `bursar up` does."""
    command = [
        sys.executable, "-m", "celery", "-A", "tests.interfaces.charging_worker:celery", "worker",
        "--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle",
        "--loglevel", "WARNING",
    ]  # fmt: skip
    with (live.home / "logs" / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            command, env={**live.environment, **environment}, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def put(addresses: Addresses, live: Live, kind: str, **columns: Any) -> str:
    """Store an effect as a committed operation leaves it; return its id."""

    async def write() -> str:
        workspace = live.send("GET", "/api/v1/workspace").json()["id"]
        row = {
            "id": new_id(),
            "workspace_id": uuid.UUID(workspace),
            "kind": kind,
            "payload": json.dumps({"card": SECRET}),
            "state": "queued",
            "attempts": 0,
            "next_at": dt.datetime.now(dt.UTC),
            "request_id": "test",
            "created_at": dt.datetime.now(dt.UTC),
            **columns,
        }
        names = ", ".join(row)
        places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        connection = await asyncpg.connect(addresses.admin_url)
        try:
            await connection.execute(
                f"INSERT INTO effect ({names}) VALUES ({places})", *row.values()
            )
        finally:
            await connection.close()
        return str(row["id"])

    return asyncio.run(write())


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return value


def shown(live: Live, effect_id: str) -> dict[str, Any]:
    return live.send("GET", f"/api/v1/effects/{effect_id}").json()


def test_effects_are_listed_by_state_without_what_they_carry(
    own: Live, addresses: Addresses
) -> None:
    error = json.dumps({"code": "declined", "message": "the card was declined"})
    dead = put(addresses, own, "ledger.pay", state="dead", attempts=8, last_error=error)
    uncertain = put(addresses, own, "ledger.pay", state="uncertain", attempts=1, in_doubt=True)
    put(addresses, own, "market.fetch", state="done", attempts=1)
    hidden = put(addresses, own, "nobody.knows", state="dead", attempts=8)
    reply = own.send("GET", "/api/v1/effects?states=dead,uncertain&kind=ledger.pay")
    items = reply.json()["items"]
    assert [item["id"] for item in items] == [uncertain, dead]
    assert (items[1]["error_code"], items[1]["error_message"]) == (
        "declined", "the card was declined",
    )  # fmt: skip
    everything = own.send("GET", "/api/v1/effects?limit=500").body
    assert SECRET.encode() not in everything
    assert hidden.encode() not in everything, "of no package this token may read"
    assert own.send("GET", f"/api/v1/effects/{hidden}").json()["code"] == "no_such_effect"
    first = own.send("GET", "/api/v1/effects?limit=1").json()
    second = own.send("GET", f"/api/v1/effects?limit=1&cursor={first['next_cursor']}").json()
    assert first["items"][0]["id"] != second["items"][0]["id"]
    assert own.send("GET", "/api/v1/effects?cursor=WzEsMl0").status == 422
    health = own.send("GET", "/health", token=None).json()["effects"]
    assert health["dead"] >= 2
    assert health["uncertain"] >= 1
    metrics = own.send("GET", "/metrics", token=None).body.decode()
    assert f'bursar_effects{{state="dead"}} {float(health["dead"])}' in metrics
    told = own.bursar("doctor")
    assert "effects are dead" in told.stdout
    assert "bursar jobs list --states dead,uncertain" in told.stdout


def test_a_token_sees_and_steers_only_what_it_may(own: Live, addresses: Addresses) -> None:
    effect_id = put(addresses, own, "ledger.pay", state="dead", attempts=8)
    body = {"name": f"Reader {uuid.uuid4()}", "scopes": ["developer:read", "market:read"]}
    token = own.send("POST", "/api/v1/api-tokens", body).json()["token"]
    listed = own.send("GET", "/api/v1/effects?limit=500", token=token).json()["items"]
    assert {item["kind"].partition(".")[0] for item in listed} <= {"market", "developer"}
    assert own.send("GET", f"/api/v1/effects/{effect_id}", token=token).status == 404
    path = f"/api/v1/effects/{effect_id}/retry"
    assert own.send("POST", path, {}, token=token).json()["code"] == "forbidden"


def test_only_who_may_pay_tries_a_payment_again(own: Live, addresses: Addresses) -> None:
    """Steering effects is no way around the scope of what they do outside."""
    effect_id = put(addresses, own, "payments.pay_out", state="dead", attempts=8)
    scopes = ["developer:read", "developer:write", "payments:read"]
    body = {"name": f"Operator {uuid.uuid4()}", "scopes": scopes}
    token = own.send("POST", "/api/v1/api-tokens", body).json()["token"]
    for steps, sent in (("retry", {}), ("drop", {"reason": "mine"})):
        reply = own.send("POST", f"/api/v1/effects/{effect_id}/{steps}", sent, token=token)
        assert (reply.status, reply.json()["details"]) == (403, {"scope": "payments:write"})
    assert shown(own, effect_id)["state"] == "dead"
    assert own.send("POST", f"/api/v1/effects/{effect_id}/retry", {}).status == 200


async def test_retry_and_drop_by_every_interface(own: Live, addresses: Addresses) -> None:
    by_rest, by_command, by_tool, running, done = [
        await asyncio.to_thread(put, addresses, own, "ledger.pay", **columns)
        for columns in (
            {"state": "dead", "attempts": 8},
            {"state": "dead", "attempts": 9},
            {"state": "uncertain", "attempts": 1},
            {"state": "running", "attempts": 1,
             "next_at": dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)},
            {"state": "done", "attempts": 1},
        )
    ]  # fmt: skip
    reply = own.send("POST", f"/api/v1/effects/{by_rest}/retry", {})
    assert (reply.status, reply.json()["state"], reply.json()["attempts_max"]) == (
        200,
        "queued",
        16,
    )
    command = own.bursar("jobs", "retry", by_command, "--json")
    assert json.loads(command.stdout)["attempts_max"] == 17
    async with connect(own, "http-auto") as client:
        arguments = {"effect_id": by_tool, "reason": "paid by hand"}
        result = await client.call_tool("developer_drop_effect", arguments)
    assert result.structured_content["state"] == "dropped"
    for effect_id in (running, done, by_tool):
        reply = own.send("POST", f"/api/v1/effects/{effect_id}/drop", {"reason": "no"})
        assert (reply.status, reply.json()["code"]) == (409, "effect_not_waiting")
    path = f"/api/v1/effects/{by_rest}/retry"
    assert own.send("POST", path, {"not_carried_out": True}).status == 422
    path = "/api/v1/events/history?types=effect.dropped,effect.retried"
    wait_for(
        lambda: (
            {by_rest, by_command, by_tool}
            <= {
                fact["object"]
                for event in own.send("GET", path).json()["items"]
                for fact in event["facts"]
            }
        )
    )


def test_a_worker_runs_what_is_due_a_job_on_request_and_writes_it_down(
    own: Live, addresses: Addresses, provider: Provider
) -> None:
    payload = json.dumps({"port": provider.port, "name": f"Effect {uuid.uuid4()}"})
    effect_id = put(addresses, own, "ledger.test_charge_keyed", payload=payload)
    jobs = own.send("GET", "/api/v1/schedules").json()["items"]
    intervals = {job["job"]: job["every_seconds"] for job in jobs}
    assert intervals.items() >= {"DataCleanupJob": 86_400, "EffectSweepJob": 10}.items()
    assert own.send("POST", "/api/v1/schedules/NoJob/run", {}).json()["code"] == "no_such_job"
    with worker(own):
        asked = own.bursar("jobs", "run", "DataCleanupJob", "--json")
        asked_id = json.loads(asked.stdout)["effect_id"]
        runs = wait_for(
            lambda: [
                run
                for run in own.send("GET", "/api/v1/job-runs?job=DataCleanupJob").json()["items"]
                if run["state"] == "done"
            ]
        )
        wait_for(lambda: shown(own, asked_id)["state"] == "done")
        wait_for(lambda: shown(own, effect_id)["state"] == "done")
    assert runs[0]["result"] == {"idempotency_keys": 0, "job_runs": 0}
    one = own.send("GET", f"/api/v1/job-runs/{runs[0]['id']}").json()
    assert one == runs[0]
    job = own.send("GET", "/api/v1/schedules").json()["items"][0]
    assert (job["job"], job["last_state"]) == ("DataCleanupJob", "done")
    assert job["last_started_at"] == one["started_at"]
    assert job["next_at"] > job["last_started_at"]
    assert provider.asked.count(effect_id) == 1


def test_without_redis_effects_still_happen_and_none_is_lost(
    own: Live, addresses: Addresses, provider: Provider
) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    ids = []
    for _ in range(5):
        payload = json.dumps({"port": provider.port, "name": f"Effect {uuid.uuid4()}"})
        ids.append(put(addresses, own, "ledger.test_charge_keyed", payload=payload))
    with listening(own, "types=ledger.open_account") as stream, worker(own, REDIS_URL=nowhere):
        wait_for(lambda: all(shown(own, each)["state"] == "done" for each in ids), 60)
        stream.events(5)
    assert [provider.asked.count(each) for each in ids] == [1] * 5


async def test_a_run_its_worker_never_ended_is_called_lost(
    harness: Harness, database: Database
) -> None:
    from bursar.developer import schedules, store

    job = f"Job{uuid.uuid4()}"
    async with harness.context() as context:
        await store.start_run(context.session, new_id(), job=job, now=harness.clock.now())
    with pytest.raises(ZeroDivisionError):
        async with schedules.recorded(database, SystemClock(), job):
            _ = 1 / 0
    async with schedules.recorded(database, SystemClock(), job) as note:
        note({"rows": 3})
    async with harness.context() as context:
        runs = await store.runs_page(context.session, job=job, before=None, limit=10)
    assert [(run.state, run.error, run.result) for run in runs] == [
        ("done", None, {"rows": 3}),
        ("failed", {"code": "ZeroDivisionError"}, None),
        ("lost", None, None),
    ]


@pytest.mark.requirement("CLI.01")
def test_the_command_line_follows_events(own: Live) -> None:
    command = [sys.executable, "-m", "bursar", "events", "tail", "--count", "2", "--json"]
    process = subprocess.Popen(
        [*command, "--types", "account.opened", "--cursor", "start"],
        env={**own.environment, "BURSAR_TOKEN": own.token},
        stdout=subprocess.PIPE,
        text=True,
    )
    made = []
    for name in ("Tail one", "Tail two"):
        body = {"name": f"{name} {uuid.uuid4()}", "kind": "checking", "currency": "USD"}
        made.append(own.send("POST", "/api/v1/accounts", body).json()["id"])
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    lines = [json.loads(line) for line in output.splitlines()]
    assert len(lines) == 2
    assert all(line["facts"][0]["type"] == "account.opened" for line in lines)
    refused = own.bursar("events", "tail", "--cursor", "nonsense")
    assert refused.returncode == 1
    assert "cursor" in refused.stderr
