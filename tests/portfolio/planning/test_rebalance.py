"""Rebalance plans on known books: amounts, lots, gains by term, tax, fees, wash sales, cash."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from bursar.core.errors import BursarError
from bursar.portfolio.calc.tax_estimate import TaxRates, estimate_tax
from bursar.portfolio.models.rebalance import RebalanceProposal, RebalanceRequest
from bursar.portfolio.operations.rebalance import rebalance_plan
from tests.harness import Harness
from tests.portfolio import build
from tests.portfolio.planning import books
from tests.portfolio.planning.test_drift import measured
from tests.portfolio.planning.test_targets import store

D = Decimal


async def planned(harness: Harness, **fields: Any) -> RebalanceProposal:
    async with harness.context(read_only=True) as context:
        return await rebalance_plan(context, RebalanceRequest.model_validate(fields))


async def carry_out(harness: Harness, made: books.Made, plan: RebalanceProposal) -> None:
    """Book a plan exactly as it says."""
    rows = {str(row.id): row for row in made.instruments.values()}
    today = books.TODAY
    posted = []
    for move in plan.cash_moves:
        fields: dict[str, Any] = {"amount": move.amount, "currency": move.currency}
        kind = move.kind
        if move.kind == "transfer":
            kind, fields["counter_account_id"] = "transfer_out", move.to_account_id
        if move.kind == "conversion":
            kind = "fx_conversion"
            fields |= {"counter_amount": move.to_amount, "counter_currency": move.to_currency}
        posted.append(build.activity(move.account_id, kind, today, **fields))
    posted += [
        build.activity(
            trade.account_id,
            trade.side,
            today,
            instrument=rows[str(trade.instrument_id)],
            quantity=trade.quantity,
            amount=trade.amount,
            currency=trade.currency,
            fees=trade.fees or None,
        )
        for trade in plan.trades
    ]
    await build.post(harness, *posted)


@pytest.mark.requirement("DASH.10", "RETURNS.03")
async def test_the_plan_restores_the_targets_and_says_what_it_costs(harness: Harness) -> None:
    made = await books.mixed(harness)
    await store(harness, tax_rate_short="0.35", tax_rate_long="0.15")
    plan = await planned(harness)
    sums = {(t.side, t.name): t.quantity for t in plan.trades}
    # Stocks 4,000 to 6,000 in the present mix 3:1; bonds 5,000 to 3,000.
    assert sums == {("sell", "BND"): D(20), ("buy", "AAA"): D(15), ("buy", "BBB"): D(10)}
    assert (plan.bought, plan.sold, plan.cash_after) == (D(2000), D(2000), D(1000))
    sale = plan.trades[0]
    assert [(lot.term, lot.quantity, lot.gain) for lot in sale.lots] == [("long", D(20), D(0))]
    assert (plan.gain_short, plan.gain_long, plan.tax) == (D(0), D(0), D(0))
    assert "0.35" in plan.tax_note
    assert {k.key: k.drift_after for k in plan.keys} == {"stocks": 0, "bonds": 0, "cash": 0}
    await carry_out(harness, made, plan)
    after = await measured(harness)
    assert {row.drift.value for row in after.keys} == {D(0)}
    again = await planned(harness)
    assert again.trades == ()
    assert again.notes == ("Nothing to trade.",)


@pytest.mark.requirement("DASH.10", "RETURNS.03")
async def test_cash_comes_first_and_sales_only_when_it_is_not_enough(harness: Harness) -> None:
    made = await books.mixed(harness)
    await store(harness, targets={"stocks": "0.6", "bonds": "0.3", "cash": "0.1"})
    plan = await planned(harness, contribution="6666.70")
    assert {t.side for t in plan.trades} == {"buy"}
    assert plan.cash_moves[0].kind == "deposit"
    assert plan.cash_moves[0].amount == D("6666.70")
    await carry_out(harness, made, plan)
    after = await measured(harness)
    assert all(abs(row.drift.value or 0) < D("0.01") for row in after.keys)


@pytest.mark.requirement("RETURNS.03")
async def test_without_sales_only_new_money_is_used(harness: Harness) -> None:
    await books.mixed(harness)
    await store(harness)
    plan = await planned(harness, contribution="1000", sell=False)
    assert plan.sold == 0
    assert plan.bought == D(900)
    # The largest gap is closed first: AAA lacks 1,950, BBB 650.
    assert {t.name for t in plan.trades} == {"AAA"}
    none = await planned(harness, sell=False)
    assert none.trades == ()


@pytest.mark.requirement("RETURNS.03")
async def test_within_tolerance_nothing_is_sold_and_bands_are_left_alone(harness: Harness) -> None:
    await books.mixed(harness)
    await store(harness, band={"absolute": "0.25"})
    plan = await planned(harness, to="band")
    assert plan.trades == ()
    narrow = await store(harness, band={"absolute": "0.05"})
    assert narrow.version == 2
    plan = await planned(harness, to="band", whole_units="none")
    after = {k.key: k.drift_after for k in plan.keys}
    assert abs(after["bonds"]) <= D("0.05") + D("1e-6")
    assert abs(after["stocks"]) <= D("0.05") + D("1e-6")
    assert plan.sold < D(2000)


@pytest.mark.requirement("RETURNS.03")
async def test_lots_gains_by_term_and_tax_follow_the_method(harness: Harness) -> None:
    made = await books.mixed(harness)
    targets = {"stocks": "0.2", "bonds": "0.7", "cash": "0.1"}
    await store(
        harness,
        targets=targets,
        assets={"AAA": "1", "BND": "1"},
        tax_rate_short="0.40",
        tax_rate_long="0.10",
        wash_sale_days=0,
    )
    by_fifo = await planned(harness)
    sold = {t.name: t for t in by_fifo.trades if t.side == "sell"}
    # BBB is left out of the key, so it goes wholly: 20 bought at 60 in February, a short-term loss.
    assert sold["BBB"].gain_short == D(-200)
    assert sold["AAA"].quantity == D(10)
    assert (sold["AAA"].gain_long, sold["AAA"].gain_short) == (D(200), D(0))
    # The long gain of 200 is netted against the short loss.
    assert by_fifo.tax == D(0)
    by_lifo = await planned(harness, lot_method="lifo")
    aaa = next(t for t in by_lifo.trades if t.name == "AAA")
    assert (aaa.gain_long, aaa.gain_short) == (D(0), D(200))
    assert aaa.lots[0].days_until_long == 247
    cheapest = await planned(harness, lot_method="lowest_tax")
    aaa = next(t for t in cheapest.trades if t.name == "AAA")
    assert (aaa.gain_long, aaa.lot_method) == (D(200), "lowest_tax")
    assert made.id("AAA") == str(aaa.instrument_id)


@pytest.mark.requirement("RETURNS.03")
async def test_a_purchase_shortly_before_a_loss_is_a_wash_sale(harness: Harness) -> None:
    made = await books.mixed(harness)
    broker = made.accounts["Broker"]
    await build.post(
        harness,
        build.activity(
            broker,
            "buy",
            "2025-06-20",
            instrument=made.instruments["BBB"],
            quantity=5,
            unit_price=55,
        ),
    )
    await store(
        harness,
        targets={"stocks": "0.5", "bonds": "0.4", "cash": "0.1"},
        assets={"AAA": "1"},
        tax_rate_short="0.40",
        tax_rate_long="0.10",
    )
    plan = await planned(harness)
    (hit,) = plan.wash_sales
    assert (hit.name, hit.planned_sale, hit.replaced) == ("BBB", True, D(5))
    assert hit.disallowed == D(50)
    # 20 at 60 and 5 at 55, sold at 50.
    assert plan.gain_short == D(-225)
    # A loss at risk does not lower the estimate: sell AAA at a gain beside it.
    await store(
        harness,
        name="less",
        targets={"stocks": "0.1", "bonds": "0.8", "cash": "0.1"},
        assets={"AAA": "1"},
        tax_rate_short="0.40",
        tax_rate_long="0.10",
    )
    taxed = await planned(harness, policy="less", lot_method="lifo")
    assert taxed.gain_short == D(200 - 225)
    assert taxed.gain_long is not None
    rates = TaxRates(D("0.40"), D("0.10"))
    assert taxed.tax == estimate_tax(D(25), taxed.gain_long, rates)
    assert taxed.tax != estimate_tax(D(-25), taxed.gain_long, rates)
    other = await build.account(harness, "Second")
    await build.post(
        harness,
        build.activity(
            other,
            "delivery_in",
            "2025-06-25",
            instrument=made.instruments["BBB"],
            quantity=2,
            amount=100,
        ),
    )
    wider = await planned(harness, policy="default")
    assert sum(h.replaced for h in wider.wash_sales) == D(7)


@pytest.mark.requirement("RETURNS.03")
async def test_buying_back_what_was_sold_at_a_loss_is_shown(harness: Harness) -> None:
    made = await books.mixed(harness)
    await build.post(
        harness,
        build.activity(
            made.accounts["Broker"],
            "sell",
            "2025-06-15",
            instrument=made.instruments["BBB"],
            quantity=10,
            unit_price=50,
        ),
    )
    await store(harness, wash_sale_days=30)
    plan = await planned(harness)
    (hit,) = plan.wash_sales
    assert (hit.planned_sale, str(hit.sold_on), str(hit.ends_on)) == (
        False,
        "2025-06-15",
        "2025-07-15",
    )


@pytest.mark.requirement("RETURNS.03", "DASH.10")
async def test_fees_floor_minimum_caps_and_no_sell_are_respected(harness: Harness) -> None:
    await books.mixed(harness)
    await store(harness, fee_rate="0.01", fee_fixed="5", cash_floor="1500", whole_units="none")
    plan = await planned(harness)
    trades = sum((t.amount * D("0.01") + 5 for t in plan.trades), D(0))
    assert abs(plan.fees - trades) <= D("0.05")
    assert plan.cash_after >= D(1500)
    assert plan.cash_after < D(1501)
    small = await planned(harness, minimum_trade="600")
    assert all(t.amount >= 600 for t in small.trades)
    await store(harness, asset_weight_max="0.3", no_sell=["BND"])
    kept = await planned(harness)
    assert {t.side for t in kept.trades} <= {"buy"}
    capped = await store(harness, asset_weight_max="0.35", whole_units="none")
    assert capped.version == 3
    plan = await planned(harness)
    drift = {k.key: k.drift_after for k in plan.keys}
    assert abs(drift["stocks"]) < D("1e-6")
    aaa = next(t for t in plan.trades if t.name == "AAA")
    assert aaa.value == D(500)


@pytest.mark.requirement("RETURNS.03")
async def test_accounts_with_a_wrapper_sell_first_and_keep_their_cash(harness: Harness) -> None:
    made = await books.mixed(harness)
    made.accounts["IRA"] = ira = await build.account(
        harness, "IRA", kind="retirement", tax_wrapper="tax_deferred"
    )
    await build.post(
        harness,
        build.activity(ira, "deposit", "2023-01-02", amount=3000),
        build.activity(
            ira,
            "buy",
            "2023-01-03",
            instrument=made.instruments["BND"],
            quantity=30,
            unit_price=100,
        ),
    )
    await store(harness, tax_rate_short="0.4", tax_rate_long="0.2")
    plan = await planned(harness)
    sold = [t for t in plan.trades if t.side == "sell"]
    assert sold[0].account == "IRA"
    assert not sold[0].taxed
    assert not any(m.kind == "transfer" for m in plan.cash_moves)
    await carry_out(harness, made, plan)
    after = await measured(harness)
    assert all(abs(row.drift.value or 0) < D("0.01") for row in after.keys)


@pytest.mark.requirement("RETURNS.03")
async def test_cash_in_a_bank_account_and_another_currency_is_moved(harness: Harness) -> None:
    made = await books.mixed(harness, cash="0")
    made.accounts["Bank"] = bank = await build.account(harness, "Bank", kind="checking")
    made.instruments["EUX"] = euro = await build.instrument(
        harness, "EUX", currency="EUR", asset_class="stocks"
    )
    await build.price(harness, euro, {books.TODAY: "20"})
    await build.rate(harness, "EUR", "USD", {books.TODAY: "1.25"})
    await build.post(harness, build.activity(bank, "deposit", "2025-01-02", amount=3000))
    await store(
        harness,
        targets={"stocks": "0.5", "bonds": "0.5"},
        assets={"AAA": "0.5", "BBB": "0.25", "EUX": "0.25"},
        whole_units="none",
    )
    plan = await planned(harness)
    kinds = [move.kind for move in plan.cash_moves]
    assert "transfer" in kinds
    assert "conversion" in kinds
    assert plan.cash_after < D(1)
    await carry_out(harness, made, plan)
    after = await measured(harness)
    assert all(abs(row.drift.value or 0) < D("0.0005") for row in after.keys)


@pytest.mark.requirement("DASH.10")
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"targets": {"stocks": "0.5", "gold": "0.5"}}, "nothing is held in 'gold'"),
        ({"targets": {"Broker": "1"}, "taxonomy": "account"}, "moving cash"),
        ({"cash_floor": "99999"}, "cash floor"),
        ({"contribution": "-99999"}, "nothing to plan"),
        ({"contribution": "-2000", "sell": False}, "needs sales"),
        ({"tolerance": "-1"}, "tolerance"),
        ({"policy": "none"}, "no target policy"),
    ],
)
async def test_what_cannot_be_planned_says_why(
    harness: Harness, fields: dict[str, Any], words: str
) -> None:
    await books.mixed(harness)
    await store(harness)
    with pytest.raises(BursarError) as refused:
        await planned(harness, **fields)
    assert words in refused.value.message
    assert refused.value.hint or refused.value.field


@pytest.mark.requirement("DASH.10", "DASH.07")
async def test_planning_writes_nothing(harness: Harness) -> None:
    await books.mixed(harness)
    await store(harness)
    counted = "SELECT (SELECT count(*) FROM transfer_group), (SELECT count(*) FROM entry)"
    counted += ", (SELECT count(*) FROM target_policy), (SELECT count(*) FROM price)"
    async with harness.context(read_only=True) as context:
        before = (await context.session.execute(text(counted))).one()
        await rebalance_plan(context, RebalanceRequest())
        assert (await context.session.execute(text(counted))).one() == before
