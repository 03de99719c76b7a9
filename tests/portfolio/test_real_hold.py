"""Holding Apple through August 2020 in a real book: a dividend on the 7th, a 4:1 split on the 31st."""

import csv
from decimal import Decimal

import pytest

from bursar.portfolio.models.performance import PerformanceRequest
from bursar.portfolio.models.positions import HistoryRequest
from bursar.portfolio.operations.history import history
from bursar.portfolio.operations.performance import performance
from tests.harness import Harness
from tests.market.data import real_file
from tests.portfolio import build


@pytest.mark.requirement("RETURNS.01")
async def test_hold_apple_with_dividend_and_split(harness: Harness) -> None:
    with real_file("prices_daily/AAPL.csv").open(newline="") as file:
        closes = {
            row["date"]: row["close"]
            for row in csv.DictReader(file)
            if "2020-07-31" <= row["date"] <= "2020-08-31"
        }
    with real_file("corporate_actions/AAPL.csv").open(newline="") as file:
        factors = [
            (row["last_date"], float(row["price_factor"]) * float(row["split_factor"]))
            for row in csv.DictReader(file)
        ]

    def adjusted(on: str) -> float:
        return float(closes[on]) * next(factor for last, factor in factors if last >= on)

    build.stand_on(harness, "2020-08-31")
    broker = await build.account(harness)
    apple = await build.instrument(harness, "AAPL")
    await build.price(harness, apple, closes)
    await build.post(
        harness,
        build.activity(
            broker, "delivery_in", "2020-07-31", instrument=apple, quantity=100, amount=40000
        ),
        build.activity(broker, "dividend", "2020-08-07", instrument=apple, amount=82),
        build.activity(broker, "split", "2020-08-31", instrument=apple, ratio=(4, 1), quantity=300),
    )
    async with harness.context(read_only=True) as context:
        request = PerformanceRequest.model_validate({"instrument": "AAPL", "start": "2020-07-31"})
        found = await performance(context, request)
        values = await history(context, HistoryRequest(instrument="AAPL"))
    measured = {each.definition: each.value for each in found.returns}
    expected = adjusted("2020-08-31") / adjusted("2020-07-31") - 1
    # The factors reinvest at the close before the ex-date, the linked return on its own day.
    assert measured["twr.v1"] == pytest.approx(Decimal(expected), abs=Decimal("1e-4"))
    assert measured["twr.v1"] == measured["total_return.net_of_costs.before_tax.v1"]
    raw = float(closes["2020-08-31"]) * 4 / float(closes["2020-07-31"]) - 1
    price = measured["price_return.before_costs.before_tax.v1"]
    assert price == pytest.approx(Decimal(raw), abs=Decimal("1e-10"))
    by_day = {str(row.day): row.value for row in values.items}
    assert by_day["2020-08-28"] == Decimal(closes["2020-08-28"]) * 100
    assert by_day["2020-08-31"] == Decimal(closes["2020-08-31"]) * 400
