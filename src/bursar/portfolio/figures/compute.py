"""The one road from a figure id to its value, whoever asks."""

import uuid
from collections.abc import Callable
from decimal import localcontext

from bursar.core.errors import InvalidInput
from bursar.portfolio.calc.arrays import FloatArray
from bursar.portfolio.figures import bridge, drift, flagged, local, money, returns
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.period import Series, series
from bursar.portfolio.figures.result import Result, ratio
from bursar.portfolio.view import benchmark
from bursar.portfolio.view.exact import Sum
from bursar.portfolio.view.view import ARITHMETIC, BookView

SUMS: dict[str, Callable[[BookView, FigureId], Sum]] = {
    "value.v1": money.value,
    "net_worth.v1": money.value,
    "holdings.v1": money.holdings,
    "cash.v1": money.cash,
    "cost_basis.v1": money.cost,
    "realised_gain.v1": money.realised,
    "realised_gain_before_costs.v1": lambda view, figure: money.realised(
        view, figure, before_costs=True
    ),
    "unrealised_gain.v1": money.unrealised,
    "gain.v1": money.gain,
    "day_gain.v1": money.day_gain,
    "price_gain.v1": bridge.price_gain,
    "period_realised_gain.v1": bridge.period_realised,
    "period_unrealised_gain.v1": bridge.period_unrealised,
    "cash_gain.v1": bridge.cash_gain,
    "currency_effect.v1": money.currency_effect,
    "inflow.v1": lambda view, figure: money.moved(view, figure).inflow,
    "outflow.v1": lambda view, figure: money.moved(view, figure).outflow,
    "income.v1": lambda view, figure: money.moved(view, figure).income,
    "fees.v1": lambda view, figure: money.moved(view, figure).fees,
    "income_tax.v1": lambda view, figure: money.moved(view, figure).income_taxes,
    "net_income.v1": money.net_income,
    "tax.v1": lambda view, figure: money.moved(view, figure).taxes,
}
RATIOS: dict[str, Callable[[BookView, FigureId], Result]] = {
    "quantity.v1": money.quantity,
    "weight.v1": money.weight,
    "drift.v1": drift.drift,
    "yield_on_cost.v1": money.yield_on_cost,
    "roai.v1": bridge.roai,
}


STATISTICS = (
    returns.OWN_STATISTICS
    | returns.BENCHMARK_STATISTICS
    | {"drawdown_duration.v1", "distance_from_high.v1"}
)


def compute(view: BookView, figure: FigureId) -> Result:
    """Return the value of a figure, or the reason it has none.

    Raises InvalidInput for a definition that only stands in another answer.
    """
    key = ("figure", figure)
    found = view.derived.get(key)
    if not isinstance(found, Result):
        with localcontext(ARITHMETIC):
            found = view.derived[key] = _computed(view, figure)
    return found


def series_of(view: BookView, figure: FigureId) -> Series:
    """Return the value series a figure is measured on."""
    return series(
        view,
        figure.scope,
        start=money.start_of(view, figure),
        end=figure.end,
        currency=figure.currency,
    )


def benchmark_of(view: BookView, figure: FigureId) -> FloatArray | None:
    """Return the benchmark's returns on the figure's trading days, or None when it names none."""
    named = figure.parameter("benchmark")
    if named is None:
        return None
    try:
        found = benchmark.known(view, uuid.UUID(named), figure.currency)
    except ValueError:
        found = None
    if found is None:
        raise InvalidInput(f"{named[:40]!r} is no benchmark", field="figure_id")
    own = series_of(view, figure)
    part = slice(int(own.day[0]) - view.axis.first, int(own.day[-1]) - view.axis.first + 1)
    return returns.benchmark_returns(own, found.price[part], found.observed[part])


def _statistic(view: BookView, figure: FigureId) -> Result:
    found = series_of(view, figure)
    if found.reason is not None:
        return Result(None, found.reason)
    settings = returns.settings_of(figure.parameter, found.periods_per_year)
    against = benchmark_of(view, figure)
    if against is None and figure.definition in returns.BENCHMARK_STATISTICS:
        raise InvalidInput(
            f"{figure.definition} needs a benchmark", field="figure_id", hint="Name one."
        )
    key = ("statistics", figure.of("volatility.v1"))
    measured = view.derived.get(key)
    if not isinstance(measured, dict):
        measured = view.derived[key] = returns.statistics(found, settings, against)
    return ratio(measured[figure.definition])


def _computed(view: BookView, figure: FigureId) -> Result:
    name = figure.definition
    if name in SUMS:
        return money.as_money(SUMS[name](view, figure), figure)
    if name in RATIOS:
        return RATIOS[name](view, figure)
    if name in returns.SERIES_MEASURES:
        return returns.on_series(name, series_of(view, figure))
    if name in local.LOCAL:
        found = series_of(view, figure)
        opening = local.opening_values(view, figure.scope, figure.currency, found)
        return local.on_opening(name, found, opening)
    if name in flagged.FLAGGED:
        return flagged.flagged_return(view, figure)
    if name in STATISTICS:
        return _statistic(view, figure)
    raise InvalidInput(
        f"{name} is no figure of its own", field="figure_id", hint="It is part of another answer."
    )
