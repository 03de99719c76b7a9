"""The one road to the database, and the only place that begins, commits or rolls back.

A transaction costs two round trips whatever it does: one opens it and sets the workspace that
row-level security checks, one writes the journal and commits. Both are multi-statement strings,
which asyncpg sends as one message; so values in them are quoted here, by `quoted()`, and come
only from the runtime.
"""

import asyncio
import contextvars
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from bursar.core.errors import Unavailable

APPLICATION_NAME = "bursar"
STATEMENT_SECONDS_MAX = 60
IDLE_IN_TRANSACTION_SECONDS_MAX = 60
CONNECT_SECONDS_MAX = 10
POOL_WAIT_SECONDS_MAX = 10
TRIES_MAX = 3
RETRY_STATES = frozenset({"40001", "40P01"})
# Connection exceptions, a server that stops, starts or recovers, and one with no place left.
UNREACHABLE_STATES = ("08", "57P", "53300")
RETRY_AFTER_SECONDS = 1
UNREACHABLE = "the database cannot be reached right now"

SERVER_SETTINGS = {
    "application_name": APPLICATION_NAME,
    "timezone": "UTC",
    "standard_conforming_strings": "on",
    "statement_timeout": str(STATEMENT_SECONDS_MAX * 1000),
    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_SECONDS_MAX * 1000),
    "jit": "off",
}

DATABASE_ERRORS = (
    DBAPIError,
    PoolTimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)

Value = TypeVar("Value")

transaction_open: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "transaction_open", default=False
)


class Everywhere(Enum):
    """Stands for "all workspaces": for authentication and the sweeper, never for a request."""

    EVERY_WORKSPACE = "every workspace"


EVERY_WORKSPACE: Final = Everywhere.EVERY_WORKSPACE


def quoted(text: str) -> str:
    """Quote text as an SQL literal (standard_conforming_strings is on in every connection)."""
    return "'" + text.replace("\x00", "").replace("'", "''") + "'"


@dataclass(slots=True)
class Transaction:
    """An open transaction: its session, and what is to be written just before the commit."""

    session: AsyncSession
    before_commit: list[str] = field(default_factory=list)
    rollback: bool = False

    async def savepoint(self) -> None:
        """Mark the place that `undo` goes back to."""
        raw = await _driver_connection(self.session)
        await raw.execute("SAVEPOINT operation")

    async def undo(self) -> bool:
        """Undo what was done since the savepoint, locks taken before it kept.

        False when the session cannot go on: then only a rollback of the whole is left.
        """
        if not self.session.is_active:
            return False
        self.session.expunge_all()
        raw = await _driver_connection(self.session)
        await raw.execute("ROLLBACK TO SAVEPOINT operation")
        return True


class Database:
    """A pool of connections of the application role.

    Raises Unavailable when the server cannot be reached or the pool stays full.
    """

    def __init__(self, url: str, *, connections_max: int = 10) -> None:
        self.url = url
        self._engine: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            isolation_level="AUTOCOMMIT",  # begin and commit are ours, see above
            pool_size=connections_max,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS_MAX,
            pool_pre_ping=False,
            hide_parameters=True,  # amounts and memos stay out of error traces and logs
            connect_args={
                "timeout": CONNECT_SECONDS_MAX,
                "server_settings": SERVER_SETTINGS,
            },
        )
        event.listen(self._engine.sync_engine, "handle_error", _drop_lost_connections)
        event.listen(self._engine.sync_engine, "checkout", _replace_closed_connection)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def transaction(
        self, workspace_id: uuid.UUID | Everywhere | None, *, read_only: bool = False
    ) -> AsyncIterator[Transaction]:
        """Open a transaction; leaving normally commits, leaving by an exception rolls back.

        Reads see one snapshot (repeatable read); writes run at read committed and lock the rows
        they depend on.
        """
        try:
            async with AsyncSession(
                self._engine, expire_on_commit=False, autoflush=True
            ) as session:
                raw = await _driver_connection(session)
                await raw.execute(_begin(workspace_id, read_only=read_only))
                token = transaction_open.set(True)
                transaction = Transaction(session)
                committing = False
                try:
                    yield transaction
                    await session.flush()
                    end = "ROLLBACK" if transaction.rollback else "COMMIT"
                    committing = end == "COMMIT" and not read_only
                    await raw.execute(";".join([*transaction.before_commit, end]))
                except BaseException as error:
                    if await _roll_back(raw) and isinstance(error, DATABASE_ERRORS):
                        raise _lost(committing=committing) from error
                    raise
                finally:
                    transaction_open.reset(token)
        except DATABASE_ERRORS as error:
            raise _unreachable(error) from error

    async def record(
        self, workspace_id: uuid.UUID | None, statement: str, *, durable: bool
    ) -> None:
        """Run one statement in a transaction of its own, in a single round trip.

        For journal rows that stand beside a transaction (refusals, reads by agents). Not durable
        means the answer does not wait for the disk: a crash may lose the last instants.
        """
        begin = _begin(workspace_id, read_only=False)
        if not durable:
            begin += ";SET LOCAL synchronous_commit = off"
        try:
            async with self._engine.connect() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                try:
                    await raw.execute(f"{begin};{statement};COMMIT")  # type: ignore[union-attr]
                except BaseException as error:
                    if await _roll_back(raw) and isinstance(error, DATABASE_ERRORS):
                        raise _lost(committing=True) from error
                    raise
        except DATABASE_ERRORS as error:
            raise _unreachable(error) from error

    async def connect_apart(self) -> Any:
        """Return a driver connection outside the pool, for a reader that never ends its turn.

        The caller closes it, and sets for itself what row-level security checks.
        """
        return await asyncpg.connect(
            self.url.replace("postgresql+asyncpg://", "postgresql://", 1),
            timeout=CONNECT_SECONDS_MAX,
            server_settings=SERVER_SETTINGS,
        )

    async def ping(self) -> None:
        """Raise Unavailable unless the server answers a trivial query."""
        async with self.transaction(None, read_only=True):
            pass


