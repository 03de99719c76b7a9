"""What a figure is made of: leaves that multiply and add up to it, or the series it is measured on.

Each builder repeats what the figure's definition says, from the same stored facts; `recompute` then
needs nothing but the trace.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from bursar.portfolio.calc.arrays import FloatArray
from bursar.portfolio.figures import bridge, flagged, local, money
from bursar.portfolio.figures.compute import STATISTICS, benchmark_of, series_of
from bursar.portfolio.figures.drift import TARGET
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.period import Series
from bursar.portfolio.figures.returns import SERIES_MEASURES
from bursar.portfolio.figures.terms import (
    Earned,
    Term,
    earned_terms,
    flow_terms,
    held_terms,
    lot_terms,
    match_terms,
    move_terms,
)
from bursar.portfolio.view.scope import Scope
from bursar.portfolio.view.view import BookView

Recipe = Literal["sum", "quantity", "quotient", "series", "average"]


@dataclass(frozen=True, slots=True)
class SeriesRows:
    """The daily columns a measure reads; those with a default only for the measures that do."""

    series: Series
    paid: tuple[FloatArray, FloatArray, FloatArray] | None = None
    benchmark: FloatArray | None = None
    opening: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A figure's recipe and all its inputs."""

    figure: FigureId
    recipe: Recipe
    terms: tuple[Term, ...] = ()
    rows: SeriesRows | None = None
    parts: tuple[FigureId, ...] = field(default=())


def trace(view: BookView, figure: FigureId) -> Trace:
    """Return what a figure is made of."""
    name = figure.definition
    if name in flagged.FLAGGED:
        values, paid, _ = flagged.flagged_series(view, figure)
        own = series_of(view, figure.within(bridge.holdings_part(figure.scope)))
        if values is not None:
            own = replace(own, value=values.value, inflow=values.inflow, outflow=values.outflow)
        columns = (paid.income, paid.costs, paid.tax)
        return Trace(
            figure, "series", rows=SeriesRows(own, paid=columns), parts=_ends(view, figure)
        )
    if name in local.LOCAL:
        own = series_of(view, figure)
        rows = SeriesRows(
            own, opening=local.opening_values(view, figure.scope, figure.currency, own)
        )
        both = (figure.of("twr.v1"), figure.of("twr_local.v1"))
        return Trace(figure, "series", rows=rows, parts=(*both, *_ends(view, figure)))
    if name in SERIES_MEASURES or name in STATISTICS:
        own = series_of(view, figure)
        against = benchmark_of(view, figure) if own.reason is None else None
        return Trace(
            figure, "series", rows=SeriesRows(own, benchmark=against), parts=_ends(view, figure)
        )
    if name == "quantity.v1":
        bare = (
            replace(each, multiplier=None, price=None, rate=None, rate_day=None)
            for each in held_terms(view, figure, figure.end)
        )
        return Trace(figure, "quantity", tuple(bare))
    if name in ("weight.v1", "drift.v1", "yield_on_cost.v1"):
        return _quotient(view, figure)
    if name == "roai.v1":
        return _average(view, figure)
    terms, parts = _SUMS[name](view, figure)
    return Trace(figure, "sum", tuple(terms), parts=tuple(parts))


# A plain value names neither what it is part of nor a target.
PLAIN = {"in": None, TARGET: None}
Parts = tuple[Iterable[Term], Iterable[FigureId]]


def _ends(view: BookView, figure: FigureId) -> tuple[FigureId, ...]:
    start = money.start_of(view, figure)
    plain = figure.having(**dict.fromkeys(dict(figure.parameters)))
    return (
        plain.of("value.v1").on(start),
        plain.of("value.v1").on(figure.end),
        plain.of("inflow.v1").over(start, figure.end),
        plain.of("outflow.v1").over(start, figure.end),
    )


def _value(view: BookView, figure: FigureId) -> Parts:
    terms = held_terms(view, figure, figure.end)
    return terms, ()


def _part(*, cash: bool) -> Callable[[BookView, FigureId], Parts]:
    def build(view: BookView, figure: FigureId) -> Parts:
        terms = held_terms(view, figure, figure.end)
        return [each for each in terms if bool(view.cash[each.position]) is cash], ()

    return build


def _gain(view: BookView, figure: FigureId) -> Parts:
    start = money.start_of(view, figure)
    terms = [
        *held_terms(view, figure, figure.end),
        *held_terms(view, figure, start, sign=-1),
        *flow_terms(view, figure, sign=-1),
    ]
    return terms, _ends(view, figure)


def _day_gain(view: BookView, figure: FigureId) -> Parts:
    return _gain(view, figure.over(figure.end - 1, figure.end))


def _flow(only: Literal["in", "out"]) -> Callable[[BookView, FigureId], Parts]:
    return lambda view, figure: (
        flow_terms(view, figure, sign=1 if only == "in" else -1, only=only),
        (),
    )


def _net_income(view: BookView, figure: FigureId) -> Parts:
    terms = earned_terms(view, figure, {"income": 1, "income_tax": 1})
    return terms, (figure.of("income.v1"), figure.of("income_tax.v1"))


