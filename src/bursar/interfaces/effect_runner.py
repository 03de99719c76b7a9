"""Carry out one effect: claim it, act outside, record what happened by its operation, close it.

A crash at any point is safe: the claim expires, the handler runs again with the same id as the
provider's idempotency key, and the follow-up carries that id as its own key, so it applies once.
"""

import uuid

import structlog
from pydantic import JsonValue

from bursar.core.errors import BursarError
from bursar.interfaces.application import Application
from bursar.interfaces.invoke import Call, invoke
from bursar.runtime import effects
from bursar.runtime.actor import Source, system_actor

log = structlog.get_logger()


async def carry_out(application: Application, effect_id: uuid.UUID) -> str | None:
    """Carry out an effect if it is due and free; return its new state, None when it was not."""
    claimed = await effects.claim(application.database, application.clock, effect_id)
    if claimed is None:
        return None
    with structlog.contextvars.bound_contextvars(
        request_id=claimed.request_id, effect_id=str(claimed.id)
    ):
        error = await _attempt(application, claimed)
        return await effects.finish(application.database, application.clock, claimed, error)


async def _attempt(
    application: Application, claimed: effects.Claimed
) -> dict[str, JsonValue] | None:
    """Return None when all went well, else what went wrong and whether trying again is useless."""
    handler = effects.handler_of(claimed.kind)
    if handler is None:
        return {
            "code": "unknown_effect",
            "message": f"no handler for {claimed.kind}",
            "final": True,
        }
    context = effects.EffectContext(
        id=claimed.id,
        workspace_id=claimed.workspace_id,
        attempt=claimed.attempt,
        request_id=claimed.request_id,
        settings=application.settings,
        clock=application.clock,
    )
    try:
        follow_up = await handler(context, claimed.payload)
        if follow_up is not None:
            await invoke(
                application,
                Call(
                    operation=follow_up.operation,
                    body=follow_up.body,
                    source=Source.JOB,
                    actor=system_actor(claimed.workspace_id),
                    request_id=claimed.request_id,
                    idempotency_key=str(claimed.id),
                ),
            )
    except BursarError as refusal:
        log.warning("effect refused", kind=claimed.kind, code=refusal.code, error=refusal.message)
        return {"code": refusal.code, "message": refusal.message, "final": _is_final(refusal)}
    except Exception:
        log.exception("effect failed", kind=claimed.kind)
        return {
            "code": "internal_error",
            "message": "the effect failed; see the log",
            "final": False,
        }
    return None


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
    for effect_id in ids:
        await carry_out(application, effect_id)
    return len(ids)
