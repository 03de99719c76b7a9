"""Effects: work outside, asked for in a transaction, carried out after it, once in effect.

A handler runs with no transaction open, uses its own id as the provider's idempotency key, and
returns the operation that records the result. The worker claims a due row, runs the handler,
invokes the follow-up with the effect's id as idempotency key, and finishes the row; a crash in
between leaves a claim that expires, and the sweeper hands the row out again.
"""

import datetime as dt
import random
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import bindparam

from bursar.core.clock import Clock
from bursar.runtime.database import EVERY_WORKSPACE, Database
from bursar.settings import Settings

ATTEMPTS_MAX = 8
CLAIM_SECONDS = 300
DELAY_SECONDS_FIRST = 5
DELAY_SECONDS_MAX = 3600
BATCH_MAX = 100


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The operation that records what an effect did."""

    operation: str
    body: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class EffectContext:
    """What a handler may use."""

    id: uuid.UUID
    workspace_id: uuid.UUID
    attempt: int
    request_id: str
    settings: Settings
    clock: Clock


Handler = Callable[[EffectContext, dict[str, JsonValue]], Coroutine[Any, Any, FollowUp | None]]
_handlers: dict[str, Handler] = {}


def effect(kind: str) -> Callable[[Handler], Handler]:
    """Register the handler of one kind of effect; raises ValueError for a second one."""

    def register(handler: Handler) -> Handler:
        if kind in _handlers and _handlers[kind] is not handler:
            msg = f"effect {kind} is registered twice"
            raise ValueError(msg)
        _handlers[kind] = handler
        return handler

    return register


def handler_of(kind: str) -> Handler | None:
    """Return the handler of `kind`, or None when this version knows none."""
    return _handlers.get(kind)


@dataclass(frozen=True, slots=True)
class Claimed:
    """An effect this process now holds."""

    id: uuid.UUID
    workspace_id: uuid.UUID
    kind: str
    payload: dict[str, JsonValue]
    attempt: int
    request_id: str


CLAIM = text(
    """
    UPDATE effect SET state = 'running', attempts = attempts + 1, locked_until = :until,
                      next_at = :until
    WHERE id = (SELECT id FROM effect WHERE id = :id AND state IN ('queued', 'running')
                AND next_at <= :now FOR UPDATE SKIP LOCKED)
    RETURNING id, workspace_id, kind, payload, attempts, request_id
    """
)
DUE = text(
    """
    SELECT id FROM effect WHERE state IN ('queued', 'running') AND next_at <= :now
    ORDER BY next_at LIMIT :limit
    """
)
FINISH = text(
    """
    UPDATE effect SET state = :state, next_at = :next_at, locked_until = NULL,
                      last_error = :error, finished_at = :finished_at
    WHERE id = :id AND attempts = :attempt
    """
).bindparams(bindparam("error", type_=JSONB(none_as_null=True)))


async def claim(database: Database, clock: Clock, effect_id: uuid.UUID) -> Claimed | None:
    """Take one due effect, or return None: done, not due, or held by another process."""
    now = clock.now()
    until = now + dt.timedelta(seconds=CLAIM_SECONDS)
    async with database.transaction(EVERY_WORKSPACE) as transaction:
        row = (
            await transaction.session.execute(CLAIM, {"id": effect_id, "now": now, "until": until})
        ).one_or_none()
    if row is None:
        return None
    return Claimed(row.id, row.workspace_id, row.kind, row.payload, row.attempts, row.request_id)


async def due(database: Database, clock: Clock) -> list[uuid.UUID]:
    """Return the ids of effects whose time has come, oldest first, at most 100."""
    async with database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        result = await transaction.session.execute(DUE, {"now": clock.now(), "limit": BATCH_MAX})
        return [row.id for row in result]


async def finish(
    database: Database, clock: Clock, claimed: Claimed, error: dict[str, JsonValue] | None = None
) -> str:
    """Close a claimed effect, or put it back with a growing, jittered delay; return its state."""
    now = clock.now()
    state, next_at = "done", now
    if error is not None:
        final = bool(error.get("final")) or claimed.attempt >= ATTEMPTS_MAX
        state = "dead" if final else "queued"
        next_at = now + dt.timedelta(seconds=delay_seconds(claimed.attempt))
    async with database.transaction(EVERY_WORKSPACE) as transaction:
        await transaction.session.execute(
            FINISH,
            {
                "id": claimed.id,
                "attempt": claimed.attempt,
                "state": state,
                "next_at": next_at,
                "error": error,
                "finished_at": now if state != "queued" else None,
            },
        )
    return state


def delay_seconds(attempt: int) -> float:
    """Return the wait before the next attempt: doubling from 5 s to 1 h, with full jitter above half."""
    whole = min(DELAY_SECONDS_FIRST * 2.0 ** (attempt - 1), DELAY_SECONDS_MAX)
    return whole * (0.5 + random.random() / 2)  # noqa: S311 - jitter, not a secret
