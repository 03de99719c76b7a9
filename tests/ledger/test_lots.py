"""Lots follow the book: stored for the account's method, computed for any other or day."""

import datetime as dt
from decimal import Decimal

import pytest

from bursar.ledger.models import ActivityKind, CostMethod
from bursar.ledger.models.lots import GainsQuery, LotsQuery
from bursar.ledger.operations import activities, lots
from tests.harness import Harness
from tests.ledger import build

D = Decimal


def trade(account, kind, day, instrument, *size, **fields):
    quantity, price = size
    return build.activity(
        account.id,
        kind,
        build.moment(day),
        instrument=instrument,
        quantity=D(quantity),
        unit_price=D(price),
        **fields,
    )


async def post(harness, *items):
    async with harness.context() as context:
        return await activities.post_activities(context, items)


async def listed(harness, **query):
    async with harness.context(read_only=True) as context:
        return await lots.list_lots(context, LotsQuery(**query))


@pytest.mark.requirement("DB.12")
async def test_a_partial_sell_leaves_the_rest_of_the_lot_and_a_gain(harness: Harness) -> None:
    account, apple = await build.open_account(harness), build.instrument()
    first, _, sale = await post(
        harness,
        trade(account, ActivityKind.BUY, 1, apple, 10, 100, fees=D(1)),
        trade(account, ActivityKind.BUY, 2, apple, 10, 120),
        trade(account, ActivityKind.SELL, 3, apple, 4, 150, fees=D(2)),
    )
    report = await listed(harness, account_id=account.id)
    assert report.problems == ()
    assert [(lot.remaining, lot.remaining_cost) for lot in report.items] == [
        (D(6), D("600.60")),
        (D(10), D("1200.00")),
    ]
    assert report.items[0].opened_by == first.id
    async with harness.context(read_only=True) as context:
        gains = await lots.list_realized_gains(context, GainsQuery())
        lifo = await lots.list_realized_gains(context, GainsQuery(method=CostMethod.LIFO))
    assert [(gain.closed_by, gain.gain, gain.term) for gain in gains.items] == [
        (sale.id, D("197.60"), "short")
    ]
    assert lifo.totals[0].gain == D("118.00")
    before = await listed(harness, as_of=dt.date(2025, 3, 1))
    assert [lot.remaining for lot in before.items] == [D(10)]


@pytest.mark.requirement("DB.12")
async def test_transfers_splits_and_reversals_keep_lots_right(harness: Harness) -> None:
    account, apple = await build.open_account(harness), build.instrument()
    other = await build.open_account(harness, "Other broker")
    posted = await post(
        harness,
        trade(account, ActivityKind.BUY, 1, apple, 10, 100),
        build.activity(
            account.id, ActivityKind.SPLIT, build.moment(5), instrument=apple, ratio=(4, 1)
        ),
        build.activity(
            account.id,
            ActivityKind.TRANSFER_OUT,
            build.moment(6),
            instrument=apple,
            quantity=D(10),
            counter_account_id=other.id,
        ),
    )
    report = await listed(harness)
    held = {lot.account_id: (lot.remaining, lot.remaining_cost) for lot in report.items}
    assert held == {account.id: (D(30), D("750.00")), other.id: (D(10), D("250.00"))}
    assert {lot.acquired_on for lot in report.items} == {dt.date(2025, 3, 1)}
    async with harness.context() as context:
        await activities.reverse_activity(context, posted[2].id, "not moved")
    report = await listed(harness)
    assert [(lot.account_id, lot.remaining) for lot in report.items] == [(account.id, D(40))]
    async with harness.context(read_only=True) as context:
        events = await lots.lot_events(context, account.id, apple.instrument_id)
    assert len(events) == 2


@pytest.mark.requirement("DB.12")
async def test_an_unknown_cost_is_named_not_invented(harness: Harness) -> None:
    account, apple = await build.open_account(harness), build.instrument()
    await post(
        harness,
        build.activity(
            account.id,
            ActivityKind.DELIVERY_IN,
            build.moment(1),
            instrument=apple,
            quantity=D(3),
        ),
    )
    report = await listed(harness)
    assert [problem.code for problem in report.problems] == ["cost_unknown"]
    assert report.items[0].remaining_cost is None
