"""Effects: work outside, asked for in a transaction, carried out after it, once in effect.

A worker claims a due row, runs the handler with no transaction open, invokes the operation that
records the result with the effect's id as idempotency key, and finishes the row. The claim is
renewed while the handler runs; a worker that dies leaves one that expires.

An attempt that ended without an answer leaves the effect in doubt: the provider may have acted.
Then it is never just repeated. A kind that is `repeatable` (it only reads, or the provider takes the
effect's id as idempotency key) runs again; one with `look_up` asks the provider first; any other
waits as `uncertain` for a person.
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
CLAIM_SECONDS = 60
DELAY_SECONDS_FIRST = 5
DELAY_SECONDS_MAX = 3600
BATCH_MAX = 100
NOTE_CHARACTERS_MAX = 200
OVERDUE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The operation that records what an effect did."""

    operation: str
    body: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up found: the provider did act, and this records it."""

    follow_up: FollowUp | None


Report = Callable[[int, int | None, str], Coroutine[Any, Any, None]]


async def _unheard(done: int, total: int | None, note: str) -> None:
    """Report to nobody."""


@dataclass(frozen=True, slots=True)
class EffectContext:
    """What a handler may use.

    report: `await context.report(done, total, note)` shows how far a long handler is. host: the
    process that carries the effect out; for the interfaces' own kinds.
    """

    id: uuid.UUID
    workspace_id: uuid.UUID
    attempt: int
    request_id: str
    settings: Settings
    clock: Clock
    report: Report = _unheard
    host: object | None = None


Handler = Callable[[EffectContext, dict[str, JsonValue]], Coroutine[Any, Any, FollowUp | None]]
LookUp = Callable[[EffectContext, dict[str, JsonValue]], Coroutine[Any, Any, Found | None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of effect: how it is carried out, and what to do when nobody knows whether it was."""

    handler: Handler
    repeatable: bool = False
    look_up: LookUp | None = None


_kinds: dict[str, Kind] = {}


def effect(
    kind: str, *, repeatable: bool = False, look_up: LookUp | None = None
) -> Callable[[Handler], Handler]:
    """Register the handler of one kind of effect; raises ValueError for a second one.

    repeatable: running it again does no harm. look_up: asks the provider for the effect's id;
    returns Found, or None when the provider knows of nothing.
    """

    def register(handler: Handler) -> Handler:
        if kind in _kinds and _kinds[kind].handler is not handler:
            msg = f"effect {kind} is registered twice"
            raise ValueError(msg)
        _kinds[kind] = Kind(handler, repeatable=repeatable, look_up=look_up)
        return handler

    return register


def kind_of(name: str) -> Kind | None:
    """Return a kind of effect, or None when this version knows none of that name."""
    return _kinds.get(name)


