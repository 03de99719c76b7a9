"""Batchable operations: calls that can be carried out many at once, in one set-based statement.

An operation states which posting takes its calls and which accounts a call touches; the posting
turns a batch of calls into columns, makes one SQL call and returns an answer for each. That call is
its own transaction: it claims the keys, writes the domain's rows, the journal rows and the stored
answers, and commits. So a posting never begins or ends a transaction, and there is one journal row
for each write, as everywhere.
"""

import asyncio
import datetime as dt
import uuid
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.clock import Clock
from bursar.runtime import database
from bursar.runtime.actor import Actor, Source
from bursar.runtime.batcher import Busy, Lost

CALL_SECONDS_MAX = 20.0
CONNECT_SECONDS_MAX = 5.0
# A deadlock or a serialisation failure ended the other way round: the same batch goes again.
AGAIN_STATES = frozenset({"40001", "40P01"})
# No memory, no place on the disk, cancelled by a time limit.
BUSY_STATES = ("53", "57014", "58", "54")
LOCK_STATE = "55P03"


class Outcome(StrEnum):
    """What became of one call of a batch."""

    DONE = "done"
    REFUSED = "refused"  # a rule said no; the refusal is stored as the key's answer
    REPLAYED = "replayed"
    REUSED = "reused"  # the key came with another body before
    IN_FLIGHT = "in_flight"
    HELD = "held"  # somebody else keeps one of its accounts locked: it comes again
    ORDINARY = "ordinary"  # not for a batch: nothing was done, the ordinary road takes it


@dataclass(slots=True, eq=False)
class BatchCall:
    """One call: already authenticated, validated and hashed."""

    operation: str
    actor: Actor
    workspace_id: uuid.UUID
    source: Source
    request_id: str
    key: str
    input_hash: bytes
    plain: Any
    id: uuid.UUID
    lost: bool = False
    """An earlier statement that held this call ended without an answer."""


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """The answer of one call; `content` is JSON text."""

    outcome: Outcome
    status: int = 0
    content: str = ""


class Plain(Protocol):
    """What a posting needs of an input; it names the account it takes from and the one it gives to."""

    @property
    def takes_from(self) -> Hashable:
        """The account whose funds are checked."""

    @property
    def gives_to(self) -> Hashable:
        """The account that receives."""


Columns = Callable[..., Awaitable[Sequence[Any]]]
"""Runs one statement with columns as arguments, in a transaction of its own; returns its rows."""


class Post(Protocol):
    """Carries out calls in one statement; None for one that must come again."""

    async def __call__(
        self,
        columns: Columns,
        at: dt.datetime,
        calls: Sequence[BatchCall],
        *,
        skip_held: bool = False,
    ) -> Sequence[BatchAnswer | None]:
        """Return an answer for each; `skip_held`: pass over what others keep locked."""


class Locked(Busy):
    """A lock did not come in time: nothing was saved."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One set-based statement, shared by the operations whose calls it can carry out together."""

    name: str
    post: Post


@dataclass(frozen=True, slots=True)
class Batch:
    """How an operation's calls are batched.

    plain: from the checked input to what the posting needs of it, or None when the call is not for
    a batch. What one account gives or takes is posted in the order of the calls. It is also given
    what was looked up.
    unstated: which object of the workspace an input leaves to be looked up, or None.
    look_up: finds what `plain` needs of that object, or None. Only what never changes: it is kept.
    """

    posting: Posting
    plain: Callable[[Any, Any], Plain | None]
    unstated: Callable[[Any], Hashable]
    look_up: Callable[[AsyncSession, uuid.UUID, Any], Awaitable[Any]]


class PostingRoad:
    """The one connection a process posts on, and the calls that failed on it told apart."""

    def __init__(self, url: str, clock: Clock, posting: Posting) -> None:
        self._url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._clock = clock
        self._posting = posting
        self._connection: Any = None
        self._skips_until: dt.datetime | None = None

    async def post(self, calls: Sequence[BatchCall]) -> Sequence[BatchAnswer | None]:
        """Post a batch; raises Lost, Busy, or what one of the calls is to blame for.

        A transaction elsewhere that keeps an account locked holds up one batch, and that for a
        second. Then calls on such accounts are passed over for a while, and the others go on.
        """
        now = self._clock.now()
        try:
            if self._skips_until is None or not now < self._skips_until <= now + SKIPS:
                try:
                    return await self._posting.post(self._columns, now, calls)
                except Locked:
                    self._skips_until = now + SKIPS
            return await self._posting.post(self._columns, now, calls, skip_held=True)
        except Locked as locked:  # by something else than a balance: find whose it is
            if len(calls) > 1 and locked.__cause__ is not None:
                raise locked.__cause__ from None
            raise
        except Lost as lost:
            for call in calls:
                call.lost |= lost.sent
            raise

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close(timeout=CONNECT_SECONDS_MAX)

    async def _columns(self, statement: str, *columns: Any) -> Sequence[Any]:
        try:
            async with asyncio.timeout(CALL_SECONDS_MAX):
                connection = await self._connected()
                rows: Sequence[Any] = await connection.fetch(statement, *columns)
                return rows
        except asyncpg.PostgresError as error:
            raise _sorted(error) from error
        except (
            OSError,
            TimeoutError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        ) as error:
            if isinstance(error, ValueError):  # a value that the driver cannot send
                raise
            self._drop()
            raise Lost from error

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            try:
                self._connection = await asyncpg.connect(
                    self._url, timeout=CONNECT_SECONDS_MAX, server_settings=SERVER_SETTINGS
                )
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise Lost(sent=False) from error
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


SKIPS = dt.timedelta(seconds=10)
LOCK_SECONDS_MAX = 1.0
# The server itself gives up before the client does, so that a slow call is known not to be saved.
SERVER_SETTINGS = {
    **database.SERVER_SETTINGS,
    "statement_timeout": str(int(CALL_SECONDS_MAX * 1000) // 2),
    "lock_timeout": str(int(LOCK_SECONDS_MAX * 1000)),
}


def _sorted(error: asyncpg.PostgresError) -> Exception:
    state = str(error.sqlstate or "")
    if state in AGAIN_STATES or state.startswith(database.UNREACHABLE_STATES):
        return Lost()
    if state == LOCK_STATE:
        return Locked()
    return Busy() if state.startswith(BUSY_STATES) else error
