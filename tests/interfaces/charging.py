"""Effects that charge at tests.interfaces.provider, and a worker process that carries one out."""

import asyncio
import sys
import uuid
from pathlib import Path
from typing import Any

from bursar.core.errors import OutcomeUnknown, Refused
from bursar.core.ids import new_id
from bursar.interfaces.application import open_application
from bursar.interfaces.effect_runner import carry_out
from bursar.runtime.actor import Source, system_actor
from bursar.runtime.context import EffectRequest
from bursar.runtime.effects import EffectContext, FollowUp, Found, effect
from bursar.runtime.journal import Entry
from bursar.settings import Environment, Settings
from tests.harness import Harness
from tests.interfaces.provider import Provider

CLAIM_SECONDS = 2


def record(payload: dict[str, Any]) -> FollowUp:
    """What the test counts: each record opens an account."""
    return FollowUp(
        "ledger.open_account", {"name": payload["name"], "kind": "savings", "currency": "USD"}
    )


async def charge(context: EffectContext, payload: dict[str, Any]) -> FollowUp:
    try:
        status, _ = await asyncio.to_thread(
            Provider(payload["port"]).send,
            "POST",
            "/charges",
            key=str(context.id),
            seconds=payload.get("seconds", 30),
        )
    except OSError as error:
        raise OutcomeUnknown("the provider did not answer in time") from error
    if status != 200:
        raise Refused("the provider declined")
    return record(payload)


async def look_up(context: EffectContext, payload: dict[str, Any]) -> Found | None:
    status, _ = await asyncio.to_thread(
        Provider(payload["port"]).send, "GET", f"/charges/{context.id}"
    )
    return Found(record(payload)) if status == 200 else None


effect("ledger.test_charge_keyed", repeatable=True)(charge)


@effect("ledger.test_charge_looked_up", look_up=look_up)
async def charge_looked_up(context: EffectContext, payload: dict[str, Any]) -> FollowUp:
    return await charge(context, payload)


@effect("ledger.test_charge_blind")
async def charge_blind(context: EffectContext, payload: dict[str, Any]) -> FollowUp:
    return await charge(context, payload)


async def ask(harness: Harness, kind: str, **payload: Any) -> uuid.UUID:
    """Commit one effect, as an operation would."""
    request = EffectRequest(new_id(), kind, {"name": f"Effect {new_id()}", **payload})
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


def settings_of(home: Path) -> Settings:
    return Settings(
        _env_file=None,
        environment=Environment.TEST,
        bursar_home=home,
        effect_claim_seconds=CLAIM_SECONDS,
    )


def run() -> None:
    """Carry out one effect, in a process of its own that a test kills half way."""
    database_url, home, effect_id = sys.argv[1:]

    async def one() -> None:
        async with open_application(settings_of(Path(home)), database_url) as application:
            await carry_out(application, uuid.UUID(effect_id))

    asyncio.run(one())
