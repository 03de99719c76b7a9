"""The summary, positions and history of small books whose figures are known by hand."""

import datetime as dt
from decimal import Decimal

import pytest

from bursar.portfolio.models.income import AllocationRequest, IncomeRequest
from bursar.portfolio.models.positions import HistoryRequest, PositionsRequest
from bursar.portfolio.models.summary import SummaryRequest
from bursar.portfolio.operations.history import history
from bursar.portfolio.operations.income import allocation, income, rhythm
from bursar.portfolio.operations.positions import list_positions
from bursar.portfolio.operations.summary import summary
from tests.harness import Harness
from tests.portfolio import build


async def one_stock(harness: Harness) -> None:
    """1,000 in, 10 shares at 50 with a fee of 5, now at 60; a dividend of 8 with 1 of tax."""
    build.stand_on(harness, "2024-03-08")
    broker = await build.account(harness)
    stock = await build.instrument(harness, "ACME")
    await build.price(harness, stock, {"2024-03-01": "50", "2024-03-04": "55", "2024-03-08": "60"})
    await build.post(
        harness,
        build.activity(broker, "deposit", "2024-03-01", amount=1000),
        build.activity(
            broker, "buy", "2024-03-01", instrument=stock, quantity=10, unit_price=50, fees=5
        ),
        build.activity(broker, "dividend", "2024-03-05", instrument=stock, amount=8, taxes=1),
        build.activity(broker, "sell", "2024-03-08", instrument=stock, quantity=4, unit_price=60),
    )


@pytest.mark.requirement("DASH.01", "DASH.09")
async def test_summary_of_one_stock_is_right_by_hand(harness: Harness) -> None:
    await one_stock(harness)
    async with harness.context(read_only=True) as context:
        found = await summary(context, SummaryRequest())
    assert found.as_of == dt.date(2024, 3, 8)
    assert found.as_of_reason == "today"
    assert found.completeness.complete
    cash = Decimal(1000 - 505 + 7 + 240)
    assert found.cash.value == cash
    assert found.invested.value == Decimal(360)
    assert found.net_worth.value == cash + 360
    assert found.contributions.value == Decimal(1000)
    assert found.total_gain.value == cash + 360 - 1000
    assert found.income.value == Decimal(8)
    assert found.fees.value == Decimal(5)
    assert found.taxes.value == Decimal(1)
    assert found.cost.value == Decimal(303)
    assert found.realised_gain.value == Decimal(240 - 202)
    assert found.unrealised_gain.value == Decimal(360 - 303)
    assert found.twr.value == Decimal("0.102")
    assert [(s.key, s.weight.value) for s in found.allocation] == [
        ("cash", Decimal("0.673321234120")),
        ("stocks", Decimal("0.326678765880")),
    ]


async def test_positions_show_price_cost_and_lots(harness: Harness) -> None:
    await one_stock(harness)
    async with harness.context(read_only=True) as context:
        found = await list_positions(context, PositionsRequest(lots=True))
    cash, stock = found.items
    assert cash.name == "USD"
    assert stock.quantity.value == Decimal(6)
    assert stock.cost is not None
    assert stock.cost.value == Decimal(303)
    assert stock.price_day == dt.date(2024, 3, 8)
    assert stock.lots is not None
    assert [(lot.quantity, lot.cost) for lot in stock.lots] == [(Decimal(6), Decimal(303))]


async def test_history_shows_every_day_with_flows(harness: Harness) -> None:
    await one_stock(harness)
    async with harness.context(read_only=True) as context:
        found = await history(context, HistoryRequest(days=30))
    assert [(str(r.day)[5:], r.value, r.inflow, r.cash) for r in found.items] == [
        ("02-29", Decimal(0), Decimal(0), Decimal(0)),
        ("03-01", Decimal(995), Decimal(1000), Decimal(495)),
        ("03-02", Decimal(995), Decimal(0), Decimal(495)),
        ("03-03", Decimal(995), Decimal(0), Decimal(495)),
        ("03-04", Decimal(1045), Decimal(0), Decimal(495)),
        ("03-05", Decimal(1052), Decimal(0), Decimal(502)),
        ("03-06", Decimal(1052), Decimal(0), Decimal(502)),
        ("03-07", Decimal(1052), Decimal(0), Decimal(502)),
        ("03-08", Decimal(1102), Decimal(0), Decimal(742)),
    ]


