"""Figures in money and quantities: exact, from the book's integers, stored prices and rates."""

from decimal import Decimal

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.ledger.calc.lots.position import Method
from bursar.portfolio.calc.arrays import BoolArray
from bursar.portfolio.calc.undefined import Reason
from bursar.portfolio.figures.costs import costs_stated
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.result import Result, money, quotient
from bursar.portfolio.view.book import CONVERSION
from bursar.portfolio.view.days import EPOCH
from bursar.portfolio.view.exact import NOTHING, Sum, Totals, Valued, positions, total, totals
from bursar.portfolio.view.lots import Holding, lots
from bursar.portfolio.view.scope import Scope
from bursar.portfolio.view.view import BookView, currency_exponent

DAYS_OF_YEAR = 365


def start_of(view: BookView, figure: FigureId) -> int:
    """Return the start of a figure's period: since the beginning when it names none."""
    return view.axis.first if figure.start is None else figure.start


def method_of(figure: FigureId) -> Method | None:
    """Return the cost method a figure names, or None for the accounts' own."""
    name = figure.parameter("method")
    if name is None:
        return None
    try:
        return Method(name)
    except ValueError:
        raise InvalidInput(f"there is no cost method {name[:40]!r}", field="figure_id") from None


def held(view: BookView, figure: FigureId) -> tuple[Valued, ...]:
    """Return the positions of a figure's scope on its last day."""
    return positions(view, figure.scope, day=figure.end, currency=figure.currency)


def value(view: BookView, figure: FigureId, *, day: int | None = None) -> Sum:
    """Value of everything in the scope, cash and debts included."""
    on = figure.end if day is None else day
    key = ("value", figure.scope, on, figure.currency)
    found = view.derived.get(key)
    if not isinstance(found, Sum):
        held_then = positions(view, figure.scope, day=on, currency=figure.currency)
        found = view.derived[key] = total(each.value for each in held_then)
    return found


def holdings(view: BookView, figure: FigureId) -> Sum:
    """Value of everything but cash."""
    return total(each.value for each in held(view, figure) if not view.cash[each.index])


def cash(view: BookView, figure: FigureId) -> Sum:
    """Value of cash; negative when more is owed than held."""
    return total(each.value for each in held(view, figure) if view.cash[each.index])


def moved(view: BookView, figure: FigureId) -> Totals:
    """Flows, income and costs of the figure's period."""
    return totals(view, figure.scope, (start_of(view, figure), figure.end), figure.currency)


def net_income(view: BookView, figure: FigureId) -> Sum:
    """Income less the tax of the activities that paid it."""
    found = moved(view, figure)
    return found.income - found.income_taxes


def gain(view: BookView, figure: FigureId) -> Sum:
    """Closing less opening value less net flows."""
    opening = value(view, figure, day=start_of(view, figure))
    return value(view, figure) - opening - moved(view, figure).net_flow


def day_gain(view: BookView, figure: FigureId) -> Sum:
    """The gain of the last day alone."""
    return gain(view, figure.over(figure.end - 1, figure.end))


def scoped_lots(view: BookView, figure: FigureId) -> dict[int, Holding]:
    """Return the lots of the scope's holdings at the end of the figure's day."""
    inside = view.member(figure.scope).inside
    found = lots(view, method=method_of(figure), currency=figure.currency, day=figure.end)
    return {index: holding for index, holding in found.items() if inside[index]}


def cost(view: BookView, figure: FigureId) -> Sum:
    """Cost of what is held, at the rates of the days it was bought."""
    exponent = currency_exponent(figure.currency)
    units = 0
    for index, holding in scoped_lots(view, figure).items():
        if holding.rebuilt is None:
            return Sum(None, Reason.LOTS_UNDEFINED)
        open_lots = holding.rebuilt.state.lots
        if not costs_stated(view, index, holding, open_lots, currency=figure.currency):
            return Sum(None, Reason.COST_UNKNOWN)
        for lot in open_lots:
            if lot.remaining_report_cost is None:
                return Sum(None, Reason.MISSING_RATE)
            units += lot.remaining_report_cost
    return Sum(Decimal(units).scaleb(-exponent))


def realised(view: BookView, figure: FigureId, *, before_costs: bool = False) -> Sum:
    """Realised gain of the period, each side at the rate of its own day."""
    holdings = scoped_lots(view, figure)
    first, last = start_of(view, figure) + EPOCH, figure.end + EPOCH
    for index, holding in holdings.items():
        matches = () if holding.rebuilt is None else holding.rebuilt.matches
        inside = [match for match in matches if first < match.closed_on.toordinal() <= last]
        if not costs_stated(view, index, holding, inside, currency=figure.currency):
            return Sum(None, Reason.COST_UNKNOWN)
    return realised_of(view, holdings, figure, before_costs=before_costs)