def _earned(kind: Earned, sign: int) -> Callable[[BookView, FigureId], Parts]:
    return lambda view, figure: (earned_terms(view, figure, {kind: sign}), ())


def _cost(view: BookView, figure: FigureId) -> Parts:
    return lot_terms(view, figure), ()


def _realised(*, before_costs: bool) -> Callable[[BookView, FigureId], Parts]:
    def build(view: BookView, figure: FigureId) -> Parts:
        holdings = money.scoped_lots(view, figure)
        return match_terms(view, figure, holdings, before_costs=before_costs), ()

    return build


def _unrealised(view: BookView, figure: FigureId) -> Parts:
    terms = [*_part(cash=False)(view, figure)[0], *lot_terms(view, figure, sign=-1)]
    return terms, (figure.of("holdings.v1"), figure.of("cost_basis.v1"))


def _apart(part: Callable[[Scope], Scope | None]) -> Callable[[BookView, FigureId], Parts]:
    def build(view: BookView, figure: FigureId) -> Parts:
        scope = part(figure.scope)
        if scope is None:
            return (), ()
        within = figure.within(scope)
        costs: dict[Earned, int] = {"income": -1, "fee": -1, "tax": -1, "other": -1}
        terms, parts = _gain(view, within)
        return [*terms, *earned_terms(view, within, costs)], parts

    return build


def _period_realised(view: BookView, figure: FigureId, *, sign: int = 1) -> Parts:
    holdings = bridge.rebased(view, figure) or {}
    start = money.start_of(view, figure)
    terms = match_terms(view, figure, holdings, before_costs=True, sign=sign, rebased_on=start)
    return terms, ()


def _period_unrealised(view: BookView, figure: FigureId) -> Parts:
    gain, _ = _apart(bridge.holdings_part)(view, figure)
    realised, _ = _period_realised(view, figure, sign=-1)
    return [*gain, *realised], (figure.of("price_gain.v1"), figure.of("period_realised_gain.v1"))


def _currency_effect(view: BookView, figure: FigureId) -> Parts:
    start, last = money.start_of(view, figure), figure.end
    entered = money.entered_places(view, figure)
    signs = {place: sign for place, (sign, _) in entered.items()}
    within = [
        *held_terms(view, figure, last, sign=-1, rate_day=last),
        *held_terms(view, figure, start, rate_day=last),
        *move_terms(view, figure, signs, kind="flow", signs=signs, rate_day=last),
    ]
    terms, _ = _gain(view, figure)
    return [*terms, *within], (figure.of("gain.v1"),)


def _quotient(view: BookView, figure: FigureId) -> Trace:
    if figure.definition != "yield_on_cost.v1":
        top: Iterable[Term] = held_terms(view, figure, figure.end)
        whole = figure.within(Scope.parse(figure.parameter("in") or "all")).having(**PLAIN)
        bottom: Iterable[Term] = held_terms(view, whole, figure.end)
        parts: tuple[FigureId, ...] = (figure.of("value.v1").having(**PLAIN), whole.of("value.v1"))
        if figure.definition == "drift.v1":
            parts = (figure.of("weight.v1").having(target=None), *parts)
    else:
        year = money.year_before(view, figure)
        top = earned_terms(view, year, {"income": 1})
        bottom = lot_terms(view, figure)
        parts = (year.of("income.v1"), figure.of("cost_basis.v1"))
    below = (replace(each, side="bottom") for each in bottom)
    return Trace(figure, "quotient", (*top, *below), parts=parts)


def _average(view: BookView, figure: FigureId) -> Trace:
    within = figure.within(bridge.holdings_part(figure.scope))
    gain, _ = _apart(lambda scope: scope)(view, within)
    costs = [] if figure.parameter("costs") == "gross" else earned_terms(view, within, {"fee": 1})
    invested = bridge.invested(view, within) or {}
    below = (
        Term("invested", 1, -1, day, amount=amount, currency=figure.currency, side="bottom")
        for day, amount in sorted(invested.items())
    )
    return Trace(figure, "average", (*gain, *costs, *below), parts=(within.of("price_gain.v1"),))


_SUMS: dict[str, Callable[[BookView, FigureId], Parts]] = {
    "value.v1": _value,
    "net_worth.v1": _value,
    "holdings.v1": _part(cash=False),
    "cash.v1": _part(cash=True),
    "cost_basis.v1": _cost,
    "realised_gain.v1": _realised(before_costs=False),
    "realised_gain_before_costs.v1": _realised(before_costs=True),
    "unrealised_gain.v1": _unrealised,
    "gain.v1": _gain,
    "day_gain.v1": _day_gain,
    "price_gain.v1": _apart(bridge.holdings_part),
    "cash_gain.v1": _apart(bridge.cash_part),
    "period_realised_gain.v1": _period_realised,
    "period_unrealised_gain.v1": _period_unrealised,
    "currency_effect.v1": _currency_effect,
    "inflow.v1": _flow("in"),
    "outflow.v1": _flow("out"),
    "income.v1": _earned("income", 1),
    "fees.v1": _earned("fee", -1),
    "income_tax.v1": _earned("income_tax", -1),
    "net_income.v1": _net_income,
    "tax.v1": _earned("tax", -1),
}