async def test_income_by_month_and_instrument(harness: Harness) -> None:
    await one_stock(harness)
    async with harness.context(read_only=True) as context:
        found = await income(context, IncomeRequest())
    assert (found.gross.value, found.tax.value, found.net.value) == (
        Decimal(8),
        Decimal(1),
        Decimal(7),
    )
    assert [(m.month, m.net.value) for m in found.months] == [("2024-03", Decimal(7))]
    (row,) = found.instruments
    assert row.name == "ACME"
    assert row.yield_on_cost is not None
    assert row.yield_on_cost.value == Decimal("0.0264026402640")  # 8 / 303
    assert row.rhythm is None


@pytest.mark.parametrize(
    ("gap", "expected"),
    [(30, "monthly"), (91, "quarterly"), (182, "half_yearly"), (365, "yearly"), (55, "irregular")],
)
def test_rhythm_of_even_payments(gap: int, expected: str) -> None:
    assert rhythm([place * gap for place in range(6)]) == expected


@pytest.mark.requirement("DASH.01")
async def test_allocation_by_account_currency_and_sector(harness: Harness) -> None:
    await one_stock(harness)
    async with harness.context(read_only=True) as context:
        for by, keys in (
            ("account", ["Broker"]),
            ("currency", ["USD"]),
            ("sector", ["cash", "unclassified"]),
            ("instrument", ["USD", "ACME"]),
        ):
            found = await allocation(context, AllocationRequest(by=by))
            assert [each.name for each in found.slices] == keys
            assert sum(each.value.value or 0 for each in found.slices) == found.total.value


async def test_old_prices_are_not_passed_off_as_today(harness: Harness) -> None:
    await one_stock(harness)
    build.stand_on(harness, "2024-06-01")
    async with harness.context(read_only=True) as context:
        found = await summary(context, SummaryRequest())
        asked = await summary(context, SummaryRequest(as_of=dt.date(2024, 6, 1)))
    assert (found.as_of, found.as_of_reason) == (dt.date(2024, 3, 8), "newest_price_day")
    assert found.completeness.complete
    assert not asked.completeness.complete
    (stale,) = asked.completeness.prices
    assert (stale.name, stale.problem, stale.age_days) == ("ACME", "stale", 85)


async def test_empty_workspace_has_figures_or_reasons(harness: Harness) -> None:
    async with harness.context(read_only=True) as context:
        found = await summary(context, SummaryRequest())
    assert found.net_worth.value == 0
    assert found.twr.reason == "no_capital"
    assert found.xirr.reason == "no_flows"


async def test_missing_price_and_missing_rate_are_null_with_a_reason(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-08")
    broker = await build.account(harness)
    stock = await build.instrument(harness, "ACME", currency="EUR")
    await build.post(
        harness, build.activity(broker, "delivery_in", "2024-03-01", instrument=stock, quantity=3)
    )
    async with harness.context(read_only=True) as context:
        found = await summary(context, SummaryRequest())
    assert (found.net_worth.value, found.net_worth.reason) == (None, "missing_price")
    assert found.twr.reason == "missing_price"
    await build.price(harness, stock, {"2024-03-01": "10"})
    async with harness.context(read_only=True) as context:
        found = await summary(context, SummaryRequest())
    assert (found.net_worth.value, found.net_worth.reason) == (None, "missing_rate")
    assert [each.problem for each in found.completeness.rates] == ["missing"]
    await build.rate(harness, "EUR", "USD", {"2024-03-01": "1.25"})
    async with harness.context(read_only=True) as context:
        found = await summary(context, SummaryRequest())
    assert found.net_worth.value == Decimal("37.50")
