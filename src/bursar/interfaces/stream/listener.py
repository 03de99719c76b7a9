"""One listener: a bounded queue between the reader, which never waits, and a connection, which may.

A listener that does not take its events in time is ended with a cursor to resume from; it holds
nobody else up. Chunks are shared by all listeners of one view, so a queue holds references.
"""

import asyncio
import json
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bursar.developer.operations.events import event_of
from bursar.runtime.feed import Position, Row, Wanted

QUEUED_EVENTS_MAX = 1_000


@dataclass(frozen=True)
class Encoded:
    """One event as text, made once for all who get it."""

    position: Position
    cursor: str
    json: str

    @classmethod
    def of(cls, row: Row) -> "Encoded":
        """Encode a journal row."""
        event = event_of(row)
        return cls(row.position, event.cursor, event.model_dump_json())


@dataclass(frozen=True)
class Chunk:
    """Events that go out together; without events it is a heartbeat that moves the cursor on."""

    events: Sequence[Encoded]
    position: Position

    @cached_property
    def sse(self) -> bytes:
        """Return the chunk in the event stream's format."""
        if not self.events:
            # A block without data moves the client's last event id and calls no handler.
            return f": heartbeat\nid: {self.position.cursor()}\n\n".encode()
        return "".join(f"id: {e.cursor}\ndata: {e.json}\n\n" for e in self.events).encode()

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """Return the chunk as WebSocket messages."""
        if not self.events:
            return (json.dumps({"kind": "heartbeat", "cursor": self.position.cursor()}),)
        return tuple(f'{{"kind":"event","event":{e.json}}}' for e in self.events)


@dataclass(frozen=True, slots=True)
class End:
    """Why a stream ends; the client goes on from its last cursor, if it may."""

    reason: str
    message: str
    resume: bool = True

    def document(self) -> str:
        """Return the end as JSON."""
        return json.dumps({"reason": self.reason, "message": self.message, "resume": self.resume})


SLOW = End("slow", "events were not taken in time; connect again from the last cursor")
STOPPING = End("restart", "the server is stopping; connect again from the last cursor")
REVOKED = End("credential", "the credential is no longer valid", resume=False)
CHANGED = End("rights", "the credential's rights have changed; connect again")
REPLAYED = End("replay_limit", "there is more to replay; connect again from the last cursor")
AWAY = End("unavailable", "the database cannot be reached; connect again from the last cursor")


@dataclass(eq=False, slots=True)
class View:
    """Listeners who see exactly the same; what they get is picked and encoded once."""

    wanted: Wanted
    listeners: set["Listener"] = field(default_factory=set)


class Listener:
    """One open stream, as the reader sees it."""

    __slots__ = (
        "_chunks",
        "_queued",
        "_wake",
        "beaten_at",
        "credential_id",
        "end",
        "on_end",
        "position",
        "scopes",
        "view",
    )

    def __init__(
        self, view: View, *, credential_id: uuid.UUID | None, scopes: frozenset[str]
    ) -> None:
        self.view = view
        self.credential_id = credential_id
        self.scopes = scopes
        self.position = Position(0, 0)
        self.beaten_at = 0.0
        self.end: End | None = None
        self.on_end: Callable[[], object] | None = None
        self._chunks: deque[Chunk] = deque()
        self._queued = 0
        self._wake: asyncio.Future[None] | None = None

    def offer(self, chunk: Chunk) -> bool:
        """Queue a chunk without waiting; False when the queue is full, and the stream ends."""
        if self.end is not None:
            return True
        if chunk.events and chunk.events[0].position <= self.position:
            chunk = Chunk([e for e in chunk.events if e.position > self.position], chunk.position)
        self._queued += len(chunk.events) or 1
        if self._queued > QUEUED_EVENTS_MAX and self._chunks:
            self.finish(SLOW)
            return False
        self._chunks.append(chunk)
        self._ring()
        return True

    def finish(self, end: End) -> None:
        """End the stream; what is queued is dropped when it ends for being slow or for its rights."""
        if self.end is None:
            self.end = end
            if end is not STOPPING:
                self._chunks.clear()
            self._ring()
            if self.on_end is not None:
                self.on_end()

    async def next(self) -> Chunk | End:
        """Wait for the next chunk, or the end."""
        while not self._chunks:
            if self.end is not None:
                return self.end
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        chunk = self._chunks.popleft()
        self._queued -= len(chunk.events) or 1
        return chunk

    def _ring(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
