"""Group commit in the application: while one call is in flight, items queue; then all of them go.

There is no timer. Alone, an item goes at once; under load batches grow by themselves, and one wait
for the disk serves up to 256 items. One call is in flight for each batcher. The order of items that
touch the same account is kept: an item that must wait (its key is in the batch already) holds back
later items that take from the accounts it touches.

What a failed call means is the port's to say: `Lost` (nobody knows whether it was saved: sent again
unchanged, the keys make that safe), `Busy` (nothing was saved, and no smaller batch would be), or any
other exception (nothing was saved, because of one of the items: the batch is halved until that item
is alone). Clock, sleep, randomness and port are handed in, so a simulation owns them all.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from bursar.core.errors import Unavailable

Value = TypeVar("Value")
Result = TypeVar("Result")


class Lost(Exception):
    """The call ended without an answer: it may have been saved or not.

    sent: False when it certainly never reached the server.
    """

    def __init__(self, *, sent: bool = True) -> None:
        super().__init__()
        self.sent = sent


class Busy(Exception):
    """The server could not do it now, whatever the items are: nothing was saved."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait, and for how long."""

    batch_max: int = 256
    waiting_max: int = 5_000
    wait_seconds_max: float = 5.0
    lost_seconds_max: float = 15.0
    delay_seconds_first: float = 0.02
    delay_seconds_max: float = 1.0
    retry_after_seconds: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Item(Generic[Value]):
    """One thing to post: its key, and the accounts whose order it is part of."""

    value: Value
    key: Hashable
    takes_from: Hashable
    gives_to: Hashable


@dataclass(slots=True, eq=False)
class _Entry(Generic[Value, Result]):
    item: Item[Value]
    since: float
    answer: "asyncio.Future[Result]"
    lost: bool = False  # a call that held it ended without an answer


