"""The application: everything a process needs to invoke operations, opened and closed as one."""

import asyncio
import gc
import hashlib
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from prometheus_client import Gauge, Histogram

from bursar.core.clock import Clock, SystemClock
from bursar.identity.operations.credentials import authenticate
from bursar.interfaces import catalogue
from bursar.interfaces.carrier import Carrier
from bursar.runtime.actor import Actor
from bursar.runtime.batch import Batch, BatchAnswer, BatchCall, Posting, PostingRoad
from bursar.runtime.batcher import Batcher
from bursar.runtime.cache import Cache
from bursar.runtime.database import Database
from bursar.settings import Settings

ITEMS = Histogram(
    "bursar_batch_items",
    "Calls posted by one statement.",
    ["posting"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
SECONDS = Histogram("bursar_batch_seconds", "Time of one posting statement.", ["posting"])
WAITING = Gauge("bursar_batch_waiting", "Calls that wait for the next statement.", ["posting"])
ACTORS_MAX = 10_000
LOOKED_UP_MAX = 50_000
ACTOR_SECONDS_MAX = 5.0
# Large imports and views make millions of objects that live: looking through all of them for
# rings, as the default of 700 new objects makes it, is a third of their time and stops every request.
GARBAGE_THRESHOLDS = (50_000, 20, 100)


class Actors:
    """Credentials that were checked in the last seconds, so that a warm call needs no look-up.

    Keyed by the credential's hash. A revoked credential works at most five seconds longer in
    other processes, and not at all in the one that revoked it: a check that began before the
    revocation is not kept. Calls that come while one checks their credential wait for its answer.
    """

    def __init__(self) -> None:
        self._actors: OrderedDict[bytes, tuple[float, Actor]] = OrderedDict()
        self._checking: dict[bytes, asyncio.Future[Actor]] = {}
        self._cleared = 0

    def get(self, key: bytes) -> Actor | None:
        """Return the actor behind a credential checked less than five seconds ago."""
        found = self._actors.get(key)
        if found is None or time.monotonic() - found[0] > ACTOR_SECONDS_MAX:
            return None
        return found[1]

    async def check(self, key: bytes, look_up: Callable[[], Awaitable[Actor]]) -> Actor:
        """Look a credential up, once for all who ask meanwhile, and remember the actor."""
        running = self._checking.get(key)
        if running is None:
            running = asyncio.ensure_future(look_up())
            self._checking[key] = running
            running.add_done_callback(partial(self._checked, key, self._cleared))
        return await asyncio.shield(running)

    def _checked(self, key: bytes, cleared: int, done: "asyncio.Future[Actor]") -> None:
        if self._checking.get(key) is done:
            del self._checking[key]
        if done.cancelled() or done.exception() is not None or cleared != self._cleared:
            return
        self._actors[key] = (time.monotonic(), done.result())
        self._actors.move_to_end(key)
        while len(self._actors) > ACTORS_MAX:
            self._actors.popitem(last=False)

    def clear(self) -> None:
        """Forget all: a credential was revoked or a role changed."""
        self._cleared += 1
        self._actors.clear()
        self._checking.clear()


@dataclass(slots=True)
class Application:
    """Settings, clock, database and caches of one process."""

    settings: Settings
    clock: Clock
    database: Database
    cache: Cache = field(default_factory=Cache)
    looked_up: Cache = field(default_factory=lambda: Cache(LOOKED_UP_MAX))
    actors: Actors = field(default_factory=Actors)
    carrier: Carrier | None = None
    _batchers: dict[str, Batcher[BatchCall, BatchAnswer]] = field(default_factory=dict)
    _roads: list[PostingRoad] = field(default_factory=list)

    async def authenticate(self, credential: str) -> Actor:
        """Return the actor behind a credential; raise Unauthenticated."""
        key = hashlib.sha256(credential.encode()).digest()
        actor = self.actors.get(key)
        if actor is None:
            actor = await self.actors.check(
                key, lambda: authenticate(self.database, self.settings, self.clock, credential)
            )
        return actor

    async def known(self, batch: Batch, workspace_id: uuid.UUID, wanted: Hashable) -> Any:
        """Return what a batch needs to know of an object of a workspace; None: nothing such."""
        key = (batch.posting.name, workspace_id, wanted)
        found = self.looked_up.get(*key)
        if found is None:
            async with self.database.transaction(workspace_id, read_only=True) as transaction:
                found = await batch.look_up(transaction.session, workspace_id, wanted)
            if found is not None:
                self.looked_up.put(*key, value=found)
        return found

    def batcher_of(self, posting: Posting) -> Batcher[BatchCall, BatchAnswer]:
        """Return this process's batcher for a posting; made on first use."""
        found = self._batchers.get(posting.name)
        if found is None:
            road = PostingRoad(self.database.url, self.clock, posting)
            items, seconds = ITEMS.labels(posting.name), SECONDS.labels(posting.name)

            async def post(calls: Sequence[BatchCall]) -> Sequence[BatchAnswer | None]:
                items.observe(len(calls))
                with seconds.time():
                    return await road.post(calls)

            found = self._batchers[posting.name] = Batcher(post, clock=time.monotonic)
            WAITING.labels(posting.name).set_function(partial(getattr, found, "waiting"))
            self._roads.append(road)
        return found

    async def drain(self) -> None:
        """Take no more items for batches, and end when those taken are answered."""
        for batcher in self._batchers.values():
            await batcher.close()
        for road in self._roads:
            await road.close()


def tune_garbage_collection() -> None:
    """Look for garbage seldom, and never among what was loaded by now."""
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


@asynccontextmanager
async def open_application(
    settings: Settings, database_url: str, *, clock: Clock | None = None
) -> AsyncIterator[Application]:
    """Open the application and close all of it, also when opening fails half way."""
    catalogue.load()
    tune_garbage_collection()
    database = Database(database_url, connections_max=settings.database_connections_max)
    application = Application(settings, clock or SystemClock(), database)
    try:
        yield application
    finally:
        await application.drain()
        await database.close()
