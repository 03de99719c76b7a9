"""The batcher against a failing database, thousands of times: exactly once, in order, nobody lost.

Clock, faults and requests come from one seed; a failure prints it. An auditor knows what each caller
was told and what the database really did, and compares the two.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import pytest

from bursar.core.errors import Unavailable
from bursar.runtime.batcher import Batcher, Busy, Item, Limits, Lost
from tests.runtime.virtual_time import Deadlock, run

SEEDS = int(os.environ.get("BURSAR_BATCHER_SEEDS", "2500"))
LIMITS = Limits(batch_max=8, waiting_max=40, wait_seconds_max=2.0, lost_seconds_max=3.0)
POISON = -1


@dataclass(eq=False)
class Order:
    number: int
    key: str
    payer: str
    payee: str
    amount: int

    def item(self) -> "Item[Order]":
        return Item(self, self.key, self.payer, self.payee)


@dataclass
class FakeDatabase:
    """Carries orders out one by one, and fails as real ones do."""

    random: Random
    fault_rate: float
    held: dict[str, int]
    log: list[Order] = field(default_factory=list)
    results: dict[str, str] = field(default_factory=dict)
    in_flight: set[str] = field(default_factory=set)
    zombies: list["asyncio.Task[None]"] = field(default_factory=list)
    calls: int = 0

    async def post(self, orders: Sequence[Order]) -> list[str | None]:
        self.calls += 1
        keys = [order.key for order in orders]
        assert len(set(keys)) == len(keys), "one key twice in one batch"
        dice = self.random
        await asyncio.sleep(dice.choice((0.0, 0.001, 0.01, 0.2)))
        fault = dice.choice(("before", "after", "later", "busy")) if self._unlucky() else ""
        if fault == "before":
            raise Lost
        if fault == "busy":
            raise Busy
        if any(order.amount == POISON for order in orders):
            raise ValueError("poison")
        if fault == "later":
            # The server goes on with a call whose client is gone, and holds its keys meanwhile.
            self.in_flight |= set(keys)
            self.zombies.append(asyncio.ensure_future(self._finish_later(orders)))
            raise Lost
        answers = self._carry_out(orders)
        if fault == "after":
            raise Lost
        await asyncio.sleep(dice.choice((0.0, 0.0, 0.005)))
        return answers

    def _unlucky(self) -> bool:
        return self.random.random() < self.fault_rate

    async def _finish_later(self, orders: Sequence[Order]) -> None:
        held = {order.key for order in orders if order.key not in self.results}
        await asyncio.sleep(self.random.random())
        self.in_flight -= {order.key for order in orders}
        self._carry_out([order for order in orders if order.key in held])

    def _carry_out(self, orders: Sequence[Order]) -> list[str | None]:
        answers: list[str | None] = []
        blocked: set[str] = set()
        for order in orders:
            # Another transaction has the account: this and what depends on it go again.
            locked = order.key in self.in_flight or self.random.random() < self.fault_rate / 10
            if locked or order.payer in blocked:
                blocked |= {order.payer, order.payee}
                answers.append(None)
                continue
            if order.key not in self.results:
                enough = self.held[order.payer] >= order.amount
                self.results[order.key] = f"{'done' if enough else 'refused'} {order.number}"
                self.log.append(order)
                if enough:
                    self.held[order.payer] -= order.amount
                    self.held[order.payee] += order.amount
            answers.append(self.results[order.key])
        return answers


@dataclass
class Caller:
    order: Order
    process: int
    told: str = "nothing"


async def simulate(seed: int) -> tuple[FakeDatabase, list[Caller]]:
    dice = Random(seed)  # noqa: S311 - a test's dice
    accounts = [f"account {n}" for n in range(dice.choice((2, 3, 10)))]
    database = FakeDatabase(dice, dice.choice((0.0, 0.1, 0.4)), dict.fromkeys(accounts, 100))
    clock = asyncio.get_running_loop().time
    batchers: list[Batcher[Order, str]] = [
        Batcher(database.post, clock=clock, random=dice, limits=LIMITS)
        for _ in range(dice.choice((1, 1, 2)))
    ]
    callers: list[Caller] = []
    tasks = []

    async def ask(caller: Caller) -> None:
        try:
            caller.told = await batchers[caller.process].submit(caller.order.item())
        except Unavailable as error:
            lost = "may have been saved" in error.message
            caller.told = "unknown" if lost else "not saved"
            if not error.retry_after_seconds:
                caller.told = "not told when to come back"
        except ValueError:
            caller.told = "poison"

    for number in range(dice.choice((5, 30, 60))):
        payer, payee = dice.sample(accounts, 2)
        amount = POISON if dice.random() < 0.02 else dice.choice((1, 10, 60, 120))
        order = Order(number, f"key {number}", payer, payee, amount)
        if callers and dice.random() < 0.1:
            order = dice.choice(callers).order  # the same request again
        caller = Caller(order, dice.randrange(len(batchers)))
        callers.append(caller)
        tasks.append(asyncio.ensure_future(ask(caller)))
        if dice.random() < 0.3:
            await asyncio.sleep(dice.choice((0.0, 0.002, 0.05)))
        if dice.random() < 0.05:
            dice.choice(tasks).cancel()
    if dice.random() < 0.5:
        await asyncio.sleep(0)
    await asyncio.gather(*(batcher.close() for batcher in batchers))
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*database.zombies)
    for caller, task in zip(callers, tasks, strict=True):
        if task.cancelled():
            caller.told = "gone"
    assert not any(batcher.waiting for batcher in batchers)
    return database, callers


def audit(database: FakeDatabase, callers: list[Caller]) -> None:
    keys = [order.key for order in database.log]
    assert len(keys) == len(set(keys)), "something was posted twice"
    assert sum(database.held.values()) == 100 * len(database.held)
    assert min(database.held.values()) >= 0
    told_by_key: dict[str, set[str]] = {}
    for caller in callers:
        told_by_key.setdefault(caller.order.key, set()).add(caller.told)
    for key, told in told_by_key.items():
        assert "nothing" not in told, "a caller got no answer"
        answers = told - {"unknown", "not saved", "gone", "poison"}
        assert answers <= {database.results.get(key, "not posted")}, "a wrong answer"
        if told <= {"not saved", "poison"}:
            assert key not in database.results, "said to be not saved, and was"


def audit_order(database: FakeDatabase, callers: list[Caller]) -> None:
    """What a later order could see of an earlier one, it saw: they were posted in their order."""
    if len({caller.process for caller in callers}) > 1:
        return  # two processes have no order between them
    place = {order.key: n for n, order in enumerate(database.log)}
    first: dict[str, Caller] = {}
    asked: dict[str, int] = {}
    for caller in callers:
        first.setdefault(caller.order.key, caller)
        asked[caller.order.key] = asked.get(caller.order.key, 0) + 1
    # A key asked for twice may be posted by its second caller, long after the first was refused.
    posted = [c.order for k, c in first.items() if k in place and asked[k] == 1]
    for n, early in enumerate(posted):
        for late in posted[n + 1 :]:
            if late.payer in (early.payer, early.payee):
                assert place[early.key] < place[late.key], (early, late)


@pytest.mark.requirement("LEDGER.03")
def test_every_order_is_posted_once_and_every_caller_is_told_the_truth() -> None:
    for seed in range(SEEDS):
        try:
            database, callers = run(simulate(seed))
            audit(database, callers)
            if not database.zombies:
                audit_order(database, callers)
        except (AssertionError, Deadlock) as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error


async def waiting_batcher() -> tuple[Batcher[Order, str], "list[list[int]]", asyncio.Event]:
    """A batcher whose calls wait until they are let go."""
    calls: list[list[int]] = []
    go = asyncio.Event()

    async def post(orders: Sequence[Order]) -> list[str]:
        calls.append([order.number for order in orders])
        await go.wait()
        return [str(order.number) for order in orders]

    clock = asyncio.get_running_loop().time
    return Batcher(post, clock=clock, limits=LIMITS), calls, go


def order(number: int, key: str = "", payer: str = "a", payee: str = "b") -> Order:
    return Order(number, key or str(number), payer, payee, 1)


def test_what_waits_goes_together_when_the_call_returns() -> None:
    async def main() -> None:
        batcher, calls, go = await waiting_batcher()
        tasks = [asyncio.ensure_future(batcher.submit(order(0).item()))]
        await asyncio.sleep(0.001)
        tasks += [asyncio.ensure_future(batcher.submit(order(n).item())) for n in range(1, 12)]
        await asyncio.sleep(0.001)
        assert calls == [[0]]
        go.set()
        assert await asyncio.gather(*tasks) == [str(n) for n in range(12)]
        assert calls == [[0], [1, 2, 3, 4, 5, 6, 7, 8], [9, 10, 11]]

    run(main())


def test_a_second_use_of_a_key_waits_and_holds_back_what_depends_on_it() -> None:
    async def main() -> None:
        batcher, calls, go = await waiting_batcher()
        go.set()
        orders = [
            order(1, "k", "a", "b"),
            order(2, "k", "a", "b"),
            order(3, "", "b", "c"),
            order(4, "", "d", "b"),
            order(5, "", "c", "d"),
        ]
        await asyncio.gather(*(batcher.submit(each.item()) for each in orders))
        assert calls == [[1, 4], [2, 3, 5]]

    run(main())


def test_a_full_queue_and_a_long_wait_are_refused_with_the_time_to_come_back() -> None:
    async def main() -> None:
        batcher, calls, go = await waiting_batcher()
        tasks = [asyncio.ensure_future(batcher.submit(order(n).item())) for n in range(48)]
        await asyncio.sleep(0.001)
        assert len(calls[0]) == 8
        results = [t.exception() for t in tasks if t.done()]
        assert len(results) == 8
        assert all(isinstance(e, Unavailable) and e.retry_after_seconds == 1 for e in results)
        await asyncio.sleep(LIMITS.wait_seconds_max + 0.1)
        go.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(each, str) for each in done) == 8
        assert len(calls) == 1
        late = [e for e in done if isinstance(e, Unavailable) and "waited too long" in e.message]
        assert len(late) == 32

    run(main())


def test_closing_answers_what_waits_and_takes_nothing_more() -> None:
    async def main() -> None:
        batcher, _calls, go = await waiting_batcher()
        tasks = [asyncio.ensure_future(batcher.submit(order(n).item())) for n in range(20)]
        await asyncio.sleep(0.001)
        closing = asyncio.ensure_future(batcher.close())
        await asyncio.sleep(0.001)
        with pytest.raises(Unavailable, match="stopping"):
            await batcher.submit(order(99).item())
        assert not closing.done()
        go.set()
        await closing
        assert [task.result() for task in tasks] == [str(n) for n in range(20)]

    run(main())


def test_a_call_that_stays_lost_is_answered_as_unknown() -> None:
    async def main() -> None:
        async def post(_orders: Sequence[Order]) -> list[str]:
            raise Lost

        loop = asyncio.get_running_loop()
        batcher: Batcher[Order, str] = Batcher(post, clock=loop.time, limits=LIMITS)
        with pytest.raises(Unavailable, match="saved or not") as caught:
            await batcher.submit(order(1).item())
        assert "same Idempotency-Key" in (caught.value.hint or "")
        assert loop.time() < LIMITS.lost_seconds_max + 2

    run(main())
