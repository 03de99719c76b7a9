"""The one reader of a process: looks at the journal's end, and hands events to every listener.

One query serves all listeners of all workspaces. It looks every few milliseconds while somebody
listens, and not at all while nobody does (docs/decisions/0017). Nothing here waits for a listener.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Collection

import structlog
from prometheus_client import Counter, Gauge

from bursar.core.errors import BursarError, Unavailable
from bursar.developer.models.events import EventFilter
from bursar.developer.operations.events import start_of
from bursar.developer.visibility import wanted_by
from bursar.identity.operations.credentials import standing
from bursar.interfaces.application import Application
from bursar.interfaces.stream.listener import (
    AWAY,
    CHANGED,
    REPLAYED,
    REVOKED,
    STOPPING,
    Chunk,
    Encoded,
    End,
    Listener,
    View,
)
from bursar.runtime import feed
from bursar.runtime.actor import Actor
from bursar.runtime.database import DATABASE_ERRORS
from bursar.runtime.feed import Position, Tail, Wanted

ROWS_MAX = 1_000
REPLAY_ROWS = 500
REPLAY_EVENTS_MAX = 20_000
HEARTBEAT_SECONDS = 15.0
CHECK_SECONDS = 2.0
RECONNECT_SECONDS_FIRST = 0.1
RECONNECT_SECONDS_MAX = 2.0
READY_SECONDS_MAX = 5.0

OPEN = Gauge("bursar_event_listeners", "Event streams open at this process.")
SENT = Counter("bursar_events_handed_out", "Events handed to listeners of this process.")
ENDED = Counter("bursar_event_streams_ended", "Event streams ended by the server.", ["reason"])
log = structlog.get_logger()


class Feed:
    """The reader and its listeners."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._tail = Tail(application.database)
        self._views: dict[Wanted, View] = {}
        self._position: Position | None = None
        self._looks_begun = 0
        self._look_done = 0
        self._looked = asyncio.Event()
        self._ready = asyncio.Event()
        self._needed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._open = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Feed"]:
        """Run the reader inside the block; every stream ends with it."""
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._check())]
        try:
            yield self
        finally:
            self.stop()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._tail.close()

    def stop(self) -> None:
        """End every stream, resumable; new ones are refused. An open stream would hold up a stop."""
        self._stopping = True
        for listener in self._listeners():
            self._end(listener, STOPPING)

    @property
    def open_streams(self) -> int:
        """How many streams are open."""
        return self._open

    @contextlib.asynccontextmanager
    async def listen(
        self, actor: Actor, asked: EventFilter, cursor: str | None
    ) -> AsyncIterator[tuple[Listener, AsyncIterator[Chunk | End]]]:
        """Open a stream: everything after `cursor`, then what happens, without gap or double.

        Raises InvalidInput for a wrong cursor and Unavailable when there is no place left or the
        database is away: before anything was sent.
        """
        if self._stopping or self._open >= self._application.settings.event_listeners_max:
            raise Unavailable("no more event streams can be opened here", retry_after_seconds=2)
        wanted = wanted_by(actor, types=asked.types, objects=asked.objects, refused=asked.refused)
        self._count(1)
        listener = Listener(
            self._views.get(wanted) or View(wanted),
            credential_id=actor.credential_id,
            scopes=actor.scopes,
        )
        try:
            listener.position = await self._start(cursor)
            yield listener, self._chunks(listener)
        finally:
            self._leave(listener)
            self._count(-1)

    async def _start(self, cursor: str | None) -> Position:
        self._needed.set()
        try:
            async with asyncio.timeout(READY_SECONDS_MAX):
                await self._ready.wait()
                if cursor is None:
                    await self._next_look()
        except TimeoutError:
            message = "the database cannot be reached right now"
            raise Unavailable(message, retry_after_seconds=2) from None
        now = self._position or feed.START
        if cursor is None:
            return now
        start = start_of(cursor)
        if start > now:  # another process may be a little ahead of this one
            async with self._application.database.transaction(None, read_only=True) as transaction:
                await feed.known_up_to(transaction.session, start)
        return start

    async def _next_look(self) -> None:
        """Wait for a look that begins from now on: what was written before is not for a new stream."""
        wanted = self._looks_begun + 1
        while self._look_done < wanted:
            await self._looked.wait()

    async def _chunks(self, listener: Listener) -> AsyncIterator[Chunk | End]:
        """Yield the replay page by page, then what the reader hands over, then the end."""
        replayed = 0
        yield Chunk((), listener.position)
        # No await between this look and joining: the reader cannot move on in between.
        while self._position is None or listener.position < self._position:
            if self._stopping:
                yield STOPPING
                return
            try:
                chunk = await self._page(listener)
            except (BursarError, *DATABASE_ERRORS):
                yield AWAY
                return
            listener.position = chunk.position
            if chunk.events:
                replayed += len(chunk.events)
                yield chunk
            if replayed >= REPLAY_EVENTS_MAX:
                yield REPLAYED
                return
        self._join(listener)
        while True:
            item = await listener.next()
            yield item
            if isinstance(item, End):
                return

    async def _page(self, listener: Listener) -> Chunk:
        """Return the next page between a listener's position and the reader's."""
        await self._ready.wait()
        target = self._position or listener.position
        wanted = listener.view.wanted
        async with self._application.database.transaction(
            wanted.workspace_id, read_only=True
        ) as transaction:
            span = (listener.position, target)
            rows = await feed.after(transaction.session, wanted, span, REPLAY_ROWS)
        reached = rows[-1].position if len(rows) == REPLAY_ROWS else target
        SENT.inc(len(rows))
        return Chunk([Encoded.of(row) for row in rows], reached)

    def _join(self, listener: Listener) -> None:
        listener.view = self._views.setdefault(listener.view.wanted, listener.view)
        listener.view.listeners.add(listener)
        listener.beaten_at = time.monotonic()
        if self._stopping:
            self._end(listener, STOPPING)

    def _leave(self, listener: Listener) -> None:
        view = listener.view
        view.listeners.discard(listener)
        if not view.listeners and self._views.get(view.wanted) is view:
            del self._views[view.wanted]

    def _count(self, step: int) -> None:
        self._open += step
        OPEN.set(self._open)
        if not self._open:
            self._needed.clear()

    def _listeners(self) -> list[Listener]:
        return [listener for view in self._views.values() for listener in view.listeners]

    def _end(self, listener: Listener, end: End) -> None:
        if listener.end is None:
            listener.finish(end)
            ENDED.labels(end.reason).inc()

    async def _read(self) -> None:
        """Look at the journal again and again while somebody listens."""
        pause = self._application.settings.event_poll_milliseconds / 1000
        failures = 0
        while True:
            if not self._open:
                self._ready.clear()
                self._position = None
                await self._needed.wait()
            try:
                full = await self._look()
                failures = 0
                await asyncio.sleep(0 if full else pause)
            except DATABASE_ERRORS as error:
                failures += 1
                log.warning("the journal could not be read; trying again", error=repr(error))
                await self._tail.close()
                wait = RECONNECT_SECONDS_FIRST * 2 ** min(failures, 10)
                await asyncio.sleep(min(wait, RECONNECT_SECONDS_MAX))
            except Exception:
                failures += 1
                log.exception("the reader of events failed; trying again")
                await self._tail.close()
                await asyncio.sleep(RECONNECT_SECONDS_MAX)

    async def _look(self) -> bool:
        """Read once and hand out; return whether there is more at once."""
        self._looks_begun += 1
        asked = {wanted.workspace_id for wanted in self._views}
        batch = await self._tail.look(self._position, asked, ROWS_MAX)
        if not asked >= {wanted.workspace_id for wanted in self._views}:
            return True  # a workspace joined meanwhile: this look was not for it, so look again
        self._position = batch.position
        self._ready.set()
        self._look_done = self._looks_begun
        self._looked.set()
        self._looked = asyncio.Event()
        if batch.rows:
            self._hand_out(batch)
        self._beat()
        return len(batch.rows) == ROWS_MAX

    def _hand_out(self, batch: feed.Batch) -> None:
        encoded: dict[Position, Encoded] = {}
        for view in self._views.values():
            taken = [row for row in batch.rows if view.wanted.takes(row)]
            if not taken:
                continue
            for row in taken:
                if row.position not in encoded:
                    encoded[row.position] = Encoded.of(row)
            chunk = Chunk([encoded[row.position] for row in taken], batch.position)
            now = time.monotonic()
            for listener in view.listeners:
                listener.beaten_at = now
                self._offer(listener, chunk)
            SENT.inc(len(taken) * len(view.listeners))

    def _offer(self, listener: Listener, chunk: Chunk) -> None:
        if not listener.offer(chunk):
            ENDED.labels("slow").inc()

    def _beat(self) -> None:
        """Give each silent listener a sign of life that also moves its cursor on."""
        now = time.monotonic()
        chunk = Chunk((), self._position or feed.START)
        for listener in self._listeners():
            if now - listener.beaten_at >= HEARTBEAT_SECONDS:
                listener.beaten_at = now
                self._offer(listener, chunk)

    async def _check(self) -> None:
        """End streams whose credential ended or has other rights now; one look for all of them."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            ids = {each.credential_id for each in self._listeners()} - {None}
            if not ids:
                continue
            try:
                await self._end_fallen(ids)
            except (BursarError, *DATABASE_ERRORS) as error:
                # Nothing is read meanwhile either.
                log.warning("credentials of open streams could not be checked", error=repr(error))
            except Exception:
                log.exception("credentials of open streams could not be checked")

    async def _end_fallen(self, ids: Collection[uuid.UUID | None]) -> None:
        application = self._application
        stands = await standing(
            application.database,
            application.settings,
            application.clock,
            [each for each in ids if each is not None],
        )
        for listener in self._listeners():
            if listener.credential_id is None or listener.credential_id not in ids:
                continue
            scopes = stands.get(listener.credential_id)
            if scopes is None:
                self._end(listener, REVOKED)
            elif scopes != listener.scopes:
                self._end(listener, CHANGED)
