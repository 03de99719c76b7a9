"""The reader's narrow places, made wide: what happens while it looks."""

import asyncio
import uuid
from collections.abc import Collection
from typing import Any

import pytest

from bursar.developer.models.events import EventFilter
from bursar.interfaces.application import Application
from bursar.interfaces.stream.feed import Feed
from bursar.interfaces.stream.listener import (
    QUEUED_EVENTS_MAX,
    SLOW,
    Chunk,
    Encoded,
    Listener,
    View,
)
from bursar.runtime.actor import Source, system_actor
from bursar.runtime.context import Fact
from bursar.runtime.feed import START, Batch, Position, Wanted
from bursar.runtime.journal import Entry
from tests.harness import Harness

pytestmark = pytest.mark.requirement("MCP.11")


async def happen(harness: Harness, workspace_id: uuid.UUID) -> str:
    """Commit one event in a workspace; return its object."""
    entry = Entry(
        at=harness.clock.now(),
        actor=system_actor(workspace_id),
        source=Source.JOB,
        operation="ledger.open_account",
        request_id="test",
        input_hash=b"",
        outcome="done",
        facts=[Fact("account.opened", str(uuid.uuid4()), {})],
    )
    await harness.database.record(workspace_id, entry.statement(), durable=True)
    return entry.facts[0].object_id


async def test_a_workspace_that_joins_while_the_reader_looks_loses_nothing(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Harness(harness.database, harness.clock, home=harness.home)
    feed = Feed(Application(harness.settings, harness.clock, harness.database))
    look, looking, go = feed._tail.look, asyncio.Event(), asyncio.Event()
    go.set()

    async def slow_look(
        position: Position | None, workspaces: Collection[uuid.UUID], limit: int
    ) -> Batch:
        asked = list(workspaces)
        looking.set()
        await go.wait()
        return await look(position, asked, limit)

    monkeypatch.setattr(feed._tail, "look", slow_look)
    everything = EventFilter()
    async with (
        asyncio.timeout(20),
        feed.running(),
        feed.listen(harness.actor(), everything, None) as (_, first),
    ):
        await anext(first)
        waiting = asyncio.create_task(_next(first))
        await asyncio.sleep(0.1)
        go.clear()
        looking.clear()
        await looking.wait()  # it will look for the first workspace only
        now = (feed._position or START).cursor()  # a new stream would wait for the look
        async with feed.listen(other.actor(), everything, now) as (_, second):
            await anext(second)
            joined = asyncio.create_task(_next(second))
            await asyncio.sleep(0)
            made = await happen(harness, other.workspace_id)
            go.set()
            chunk: Any = await joined
            assert made in chunk.events[0].json
            waiting.cancel()


async def _next(chunks: Any) -> Any:
    return await anext(chunks)


def test_a_full_queue_ends_the_stream_and_keeps_nothing() -> None:
    listener = Listener(
        View(Wanted(uuid.uuid4(), frozenset())), credential_id=None, scopes=frozenset()
    )
    ended: list[bool] = []
    listener.on_end = lambda: ended.append(True)
    event = Encoded(Position(1, 1), "cursor", "{}")
    for _ in range(QUEUED_EVENTS_MAX):
        assert listener.offer(Chunk([event], event.position))
    assert not ended
    assert not listener.offer(Chunk([event], event.position))
    assert listener.end is SLOW
    assert ended == [True]
    assert not listener._chunks
