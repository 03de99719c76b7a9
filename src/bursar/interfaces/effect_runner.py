"""Carry out one effect: claim it, act outside, record what happened by its operation, close it.

A crash at any point is safe: the claim expires, and the next attempt knows that nobody knows what
became of this one (`runtime/effects.py`). The record carries the effect's id as idempotency key, so
it applies once however often it is tried.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator

import structlog
from prometheus_client import Counter
from pydantic import JsonValue

from bursar.core.errors import BursarError, OutcomeUnknown
from bursar.interfaces.application import Application
from bursar.interfaces.invoke import Call, invoke
from bursar.runtime import effects
from bursar.runtime.actor import Source, system_actor
from bursar.runtime.database import DATABASE_ERRORS
from bursar.runtime.effects import Claimed, EffectContext, Failure, FollowUp, Kind, Report

RENEWALS_PER_CLAIM = 3
AT_ONCE_MAX = 8
ATTEMPTS = Counter("bursar_effect_attempts", "Attempts by kind and what came of them.", ["kind", "state"])  # fmt: skip
log = structlog.get_logger()


async def carry_out(application: Application, effect_id: uuid.UUID) -> str | None:
    """Carry out an effect if it is due and free; return its new state, None when it was not."""
    seconds = application.settings.effect_claim_seconds
    claimed = await effects.claim(
        application.database, application.clock, effect_id, seconds=seconds
    )
    if claimed is None:
        return None
    with structlog.contextvars.bound_contextvars(
        request_id=claimed.request_id, effect_id=str(claimed.id)
    ):
        attempt = asyncio.create_task(_attempt(application, claimed))
        try:
            async with _kept(application, claimed, attempt):
                await asyncio.wait({attempt})
        finally:
            attempt.cancel()
        if attempt.cancelled():
            log.warning("the claim of a running effect was lost", kind=claimed.kind)
            return None
        failure = attempt.result()
        state = await effects.finish(application.database, application.clock, claimed, failure)
        ATTEMPTS.labels(claimed.kind, state).inc()
        return state


@contextlib.asynccontextmanager
async def _kept(
    application: Application, claimed: Claimed, attempt: "asyncio.Task[Failure | None]"
) -> AsyncIterator[None]:
    """Renew the claim while the attempt runs; stop the attempt when another process took over."""
    seconds = application.settings.effect_claim_seconds

    async def renew() -> None:
        while True:
            await asyncio.sleep(seconds / RENEWALS_PER_CLAIM)
            try:
                held = await effects.extend(
                    application.database, application.clock, claimed, seconds=seconds
                )
            except (BursarError, *DATABASE_ERRORS) as error:
                log.warning("a claim was not renewed", kind=claimed.kind, error=repr(error))
                continue
            if not held:
                attempt.cancel()
                return

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def _attempt(application: Application, claimed: Claimed) -> Failure | None:
    """Return None when all went well, else what went wrong."""
    kind = effects.kind_of(claimed.kind)
    if kind is None:
        return Failure("unknown_effect", f"no handler for {claimed.kind}", final=True)
    if claimed.attempt > claimed.tries_max:
        # Each attempt took its worker with it: the next one would, too.
        text = "every attempt ended without an answer"
        doubt = claimed.in_doubt and claimed.follow_up is None
        return Failure(
            "attempts_lost", text, final=True, in_doubt=doubt, follow_up=claimed.follow_up
        )
    context = EffectContext(
        id=claimed.id,
        workspace_id=claimed.workspace_id,
        attempt=claimed.attempt,
        request_id=claimed.request_id,
        settings=application.settings,
        clock=application.clock,
        report=_reporter(application, claimed),
        host=application,
    )
    try:
        follow_up = await _act(kind, context, claimed)
    except OutcomeUnknown as doubt:
        log.warning("nobody knows what became of an effect", kind=claimed.kind, error=doubt.message)
        waits = not kind.repeatable and kind.look_up is None
        return Failure(doubt.code, doubt.message, in_doubt=True, waits=waits)
    except BursarError as refusal:
        log.warning("effect refused", kind=claimed.kind, code=refusal.code, error=refusal.message)
        final = _is_final(refusal)
        # A repeat that was turned away for now says nothing about the attempt before it.
        in_doubt = claimed.in_doubt and kind.repeatable and not final
        return Failure(refusal.code, refusal.message, final=final, in_doubt=in_doubt)
    except Exception:
        log.exception("effect failed", kind=claimed.kind)
        waits = not kind.repeatable and kind.look_up is None
        text = "the effect failed; see the log"
        return Failure("internal_error", text, in_doubt=not kind.repeatable, waits=waits)
    return None if follow_up is None else await _record(application, claimed, follow_up)


async def _act(kind: Kind, context: EffectContext, claimed: Claimed) -> FollowUp | None:
    """Act outside, unless that is known to have happened; raise OutcomeUnknown where it may have."""
    if claimed.follow_up is not None:
        return claimed.follow_up
    if claimed.in_doubt and not kind.repeatable:
        if kind.look_up is None:
            raise OutcomeUnknown("an earlier attempt ended without an answer")
        try:
            found = await kind.look_up(context, claimed.payload)
        except Exception as error:
            log.warning("a look-up failed", kind=claimed.kind, error=repr(error))
            raise OutcomeUnknown("the provider could not be asked what became of it") from error
        if found is not None:
            return found.follow_up
    return await kind.handler(context, claimed.payload)


async def _record(
    application: Application, claimed: Claimed, follow_up: FollowUp
) -> Failure | None:
    """Invoke the operation that records the result; keep it for the next attempt if that fails."""
    call = Call(
        operation=follow_up.operation,
        body=follow_up.body,
        source=Source.JOB,
        actor=system_actor(claimed.workspace_id),
        request_id=claimed.request_id,
        idempotency_key=str(claimed.id),
    )
    try:
        await invoke(application, call)
    except BursarError as refusal:
        log.warning("an effect was not recorded", kind=claimed.kind, error=refusal.message)
        return Failure(refusal.code, refusal.message, final=_is_final(refusal), follow_up=follow_up)
    return None


def _reporter(application: Application, claimed: Claimed) -> Report:
    """Return what a handler shows its progress with; a report that fails stops nothing."""

    async def report(done: int, total: int | None, note: str) -> None:
        progress: dict[str, JsonValue] = {
            "done": done,
            "total": total,
            "note": note[: effects.NOTE_CHARACTERS_MAX],
            "at": application.clock.now().isoformat(),
        }
        with contextlib.suppress(BursarError, *DATABASE_ERRORS):
            await effects.extend(
                application.database,
                application.clock,
                claimed,
                seconds=application.settings.effect_claim_seconds,
                progress=progress,
            )

    return report


def _is_final(refusal: BursarError) -> bool:
    """A refusal by rule stays one; what is down or throttled is tried again."""
    retriable = 500
    return refusal.status < retriable and refusal.status not in (409, 429)


async def sweep(application: Application) -> int:
    """Hand out every effect whose time has come; return how many there were.

    Through the carrier, so that one slow provider holds up one worker thread and not the rest.
    """
    ids = await effects.due(application.database, application.clock)
    if application.carrier is not None:
        application.carrier.send(ids)
        return len(ids)
    return await carry_out_all(application, ids)


async def carry_out_all(application: Application, ids: list[uuid.UUID]) -> int:
    """Carry out effects in this process, a few at once; return how many there were."""
    places = asyncio.Semaphore(AT_ONCE_MAX)

    async def one(effect_id: uuid.UUID) -> None:
        async with places:
            try:
                await carry_out(application, effect_id)
            except Exception:
                log.exception("an effect could not be closed", effect_id=str(effect_id))

    await asyncio.gather(*(one(effect_id) for effect_id in ids))
    return len(ids)
