"""Limits on guessing: every attempt counts as failed before it is tried, and success takes it back.

So a hundred guesses at once are a hundred counted attempts. The counters live in PostgreSQL,
hence one truth for all processes. An unknown account is counted like a known one.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from bursar.core.clock import Clock
from bursar.identity.calc.waiting import (
    FREE_FAILURES_ACCOUNT,
    FREE_FAILURES_ADDRESS,
    network_of,
    wait_seconds,
)
from bursar.identity.errors import TooManyAttempts
from bursar.runtime.context import PrepareContext
from bursar.runtime.database import Database

FORGOTTEN_AFTER: Final = dt.timedelta(days=1)
CLEANED_ROWS_MAX: Final = 100

COUNT = text(
    "INSERT INTO sign_in_attempt AS a (key, failures, last_at, blocked_until)"
    " VALUES (:key, 1, :now, :now) ON CONFLICT (key) DO UPDATE SET last_at ="
    " CASE WHEN a.blocked_until > :now THEN a.last_at ELSE :now END, failures ="
    " CASE WHEN a.blocked_until > :now THEN a.failures WHEN a.last_at < :forgotten THEN 1"
    " ELSE a.failures + 1 END RETURNING failures, blocked_until"
)
BLOCK = text("UPDATE sign_in_attempt SET blocked_until = :until WHERE key = :key")
FORGIVE_ACCOUNT = text("DELETE FROM sign_in_attempt WHERE key = :key")
FORGIVE_ADDRESS = text(
    "UPDATE sign_in_attempt SET failures = greatest(failures - 1, 0), blocked_until = last_at"
    " WHERE key = :key"
)
CLEAN = text(
    "DELETE FROM sign_in_attempt WHERE key IN (SELECT key FROM sign_in_attempt"
    " WHERE last_at < :forgotten AND blocked_until < :now LIMIT :rows FOR UPDATE SKIP LOCKED)"
)


@dataclass(frozen=True, slots=True)
class Counter:
    """One thing that is counted: an account as it was typed, or a network."""

    key: bytes
    free_failures: int
    is_account: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt, to be forgiven when it turns out right."""

    counters: tuple[Counter, ...]


async def begin_attempt(context: PrepareContext, account: str | None) -> Attempt:
    """Count an attempt against the account and the caller's network.

    account: what was typed as user name, or None when only the network counts (links). Raises
    TooManyAttempts, with the seconds to wait, while either is blocked; then nothing is counted.
    """
    counters = []
    if account is not None:
        key = _key("account", account.strip().lower())
        counters.append(Counter(key, FREE_FAILURES_ACCOUNT, is_account=True))
    network = network_of(context.client.address)
    if network:
        counters.append(Counter(_key("network", network), FREE_FAILURES_ADDRESS, is_account=False))
    counters.sort(key=lambda counter: counter.key)  # one order for all, so nobody deadlocks
    await _count(context.database, context.clock, counters)
    return Attempt(tuple(counters))


async def forgive_attempt(context: PrepareContext, attempt: Attempt) -> None:
    """Take a right attempt back: the account starts anew, the network loses this one count.

    The network does not start anew, or one own account would let a guesser go on for ever.
    """
    async with context.database.transaction(None) as transaction:
        for counter in attempt.counters:
            statement = FORGIVE_ACCOUNT if counter.is_account else FORGIVE_ADDRESS
            await transaction.session.execute(statement, {"key": counter.key})


async def _count(database: Database, clock: Clock, counters: list[Counter]) -> None:
    now = clock.now()
    forgotten = now - FORGOTTEN_AFTER
    async with database.transaction(None) as transaction:
        session = transaction.session
        for counter in counters:
            values = {"key": counter.key, "now": now, "forgotten": forgotten}
            row = (await session.execute(COUNT, values)).one()
            if row.blocked_until > now:
                raise _refusal(row.blocked_until - now)
            seconds = wait_seconds(row.failures, counter.free_failures)
            if seconds:
                until = now + dt.timedelta(seconds=seconds)
                await session.execute(BLOCK, {"key": counter.key, "until": until})
        await session.execute(CLEAN, {"forgotten": forgotten, "now": now, "rows": CLEANED_ROWS_MAX})


def _refusal(wait: dt.timedelta) -> TooManyAttempts:
    seconds = max(1, -(-wait // dt.timedelta(seconds=1)))
    return TooManyAttempts(
        f"signing in failed too often; wait {seconds} seconds", retry_after_seconds=seconds
    )


def _key(kind: str, name: str) -> bytes:
    return hashlib.sha256(f"{kind}:{name}".encode("utf-8", "surrogatepass")).digest()