def _begin(workspace_id: uuid.UUID | Everywhere | None, *, read_only: bool) -> str:
    mode = "ISOLATION LEVEL REPEATABLE READ READ ONLY" if read_only else "READ WRITE"
    if workspace_id is EVERY_WORKSPACE:
        scope = "SET LOCAL bursar.every_workspace = 'on'"
    elif isinstance(workspace_id, uuid.UUID):
        scope = f"SET LOCAL bursar.workspace_id = '{workspace_id}'"
    else:
        scope = "SET LOCAL bursar.workspace_id = ''"
    return f"BEGIN {mode};{scope}"


async def _driver_connection(session: AsyncSession) -> Any:
    connection = await session.connection()
    return (await connection.get_raw_connection()).driver_connection


async def _roll_back(raw: Any) -> bool:
    """Roll back even when the caller was cancelled; tell whether the connection is lost.

    A connection that cannot roll back is dropped, for an unclean one must not be used again.
    """
    if raw.is_closed():
        return True
    try:
        await asyncio.shield(raw.execute("ROLLBACK"))
    except Exception:  # noqa: BLE001 - whatever failed, an unclean connection must not be reused
        raw.terminate()
        return True
    return False


def _lost(*, committing: bool) -> Unavailable:
    """Return the error of a connection that ended under a transaction."""
    if not committing:
        return Unavailable(UNREACHABLE, retry_after_seconds=RETRY_AFTER_SECONDS)
    return Unavailable(
        "the connection to the database was lost while saving; it may have been saved or not",
        hint="Send it again with the same Idempotency-Key: it is carried out at most once.",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )


def _unreachable(error: Exception) -> Exception:
    """Return Unavailable for a server that is away or full, else the error as it is."""
    state = str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
    statement_failed = isinstance(error, DBAPIError | asyncpg.PostgresError) and not isinstance(
        error, InterfaceError | OperationalError
    )
    if statement_failed and not state.startswith(UNREACHABLE_STATES):
        return error
    return Unavailable(UNREACHABLE, retry_after_seconds=RETRY_AFTER_SECONDS)


def _drop_lost_connections(context: Any) -> None:
    """Treat a connection asyncpg reports closed as lost, so the pool replaces it."""
    if "connection is closed" in str(context.original_exception).lower():
        context.is_disconnect = True


def _replace_closed_connection(connection: Any, record: object, proxy: object) -> None:
    """Give out no connection that ended while it was idle; the pool then opens another.

    asyncpg hears the server close it, so this costs no round trip.
    """
    del record, proxy
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def sql_state(error: DBAPIError) -> str | None:
    """Return the five-character SQLSTATE behind a SQLAlchemy error, if there is one."""
    return getattr(error.orig, "sqlstate", None)


async def with_retry(attempt: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
    """Run a whole transaction again after a serialisation failure or deadlock, at most 3 times."""
    for number in range(1, TRIES_MAX + 1):
        try:
            return await attempt()
        except DBAPIError as error:
            if sql_state(error) not in RETRY_STATES or number == TRIES_MAX:
                raise
            await asyncio.sleep(0.01 * 2**number)
    msg = "unreachable: the loop returns or raises"
    raise AssertionError(msg)
