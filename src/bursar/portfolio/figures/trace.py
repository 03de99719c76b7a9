"""What a figure is made of: leaves that multiply and add up to it, or the series it is measured on.

A term is a product: quantity x multiplier x price x rate, or an amount x rate. `side` tells the two
halves of a quotient apart. Each builder repeats what the figure's definition says, from the same
stored facts; `recompute` then needs nothing but the trace.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray, IntArray
from bursar.portfolio.figures import bridge, flagged, money
from bursar.portfolio.figures.compute import STATISTICS, benchmark_of, series_of
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.period import Series
from bursar.portfolio.figures.returns import SERIES_MEASURES
from bursar.portfolio.view.days import EPOCH
from bursar.portfolio.view.exact import positions
from bursar.portfolio.view.lots import Holding
from bursar.portfolio.view.scope import Scope
from bursar.portfolio.view.view import BookView, currency_exponent

Recipe = Literal["sum", "quantity", "quotient", "series", "average"]
Kind = Literal["position", "flow", "income", "fee", "tax", "other", "lot", "match", "invested"]


@dataclass(frozen=True, slots=True)
class Term:
    """One leaf. Its contribution is sign x the product of the factors that are there."""

    kind: Kind
    sign: int
    position: int
    day: int
    quantity: Decimal | None = None
    multiplier: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""
    rate: Decimal | None = None
    rate_day: int | None = None
    activity_id: uuid.UUID | None = None
    lot_id: str | None = None
    until: int | None = None
    side: Literal["top", "bottom"] = "top"

    @property
    def factors(self) -> tuple[Decimal, ...]:
        """What multiplies to the term, without its sign."""
        found = (
            (self.amount,)
            if self.amount is not None
            else (
                self.quantity,
                self.multiplier,
                self.price,
            )
        )
        return tuple(each for each in (*found, self.rate) if each is not None)


@dataclass(frozen=True, slots=True)
class SeriesRows:
    """The daily columns a measure reads; `paid` and `benchmark` only for the measures that do."""

    series: Series
    paid: tuple[FloatArray, FloatArray, FloatArray] | None = None
    benchmark: FloatArray | None = None


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


def held_terms(
    view: BookView, figure: FigureId, day: int, *, sign: int = 1, rate_day: int | None = None
) -> list[Term]:
    """Return the positions of a day as products; `rate_day`: convert at another day's rate."""
    found = []
    for each in positions(view, figure.scope, day=day, currency=figure.currency):
        code = view.currency_of[each.index]
        at = day if rate_day is None else rate_day
        found.append(
            Term(
                "position",
                sign,
                each.index,
                day,
                quantity=each.quantity,
                multiplier=view.multipliers[each.index],
                price=None if each.used is None else each.used.price,
                currency=code,
                rate=view.rate(code, figure.currency, at),
                rate_day=at,
            )
        )
    return found


def move_terms(
    view: BookView,
    figure: FigureId,
    places: Iterable[int],
    *,
    kind: Kind,
    sign: int = 1,
    signs: dict[int, int] | None = None,
    rate_day: int | None = None,
) -> list[Term]:
    """Return moves of the figure's period as terms, in order of day."""
    m = view.book.moves
    start = money.start_of(view, figure)
    found = []
    for place in places:
        day, index = int(m.day[place]), int(m.position[place])
        if not start < day <= figure.end:
            continue
        position = view.book.positions[index]
        units = view.book.units[place] * (signs[place] if signs else 1)
        quantity = Decimal(units).scaleb(-position.exponent)
        code = view.currency_of[index]
        used = None if position.is_cash else view.price(index, day)
        at = day if rate_day is None else rate_day
        found.append(
            Term(
                kind,
                sign,
                index,
                day,
                quantity=None if position.is_cash else quantity,
                multiplier=None if position.is_cash else view.multipliers[index],
                price=None if used is None else used.price,
                amount=quantity if position.is_cash else None,
                currency=code,
                rate=view.rate(code, figure.currency, at),
                rate_day=at,
                activity_id=view.book.of_activity(int(m.activity[place])).id,
            )
        )
    found.sort(key=lambda term: (term.day, str(term.activity_id), term.position))
    return found


