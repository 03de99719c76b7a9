"""A figure from its trace alone: no book, no prices, no rates but those in the trace."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import numpy as np

from bursar.portfolio.calc.bridge import average_invested_capital, return_on_average_investment
from bursar.portfolio.calc.returns import IncomeSeries, price_or_total_return
from bursar.portfolio.figures import local, returns
from bursar.portfolio.figures.drift import target_of
from bursar.portfolio.figures.flagged import FLAGGED
from bursar.portfolio.figures.result import ratio, ratio_text
from bursar.portfolio.figures.terms import Term
from bursar.portfolio.figures.trace import Trace
from bursar.portfolio.view.view import ARITHMETIC, currency_exponent


def recompute(trace: Trace) -> Decimal | None:
    """Return the figure's value from its trace, or None when the trace yields none."""
    with localcontext(ARITHMETIC):
        if trace.recipe == "series":
            return _on_series(trace)
        top = _sum(trace, "top")
        if trace.recipe == "quantity" or top is None:
            return top
        if trace.recipe == "sum":
            unit = Decimal(1).scaleb(-currency_exponent(trace.figure.currency))
            return top.quantize(unit, rounding=ROUND_HALF_EVEN)
        if trace.recipe == "average":
            return _average(trace, top)
        bottom = _sum(trace, "bottom")
        if bottom is None or bottom <= 0:
            return None
        found = ratio_text(float(top / bottom))
        drifts = trace.figure.definition == "drift.v1"
        return found - target_of(trace.figure) if drifts else found


def _sum(trace: Trace, side: str) -> Decimal | None:
    total = Decimal(0)
    for term in trace.terms:
        if term.side != side:
            continue
        part = product(term)
        if part is None:
            return None
        total += part
    return total


def product(term: Term) -> Decimal | None:
    """Multiply a term's factors; None when a price, a rate or a cost is missing."""
    needs_rate = term.rate_day is not None and term.rate is None
    unpriced = term.amount is None and term.price is None and term.multiplier is not None
    uncosted = term.kind == "lot" and term.amount is None
    if needs_rate or unpriced or uncosted:
        return None
    found = Decimal(term.sign)
    for factor in term.factors:
        found *= factor
    return found


def _average(trace: Trace, performance: Decimal) -> Decimal | None:
    changes = [term for term in trace.terms if term.side == "bottom"]
    level = np.cumsum([float(term.amount or 0) for term in changes])
    if trace.figure.start is None or not changes:
        return None
    average = average_invested_capital(
        np.array([term.day for term in changes], dtype=np.int64),
        np.where(np.abs(level) < 1e-9, 0.0, level),  # noqa: PLR2004 - sums that cancel
        start=trace.figure.start,
        end=trace.figure.end,
    )
    return ratio(return_on_average_investment(performance, average)).value


def _on_series(trace: Trace) -> Decimal | None:
    rows = trace.rows
    if rows is None or rows.series.reason is not None:
        return None
    name, found = trace.figure.definition, rows.series
    if name in FLAGGED and rows.paid is not None:
        return ratio(
            price_or_total_return(found.values, IncomeSeries(*rows.paid), FLAGGED[name])
        ).value
    if name in local.LOCAL and rows.opening is not None:
        return local.on_opening(name, found, rows.opening).value
    if name in returns.SERIES_MEASURES:
        return returns.on_series(name, found).value
    settings = returns.settings_of(trace.figure.parameter, found.periods_per_year)
    return ratio(returns.statistics(found, settings, rows.benchmark)[name]).value
