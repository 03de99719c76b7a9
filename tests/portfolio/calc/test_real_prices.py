"""Holding Apple through August 2020: a dividend on the 7th, a 4:1 split on the 31st, raw prices."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from bursar.portfolio.calc.drawdown import drawdowns
from bursar.portfolio.calc.flows import no_flows
from bursar.portfolio.calc.prices import FilledPrices, PriceTable
from bursar.portfolio.calc.quantities import Changes
from bursar.portfolio.calc.returns import (
    IncomeSeries,
    ReturnFlags,
    ValueSeries,
    daily_returns,
    price_or_total_return,
    time_weighted_return,
)
from bursar.portfolio.calc.valuation import Positions, ValueHistory

pytestmark = pytest.mark.requirement("RETURNS.01")

SHARED = Path(os.environ.get("BURSAR_SHARED_DATA", "../shared/data"))
UNITS = 100.0


def rows(path):
    if not path.exists():
        pytest.skip(f"the real data file {path.name} is not on this machine")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def august():
    """Days from 2020-07-31, closes, and the cumulative factors valid on each day."""
    prices = [
        (np.datetime64(r["date"]), float(r["close"]))
        for r in rows(SHARED / "prices_daily" / "AAPL.csv")
        if "2020-07-31" <= r["date"] <= "2020-08-31"
    ]
    factors = [
        (np.datetime64(r["last_date"]), float(r["price_factor"]), float(r["split_factor"]))
        for r in rows(SHARED / "corporate_actions" / "AAPL.csv")
    ]
    day = np.array([d for d, _ in prices])
    valid = [next(f for f in factors if f[0] >= d) for d in day]
    close = np.array([c for _, c in prices])
    return day, close, np.array([f[1] for f in valid]), np.array([f[2] for f in valid])


def held(august):
    day, close, _, split = august
    ratio = np.round(split[1:] / split[:-1], 6)
    quantity = [UNITS, *(UNITS * (np.cumprod(ratio) - np.r_[1, np.cumprod(ratio)[:-1]]))]
    table = PriceTable(
        FilledPrices(close[None, :], np.zeros((1, len(day)), np.int64)), age_days_max=4
    )
    zero = np.zeros(len(day), np.int64)
    history = ValueHistory(
        Positions(zero[:1], zero[:1], np.ones(1)),
        Changes(zero, np.arange(len(day)), np.array(quantity)),
        prices=table,
        rates=np.ones((1, len(day))),
        flows=no_flows(),
    )
    return ValueSeries(day.astype(np.int64), history.value, history.inflow, history.outflow)


def test_the_split_changes_no_value(august):
    _, close, _, split = august
    series = held(august)
    assert close[-2] / close[-1] == pytest.approx(3.87, abs=0.01)
    assert series.value[-1] == pytest.approx(4 * UNITS * close[-1])
    worst = min(d.depth for d in drawdowns(daily_returns(series).returns, series.day))
    assert worst > -0.05
    price = time_weighted_return(daily_returns(series)).value
    assert price == pytest.approx(close[-1] * split[-1] / (close[0] * split[0]) - 1)


def test_total_return_equals_the_fully_adjusted_close(august):
    day, close, price_factor, split = august
    series = held(august)
    # Paid on the first day of a new factor: reference close times (1 - old / new factor).
    reference = np.r_[np.nan, close[:-1]]
    change = np.r_[1.0, price_factor[:-1] / price_factor[1:]]
    per_share = np.where(change < 1, np.nan_to_num(reference) * (1 - change), 0.0)
    assert per_share.max() == pytest.approx(0.82, abs=0.001)
    held_before = UNITS * np.r_[split[0], split[:-1]] / split[0]
    income = per_share * held_before
    nothing = np.zeros(len(day))
    flags = ReturnFlags(income=True, costs=False, tax=False)
    total = price_or_total_return(series, IncomeSeries(income, nothing, nothing), flags).value
    adjusted = close * price_factor * split
    # The factor file reinvests at the reference close less the dividend, we count it on its day:
    # (close + dividend) / reference against close / (reference - dividend).
    ex = int(np.argmax(per_share))
    ours = (close[ex] + per_share[ex]) / close[ex - 1]
    theirs = close[ex] / (close[ex - 1] - per_share[ex])
    growth = adjusted[-1] / adjusted[0] * ours / theirs
    assert total == pytest.approx(growth - 1, abs=1e-12)
    assert total == pytest.approx(adjusted[-1] / adjusted[0] - 1, abs=1e-4)
