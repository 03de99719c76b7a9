"""Long computing inside a transaction: in a thread, so that other requests are answered meanwhile.

The transaction is spoken to now and then, for the server ends one that stays silent for a minute.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import text

from bursar.runtime.context import Context

SILENCE_SECONDS_MAX = 10

Value = TypeVar("Value")


async def computed(context: Context, compute: Callable[[], Value]) -> Value:
    """Return what `compute` returns; it must touch nothing but its own values."""
    task = asyncio.ensure_future(asyncio.to_thread(compute))
    while True:
        await asyncio.wait({task}, timeout=SILENCE_SECONDS_MAX)
        if task.done():
            return task.result()
        await context.session.execute(text("SELECT 1"))
