"""Effects happen once in effect: retried when they fail, given up when refused, safe in a crash."""

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy import text

from bursar.core.errors import Refused, Unavailable
from bursar.core.ids import new_id
from bursar.interfaces.application import Application
from bursar.interfaces.effect_runner import carry_out, sweep
from bursar.runtime import effects
from bursar.runtime.actor import Source, system_actor
from bursar.runtime.context import EffectRequest, NetworkInTransactionError, refuse_open_transaction
from bursar.runtime.database import transaction_open
from bursar.runtime.effects import EffectContext, FollowUp, effect
from bursar.runtime.journal import Entry
from tests.harness import Harness

pytestmark = pytest.mark.requirement("JOBS.11", "API.03")
calls: list[EffectContext] = []
outcomes: list[Exception | None] = []


@effect("test.open_account", repeatable=True)
async def open_account(context: EffectContext, payload: dict[str, Any]) -> FollowUp:
    """Stands for a provider: notes the call, fails as told, names the operation that records it."""
    assert not transaction_open.get()
    refuse_open_transaction("the provider")
    calls.append(context)
    failure = outcomes.pop(0) if outcomes else None
    if failure is not None:
        raise failure
    return FollowUp("ledger.open_account", dict(payload))


@pytest.fixture(autouse=True)
def fresh() -> None:
    calls.clear()
    outcomes.clear()


@pytest.fixture
def application(harness: Harness) -> Application:
    return Application(harness.settings, harness.clock, harness.database)


async def ask(harness: Harness) -> uuid.UUID:
    """Commit one effect, as an operation would."""
    payload = {"name": f"Effect {new_id()}", "kind": "savings", "currency": "USD"}
    request = EffectRequest(new_id(), "test.open_account", payload)
    entry = Entry(
        at=harness.clock.now(),
        actor=system_actor(harness.workspace_id),
        source=Source.JOB,
        operation="test.ask",
        request_id="test-request",
        input_hash=b"",
        outcome="done",
        effects=[request],
    )
    await harness.database.record(harness.workspace_id, entry.statement(), durable=True)
    return request.id


async def state_of(harness: Harness, effect_id: uuid.UUID) -> tuple[str, int, dt.datetime]:
    async with harness.context(read_only=True) as context:
        row = (
            await context.session.execute(
                text("SELECT state, attempts, next_at FROM effect WHERE id = :id"),
                {"id": effect_id},
            )
        ).one()
    return row.state, row.attempts, row.next_at


async def accounts(harness: Harness) -> int:
    async with harness.context(read_only=True) as context:
        found = await context.session.scalar(
            text("SELECT count(*) FROM account WHERE name LIKE 'Effect %'")
        )
    return int(found or 0)


async def test_an_effect_is_carried_out_once_and_recorded(
    harness: Harness, application: Application
) -> None:
    effect_id = await ask(harness)
    assert await carry_out(application, effect_id) == "done"
    assert await carry_out(application, effect_id) is None
    assert [c.id for c in calls] == [effect_id]
    assert await accounts(harness) == 1


async def test_a_failure_is_tried_again_later_and_later(
    harness: Harness, application: Application
) -> None:
    effect_id = await ask(harness)
    outcomes[:] = [Unavailable("down"), RuntimeError("broken"), None]
    waits = []
    for attempt in (1, 2):
        assert await carry_out(application, effect_id) == "queued"
        state, attempts, next_at = await state_of(harness, effect_id)
        assert (state, attempts) == ("queued", attempt)
        waits.append((next_at - harness.clock.now()).total_seconds())
        assert await carry_out(application, effect_id) is None, "not before its time"
        harness.clock.advance(next_at - harness.clock.now())
    assert 2.5 <= waits[0] <= 5 <= waits[1] <= 10
    assert await sweep(application) >= 1
    assert (await state_of(harness, effect_id))[0] == "done"
    assert await accounts(harness) == 1


async def test_an_effect_that_takes_its_workers_with_it_is_given_up(
    harness: Harness, application: Application
) -> None:
    effect_id = await ask(harness)
    for _ in range(effects.ATTEMPTS_MAX):
        assert await effects.claim(harness.database, harness.clock, effect_id) is not None
        harness.clock.advance(dt.timedelta(seconds=effects.CLAIM_SECONDS))  # it never came back
    assert await carry_out(application, effect_id) == "dead"
    assert calls == []
    assert await carry_out(application, effect_id) is None


async def test_a_refusal_for_ever_is_given_up(harness: Harness, application: Application) -> None:
    effect_id = await ask(harness)
    outcomes[:] = [Refused("no such customer")]
    assert await carry_out(application, effect_id) == "dead"
    harness.clock.advance(dt.timedelta(days=1))
    assert await carry_out(application, effect_id) is None


async def test_failures_end_after_a_limit(harness: Harness, application: Application) -> None:
    effect_id = await ask(harness)
    for _ in range(effects.ATTEMPTS_MAX):
        outcomes[:] = [Unavailable("down")]
        await carry_out(application, effect_id)
        harness.clock.advance(dt.timedelta(hours=2))
    assert (await state_of(harness, effect_id))[:2] == ("dead", effects.ATTEMPTS_MAX)


async def test_what_a_crash_left_is_handed_out_again_and_applies_once(
    harness: Harness, application: Application
) -> None:
    effect_id = await ask(harness)
    lost = await effects.claim(harness.database, harness.clock, effect_id)
    assert lost is not None
    assert await carry_out(application, effect_id) is None, "held by the one that crashed"
    harness.clock.advance(dt.timedelta(seconds=effects.CLAIM_SECONDS + 1))
    assert await carry_out(application, effect_id) == "done"
    # The one that was thought dead comes back: its answer changes nothing any more.
    await effects.finish(
        harness.database, harness.clock, lost, effects.Failure("late", "late", final=True)
    )
    assert (await state_of(harness, effect_id))[0] == "done"
    assert await accounts(harness) == 1


async def test_a_crash_between_record_and_close_records_once(
    harness: Harness, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    effect_id = await ask(harness)
    with monkeypatch.context() as patched:
        patched.setattr(effects, "finish", _crash)
        with pytest.raises(KeyboardInterrupt):
            await carry_out(application, effect_id)
    harness.clock.advance(dt.timedelta(seconds=effects.CLAIM_SECONDS + 1))
    assert await carry_out(application, effect_id) == "done"
    assert len(calls) == 2
    assert await accounts(harness) == 1


async def _crash(*_arguments: object) -> str:
    raise KeyboardInterrupt


async def test_a_provider_refuses_to_run_inside_a_transaction(harness: Harness) -> None:
    async with harness.context() as context:
        with pytest.raises(NetworkInTransactionError):
            refuse_open_transaction("the provider")
        assert context.effects == []
