"""Look at work outside, try it again, or drop it. What is sent to a provider is never shown."""

import datetime as dt
import uuid

from sqlalchemy import ColumnElement

from bursar.core.errors import Forbidden, InvalidInput
from bursar.developer import store
from bursar.developer.errors import EffectNotWaiting, NoSuchEffect
from bursar.developer.models.effects import (
    DropEffect,
    Effect,
    EffectId,
    EffectState,
    ListEffects,
    Progress,
    RetryEffect,
)
from bursar.developer.visibility import ADMIN, readable_packages, steering_scope
from bursar.runtime import effects, tables
from bursar.runtime.actor import PACKAGES
from bursar.runtime.context import Context
from bursar.runtime.pages import Page, cursor_moment, decode_cursor, encode_cursor
from bursar.runtime.registry import operation

WAITING = frozenset({EffectState.QUEUED, EffectState.DEAD, EffectState.UNCERTAIN})
CURSOR_PARTS = 2


@operation(
    "developer.list_effects", scope="developer:read", http="GET /effects", command="jobs list"
)
async def list_effects(context: Context, body: ListEffects) -> Page[Effect]:
    """List work outside (provider calls, messages), newest first, of packages you may read.

    states=dead,uncertain is what waits for a person.
    """
    conditions = _seen(context)
    if body.states:
        conditions.append(tables.Effect.state.in_([state.value for state in body.states]))
    if body.kind is not None:
        conditions.append(tables.Effect.kind == body.kind)
    rows = await store.effects_page(
        context.session, conditions, before=_place(body.cursor), limit=body.limit + 1
    )
    shown = rows[: body.limit]
    next_cursor = None
    if len(rows) > body.limit:
        next_cursor = encode_cursor([shown[-1].created_at.isoformat(), str(shown[-1].id)])
    return Page[Effect](items=tuple(_model(row) for row in shown), next_cursor=next_cursor)


@operation(
    "developer.get_effect",
    scope="developer:read",
    http="GET /effects/{effect_id}",
    command="jobs show",
    positional=("effect_id",),
)
async def get_effect(context: Context, body: EffectId) -> Effect:
    """Show one piece of work outside: state, attempts, progress, what went wrong."""
    return _model(await _find(context, body.effect_id))


@operation(
    "developer.retry_effect",
    scope="developer:write",
    http="POST /effects/{effect_id}/retry",
    writes=True,
    status=200,
    command="jobs retry",
    positional=("effect_id",),
)
async def retry_effect(context: Context, body: RetryEffect) -> Effect:
    """Try a dead, uncertain or waiting effect again now, with 8 more attempts.

    An uncertain one is only looked up at its provider, unless you say that it was not carried out.
    """
    row = await _find(context, body.effect_id, lock=True)
    _refuse_unless_theirs(context, row)
    _refuse_unless_waiting(row)
    if body.not_carried_out and row.state != EffectState.UNCERTAIN:
        raise InvalidInput("only an uncertain effect is in question", field="not_carried_out")
    before = row.state
    row.state = EffectState.QUEUED.value
    row.next_at = context.clock.now()
    row.finished_at = None
    # Attempts count on, because they fence off whoever held the effect before.
    row.tries_max = row.attempts + effects.ATTEMPTS_MAX
    row.in_doubt = row.in_doubt and not body.not_carried_out
    context.carry_out_soon(row.id)
    context.fact(
        "effect.retried",
        row.id,
        effect_kind=row.kind,
        before=before,
        not_carried_out=body.not_carried_out,
    )
    await context.session.flush()
    return _model(row)


@operation(
    "developer.drop_effect",
    scope="developer:write",
    http="POST /effects/{effect_id}/drop",
    writes=True,
    status=200,
    destructive=True,
    command="jobs drop",
    positional=("effect_id",),
)
async def drop_effect(context: Context, body: DropEffect) -> Effect:
    """Drop a waiting, dead or uncertain effect for good; the reason is kept in the journal."""
    row = await _find(context, body.effect_id, lock=True)
    _refuse_unless_theirs(context, row)
    _refuse_unless_waiting(row)
    before = row.state
    row.state = EffectState.DROPPED.value
    row.finished_at = context.clock.now()
    context.fact("effect.dropped", row.id, effect_kind=row.kind, before=before, reason=body.reason)
    await context.session.flush()
    return _model(row)


def _seen(context: Context) -> list[ColumnElement[bool]]:
    """Return the conditions for what the actor may see; row security is a second hold."""
    actor = context.actor
    visible = store.seen(readable_packages(actor), PACKAGES, admin=actor.may(ADMIN))
    return [tables.Effect.workspace_id == context.workspace_id, visible]


async def _find(context: Context, effect_id: uuid.UUID, *, lock: bool = False) -> tables.Effect:
    conditions = [*_seen(context), tables.Effect.id == effect_id]
    row = await store.find_effect(context.session, conditions, lock=lock)
    if row is None:
        raise NoSuchEffect("there is no effect with this id", field="effect_id")
    return row


def _refuse_unless_theirs(context: Context, row: tables.Effect) -> None:
    """Raise Forbidden unless the actor may itself do what the effect does outside."""
    scope = steering_scope(row.kind)
    if not context.actor.may(scope):
        raise Forbidden(
            f"this credential lacks the scope {scope}",
            hint=f"An effect of this kind is steered by whoever has {scope}.",
            details={"scope": scope},
        )


def _refuse_unless_waiting(row: tables.Effect) -> None:
    if row.state not in WAITING:
        raise EffectNotWaiting(f"this effect is {row.state}", details={"state": row.state})


def _place(cursor: str | None) -> tuple[dt.datetime, uuid.UUID] | None:
    if cursor is None:
        return None
    at, effect_id = decode_cursor(cursor, CURSOR_PARTS)
    try:
        return cursor_moment(at), uuid.UUID(str(effect_id))
    except ValueError:
        raise InvalidInput("this cursor is not one of ours", field="cursor") from None


def _model(row: tables.Effect) -> Effect:
    error = row.last_error or {}
    waits = row.state in (EffectState.QUEUED, EffectState.RUNNING)
    return Effect(
        id=row.id,
        kind=row.kind,
        state=EffectState(row.state),
        attempts=row.attempts,
        attempts_max=row.tries_max,
        in_doubt=row.in_doubt,
        created_at=row.created_at,
        next_at=row.next_at if waits else None,
        finished_at=row.finished_at,
        error_code=error.get("code"),
        error_message=error.get("message"),
        progress=None if row.progress is None else Progress.model_validate(row.progress),
        request_id=row.request_id,
    )
