"""The routes of live events, and what makes a stop wait for no stream."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator
from types import FrameType
from typing import Any

from starlette.routing import BaseRoute, Route, WebSocketRoute

from bursar.interfaces.application import Application
from bursar.interfaces.rest.event_socket import event_socket
from bursar.interfaces.rest.event_stream import EventStream
from bursar.interfaces.rest.routes import PREFIX
from bursar.interfaces.stream.feed import Feed

STOPS = (signal.SIGTERM, signal.SIGINT)


def stream_routes() -> list[BaseRoute]:
    """Return the routes beside the operations; a test holds this list."""
    return [
        Route(f"{PREFIX}/events", EventStream(), methods=["GET"]),
        WebSocketRoute(f"{PREFIX}/events/socket", event_socket),
    ]


@contextlib.asynccontextmanager
async def open_feed(application: Application) -> AsyncIterator[Feed]:
    """Run the reader; a signal to stop ends its streams first.

    Servers wait for open answers before they tell the application that they stop, so without this
    a stop would last until the last listener has left.
    """
    async with Feed(application).running() as feed:
        with _before_stop(feed):
            yield feed


@contextlib.contextmanager
def _before_stop(feed: Feed) -> Any:
    """Call `feed.stop` when the process is told to stop, then whoever handled the signal before."""
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPS}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(feed.stop)
        earlier = before[signal.Signals(number)]
        if callable(earlier):
            earlier(number, frame)

    for number in STOPS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, earlier in before.items():
            if signal.getsignal(number) is stop:
                signal.signal(number, earlier)
