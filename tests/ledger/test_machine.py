"""Random histories on the real SQL against an auditor that knows only what should be held."""

import asyncio
import datetime as dt
from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bursar.core.clock import FixedClock
from bursar.core.errors import InvalidInput
from bursar.core.model import Nothing
from bursar.ledger.errors import AlreadyReversed, HoldResolved, NotHeld
from bursar.ledger.models import Account, ActivityKind, BalancesQuery, InstrumentRef
from bursar.ledger.operations import activities, balances, holds, verification
from bursar.runtime.database import Database
from tests.harness import TEST_MOMENT, Harness
from tests.ledger import build

D = Decimal
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "deposit",
                "withdraw",
                "buy",
                "sell",
                "move",
                "again",
                "reverse",
                "split",
                "hold",
                "capture",
                "capture_part",
                "void",
                "expire",
            ]
        ),
        st.integers(0, 1),
        st.integers(1, 50),
        st.integers(1, 28),
    ),
    min_size=1,
    max_size=25,
)


class Auditor:
    """What every (account, commodity) should hold and have on hold."""

    def __init__(self, harness: Harness, accounts: list[Account], stock: InstrumentRef) -> None:
        self.harness, self.accounts, self.stock = harness, accounts, stock
        self.held: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
        self.reserved: dict[int, Decimal] = defaultdict(Decimal)
        self.posted: list[tuple[object, object, dict[tuple[int, str], Decimal]]] = []
        self.undone: set[object] = set()
        self.open: dict[object, tuple[int, Decimal]] = {}
        self.resolved: set[object] = set()
        self.number = 0

    def fits(self, changes: dict[tuple[int, str], Decimal]) -> bool:
        """Cash of account 1 and every share must stay at zero or above, holds included."""
        return all(
            self.held[key] + change - (self.reserved[key[0]] if key[1] == "USD" else 0) >= 0
            for key, change in changes.items()
            if change < 0 and (key[1] == "SHARE" or key[0] == 1)
        )

    def apply(self, changes: dict[tuple[int, str], Decimal]) -> None:
        for key, change in changes.items():
            self.held[key] += change

    async def post(self, kind: ActivityKind, who: int, changes, **fields) -> None:
        self.number += 1
        item = build.activity(
            self.accounts[who].id, kind, fields.pop("at"), external_id=str(self.number), **fields
        )
        try:
            async with self.harness.context() as context:
                (answer,) = await activities.post_activities(context, [item])
        except NotHeld:
            assert not self.fits(changes), (kind, changes)
            return
        assert self.fits(changes), (kind, changes)
        self.apply(changes)
        self.posted.append((answer.id, item, changes))

    async def step(self, action: str, who: int, size: int, day: int) -> None:
        at, amount, cash, share = build.moment(day, 1), D(size), (who, "USD"), (who, "SHARE")
        trade = {"instrument": self.stock, "quantity": amount, "unit_price": D(2), "at": at}
        match action:
            case "deposit":
                await self.post(ActivityKind.DEPOSIT, who, {cash: amount}, amount=amount, at=at)
            case "withdraw":
                await self.post(ActivityKind.WITHDRAWAL, who, {cash: -amount}, amount=amount, at=at)
            case "buy":
                await self.post(
                    ActivityKind.BUY,
                    who,
                    {cash: -2 * amount - 1, share: amount},
                    fees=D(1),
                    **trade,
                )
            case "sell":
                await self.post(ActivityKind.SELL, who, {share: -amount, cash: 2 * amount}, **trade)
            case "move":
                await self.post(
                    ActivityKind.TRANSFER_OUT,
                    who,
                    {share: -amount, (1 - who, "SHARE"): amount},
                    instrument=self.stock,
                    quantity=amount,
                    counter_account_id=self.accounts[1 - who].id,
                    at=at,
                )
            case "split":
                await self.post(
                    ActivityKind.SPLIT,
                    who,
                    {share: amount},
                    instrument=self.stock,
                    quantity=amount,
                    ratio=(2, 1),
                    at=at,
                )
            case "again" | "reverse":
                if self.posted:
                    await self.repeat_or_undo(action, size)
            case _:
                await self.hold_step(action, who, amount)

    async def repeat_or_undo(self, action: str, size: int) -> None:
        posted_id, item, changes = self.posted[size % len(self.posted)]
        if action == "again":
            async with self.harness.context() as context:
                (answer,) = await activities.post_activities(context, [item])
            assert answer.duplicate_of == posted_id
            return
        back = {key: -change for key, change in changes.items()}
        try:
            async with self.harness.context() as context:
                await activities.reverse_activity(context, posted_id, "test")
        except AlreadyReversed:
            assert posted_id in self.undone
        except NotHeld:
            assert not self.fits(back)
        else:
            assert posted_id not in self.undone
            assert self.fits(back)
            self.undone.add(posted_id)
            self.apply(back)

    async def hold_step(self, action: str, who: int, amount: Decimal) -> None:
        if action == "hold":
            order = holds.NewHold(
                account_id=self.accounts[who].id,
                amount=amount,
                currency="USD",
                expires_at=self.harness.clock.now() + dt.timedelta(days=int(amount)),
            )
            try:
                async with self.harness.context() as context:
                    hold_id = await holds.hold(context, order)
            except NotHeld:
                assert not self.fits({(who, "USD"): -amount})
                return
            assert self.fits({(who, "USD"): -amount})
            self.open[hold_id] = (who, amount)
            self.reserved[who] += amount
            return
        known = [*self.open, *self.resolved]
        if action == "expire":
            async with self.harness.context() as context:
                await holds.expire_due(context)  # the clock stands still: nothing is due
            return
        if known:
            await self.resolve(action, known[int(amount) % len(known)])

    async def resolve(self, action: str, hold_id) -> None:
        who, left = self.open.get(hold_id, (0, D(0)))
        part = left if action != "capture_part" else min(left, D(3))
        try:
            async with self.harness.context() as context:
                if action == "void":
                    await holds.void(context, hold_id)
                else:
                    some = D(3) if action == "capture_part" else None
                    await holds.capture(context, hold_id, some)
        except HoldResolved:
            assert hold_id in self.resolved
            return
        except InvalidInput:
            assert left < 3
            return
        assert hold_id in self.open
        self.reserved[who] -= part
        if action != "void":
            self.held[who, "USD"] -= part
        if part == left:
            del self.open[hold_id]
            self.resolved.add(hold_id)
        else:
            self.open[hold_id] = (who, left - part)

    async def compare(self) -> None:
        async with self.harness.context(read_only=True) as context:
            report = await balances.get_balances(context, BalancesQuery())
            proof = await verification.verify(context, Nothing())
        by_id = {account.id: place for place, account in enumerate(self.accounts)}
        found = {
            (by_id[row.account_id], each.code): (each.amount, each.amount - each.available)
            for row in report.accounts
            for each in row.balances
        }
        expected = {
            key: (units, self.reserved[key[0]] if key[1] == "USD" else D(0))
            for key, units in self.held.items()
            if units
        }
        assert found == expected
        assert proof.holds, [each for each in proof.invariants if each.differences]


