"""The bridge of a period and what it is made of: gains apart from flows, income and costs.

Holdings and cash are two scopes with a border between them. What crosses it is worth the same on
both sides, so the gains of the two add up to the gain of the whole to the last digit; the check
that they do is a check of every classification in between.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, localcontext

import numpy as np

from bursar.core.errors import BursarError
from bursar.core.money import round_to_units, split_units
from bursar.ledger.calc.lots.linked import rebuild_linked
from bursar.ledger.calc.lots.lot import Lot, LotState, Match
from bursar.portfolio.calc.bridge import (
    Bridge,
    average_invested_capital,
    return_on_average_investment,
)
from bursar.portfolio.calc.undefined import Reason
from bursar.portfolio.figures import money
from bursar.portfolio.figures.costs import costs_stated
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.result import Result, ratio
from bursar.portfolio.view.days import EPOCH, date_of
from bursar.portfolio.view.exact import NOTHING, Sum, totals
from bursar.portfolio.view.lots import Holding, lot_book, lots, position_of
from bursar.portfolio.view.scope import Scope, ScopeKind
from bursar.portfolio.view.view import ARITHMETIC, ASSET_CLASS, CASH, BookView, currency_exponent


def holdings_part(scope: Scope) -> Scope:
    """Return the holdings of a scope: the scope itself where it has no cash by definition."""
    if scope.kind in (ScopeKind.ALL, ScopeKind.ACCOUNT):
        return Scope(ScopeKind.HOLDINGS, scope.ids)
    return scope


def cash_part(scope: Scope) -> Scope | None:
    """Return the cash of a scope, or None where there is none beside the holdings."""
    if scope.kind in (ScopeKind.ALL, ScopeKind.ACCOUNT):
        return Scope(ScopeKind.CLASS, scope.ids, (ASSET_CLASS, CASH))
    return None


def _gain_apart(view: BookView, figure: FigureId) -> Sum:
    """Gain of a scope with its income taken out and its costs put back."""
    moved = totals(view, figure.scope, (money.start_of(view, figure), figure.end), figure.currency)
    return money.gain(view, figure) - moved.income + moved.fees + moved.taxes - moved.other


def price_gain(view: BookView, figure: FigureId) -> Sum:
    """Gain of the holdings in themselves."""
    return _gain_apart(view, figure.within(holdings_part(figure.scope)))


def cash_gain(view: BookView, figure: FigureId) -> Sum:
    """What cash gained by exchange rates; exactly zero in one currency."""
    part = cash_part(figure.scope)
    return NOTHING if part is None else _gain_apart(view, figure.within(part))


def period_realised(view: BookView, figure: FigureId) -> Sum:
    """Realised gain before costs, with what was held at the start re-based to its value then."""
    holdings = rebased(view, figure)
    if holdings is None:
        return Sum(None, Reason.LOTS_UNDEFINED)
    return money.realised_of(view, holdings, figure, before_costs=True)


def rebased(view: BookView, figure: FigureId) -> dict[int, Holding] | None:
    """Return the scope's lots of the period, from market values at its start; None: underivable."""
    start = money.start_of(view, figure)
    inside = view.member(figure.scope).inside
    opening = lots(view, method=None, currency=figure.currency, day=start)
    book = lot_book(view, figure.currency)
    found: dict[int, Holding] = {}
    done: set[int] = set()
    for index in book.events:
        if index in done or not inside[index]:
            continue
        group = sorted(book.links.get(index, {index}))
        done.update(group)
        rebuilt = _rebased(view, group, figure=figure, opening=opening)
        if rebuilt is None:
            return None
        found.update({each: holding for each, holding in rebuilt.items() if inside[each]})
    return found


def _rebased(
    view: BookView, group: list[int], *, figure: FigureId, opening: dict[int, Holding]
) -> dict[int, Holding] | None:
    """Derive the lots of linked positions in the period, from lots at market value."""
    start = money.start_of(view, figure)
    events = lot_book(view, figure.currency).events
    named = {index: position_of(view, index, None) for index in group}
    states, later = {}, {}
    for index, position in named.items():
        holding = opening.get(index)
        if holding is not None and holding.rebuilt is None:
            return None
        state = LotState() if holding is None or holding.rebuilt is None else holding.rebuilt.state
        states[position] = _at_market(view, index, state, figure=figure, start=start)
        first, last = start + EPOCH, figure.end + EPOCH
        later[position] = [e for e in events.get(index, []) if first < e.on.toordinal() <= last]
    try:
        rebuilt = rebuild_linked(later, states=states)
    except BursarError:
        return None
    return {index: Holding(rebuilt[position], None) for index, position in named.items()}