class Batcher(Generic[Value, Result]):
    """Queues items and posts them in batches; `submit` returns the item's own result.

    post: carries out a batch in its order, all in one transaction, and returns a result for each
    item, or None for one that must go again with the next batch. clock: monotonic seconds.
    """

    def __init__(
        self,
        post: Callable[[Sequence[Value]], Awaitable[Sequence[Result | None]]],
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Random | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._post = post
        self._clock = clock
        self._sleep = sleep
        self._random = random or Random()  # noqa: S311 - jitter, not a secret
        self._limits = limits or Limits()
        self._waiting: deque[_Entry[Value, Result]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many items wait for the next call."""
        return len(self._waiting)

    async def submit(self, item: Item[Value]) -> Result:
        """Post an item and return its result.

        Raises Unavailable when the queue is full, when the item waited too long, when the server is
        busy, or when nobody knows whether it was saved; else what the port raised for this item.
        """
        if self._closed:
            raise self._unavailable("the server is stopping; nothing was saved")
        if len(self._waiting) >= self._limits.waiting_max:
            raise self._unavailable("too many requests wait to be posted; nothing was saved")
        loop = asyncio.get_running_loop()
        entry: _Entry[Value, Result] = _Entry(item, self._clock(), loop.create_future())
        self._waiting.append(entry)
        if self._worker is None:
            self._worker = loop.create_task(self._run())
        return await entry.answer

    async def close(self) -> None:
        """Take nothing more, and return when all that was taken has its answer."""
        self._closed = True
        while self._worker is not None:
            await asyncio.shield(self._worker)

    async def _run(self) -> None:
        stuck = 0
        try:
            while self._waiting:
                batch = self._take()
                stuck = stuck + 1 if batch and await self._carry(batch) == len(batch) else 0
                if stuck:  # all must go again: what holds them up needs time
                    await self._sleep(self._delay_seconds(stuck - 1))
        finally:
            self._worker = None

    def _take(self) -> list[_Entry[Value, Result]]:
        """Return the next batch, in order; what must wait for its result stays at the front."""
        limits, waiting = self._limits, self._waiting
        oldest = self._clock() - limits.wait_seconds_max
        batch: list[_Entry[Value, Result]] = []
        kept: list[_Entry[Value, Result]] = []
        keys: set[Hashable] = set()
        blocked: set[Hashable] = set()
        while waiting and len(batch) < limits.batch_max and len(kept) < limits.batch_max:
            entry = waiting.popleft()
            item = entry.item
            if entry.answer.done():  # its caller is gone
                continue
            if entry.since < oldest:
                self._give_up(entry, "this waited too long to be posted; nothing was saved")
            elif item.key in keys or item.takes_from in blocked:
                keys.add(item.key)
                blocked.update((item.takes_from, item.gives_to))
                kept.append(entry)
            else:
                keys.add(item.key)
                batch.append(entry)
        waiting.extendleft(reversed(kept))
        return batch

    async def _carry(self, batch: list[_Entry[Value, Result]]) -> int:
        """Post a batch until each item has its result; return how many must go again.

        These are put back at the front of the queue.
        """
        since, tries = self._clock(), 0
        while True:
            try:
                results = await self._post([entry.item.value for entry in batch])
                if len(results) != len(batch):
                    msg = f"{len(results)} results for {len(batch)} items"
                    raise ValueError(msg)  # noqa: TRY301 - handled as any failed call
            except Lost as lost:
                for entry in batch:
                    entry.lost |= lost.sent
                if self._clock() - since > self._limits.lost_seconds_max:
                    self._give_up_all(batch, "the database cannot be reached; nothing was saved")
                    return 0
                await self._sleep(self._delay_seconds(tries))
                tries += 1
            except Busy:
                self._give_up_all(batch, "the database is too busy right now; nothing was saved")
                return 0
            except Exception as error:  # noqa: BLE001 - it is handed to the caller it belongs to
                return await self._halve(batch, error)
            else:
                return self._answer(batch, results)

    async def _halve(self, batch: list[_Entry[Value, Result]], error: Exception) -> int:
        if len(batch) == 1:
            if not batch[0].answer.done():
                batch[0].answer.set_exception(error)
            return 0
        middle = len(batch) // 2
        first, second = batch[:middle], batch[middle:]
        back = await self._carry(first)
        if back == 0:
            return await self._carry(second)
        # What goes again comes before the rest, which may depend on it.
        again = [self._waiting.popleft() for _ in range(back)]
        self._waiting.extendleft(reversed(second))
        self._waiting.extendleft(reversed(again))
        return back + len(second)

    def _answer(self, batch: list[_Entry[Value, Result]], results: Sequence[Result | None]) -> int:
        again = []
        for entry, result in zip(batch, results, strict=True):
            if result is None:
                again.append(entry)
            elif not entry.answer.done():
                entry.answer.set_result(result)
        self._waiting.extendleft(reversed(again))
        return len(again)

    def _delay_seconds(self, tries: int) -> float:
        limits = self._limits
        whole = min(limits.delay_seconds_first * 2.0 ** min(tries, 32), limits.delay_seconds_max)
        return whole * (0.5 + self._random.random() / 2)

    def _give_up_all(self, batch: list[_Entry[Value, Result]], message: str) -> None:
        for entry in batch:
            self._give_up(entry, message)

    def _give_up(self, entry: _Entry[Value, Result], message: str) -> None:
        if entry.answer.done():
            return
        error = self._unavailable(message)
        if entry.lost:
            error = self._unavailable(UNKNOWN, hint=SAME_KEY)
        entry.answer.set_exception(error)

    def _unavailable(self, message: str, *, hint: str | None = None) -> Unavailable:
        seconds = self._limits.retry_after_seconds
        return Unavailable(message, hint=hint, retry_after_seconds=seconds)


UNKNOWN = "the connection to the database was lost while saving; it may have been saved or not"
SAME_KEY = "Send it again with the same Idempotency-Key: it is carried out at most once."
