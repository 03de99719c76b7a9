"""Exact money between two dates: the bridge from opening to closing value, and ROAI.

Amounts are integers of the smallest unit or Decimals of one currency, never floats, so the bridge
holds to the smallest unit or is refused with its difference.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray, IntArray
from bursar.portfolio.calc.errors import BadSeries, UnbalancedBridge
from bursar.portfolio.calc.undefined import Figure, Reason

Exact = int | Decimal


@dataclass(frozen=True, slots=True)
class Bridge:
    """Opening value + transfers + gains + income - costs - tax = closing value (`bridge.v1`).

    Income is gross; its tax is shown in `tax`. Gains count from the market value at the start:
    positions open then are re-based to it. All in report currency, one unit throughout.
    """

    opening: Exact
    transfers: Exact
    realised_gain: Exact
    unrealised_gain: Exact
    currency_gain: Exact
    income: Exact
    costs: Exact
    tax: Exact
    closing: Exact

    @property
    def gains(self) -> Exact:
        """Realised, unrealised and currency gains of the period."""
        return self.realised_gain + self.unrealised_gain + self.currency_gain

    @property
    def difference(self) -> Exact:
        """What the parts leave unexplained: zero in a sound bridge."""
        explained = self.opening + self.transfers + self.gains + self.income - self.costs - self.tax
        return self.closing - explained

    def checked(self) -> "Bridge":
        """Return the bridge, or raise UnbalancedBridge with the difference."""
        if self.difference != 0:
            msg = f"the bridge misses the closing value by {self.difference}"
            raise UnbalancedBridge(msg, details={"difference": str(self.difference)})
        return self


@dataclass(frozen=True, slots=True)
class PositionPeriod:
    """One position in a period, re-based: amounts without fees and taxes, in report currency.

    `cost_of_sold` is the re-based cost of the units sold: market value at the start for units held
    then, the booked amount for units bought inside the period.
    """

    opening_value: Exact
    bought: Exact
    sold: Exact
    cost_of_sold: Exact
    closing_value: Exact

    @property
    def realised_gain(self) -> Exact:
        """Proceeds minus the re-based cost of what was sold."""
        return self.sold - self.cost_of_sold

    @property
    def unrealised_gain(self) -> Exact:
        """Closing value minus the re-based cost of what is left."""
        return self.closing_value - (self.opening_value + self.bought - self.cost_of_sold)


def average_invested_capital(
    day: IntArray, invested: FloatArray, *, start: int, end: int
) -> Figure:
    """Return invested cost (without fees) weighted by the calendar days it was held.

    `invested[k]` is the cost from `day[k]` on until the next change. Only days with a position,
    between `start` and `end` (end exclusive), count. Undefined `not_held` when there is none.
    """
    if len(day) != len(invested):
        msg = "day and invested need one length"
        raise BadSeries(msg)
    if len(day) > 1 and int(np.diff(day).min()) <= 0:
        msg = "days must rise strictly; sum the changes of one day first"
        raise BadSeries(msg, field="day")
    edges = np.clip(np.append(day, end), start, end)
    lengths = np.diff(edges).astype(np.float64)
    held = (invested != 0) & (lengths > 0)
    days = float(lengths[held].sum())
    if days <= 0:
        return Figure.undefined(Reason.NOT_HELD)
    return Figure.of(float((invested[held] * lengths[held]).sum()) / days)


def return_on_average_investment(performance: Exact, average: Figure) -> Figure:
    """Return performance over average invested capital (`roai.v1`).

    Performance leaves dividends out; gross leaves fees out, net subtracts them. For a range it is
    the performance at the end minus that at the close of the start day.
    """
    if average.value is None:
        return average
    if average.value <= 0:
        return Figure.undefined(Reason.NO_AVERAGE_CAPITAL)
    return Figure.of(float(performance) / average.value)
