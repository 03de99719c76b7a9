"""The same server without batching: each request posts by itself, on a pool of 16 connections.

What everybody does, measured fairly: the same fast way in, and the single-item function, which is one
round trip for all that a payment writes.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any

import asyncpg
from fastapi import FastAPI

from bursar.interfaces.application import Application
from bursar.interfaces.rest import server
from bursar.runtime.batch import Posting
from bursar.runtime.batcher import Item

POOL = 16


class OneByOne:
    """Stands where the batcher stands."""

    def __init__(self, url: str, posting: Posting) -> None:
        self._url = url
        self._posting = posting
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def submit(self, item: Item[Any]) -> Any:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(self._url, min_size=POOL, max_size=POOL)
        answers = await self._posting.post(self._pool.fetch, datetime.now(UTC), [item.value])
        return answers[0]

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()


def create() -> FastAPI:
    """Return the application; granian's factory."""
    made: dict[str, OneByOne] = {}

    def batcher_of(self: Application, posting: Posting) -> Any:
        if posting.name not in made:
            made[posting.name] = OneByOne(self.database.url, posting)
        return made[posting.name]

    Application.batcher_of = batcher_of  # type: ignore[method-assign]
    return server.create()