@dataclass(frozen=True, slots=True)
class Claimed:
    """An effect this process now holds. `attempt` also fences off whoever held it before."""

    id: uuid.UUID
    workspace_id: uuid.UUID
    kind: str
    payload: dict[str, JsonValue]
    attempt: int
    tries_max: int
    in_doubt: bool
    follow_up: FollowUp | None
    request_id: str


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt failed.

    final: trying again is useless. in_doubt: the provider may have acted. waits: only a person can
    find out. follow_up: the provider did act, and only the record of it is missing.
    """

    code: str
    message: str
    final: bool = False
    in_doubt: bool = False
    waits: bool = False
    follow_up: FollowUp | None = None


CLAIM = text(
    """
    UPDATE effect e SET state = 'running', attempts = e.attempts + 1, locked_until = :until,
                        next_at = :until, in_doubt = e.in_doubt OR found.state = 'running'
    FROM (SELECT id, state FROM effect WHERE id = :id AND state IN ('queued', 'running')
          AND next_at <= :now FOR UPDATE SKIP LOCKED) found
    WHERE e.id = found.id
    RETURNING e.id, e.workspace_id, e.kind, e.payload, e.attempts, e.tries_max, e.in_doubt,
              e.result, e.request_id
    """
)
DUE = text(
    """
    SELECT id FROM effect WHERE state IN ('queued', 'running') AND next_at <= :before
    ORDER BY next_at LIMIT :limit
    """
)
EXTEND = text(
    "UPDATE effect SET locked_until = :until, next_at = :until,"
    " progress = coalesce(:progress, progress)"
    " WHERE id = :id AND attempts = :attempt AND state = 'running'"
).bindparams(bindparam("progress", type_=JSONB(none_as_null=True)))
FINISH = text(
    """
    UPDATE effect SET state = :state, next_at = :next_at, locked_until = NULL, in_doubt = :in_doubt,
                      last_error = :error, result = :result, finished_at = :finished_at
    WHERE id = :id AND attempts = :attempt AND state = 'running'
    """
).bindparams(
    bindparam("error", type_=JSONB(none_as_null=True)),
    bindparam("result", type_=JSONB(none_as_null=True)),
)
# Two statements, because each has its own partial index.
COUNT = text(
    """
    SELECT state, count(*) AS rows, 0 AS overdue FROM effect
    WHERE state IN ('dead', 'uncertain') GROUP BY state
    UNION ALL
    SELECT state, count(*), count(*) FILTER (WHERE next_at < :before) FROM effect
    WHERE state IN ('queued', 'running') GROUP BY state
    """
)


async def claim(
    database: Database, clock: Clock, effect_id: uuid.UUID, *, seconds: int = CLAIM_SECONDS
) -> Claimed | None:
    """Take one due effect, or return None: done, not due, or held by another process."""
    now = clock.now()
    until = now + dt.timedelta(seconds=seconds)
    async with database.transaction(EVERY_WORKSPACE) as transaction:
        row = (
            await transaction.session.execute(CLAIM, {"id": effect_id, "now": now, "until": until})
        ).one_or_none()
    if row is None:
        return None
    return Claimed(
        id=row.id,
        workspace_id=row.workspace_id,
        kind=row.kind,
        payload=row.payload,
        attempt=row.attempts,
        tries_max=row.tries_max,
        in_doubt=row.in_doubt,
        follow_up=None if row.result is None else FollowUp(**row.result),
        request_id=row.request_id,
    )


async def extend(
    database: Database,
    clock: Clock,
    claimed: Claimed,
    *,
    seconds: int,
    progress: dict[str, JsonValue] | None = None,
) -> bool:
    """Hold a claim longer, and show progress; False when another process holds the effect now."""
    until = clock.now() + dt.timedelta(seconds=seconds)
    values = {"id": claimed.id, "attempt": claimed.attempt, "until": until, "progress": progress}
    async with database.transaction(EVERY_WORKSPACE) as transaction:
        result = await transaction.session.execute(EXTEND, values)
        return bool(result.rowcount)  # type: ignore[attr-defined]


async def due(database: Database, clock: Clock, *, overdue_seconds: float = 0) -> list[uuid.UUID]:
    """Return the ids of effects whose time came that long ago, oldest first, at most 100."""
    before = clock.now() - dt.timedelta(seconds=overdue_seconds)
    async with database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        result = await transaction.session.execute(DUE, {"before": before, "limit": BATCH_MAX})
        return [row.id for row in result]


async def finish(
    database: Database, clock: Clock, claimed: Claimed, failure: Failure | None = None
) -> str:
    """Close a claimed effect, or put it back with a growing, jittered delay; return its state."""
    now = clock.now()
    state = "done" if failure is None else _state_after(claimed, failure)
    wait = dt.timedelta(seconds=delay_seconds(claimed.attempt)) if state == "queued" else None
    follow_up = failure.follow_up if failure else None
    async with database.transaction(EVERY_WORKSPACE) as transaction:
        await transaction.session.execute(
            FINISH,
            {
                "id": claimed.id,
                "attempt": claimed.attempt,
                "state": state,
                "next_at": now + (wait or dt.timedelta()),
                "in_doubt": failure is not None and failure.in_doubt,
                "error": failure and {"code": failure.code, "message": failure.message},
                "result": follow_up and {"operation": follow_up.operation, "body": follow_up.body},
                "finished_at": now if state != "queued" else None,
            },
        )
    return state


def _state_after(claimed: Claimed, failure: Failure) -> str:
    over = failure.final or claimed.attempt >= claimed.tries_max
    kind = kind_of(claimed.kind)
    if failure.waits or (over and failure.in_doubt and not (kind and kind.repeatable)):
        return "uncertain"
    return "dead" if over else "queued"


def delay_seconds(attempt: int) -> float:
    """Return the wait before the next attempt: doubling from 5 s to 1 h, with full jitter above half."""
    whole = min(DELAY_SECONDS_FIRST * 2.0 ** (attempt - 1), DELAY_SECONDS_MAX)
    return whole * (0.5 + random.random() / 2)  # noqa: S311 - jitter, not a secret


@dataclass(frozen=True, slots=True)
class Counts:
    """How many effects wait: for their turn, for a worker that is late, for a person."""

    queued: int
    running: int
    overdue: int
    dead: int
    uncertain: int


async def counts(database: Database, clock: Clock) -> Counts:
    """Count the effects of all workspaces that are not finished."""
    before = clock.now() - dt.timedelta(seconds=OVERDUE_SECONDS)
    async with database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        rows = (await transaction.session.execute(COUNT, {"before": before})).all()
    found = {row.state: int(row.rows) for row in rows}
    return Counts(
        queued=found.get("queued", 0),
        running=found.get("running", 0),
        overdue=sum(int(row.overdue) for row in rows),
        dead=found.get("dead", 0),
        uncertain=found.get("uncertain", 0),
    )