def realised_of(
    view: BookView, holdings: dict[int, Holding], figure: FigureId, *, before_costs: bool
) -> Sum:
    """Sum the gains that lots realised within a figure's period."""
    exponent = currency_exponent(figure.currency)
    first, last = start_of(view, figure) + EPOCH, figure.end + EPOCH
    found = Decimal(0)
    for index, holding in holdings.items():
        if holding.rebuilt is None:
            return Sum(None, Reason.LOTS_UNDEFINED)
        for match in holding.rebuilt.matches:
            if not first < match.closed_on.toordinal() <= last:
                continue
            if match.report_gain is None:
                return Sum(None, Reason.MISSING_RATE)
            found += match.report_gain
            if before_costs:
                rate = view.rate(
                    view.currency_of[index], figure.currency, match.closed_on.toordinal() - EPOCH
                )
                fees = match.opening_fees + match.closing_fees
                own = currency_exponent(view.currency_of[index])
                found += fees * (rate or Decimal(0)).scaleb(exponent - own)
    return Sum(found.scaleb(-exponent))


def unrealised(view: BookView, figure: FigureId) -> Sum:
    """Value of the holdings less their cost."""
    return holdings(view, figure) - cost(view, figure)


def quantity(view: BookView, figure: FigureId) -> Result:
    """Units held of one instrument or currency; several have no common quantity."""
    found = held(view, figure)
    if len({view.book.positions[each.index].code for each in found}) > 1:
        return Result(None, Reason.SEVERAL_INSTRUMENTS)
    return Result(sum((each.quantity for each in found), Decimal(0)))


def weight(view: BookView, figure: FigureId) -> Result:
    """Value of the scope over the value of the scope it is part of (parameter `in`)."""
    whole = value(view, figure.within(Scope.parse(figure.parameter("in") or "all")))
    return quotient(value(view, figure), whole, Reason.NO_VALUE)


def year_before(view: BookView, figure: FigureId) -> FigureId:
    """Return a figure's id over the 365 days to its end."""
    return figure.over(max(figure.end - DAYS_OF_YEAR, view.axis.first), figure.end)


def yield_on_cost(view: BookView, figure: FigureId) -> Result:
    """Income of the last 365 days over the cost of what is held."""
    year = year_before(view, figure)
    return quotient(moved(view, year).income, cost(view, figure), Reason.NO_COST)


def currency_effect(view: BookView, figure: FigureId) -> Sum:
    """Gain at each day's own rates less the gain with every rate that of the last day."""
    return gain(view, figure) - gain_without_currency(view, figure)


def gain_without_currency(view: BookView, figure: FigureId) -> Sum:
    """The gain of each currency in itself, converted at the rate of the last day."""
    found = NOTHING
    for code in sorted({view.currency_of[i] for i in view.member(figure.scope).indices.tolist()}):
        part = _own_gain(view, figure, code)
        rate = view.rate(code, figure.currency, figure.end)
        if part.amount is None:
            return part
        if part.amount and rate is None:
            return Sum(None, Reason.MISSING_RATE)
        found = found + Sum(part.amount * (rate or 0))
    return found


def _own_gain(view: BookView, figure: FigureId, code: str) -> Sum:
    """Gain in one currency: closing less opening value less all that came into it otherwise."""
    first = start_of(view, figure)
    found = NOTHING
    for index in view.member(figure.scope).indices.tolist():
        if view.currency_of[index] != code:
            continue
        for day, sign in ((figure.end, 1), (first, -1)):
            own = view.native_value(index, view.book.units_held(index, day), day)
            if own is None:
                return Sum(None, Reason.MISSING_PRICE)
            found = found + Sum(own * sign)
    return found - _entered(view, figure, code)


def _entered(view: BookView, figure: FigureId, code: str) -> Sum:
    """What came into a currency of the scope by flows and by exchange from other currencies."""
    first = start_of(view, figure)
    m = view.book.moves
    found = Decimal(0)
    for place, (sign, own_code) in entered_places(view, figure).items():
        position, day = int(m.position[place]), int(m.day[place])
        if own_code != code or not first < day <= figure.end:
            continue
        own = view.native_value(position, view.book.units[place] * sign, day)
        if own is None:
            return Sum(None, Reason.MISSING_PRICE)
        found += own
    return Sum(found)


def entered_places(view: BookView, figure: FigureId) -> dict[int, tuple[int, str]]:
    """Return the moves by which something came into a currency: place to its sign and currency."""
    key = ("entered", figure.scope)
    known = view.derived.get(key)
    if isinstance(known, dict):
        return known
    crossing = view.crossing(figure.scope)
    signs = zip(crossing.place.tolist(), crossing.sign.tolist(), strict=True)
    m = view.book.moves
    found = {place: (int(sign), view.currency_of[int(m.position[place])]) for place, sign in signs}
    inside = view.member(figure.scope).inside
    across = _exchanged(view, inside)
    for place in across:
        found.setdefault(place, (1, view.currency_of[int(m.position[place])]))
    view.derived[key] = found
    return found


def _exchanged(view: BookView, inside: BoolArray) -> list[int]:
    """Return moves inside a scope whose activity exchanges one currency for another in it."""
    m = view.book.moves
    code = np.array([view.currencies.index(each) for each in view.currency_of], dtype=np.int64)
    by_activity: dict[int, list[int]] = {}
    for place in np.flatnonzero(inside[m.position] & (m.other == CONVERSION)).tolist():
        by_activity.setdefault(int(m.activity[place]), []).append(place)
    return [
        place
        for places in by_activity.values()
        if len({int(code[m.position[each]]) for each in places}) > 1
        for place in places
    ]


def as_money(found: Sum, figure: FigureId) -> Result:
    """Write an amount in the figure's currency."""
    return money(found, figure.currency)
