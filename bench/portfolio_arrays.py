"""Portfolio arithmetic from arrays, against a plain dense numpy reference and pyxirr in one run."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
import pyxirr

from bench.row import Row
from bursar.portfolio.calc.drawdown import maximum_drawdown
from bursar.portfolio.calc.flows import ScopeFlows, no_flows
from bursar.portfolio.calc.irr import all_rates, internal_rate
from bursar.portfolio.calc.prices import FilledPrices, PriceTable
from bursar.portfolio.calc.quantities import Changes, no_changes
from bursar.portfolio.calc.returns import ValueSeries, daily_returns, time_weighted_return
from bursar.portfolio.calc.risk import sharpe_ratio
from bursar.portfolio.calc.valuation import Positions, ValueHistory

POSITIONS, DAYS, TRADES, CURRENCIES = 1_000, 2_520, 20_000, 3
REPEATS = 9


@dataclass(frozen=True)
class Book:
    prices: np.ndarray
    rates: np.ndarray
    currency: np.ndarray
    position: np.ndarray
    day: np.ndarray
    quantity: np.ndarray
    amount: np.ndarray


def make_book() -> Book:
    rng = np.random.default_rng(20_240_101)
    moves = rng.normal(0.0003, 0.015, (POSITIONS, DAYS))
    prices = 50 * np.exp(np.cumsum(moves, axis=1))
    rates = np.exp(np.cumsum(rng.normal(0, 0.004, (CURRENCIES, DAYS)), axis=1))
    rates[0] = 1.0
    currency = rng.integers(0, CURRENCIES, POSITIONS)
    position = rng.integers(0, POSITIONS, TRADES)
    day = rng.integers(0, DAYS, TRADES)
    position[:POSITIONS] = np.arange(POSITIONS)
    day[:POSITIONS] = 0
    quantity = rng.integers(1, 100, TRADES).astype(float)
    amount = quantity * prices[position, day]
    return Book(prices, rates, currency, position, day, quantity, amount)


def dense_reference(
    book: Book, prices_by_day: np.ndarray
) -> tuple[np.ndarray, float, float, float]:
    """The straightforward way: one days x positions matrix per step."""
    quantity = np.zeros((DAYS, POSITIONS))
    np.add.at(quantity, (book.day, book.position), book.quantity)
    quantity = np.cumsum(quantity, axis=0)
    value = (quantity * prices_by_day * book.rates.T[:, book.currency]).sum(axis=1)
    flow = book.amount * book.rates[book.currency[book.position], book.day]
    inflow = np.bincount(book.day, np.maximum(flow, 0), DAYS)
    outflow = np.bincount(book.day, np.maximum(-flow, 0), DAYS)
    r = (value[1:] + outflow[1:]) / (value[:-1] + inflow[1:]) - 1
    wealth = np.cumprod(1 + r)
    deepest = (wealth / np.maximum.accumulate(np.maximum(wealth, 1)) - 1).min()
    return value, wealth[-1] - 1, deepest, r.mean() / r.std(ddof=1) * 252**0.5


def measures(history: ValueHistory) -> tuple[float | None, float | None, float | None]:
    days = np.arange(history.days)
    series = ValueSeries(days, history.value, history.inflow, history.outflow)
    returns = daily_returns(series)
    r = returns.returns
    return (
        time_weighted_return(returns).value,
        maximum_drawdown(r).value,
        sharpe_ratio(r, periods_per_year=252).value,
    )


def build(book: Book, table: PriceTable) -> ValueHistory:
    positions = Positions(np.arange(POSITIONS), book.currency, np.ones(POSITIONS))
    changes = Changes(book.position, book.day, book.quantity)
    flows = ScopeFlows(book.day, book.currency[book.position], book.amount, np.full(TRADES, np.nan))
    return ValueHistory(positions, changes, prices=table, rates=book.rates, flows=flows)


def seconds(act: Callable[[], object], repeats: int = REPEATS) -> float:
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return median(taken)


def valuation_rows() -> list[Row]:
    book = make_book()
    by_day = np.ascontiguousarray(book.prices.T)
    filled = FilledPrices(book.prices, np.zeros((POSITIONS, DAYS), np.int64))
    table = PriceTable(filled, age_days_max=7)
    history = build(book, table)
    value, total, deepest, sharpe = dense_reference(book, by_day)
    assert np.allclose(history.value, value, rtol=1e-12)
    assert np.allclose(measures(history), (total, deepest, sharpe), rtol=1e-9)

    def full() -> None:
        measures(build(book, table))

    reference = seconds(lambda: dense_reference(book, by_day))
    ours = seconds(full)
    own = book.position == 7
    day, quantity = book.day[own], book.quantity[own]
    versions = [(np.append(day, 30), np.append(quantity, 5.0)), (day, quantity)]

    def back_dated() -> None:
        versions.reverse()
        history.replace_position(7, *versions[0])

    def back_dated_with_measures() -> None:
        back_dated()
        measures(history)

    one = seconds(back_dated, 51)
    one_measured = seconds(back_dated_with_measures, 51)
    days = 192
    price, age = book.prices[:, -1].copy(), np.zeros(POSITIONS, np.int64)
    rate, none, quiet = book.rates[:, -1], no_flows(), no_changes()

    def append() -> None:
        table.append(price, age)
        history.append_day(rates=rate, changes=quiet, flows=none)

    start = time.perf_counter()
    for _ in range(days):
        append()
    mean_day = (time.perf_counter() - start) / days
    return [
        Row(
            "value, flows, TWR, drawdown, Sharpe: 1,000 x 2,520 / dense numpy", ours / reference, 2
        ),
        Row("one back-dated trade, first days / full", one / ours, 0.01),
        Row("the same with TWR, drawdown, Sharpe / full", one_measured / ours, 0.02),
        Row(
            "append a day (mean of 192, folding included) / dense numpy",
            mean_day / reference,
            0.001,
        ),
        Row("append a day (mean of 192, folding included) / full", mean_day / ours, 0.003),
    ]


def rate_rows() -> list[Row]:
    rng = np.random.default_rng(7)
    day = np.sort(rng.integers(0, 3_650, 10_000))
    dates = day.astype("datetime64[D]")
    saving = -np.abs(rng.normal(100, 50, 10_000))
    saving[-1] = 1.5e6
    mixed = rng.normal(-20, 200, 10_000)
    mixed[-1] = 3e5
    rows = []
    for name, amount in (("one sign change", saving), ("about 5,000 sign changes", mixed)):
        peer = seconds(lambda a=amount: pyxirr.xirr(dates, a), 21)
        own = seconds(lambda a=amount: internal_rate(day, a), 21)
        scan = seconds(lambda a=amount: all_rates(day, a), 21)
        rows.append(Row(f"XIRR, 10,000 flows, {name} / pyxirr", own / peer, 5))
        rows.append(Row(f"XIRR scan for every root, {name} / pyxirr", scan / peer, 5))
    return rows


def run() -> list[Row]:
    """Return one row per target."""
    return valuation_rows() + rate_rows()


if __name__ == "__main__":
    for row in run():
        print(row)
