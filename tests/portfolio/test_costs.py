"""Units that came in without a cost: figures say so, and a person can state it."""

from decimal import Decimal

import pytest

from bursar.banking.models.actions import ApplyCorporateActions
from bursar.banking.operations.corporate_actions import apply_corporate_actions
from bursar.core.errors import Conflict, InvalidInput
from bursar.ledger.errors import InvalidActivity
from bursar.market.models.actions import RecordCorporateAction
from bursar.market.operations.actions import record_corporate_action
from tests.harness import Harness
from tests.portfolio import build
from tests.portfolio.journey import (
    cost,
    held,
    ledger_lots,
    lots_of,
    measured,
    named,
    record,
    whole,
    worth,
)


@pytest.fixture
async def opened(harness: Harness) -> Harness:
    """10 ACME that came in on March 1st without a cost at a price of 50; 4 sold at 60."""
    build.stand_on(harness, "2024-03-08")
    await build.account(harness)
    stock = await build.instrument(harness, "ACME")
    await build.price(harness, stock, {"2024-03-01": "50", "2024-03-08": "60"})
    await record(harness, "opening_balance", "2024-03-01", instrument="ACME", quantity=10)
    await record(harness, "sell", "2024-03-08", instrument="ACME", quantity=4, unit_price=60)
    return harness


@pytest.mark.requirement("LEDGER.03", "RETURNS.02")
async def test_without_a_cost_gains_are_null_and_say_why(opened: Harness) -> None:
    found = await whole(opened)
    for figure in (found.cost, found.unrealised_gain, found.realised_gain):
        assert worth(figure) == "cost_unknown"
    assert worth(found.net_worth) == 600
    assert worth(found.twr) == Decimal("0.2")  # returns need no cost
    (problem,) = found.completeness.lots
    assert (problem.code, problem.name) == ("cost_unknown", "ACME")
    assert "transaction cost" in (problem.hint or "")
    assert lots_of((await held(opened))["ACME"]) == [("2024-03-01", "6", None)]
    returns = (await measured(opened)).returns
    assert worth(named(returns, "roai.v1")) == "cost_unknown"
    lots = await ledger_lots(opened)
    assert [(lot.cost, lot.remaining_cost) for lot in lots.items] == [(None, None)]


@pytest.mark.requirement("LEDGER.03", "RETURNS.02")
async def test_a_stated_cost_and_day_go_into_the_lots(opened: Harness) -> None:
    (problem,) = (await whole(opened)).completeness.lots
    assert problem.transaction_id is not None
    done = await cost(opened, problem.transaction_id, unit_cost="30", acquired_on="2019-05-01")
    assert (done.kind, done.cost, done.currency) == ("opening_balance", Decimal(300), "USD")
    found = await whole(opened)
    assert found.completeness.complete
    assert worth(found.cost) == Decimal(180)
    assert worth(found.unrealised_gain) == Decimal(360 - 180)
    assert worth(found.realised_gain) == Decimal(240 - 120)
    assert lots_of((await held(opened))["ACME"]) == [("2019-05-01", "6", "180.00")]
    (lot,) = (await ledger_lots(opened)).items
    assert (lot.remaining_cost, str(lot.acquired_on)) == (Decimal(180), "2019-05-01")
    # It can be stated again, and the figures follow.
    await cost(opened, done.transaction_id, cost="500")
    assert worth((await whole(opened)).cost) == Decimal(300)
    with pytest.raises(Conflict):
        await cost(opened, done.transaction_id, cost="500")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "cost"),
        ({"cost": "1", "unit_cost": "1"}, "cost"),
        ({"cost": "-1"}, "cost"),
        ({"cost": "1.001"}, "cost"),
        ({"cost": "1", "currency": "???"}, "currency"),
        ({"cost": "1", "share": "0.2"}, "share"),
        ({"cost": "1", "acquired_on": "2024-03-02"}, "acquired_on"),
        ({"from_instrument": "ACME", "share": "0.2"}, "from_instrument"),
        ({"from_instrument": "ACME", "share": "1"}, "share"),
    ],
)
async def test_what_contradicts_itself_is_refused(
    opened: Harness, fields: dict[str, str], field: str
) -> None:
    (problem,) = (await whole(opened)).completeness.lots
    assert problem.transaction_id is not None
    with pytest.raises(InvalidInput) as caught:
        await cost(opened, problem.transaction_id, **fields)
    assert caught.value.field == field


async def test_a_purchase_takes_no_cost(opened: Harness) -> None:
    done = await record(opened, "buy", "2024-03-08", instrument="ACME", quantity=1, unit_price=60)
    with pytest.raises(InvalidInput, match="a buy takes no cost"):
        await cost(opened, done.transaction_id, cost="1")


