"""Drawdowns: how far wealth fell below its last high, and for how long.

Wealth starts at 1 before the first return, so a loss in the first period is a drawdown. Flows do
not enter: wealth is the product of 1 + r, not the account's value.
"""

from dataclasses import dataclass

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray, IntArray
from bursar.portfolio.calc.errors import BadSeries
from bursar.portfolio.calc.risk import RETURN_RESOLUTION, compound_annual_return, present
from bursar.portfolio.calc.undefined import Figure, Reason


@dataclass(frozen=True, slots=True)
class Drawdown:
    """One fall below a high: `depth` is negative; days are day numbers, durations in days."""

    peak_day: int
    trough_day: int
    recovery_day: int | None
    depth: float
    last_day: int

    @property
    def days_to_trough(self) -> int:
        """Days from the peak to the low."""
        return self.trough_day - self.peak_day

    @property
    def days_to_recover(self) -> int | None:
        """Days from the low to the day the old peak is reached again, or None while below it."""
        return None if self.recovery_day is None else self.recovery_day - self.trough_day

    @property
    def days_under_water(self) -> int:
        """Days from the peak to the recovery, or to the last day while it lasts."""
        end = self.last_day if self.recovery_day is None else self.recovery_day
        return end - self.peak_day


def wealth(returns: FloatArray) -> FloatArray:
    """Return the growth of 1, one entry more than there are returns."""
    return np.concatenate(([1.0], np.cumprod(1.0 + returns)))


def drawdown_path(returns: FloatArray) -> FloatArray:
    """Return wealth over its running high minus 1 (at most 0), one entry more than returns."""
    path = wealth(returns)
    return np.asarray(path / np.maximum.accumulate(path) - 1.0, dtype=np.float64)


def drawdowns(returns: FloatArray, day: IntArray) -> list[Drawdown]:
    """Return every drawdown, deepest first, ties by date.

    `day` has one entry more than `returns`: the day before the first return, then their days.
    Missing returns are not accepted here, because their days would be lost.
    """
    path, start, end = _under_water(returns, day)
    found: list[Drawdown] = []
    for first, after in zip(start.tolist(), end.tolist(), strict=True):
        low = first + int(np.argmin(path[first:after]))
        found.append(
            Drawdown(
                peak_day=int(day[first - 1]),
                trough_day=int(day[low]),
                recovery_day=int(day[after]) if after < len(day) else None,
                depth=float(path[low]),
                last_day=int(day[-1]),
            )
        )
    return sorted(found, key=lambda d: (d.depth, d.peak_day))


def _under_water(returns: FloatArray, day: IntArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Return the path, and where each time under water starts and ends (the place after it)."""
    if len(day) != len(returns) + 1:
        msg = "day needs the start day and one day per return"
        raise BadSeries(msg, field="day")
    if len(present(returns)) != len(returns):
        msg = "drawdowns need returns without gaps; leave missing days out of both arrays"
        raise BadSeries(msg, field="returns")
    if len(returns) and float(returns.min()) < -1:
        msg = "a return below -100 % cannot be compounded"
        raise BadSeries(msg, field="returns")
    path = drawdown_path(returns)
    under = np.concatenate(([False], path < 0, [False]))
    change = np.flatnonzero(under[1:] != under[:-1])
    return path, change[::2], change[1::2]


def maximum_drawdown(returns: FloatArray) -> Figure:
    """Return the lowest point under the running high, at most 0 (`max_drawdown.v1`).

    One return is enough; none is `too_few_returns`.
    """
    r = present(returns)
    if len(r) == 0:
        return Figure.undefined(Reason.TOO_FEW_RETURNS, observations=0)
    if float(r.min()) < -1:
        return Figure.undefined(Reason.RETURN_BELOW_TOTAL_LOSS, observations=len(r))
    return Figure.of(float(drawdown_path(r).min()), observations=len(r))


def calmar_ratio(returns: FloatArray, *, periods_per_year: int) -> Figure:
    """Return annualised return over the size of the maximum drawdown (`calmar.v1`)."""
    annual = compound_annual_return(returns, periods_per_year=periods_per_year)
    if annual.value is None:
        return annual
    deepest = maximum_drawdown(returns)
    if deepest.value is None:
        return deepest
    if deepest.value >= -RETURN_RESOLUTION:
        return Figure.undefined(Reason.NO_DRAWDOWN, observations=annual.observations)
    return Figure.of(annual.value / -deepest.value, observations=annual.observations)


def drawdown_duration_days_max(returns: FloatArray, day: IntArray) -> int:
    """Return the longest time under water in days, 0 without drawdown (`drawdown_duration.v1`)."""
    _, start, end = _under_water(returns, day)
    lasted = day[np.minimum(end, len(day) - 1)] - day[start - 1]
    return int(lasted.max(initial=0))


def distance_from_high(price: FloatArray) -> Figure:
    """Return last price over highest price minus 1 (`distance_from_high.v1`)."""
    known = price[~np.isnan(price)]
    if len(known) == 0 or float(known.max()) <= 0:
        return Figure.undefined(Reason.MISSING_PRICE)
    return Figure.of(float(known[-1]) / float(known.max()) - 1.0, observations=len(known))
