"""What both transports share: write until the stream ends, the client leaves, or it stops reading."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog

from bursar.interfaces.stream.listener import Chunk, End, Listener

LAST_WRITE_SECONDS_MAX = 2.0
log = structlog.get_logger()


async def pump(
    listener: Listener,
    chunks: AsyncIterator[Chunk | End],
    *,
    write: Callable[[Chunk | End], Awaitable[None]],
    until_gone: Awaitable[None],
) -> bool:
    """Write chunks until the end; return whether the end was written, so that it can be closed.

    A client that stops reading blocks `write`; once its stream has ended, it is given a moment and
    then cut off.
    """
    writing = asyncio.ensure_future(_write_all(chunks, write))
    watching = asyncio.ensure_future(until_gone)
    loop = asyncio.get_running_loop()
    listener.on_end = lambda: loop.call_later(LAST_WRITE_SECONDS_MAX, writing.cancel)
    try:
        await asyncio.wait({writing, watching}, return_when=asyncio.FIRST_COMPLETED)
        return writing.done() and not writing.cancelled() and writing.exception() is None
    finally:
        listener.on_end = None
        for task in (writing, watching):
            task.cancel()
        await asyncio.gather(writing, watching, return_exceptions=True)


async def _write_all(
    chunks: AsyncIterator[Chunk | End], write: Callable[[Chunk | End], Awaitable[None]]
) -> None:
    async for chunk in chunks:
        await write(chunk)