def flow_terms(
    view: BookView,
    figure: FigureId,
    *,
    sign: int = 1,
    only: Literal["both", "in", "out"] = "both",
    rate_day: int | None = None,
) -> list[Term]:
    """Return the external flows of the figure's scope and period."""
    crossing = view.crossing(figure.scope)
    signs = dict(zip(crossing.place.tolist(), crossing.sign.astype(np.int64).tolist(), strict=True))
    chosen = [
        place
        for place, own in signs.items()
        if only == "both" or (view.book.units[place] * own > 0) == (only == "in")
    ]
    return move_terms(view, figure, chosen, kind="flow", sign=sign, signs=signs, rate_day=rate_day)


def earned_terms(view: BookView, figure: FigureId, kinds: dict[Kind, int]) -> list[Term]:
    """Return income, fees, taxes and other of a scope, each with a sign on its booked amount."""
    earned = view.earned(figure.scope)
    by_kind: dict[Kind, IntArray] = {
        "income": earned.income,
        "fee": earned.fees,
        "tax": earned.taxes,
        "other": earned.other,
    }
    return [
        term
        for kind, sign in kinds.items()
        for term in move_terms(view, figure, by_kind[kind].tolist(), kind=kind, sign=sign)
    ]


def lot_terms(view: BookView, figure: FigureId, *, sign: int = 1) -> list[Term]:
    """Return the open lots of a figure's day with their cost in report currency."""
    exponent = currency_exponent(figure.currency)
    found = []
    for index, holding in money.scoped_lots(view, figure).items():
        units = -view.book.positions[index].exponent
        for lot in [] if holding.rebuilt is None else holding.rebuilt.state.lots:
            cost = lot.remaining_report_cost
            found.append(
                Term(
                    "lot",
                    sign,
                    index,
                    lot.acquired_on.toordinal() - EPOCH,
                    quantity=Decimal(lot.remaining).scaleb(units),
                    amount=None if cost is None else Decimal(cost).scaleb(-exponent),
                    currency=figure.currency,
                    activity_id=uuid.UUID(lot.opened_by.removesuffix(".in")),
                    lot_id=lot.id,
                )
            )
    return found


def match_terms(
    view: BookView,
    figure: FigureId,
    holdings: dict[int, Holding],
    *,
    before_costs: bool,
    sign: int = 1,
) -> list[Term]:
    """Return the gains that lots realised in the period, and the costs put back."""
    exponent = currency_exponent(figure.currency)
    start = money.start_of(view, figure)
    found = []
    for index, holding in holdings.items():
        code = view.currency_of[index]
        for match in [] if holding.rebuilt is None else holding.rebuilt.matches:
            day = match.closed_on.toordinal() - EPOCH
            if not start < day <= figure.end or match.report_gain is None:
                continue
            base = Term(
                "match",
                sign,
                index,
                day,
                quantity=Decimal(match.quantity).scaleb(-view.book.positions[index].exponent),
                amount=Decimal(match.report_gain).scaleb(-exponent),
                currency=figure.currency,
                activity_id=uuid.UUID(match.closing_id.removesuffix(".in")),
                lot_id=match.lot_id,
            )
            found.append(base)
            fees = match.opening_fees + match.closing_fees
            if before_costs and fees:
                amount = Decimal(fees).scaleb(-currency_exponent(code))
                rate = view.rate(code, figure.currency, day)
                found.append(
                    replace(base, kind="fee", amount=amount, currency=code, rate=rate, rate_day=day)
                )
    return found


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


def _earned(kind: Kind, sign: int) -> Callable[[BookView, FigureId], Parts]:
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
        costs: dict[Kind, int] = {"income": -1, "fee": -1, "tax": -1, "other": -1}
        terms, parts = _gain(view, within)
        return [*terms, *earned_terms(view, within, costs)], parts

    return build


def _period_realised(view: BookView, figure: FigureId, *, sign: int = 1) -> Parts:
    holdings = bridge.rebased(view, figure) or {}
    return match_terms(view, figure, holdings, before_costs=True, sign=sign), ()


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
    if figure.definition == "drift.v1":
        weight = figure.of("weight.v1").having(target=None)
        made = _quotient(view, weight)
        return replace(made, figure=figure, parts=(weight, *made.parts))
    if figure.definition == "weight.v1":
        top: Iterable[Term] = held_terms(view, figure, figure.end)
        whole = figure.within(Scope.parse(figure.parameter("in") or "all")).having(**{"in": None})
        bottom: Iterable[Term] = held_terms(view, whole, figure.end)
        parts = (figure.of("value.v1").having(**{"in": None}), whole.of("value.v1"))
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
    "tax.v1": _earned("tax", -1),
}