@pytest.mark.requirement("LEDGER.01", "LEDGER.02", "LEDGER.05")
def test_random_histories_agree_with_the_auditor(test_database, tmp_path) -> None:
    async def run(steps) -> None:
        database = Database(test_database.application_url, connections_max=1)
        try:
            harness = Harness(database, FixedClock(TEST_MOMENT), home=tmp_path)
            await harness.create_workspace()
            accounts = [
                await build.open_account(harness, "free"),
                await build.open_account(harness, "limited", no_overdraft=True),
            ]
            auditor = Auditor(harness, accounts, build.instrument("SHARE", exponent=3))
            for step in steps:
                await auditor.step(*step)
            await auditor.compare()
        finally:
            await database.close()

    @settings(
        max_examples=12,
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(STEPS)
    def machine(steps) -> None:
        asyncio.run(run(steps))

    machine()


@pytest.mark.requirement("LEDGER.02")
async def test_a_hold_expires_by_the_clock_once(harness: Harness) -> None:
    account = await build.open_account(harness, no_overdraft=True)
    order = holds.NewHold(
        account_id=account.id,
        amount=D(4),
        currency="USD",
        expires_at=harness.clock.now() + dt.timedelta(days=1),
    )
    async with harness.context() as context:
        await activities.post_activities(context, [build.deposit(account.id, "5", build.moment(1))])
        hold_id = await holds.hold(context, order)
    with pytest.raises(NotHeld, match=r"on hold: 4\.00"):
        async with harness.context() as context:
            await holds.hold(context, order)
    harness.clock.advance(dt.timedelta(days=2))
    async with harness.context() as context:
        assert await holds.expire_due(context) == 1
        assert await holds.expire_due(context) == 0
    with pytest.raises(HoldResolved, match="expired"):
        async with harness.context() as context:
            await holds.capture(context, hold_id)