def _at_market(
    view: BookView, index: int, state: LotState, *, figure: FigureId, start: int
) -> LotState:
    """Return lots at their market value; their order of sale stays what it was."""
    before = date_of(start) + timedelta(days=1)
    if not state.lots:
        return LotState(before=before, lots=(), lots_opened=state.lots_opened)
    own = currency_exponent(view.currency_of[index])
    value = view.native_value(index, state.quantity, start) or Decimal(0)
    rate = view.rate(view.currency_of[index], figure.currency, start)
    sizes = [abs(lot.remaining) for lot in state.lots]
    costs = _shared(round_to_units(value, own), sizes)
    report = (
        [None] * len(costs)
        if rate is None
        else _shared(round_to_units(value * rate, currency_exponent(figure.currency)), sizes)
    )
    rebased = tuple(
        replace(
            lot,
            quantity=lot.remaining,
            cost=cost,
            remaining_cost=cost,
            remaining_fees=0,
            remaining_report_cost=reported,
        )
        for lot, cost, reported in zip(state.lots, costs, report, strict=True)
    )
    return LotState(before=before, lots=rebased, lots_opened=state.lots_opened)


def _shared(total: int, sizes: list[int]) -> list[int]:
    return split_units(total, sizes)


def period_unrealised(view: BookView, figure: FigureId) -> Sum:
    """What the holdings gained without being sold."""
    return price_gain(view, figure) - period_realised(view, figure)


def bridge(view: BookView, figure: FigureId) -> Bridge | None:
    """Return the exact bridge of a period, checked; None when a part is undefined.

    Raises UnbalancedBridge when the parts do not meet, which is a defect.
    """
    moved = money.moved(view, figure)
    parts = (
        money.value(view, figure, day=money.start_of(view, figure)),
        moved.net_flow + moved.other,
        period_realised(view, figure),
        period_unrealised(view, figure),
        cash_gain(view, figure),
        moved.income,
        moved.fees,
        moved.taxes,
        money.value(view, figure),
    )
    amounts = [part.amount for part in parts if part.amount is not None]
    with localcontext(ARITHMETIC):
        return Bridge(*amounts).checked() if len(amounts) == len(parts) else None


def roai(view: BookView, figure: FigureId) -> Result:
    """Return on average investment: price gain, less fees unless the id says gross."""
    scope = holdings_part(figure.scope)
    within = figure.within(scope)
    performance = price_gain(view, within)
    if figure.parameter("costs") != "gross":
        performance = performance - money.moved(view, within).fees
    if performance.amount is None:
        return Result(None, performance.reason)
    for index, holding in money.scoped_lots(view, within).items():
        parts: list[Lot | Match] = []
        if holding.rebuilt is not None:
            parts = [*holding.rebuilt.state.lots, *holding.rebuilt.matches]
        if not costs_stated(view, index, holding, parts, currency=within.currency):
            return Result(None, Reason.COST_UNKNOWN)
    changes = invested(view, within)
    if changes is None:
        return Result(None, Reason.LOTS_UNDEFINED)
    days = sorted(changes)
    level = np.cumsum([float(changes[day]) for day in days])
    average = average_invested_capital(
        np.array(days, dtype=np.int64),
        np.where(np.abs(level) < 1e-9, 0.0, level),  # noqa: PLR2004 - sums that cancel
        start=money.start_of(view, figure),
        end=figure.end,
    )
    return ratio(return_on_average_investment(performance.amount, average))


def invested(view: BookView, figure: FigureId) -> dict[int, Decimal] | None:
    """Return by how much the invested cost without fees changed on each day."""
    exponent = currency_exponent(figure.currency)
    changes: dict[int, Decimal] = defaultdict(Decimal)
    for index, holding in money.scoped_lots(view, figure).items():
        if holding.rebuilt is None:
            return None
        own = currency_exponent(view.currency_of[index])
        spans = [
            (match.opened_on, match.closed_on, match.report_cost, match.opening_fees)
            for match in holding.rebuilt.matches
        ] + [
            (lot.acquired_on, None, lot.remaining_report_cost, lot.remaining_fees)
            for lot in holding.rebuilt.state.lots
        ]
        for opened, closed, cost, fees in spans:
            day = opened.toordinal() - EPOCH
            rate = view.rate(view.currency_of[index], figure.currency, day)
            if cost is None or rate is None:
                return None
            amount = Decimal(cost).scaleb(-exponent) - Decimal(fees).scaleb(-own) * rate
            changes[day] += amount
            if closed is not None:
                changes[closed.toordinal() - EPOCH] -= amount
    return changes
