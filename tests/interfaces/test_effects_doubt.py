"""Unknown outcomes are looked up, never blindly repeated: against a provider that counts."""

import asyncio
import datetime as dt
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from bursar.core.clock import SystemClock
from bursar.interfaces.application import Application
from bursar.interfaces.effect_runner import carry_out, sweep
from bursar.interfaces.invoke import Call, invoke
from bursar.runtime import effects
from bursar.runtime.actor import Source
from bursar.runtime.effects import EffectContext, effect
from tests.harness import Harness, TestDatabase
from tests.interfaces import charging
from tests.interfaces.charging import ask
from tests.interfaces.provider import Provider, running_provider

pytestmark = pytest.mark.requirement("JOBS.11")
KEYED, LOOKED_UP, BLIND = (f"ledger.test_charge_{name}" for name in ("keyed", "looked_up", "blind"))


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture
async def application(harness: Harness, provider: Provider) -> Application:
    provider.behave("answer")
    harness.clock = SystemClock()  # type: ignore[assignment]
    return Application(charging.settings_of(harness.home), harness.clock, harness.database)


@dataclass(frozen=True)
class Seen:
    state: str
    attempts: int
    in_doubt: bool
    error: dict[str, Any] | None


async def seen(harness: Harness, effect_id: uuid.UUID) -> Seen:
    async with harness.context(read_only=True) as context:
        statement = "SELECT state, attempts, in_doubt, last_error FROM effect WHERE id = :id"
        row = (await context.session.execute(text(statement), {"id": effect_id})).one()
    return Seen(*row)


async def records(harness: Harness) -> int:
    async with harness.context(read_only=True) as context:
        statement = "SELECT count(*) FROM account WHERE name LIKE 'Effect %'"
        return int(await context.session.scalar(text(statement)) or 0)


async def make_due(harness: Harness, effect_id: uuid.UUID) -> None:
    async with harness.context() as context:
        statement = "UPDATE effect SET next_at = now() - interval '1 s' WHERE id = :id"
        await context.session.execute(text(statement), {"id": effect_id})


def call(harness: Harness, operation: str, **body: Any) -> Call:
    return Call(operation, body, Source.REST, actor=harness.actor())


