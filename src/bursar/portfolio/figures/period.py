"""The value series of a scope over (start, end], and its returns on trading days.

The series has every calendar day. For statistics the days without trading are linked into the next
trading day, so that a weekend is no zero return; the product of the factors stays the same.
"""

from dataclasses import dataclass

import numpy as np

from bursar.portfolio.calc.arrays import BoolArray, FloatArray, IntArray
from bursar.portfolio.calc.returns import DailyReturns, FlowTiming, ValueSeries, daily_returns
from bursar.portfolio.calc.undefined import Reason
from bursar.portfolio.view.scope import Scope
from bursar.portfolio.view.view import BookView

TRADING_DAYS_PER_YEAR = 252
CALENDAR_DAYS_PER_YEAR = 365
ROUNDING_SHARE = 1e-12


@dataclass(frozen=True, slots=True)
class Series:
    """Value, inflow and outflow by day from `start` on; `trading` marks days with a price."""

    day: IntArray
    value: FloatArray
    inflow: FloatArray
    outflow: FloatArray
    trading: BoolArray
    periods_per_year: int
    reason: Reason | None

    @property
    def values(self) -> ValueSeries:
        """The checked series that the measures take; only when `reason` is None."""
        return ValueSeries(self.day, self.value, self.inflow, self.outflow)

    @property
    def flows(self) -> tuple[IntArray, FloatArray]:
        """Days and amounts as an investor sees them: paid in negative, received positive."""
        amount = self.outflow - self.inflow
        amount[0] = -self.value[0]
        amount[-1] += self.value[-1]
        return self.day, amount


def series(view: BookView, scope: Scope, *, start: int, end: int, currency: str) -> Series:
    """Return the series of a scope from the close of `start` to the close of `end`."""
    key = ("series", scope, start, end, currency)
    found = view.derived.get(key)
    if isinstance(found, Series):
        return found
    history = view.history(scope, currency)
    first = max(start, view.axis.first)
    part = slice(first - view.axis.first, max(view.axis.place(end) + 1, first - view.axis.first))
    value = history.value[part].copy()
    inflow, outflow = history.inflow[part].copy(), history.outflow[part].copy()
    inflow[:1] = outflow[:1] = 0.0
    # Balances that cancel can leave the last bit of a float; it is no debt.
    floor = ROUNDING_SHARE * float(np.abs(value).max(initial=0.0) + inflow.sum())
    value[np.abs(value) <= floor] = 0.0
    trading = view.trading(scope)
    made = Series(
        day=np.arange(part.start, part.stop, dtype=np.int64) + view.axis.first,
        value=value,
        inflow=inflow,
        outflow=outflow,
        trading=trading.mask[part],
        periods_per_year=CALENDAR_DAYS_PER_YEAR if trading.crypto_only else TRADING_DAYS_PER_YEAR,
        reason=_reason(view, scope, part, currency=currency, value=value),
    )
    view.derived[key] = made
    return made


def returns_of(found: Series, timing: FlowTiming = FlowTiming.START_END) -> DailyReturns:
    """Return the daily factors of a series whose `reason` is None."""
    return daily_returns(found.values, timing=timing)


def trading_returns(returns: DailyReturns, trading: BoolArray) -> DailyReturns:
    """Link the factors of days without trading into the next trading day (the last: into it).

    `trading` marks the days of the returns. Without any trading day the returns stay as they are.
    """
    places = np.flatnonzero(trading)
    if len(places) == 0:
        return returns
    first = np.concatenate(([0], places[:-1] + 1))
    factor = np.multiply.reduceat(returns.factor, first)
    defined = np.logical_or.reduceat(returns.defined, first)
    gain = np.logical_or.reduceat(returns.gain_without_capital, first)
    return DailyReturns(returns.day[places], factor, defined, gain)


def _reason(
    view: BookView, scope: Scope, part: slice, *, currency: str, value: FloatArray
) -> Reason | None:
    if len(value) == 0:
        return Reason.EMPTY_PERIOD
    history = view.history(scope, currency)
    if bool(history.unpriced[part].any()):
        return Reason.MISSING_PRICE
    without_rate = (history.value_by_currency[:, part] != 0) & (
        view.rates[currency].matrix[:, part] == 0
    )
    if bool(without_rate.any()):
        return Reason.MISSING_RATE
    return Reason.NEGATIVE_VALUE if float(value.min()) < 0 else None