async def test_the_average_pool_knows_no_cost_either(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-08")
    await build.account(harness, cost_method="average")
    stock = await build.instrument(harness, "ACME")
    await build.price(harness, stock, {"2024-03-01": "50", "2024-03-08": "60"})
    await record(harness, "buy", "2024-03-01", instrument="ACME", quantity=10, unit_price=40)
    await record(harness, "sell", "2024-03-02", instrument="ACME", quantity=5, unit_price=50)
    assert worth((await whole(harness)).realised_gain) == Decimal(50)
    await record(harness, "delivery_in", "2024-03-04", instrument="ACME", quantity=10)
    found = await whole(harness)
    assert worth(found.cost) == "cost_unknown"
    assert worth(found.realised_gain) == Decimal(50)  # sold before anything unknown joined
    assert worth((await held(harness, method="fifo"))["ACME"].cost) == "cost_unknown"


async def test_a_cost_and_a_day_can_be_given_at_once(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-08")
    await build.account(harness)
    stock = await build.instrument(harness, "ACME")
    await build.price(harness, stock, {"2024-03-08": "60"})
    await record(
        harness, "delivery_in", "2024-03-01", instrument="ACME", quantity=10, unit_price="12.5",
        acquired_on="2020-02-29",
    )  # fmt: skip
    assert lots_of((await held(harness))["ACME"]) == [("2020-02-29", "10", "125.00")]
    with pytest.raises(InvalidActivity, match="has no acquired_on"):
        await record(
            harness, "buy", "2024-03-01", instrument="ACME", quantity=1, unit_price=1,
            acquired_on="2020-02-29",
        )  # fmt: skip


@pytest.fixture
async def spun(harness: Harness) -> Harness:
    """100 PARENT for 5,000; on March 4th 20 CHILD arrive without a cost; 5 of them sold at 30."""
    build.stand_on(harness, "2024-03-08")
    await build.account(harness)
    parent = await build.instrument(harness, "PARENT")
    child = await build.instrument(harness, "CHILD")
    await build.price(harness, parent, {"2024-03-01": "50", "2024-03-04": "45"})
    await build.price(harness, child, {"2024-03-04": "25", "2024-03-08": "30"})
    await record(harness, "deposit", "2024-03-01", amount=5000)
    await record(harness, "buy", "2024-03-01", instrument="PARENT", quantity=100, unit_price=50)
    await record(harness, "delivery_in", "2024-03-04", instrument="CHILD", quantity=20)
    await record(harness, "sell", "2024-03-08", instrument="CHILD", quantity=5, unit_price=30)
    return harness


@pytest.mark.requirement("LEDGER.03")
async def test_half_a_spin_off_becomes_a_whole_one(spun: Harness) -> None:
    found = await whole(spun)
    assert worth(found.cost) == "cost_unknown"
    assert worth(found.contributions) == Decimal(5500)  # units from nowhere count as paid in
    (problem,) = found.completeness.lots
    assert problem.transaction_id is not None
    done = await cost(spun, problem.transaction_id, from_instrument="PARENT", share="0.1")
    assert done.kind == "spin_off"
    found = await whole(spun)
    assert found.completeness.complete
    assert worth(found.contributions) == Decimal(5000)
    assert worth(found.cost) == Decimal(4500 + 375)
    assert worth(found.realised_gain) == Decimal(150 - 125)
    rows = await held(spun)
    assert lots_of(rows["PARENT"]) == [("2024-03-01", "100", "4500.00")]
    assert lots_of(rows["CHILD"]) == [("2024-03-01", "15", "375.00")]
    assert worth(found.total_gain) == Decimal(4500 + 450 + 150 - 5000)


@pytest.mark.requirement("LEDGER.03")
async def test_the_recorded_action_takes_the_place_of_the_half(spun: Harness) -> None:
    async with spun.context() as context:
        await record_corporate_action(
            context,
            RecordCorporateAction.model_validate(
                {
                    "instrument": "PARENT", "kind": "spin_off", "ex_date": "2024-03-04",
                    "new_instrument": "CHILD", "ratio_numerator": 1, "ratio_denominator": 5,
                    "cost_fraction": "0.1",
                }
            ),
        )  # fmt: skip
    for outcome in (["posted"], []):
        async with spun.context() as context:
            done = await apply_corporate_actions(context, ApplyCorporateActions())
        assert [item.outcome.value for item in done.items] == outcome
    rows = await held(spun)
    assert lots_of(rows["PARENT"]) == [("2024-03-01", "100", "4500.00")]
    assert lots_of(rows["CHILD"]) == [("2024-03-01", "15", "375.00")]


@pytest.mark.requirement("LEDGER.03")
async def test_a_spin_off_without_a_share_is_told_apart(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-08")
    await build.account(harness)
    parent = await build.instrument(harness, "PARENT")
    child = await build.instrument(harness, "CHILD")
    await build.price(harness, parent, {"2024-03-01": "50", "2024-03-04": "45"})
    await build.price(harness, child, {"2024-03-04": "25"})
    await record(harness, "buy", "2024-03-01", instrument="PARENT", quantity=100, unit_price=50)
    done = await record(
        harness, "spin_off", "2024-03-04", instrument="PARENT", counter_instrument="CHILD",
        counter_quantity=20,
    )  # fmt: skip
    found = await whole(harness)
    assert worth(found.cost) == "cost_unknown"
    assert [row.code for row in found.completeness.lots] == ["cost_share_unknown"]
    await cost(harness, done.transaction_id, share="0.2")
    found = await whole(harness)
    assert found.completeness.complete
    assert worth(found.cost) == Decimal(5000)
    assert lots_of((await held(harness))["CHILD"]) == [("2024-03-01", "20", "1000.00")]


@pytest.mark.requirement("LEDGER.03")
async def test_two_halves_of_a_merger_become_one(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-08")
    await build.account(harness)
    old = await build.instrument(harness, "OLD")
    new = await build.instrument(harness, "NEW")
    await build.price(harness, old, {"2024-03-01": "50"})
    await build.price(harness, new, {"2024-03-04": "110"})
    await record(harness, "buy", "2024-03-01", instrument="OLD", quantity=100, unit_price=50)
    await record(harness, "delivery_out", "2024-03-04", instrument="OLD", quantity=100)
    into = await record(harness, "delivery_in", "2024-03-05", instrument="NEW", quantity=50)
    done = await cost(harness, into.transaction_id, from_instrument="OLD")
    assert (done.kind, len(done.replaced)) == ("merger", 2)
    rows = await held(harness)
    assert "OLD" not in rows
    assert lots_of(rows["NEW"]) == [("2024-03-01", "50", "5000.00")]
    assert worth((await whole(harness)).realised_gain) == 0
