"""Returns and statistics: the measures of `calc`, each on the one series of its scope and period."""

from collections.abc import Callable

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.portfolio.calc.arrays import BoolArray, FloatArray
from bursar.portfolio.calc.drawdown import distance_from_high, drawdown_duration_days_max, wealth
from bursar.portfolio.calc.irr import internal_rate
from bursar.portfolio.calc.returns import (
    FlowTiming,
    annualised_return,
    dietz_chain,
    modified_dietz,
    simple_gain,
    time_weighted_return,
)
from bursar.portfolio.calc.statistics import (
    StatisticSettings,
    benchmark_statistics,
    own_statistics,
)
from bursar.portfolio.calc.undefined import Figure, Reason
from bursar.portfolio.figures.period import Series, returns_of, trading_returns
from bursar.portfolio.figures.result import Result, ratio, ratio_text

TIMINGS = {
    "twr.v1": FlowTiming.START_END,
    "twr_start.v1": FlowTiming.START,
    "twr_end.v1": FlowTiming.END,
}
OWN_STATISTICS = frozenset(own_statistics(np.array([0.01, 0.02]), StatisticSettings()))
BENCHMARK_STATISTICS = frozenset(
    benchmark_statistics(np.array([0.01, 0.02]), np.array([0.02, 0.01]), StatisticSettings())
)
Measure = Callable[[Series], Figure]


def time_weighted(found: Series, timing: FlowTiming) -> Figure:
    """The linked daily return of the series."""
    return time_weighted_return(returns_of(found, timing))


def money_weighted(found: Series) -> Result:
    """XIRR over the opening value, every flow and the closing value; all roots are listed."""
    rate = internal_rate(*found.flows)
    shown = ratio(rate.figure)
    roots = tuple(ratio_text(each) for each in rate.roots)
    return Result(shown.value, shown.reason, shown.observations, roots)


def statistics(
    found: Series, settings: StatisticSettings, benchmark: FloatArray | None = None
) -> dict[str, Figure]:
    """Every statistic of the trading days' returns; NaN in `benchmark` marks a day without."""
    linked = trading_returns(returns_of(found), found.trading[1:])
    returns = np.where(linked.defined, linked.factor - 1.0, np.nan)
    measured = dict(own_statistics(returns, settings))
    defined = linked.defined
    days = np.concatenate((found.day[:1], linked.day[defined]))
    kept = returns[defined]
    if len(kept) and float(kept.min()) >= -1:
        measured["drawdown_duration.v1"] = Figure.of(
            float(drawdown_duration_days_max(kept, days)), observations=len(kept)
        )
        measured["distance_from_high.v1"] = distance_from_high(wealth(kept))
    else:
        few = Figure.undefined(Reason.TOO_FEW_RETURNS, observations=len(kept))
        measured["drawdown_duration.v1"] = measured["distance_from_high.v1"] = few
    if benchmark is not None:
        measured |= benchmark_statistics(returns, benchmark, settings)
    return measured


def benchmark_returns(found: Series, price: FloatArray, observed: BoolArray) -> FloatArray:
    """Return the benchmark's returns on the series' trading days from its carried prices.

    `observed` marks days with a price of their own; a return to or from any other
    trading day is missing.
    """
    places = np.flatnonzero(found.trading[1:]) + 1
    if len(places) == 0:
        places = np.arange(1, len(found.day))
    before = np.concatenate(([0], places[:-1]))
    returns = np.full(len(places), np.nan)
    known = (price[before] > 0) & observed[places]
    np.divide(price[places], price[before], out=returns, where=known)
    return np.where(known, returns - 1.0, np.nan)


def on_series(definition: str, found: Series) -> Result:
    """Return a measure that needs nothing but the series."""
    if found.reason is not None:
        return Result(None, found.reason)
    if definition in TIMINGS:
        return ratio(time_weighted(found, TIMINGS[definition]))
    if definition == "xirr.v1":
        return money_weighted(found)
    if definition == "twr_annualised.v1":
        days = found.values.calendar_days
        return ratio(annualised_return(time_weighted(found, FlowTiming.START_END), days))
    plain: dict[str, Measure] = {
        "modified_dietz.v1": lambda s: modified_dietz(s.values),
        "modified_dietz_start.v1": lambda s: modified_dietz(s.values, flow_at="start"),
        "dietz_chain.v1": lambda s: dietz_chain(s.values),
        "simple_gain.v1": lambda s: simple_gain(s.values),
    }
    return ratio(plain[definition](found))


SERIES_MEASURES = frozenset(
    {
        *TIMINGS,
        "xirr.v1",
        "twr_annualised.v1",
        "modified_dietz.v1",
        "modified_dietz_start.v1",
        "dietz_chain.v1",
        "simple_gain.v1",
    }
)


def settings_of(parameter: Callable[[str], str | None], periods_per_year: int) -> StatisticSettings:
    """Read the statistic settings that a figure id names; raises InvalidInput."""

    def number(name: str, default: float, low: float, high: float) -> float:
        text = parameter(name)
        try:
            found = default if text is None else float(text)
        except ValueError:
            found = float("nan")
        if not low <= found <= high:
            raise InvalidInput(f"{name} must lie between {low:g} and {high:g}", field="figure_id")
        return found

    return StatisticSettings(
        periods_per_year=int(number("ppy", periods_per_year, 1, 366)),
        risk_free_annual=number("rf", 0.0, -0.5, 10.0),
        minimum_annual=number("mar", 0.0, -0.5, 10.0),
        quantile=number("q", 0.05, 1e-6, 1 - 1e-6),
    )
