"""Lots that go on from what is stored are the lots derived from the first purchase on."""

import datetime as dt
import random
from collections.abc import Collection
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bursar.ledger.errors import InvalidActivity, NotHeld
from bursar.ledger.models import Account, ActivityKind, CostMethod, InstrumentRef, NewActivity
from bursar.ledger.models.lots import GainsQuery, LotsQuery
from bursar.ledger.operations import activities, lot_appends, lots
from bursar.runtime.context import Context
from tests.harness import Harness
from tests.ledger import build

D = Decimal
KINDS = (
    *[ActivityKind.BUY] * 5,
    *[ActivityKind.SELL] * 5,
    ActivityKind.DELIVERY_IN,
    ActivityKind.DELIVERY_OUT,
    ActivityKind.STAKING_REWARD,
    ActivityKind.SPLIT,
    ActivityKind.RETURN_OF_CAPITAL,
)
few = settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def post(harness: Harness, *items: NewActivity) -> None:
    async with harness.context() as context:
        await activities.post_activities(context, items)


async def stored_and_derived(
    harness: Harness, account: Account, method: CostMethod
) -> tuple[list[object], list[object]]:
    found = []
    async with harness.context(read_only=True) as context:
        for chosen in (None, method):
            query = LotsQuery(account_id=account.id, method=chosen, limit=500)
            gains = GainsQuery(account_id=account.id, method=chosen, limit=500)
            listed = await lots.list_lots(context, query)
            made = await lots.list_realized_gains(context, gains)
            found.append(
                [
                    sorted(listed.items, key=lambda each: each.lot_id),
                    sorted(made.items, key=lambda e: (e.closed_on, str(e.closed_by), e.lot_id)),
                    made.totals,
                    {each.code for each in listed.problems},
                ]
            )
    return found[0], found[1]


class Chance:
    """Random activities of one position, mostly one after another."""

    def __init__(self, seed: int, account: Account, instrument: InstrumentRef) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a test's own numbers
        self.account, self.instrument = account, instrument
        self.at = build.moment(1)

    def moment(self) -> dt.datetime:
        """Mostly later, often on the same day, seldom before, with and without a time."""
        chance = self.random
        if chance.random() < 0.6:
            self.at += dt.timedelta(days=chance.randint(1, 3))
        at = self.at - dt.timedelta(days=20 * (chance.random() < 0.06))
        if chance.random() < 0.5:
            return dt.datetime.combine(at.date(), dt.time(), tzinfo=dt.UTC)
        self.at = at = at + dt.timedelta(minutes=chance.randint(1, 50))
        return at

    def activity(self) -> NewActivity:
        chance, kind = self.random, self.random.choice(KINDS)
        fields: dict[str, object] = {"instrument": self.instrument}
        if kind is ActivityKind.SPLIT:
            fields["ratio"] = (2, 1)
        elif kind is ActivityKind.RETURN_OF_CAPITAL:
            fields["amount"] = D(chance.randint(1, 5))
        else:
            fields["quantity"] = D(chance.randint(1, 9))
        if kind in (ActivityKind.BUY, ActivityKind.SELL):
            fields["unit_price"] = D(chance.randint(90, 110))
            fields["fees"] = D(chance.randint(0, 2))
        elif kind in (
            ActivityKind.DELIVERY_IN,
            ActivityKind.DELIVERY_OUT,
            ActivityKind.STAKING_REWARD,
        ):
            fields["amount"] = D(chance.randint(50, 900))
        if kind in (ActivityKind.DELIVERY_OUT, ActivityKind.DELIVERY_IN):
            fields["currency"] = "USD"
        return build.activity(self.account.id, kind, self.moment(), **fields)


@pytest.mark.requirement("DB.12")
@given(
    seed=st.integers(0, 2**32),
    method=st.sampled_from([each for each in CostMethod if each is not CostMethod.SPECIFIC]),
    allow_short=st.booleans(),
)
@few
async def test_appended_lots_equal_derived_lots(
    harness: Harness, seed: int, method: CostMethod, allow_short: bool
) -> None:
    fresh = Harness(harness.database, harness.clock, home=harness.home)
    await fresh.create_workspace()
    account = await build.open_account(fresh, cost_method=method, allow_short=allow_short)
    chance = Chance(seed, account, build.instrument())
    await post(fresh, build.deposit(account.id, "1000000", build.moment(1, year=2024)))
    for _ in range(9):
        try:
            await post(fresh, *(chance.activity() for _ in range(chance.random.randint(1, 3))))
        except (InvalidActivity, NotHeld):
            continue
        stored, derived = await stored_and_derived(fresh, account, method)
        assert stored[:3] == derived[:3]


@pytest.mark.requirement("DB.12")
async def test_a_trade_after_all_others_reads_nothing_of_the_past(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, apple = await build.open_account(harness), build.instrument()
    fields = {"instrument": apple, "unit_price": D(100)}

    def trade(kind: ActivityKind, day: int, quantity: int) -> NewActivity:
        at = build.moment(day)
        return build.activity(account.id, kind, at, quantity=D(quantity), **fields)

    await post(harness, *(trade(ActivityKind.BUY, day, 5) for day in range(1, 9)))
    monkeypatch.setattr(lot_appends, "LOTS_READ_FIRST", 3)
    derived_of: list[Collection[object]] = []
    derive = lots.derive

    async def noted(context: Context, instruments: Collection[object], **more: object) -> object:
        derived_of.append(instruments)
        return await derive(context, instruments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(lots, "derive", noted)
    await post(harness, trade(ActivityKind.BUY, 10, 2))
    await post(harness, trade(ActivityKind.SELL, 11, 7))
    await post(harness, trade(ActivityKind.SELL, 12, 14), trade(ActivityKind.BUY, 12, 1))
    assert derived_of == []
    stored, derived = await stored_and_derived(harness, account, CostMethod.FIFO)
    assert stored == derived
    derived_of.clear()
    await post(harness, trade(ActivityKind.BUY, 9, 2))
    assert len(derived_of) == 1
