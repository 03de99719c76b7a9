"""The application: everything a process needs to invoke operations, opened and closed as one."""

import gc
import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bursar.core.clock import Clock, SystemClock
from bursar.identity.operations.credentials import authenticate
from bursar.interfaces import catalogue
from bursar.interfaces.carrier import Carrier
from bursar.runtime.actor import Actor
from bursar.runtime.cache import Cache
from bursar.runtime.database import Database
from bursar.settings import Settings

ACTORS_MAX = 10_000
ACTOR_SECONDS_MAX = 5.0
# Large imports and views make millions of objects that live: looking through all of them for
# rings, as the default of 700 new objects makes it, is a third of their time and stops every request.
GARBAGE_THRESHOLDS = (50_000, 20, 100)


class Actors:
    """Credentials that were checked in the last seconds, so that a warm call needs no look-up.

    Keyed by the credential's hash. A revoked credential works at most five seconds longer in
    other processes, and not at all in the one that revoked it.
    """

    def __init__(self) -> None:
        self._actors: OrderedDict[bytes, tuple[float, Actor]] = OrderedDict()

    def get(self, key: bytes) -> Actor | None:
        """Return the actor behind a credential checked less than five seconds ago."""
        found = self._actors.get(key)
        if found is None or time.monotonic() - found[0] > ACTOR_SECONDS_MAX:
            return None
        return found[1]

    def put(self, key: bytes, actor: Actor) -> None:
        """Remember a checked credential."""
        self._actors[key] = (time.monotonic(), actor)
        self._actors.move_to_end(key)
        while len(self._actors) > ACTORS_MAX:
            self._actors.popitem(last=False)

    def clear(self) -> None:
        """Forget all: a credential was revoked or a role changed."""
        self._actors.clear()


@dataclass(slots=True)
class Application:
    """Settings, clock, database and caches of one process."""

    settings: Settings
    clock: Clock
    database: Database
    cache: Cache = field(default_factory=Cache)
    actors: Actors = field(default_factory=Actors)
    carrier: Carrier | None = None

    async def authenticate(self, credential: str) -> Actor:
        """Return the actor behind a credential; raise Unauthenticated."""
        key = hashlib.sha256(credential.encode()).digest()
        actor = self.actors.get(key)
        if actor is None:
            actor = await authenticate(self.database, self.settings, self.clock, credential)
            self.actors.put(key, actor)
        return actor


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
    try:
        yield Application(settings, clock or SystemClock(), database)
    finally:
        await database.close()