def kill_after_the_provider_acted(
    database: TestDatabase, harness: Harness, provider: Provider, effect_id: uuid.UUID
) -> None:
    """Run a worker process, and kill it between the provider's act and the record."""
    provider.behave("act_then_hang")
    worker = subprocess.Popen(
        [sys.executable, "-c", "from tests.interfaces.charging import run; run()",
         database.application_url, str(harness.home), str(effect_id)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while str(effect_id) not in provider.charges:
        assert time.monotonic() < deadline
        assert worker.poll() is None
        time.sleep(0.02)
    worker.kill()
    worker.wait()
    provider.behave("answer")


@pytest.mark.parametrize(("kind", "asked"), [(KEYED, 2), (LOOKED_UP, 1)])
async def test_a_worker_killed_between_answer_and_record_charges_once_and_records_once(
    kind: str, asked: int, *, harness: Harness, application: Application, provider: Provider,
    test_database: TestDatabase,
) -> None:  # fmt: skip
    effect_id = await ask(harness, kind, port=provider.port)
    kill_after_the_provider_acted(test_database, harness, provider, effect_id)
    assert await carry_out(application, effect_id) is None, "its claim still stands"
    deadline = time.monotonic() + 10
    while await carry_out(application, effect_id) != "done":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    found = await seen(harness, effect_id)
    assert (found.state, found.attempts, found.in_doubt) == ("done", 2, False)
    assert provider.asked.count(str(effect_id)) == asked
    assert str(effect_id) in provider.charges
    assert await records(harness) == 1


async def test_what_nobody_can_look_up_waits_for_a_person_and_is_not_repeated(
    harness: Harness, application: Application, provider: Provider, test_database: TestDatabase
) -> None:
    effect_id = await ask(harness, BLIND, port=provider.port)
    kill_after_the_provider_acted(test_database, harness, provider, effect_id)
    await make_due(harness, effect_id)
    assert await carry_out(application, effect_id) == "uncertain"
    await make_due(harness, effect_id)
    assert await carry_out(application, effect_id) is None
    # A retry that says nothing about the outcome finds out nothing, and repeats nothing.
    await invoke(application, call(harness, "developer.retry_effect", effect_id=effect_id))
    assert await carry_out(application, effect_id) == "uncertain"
    assert provider.asked.count(str(effect_id)) == 1
    told = call(harness, "developer.retry_effect", effect_id=effect_id, not_carried_out=True)
    await invoke(application, told)
    assert await carry_out(application, effect_id) == "done"
    assert provider.asked.count(str(effect_id)) == 2
    assert await records(harness) == 1


async def test_an_answer_that_never_came_is_looked_up(
    harness: Harness, application: Application, provider: Provider
) -> None:
    effect_id = await ask(harness, LOOKED_UP, port=provider.port, seconds=0.3)
    provider.behave("act_then_hang")
    assert await carry_out(application, effect_id) == "queued"
    assert (await seen(harness, effect_id)).in_doubt
    provider.behave("answer")
    await make_due(harness, effect_id)
    assert await carry_out(application, effect_id) == "done"
    assert provider.asked.count(str(effect_id)) == 1
    assert await records(harness) == 1


async def test_a_provider_that_knows_nothing_is_asked_to_act(
    harness: Harness, application: Application, provider: Provider
) -> None:
    effect_id = await ask(harness, LOOKED_UP, port=provider.port)
    assert await effects.claim(harness.database, harness.clock, effect_id, seconds=0) is not None
    assert await carry_out(application, effect_id) == "done"
    assert provider.asked.count(str(effect_id)) == 1


async def test_a_look_up_that_fails_changes_nothing(
    harness: Harness, application: Application
) -> None:
    effect_id = await ask(harness, LOOKED_UP, port=1)
    for _ in range(effects.ATTEMPTS_MAX):
        state = await carry_out(application, effect_id)
        await make_due(harness, effect_id)
    assert state == "uncertain", "given up, but not called dead: it may have happened"


async def test_a_provider_that_refuses_for_ever_ends_dead_and_a_person_can_retry(
    harness: Harness, application: Application, provider: Provider
) -> None:
    effect_id = await ask(harness, KEYED, port=provider.port)
    provider.behave("refuse")
    assert await carry_out(application, effect_id) == "dead"
    counted = await effects.counts(harness.database, harness.clock)
    assert counted.dead >= 1
    await invoke(application, call(harness, "developer.retry_effect", effect_id=effect_id))
    assert await carry_out(application, effect_id) == "dead"
    provider.behave("answer")
    await invoke(application, call(harness, "developer.retry_effect", effect_id=effect_id))
    assert await carry_out(application, effect_id) == "done"
    assert list(provider.charges).count(str(effect_id)) == 1
    assert await records(harness) == 1


async def test_a_record_that_fails_is_repeated_without_the_act(
    harness: Harness, application: Application, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    effect_id = await ask(harness, BLIND, port=provider.port)
    with monkeypatch.context() as patched:
        patched.setattr("bursar.interfaces.effect_runner.invoke", _away)
        assert await carry_out(application, effect_id) == "queued"
    found = await seen(harness, effect_id)
    assert (found.in_doubt, found.error) == (False, {"code": "unavailable", "message": "away"})
    await make_due(harness, effect_id)
    assert await carry_out(application, effect_id) == "done"
    assert provider.asked.count(str(effect_id)) == 1
    assert await records(harness) == 1


async def _away(*_arguments: object) -> None:
    from bursar.core.errors import Unavailable

    raise Unavailable("away")


started = asyncio.Event()


@pytest.fixture(autouse=True)
def not_started() -> None:
    started.clear()


@effect("ledger.test_long", repeatable=True)
async def long(context: EffectContext, payload: dict[str, Any]) -> None:
    await context.report(1, 3, "first step")
    started.set()
    await asyncio.sleep(float(payload["seconds"]))


async def test_a_long_handler_keeps_its_claim_and_shows_its_progress(
    harness: Harness, application: Application
) -> None:
    effect_id = await ask(harness, "ledger.test_long", seconds=charging.CLAIM_SECONDS * 1.6)
    running = asyncio.create_task(carry_out(application, effect_id))
    await asyncio.wait_for(started.wait(), 5)
    shown = await invoke(application, call(harness, "developer.get_effect", effect_id=effect_id))
    progress = shown.document()["progress"]
    assert (progress["done"], progress["total"], progress["note"]) == (1, 3, "first step")
    while not running.done():
        assert await carry_out(application, effect_id) is None, "two workers held it at once"
        await asyncio.sleep(0.2)
    assert await running == "done"
    assert (await seen(harness, effect_id)).attempts == 1


async def test_who_lost_the_claim_stops(harness: Harness, application: Application) -> None:
    effect_id = await ask(harness, "ledger.test_long", seconds=30)
    running = asyncio.create_task(carry_out(application, effect_id))
    await asyncio.wait_for(started.wait(), 5)
    await make_due(harness, effect_id)  # as if its worker had been frozen past its lease
    assert await effects.claim(harness.database, harness.clock, effect_id) is not None
    assert await asyncio.wait_for(running, 10) is None
    assert (await seen(harness, effect_id)).state == "running"


async def test_the_sweeper_needs_no_carrier(
    harness: Harness, application: Application, provider: Provider
) -> None:
    ids = [await ask(harness, KEYED, port=provider.port) for _ in range(3)]
    await asyncio.sleep(0.01)
    assert await sweep(application) >= 3
    assert [(await seen(harness, each)).state for each in ids] == ["done"] * 3
    assert dt.timedelta(seconds=effects.delay_seconds(3)) <= dt.timedelta(seconds=20)
