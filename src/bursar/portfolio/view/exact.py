"""Exact figures of a scope: positions valued on a day, and sums of what moved in a period.

Sums run over integers of smallest units per currency and day; one rate converts each, so a period
with twenty thousand trades costs few multiplications and nothing is rounded on the way.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from bursar.portfolio.calc.arrays import IntArray
from bursar.portfolio.calc.undefined import Reason
from bursar.portfolio.view.quotes import UsedPrice
from bursar.portfolio.view.scope import Scope
from bursar.portfolio.view.view import ARITHMETIC, BookView

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sum:
    """An exact amount in report currency, or the reason there is none."""

    amount: Decimal | None
    reason: Reason | None = None

    def __add__(self, other: "Sum") -> "Sum":
        if self.amount is None:
            return self
        if other.amount is None:
            return other
        return Sum(ARITHMETIC.add(self.amount, other.amount))

    def __neg__(self) -> "Sum":
        return self if self.amount is None else Sum(-self.amount)

    def __sub__(self, other: "Sum") -> "Sum":
        return self + (-other)


NOTHING = Sum(ZERO)


@dataclass(frozen=True, slots=True)
class Valued:
    """One position held on a day. `own` is its value in its own currency, `value` in the report's."""

    index: int
    units: int
    quantity: Decimal
    used: UsedPrice | None
    own: Decimal | None
    rate: Decimal | None
    value: Sum


def positions(view: BookView, scope: Scope, *, day: int, currency: str) -> tuple[Valued, ...]:
    """Return every position of a scope that is not empty at the end of a day, valued exactly."""
    key = ("positions", scope, day, currency)
    found = view.derived.get(key)
    if isinstance(found, tuple):
        return found
    valued = tuple(
        _valued(view, index, units, day=day, currency=currency)
        for index in view.member(scope).indices.tolist()
        if (units := view.book.units_held(index, day))
    )
    view.derived[key] = valued
    return valued


def _valued(view: BookView, index: int, units: int, *, day: int, currency: str) -> Valued:
    own = view.native_value(index, units, day)
    rate = view.rate(view.currency_of[index], currency, day)
    if own is None:
        value = Sum(None, Reason.MISSING_PRICE)
    elif rate is None:
        value = Sum(None, Reason.MISSING_RATE)
    else:
        value = Sum(ARITHMETIC.multiply(own, rate))
    quantity = Decimal(units).scaleb(-view.book.positions[index].exponent)
    return Valued(index, units, quantity, view.price(index, day), own, rate, value)


def total(parts: Iterable[Sum]) -> Sum:
    """Add sums; undefined when one of them is."""
    found = NOTHING
    for part in parts:
        found = found + part
    return found


@dataclass(frozen=True, slots=True)
class Totals:
    """What moved in (start, end], each at least zero except taxes and other when refunded."""

    inflow: Sum
    outflow: Sum
    income: Sum
    fees: Sum
    taxes: Sum
    income_taxes: Sum
    other: Sum

    @property
    def net_flow(self) -> Sum:
        """Inflow less outflow."""
        return self.inflow - self.outflow


def totals(view: BookView, scope: Scope, span: tuple[int, int], currency: str) -> Totals:
    """Sum flows, income, fees and taxes of a scope over the days (start, end]."""
    key = ("totals", scope, span, currency)
    found = view.derived.get(key)
    if isinstance(found, Totals):
        return found
    crossing, earned = view.crossing(scope), view.earned(scope)
    into: list[int] = []
    out: list[int] = []
    for place, sign in zip(crossing.place.tolist(), crossing.sign.tolist(), strict=True):
        positive = view.book.units[place] * sign > 0
        (into if positive else out).append(place)
    signs = dict(zip(crossing.place.tolist(), crossing.sign.astype(np.int64).tolist(), strict=True))
    made = Totals(
        inflow=moved(view, into, span=span, currency=currency, signs=signs),
        outflow=-moved(view, out, span=span, currency=currency, signs=signs),
        income=moved(view, earned.income, span=span, currency=currency),
        fees=-moved(view, earned.fees, span=span, currency=currency),
        taxes=-moved(view, earned.taxes, span=span, currency=currency),
        income_taxes=-moved(view, earned.income_taxes, span=span, currency=currency),
        other=moved(view, earned.other, span=span, currency=currency),
    )
    view.derived[key] = made
    return made


def moved(
    view: BookView,
    places: IntArray | list[int],
    *,
    span: tuple[int, int],
    currency: str,
    signs: dict[int, int] | None = None,
) -> Sum:
    """Return the value of moves (places in the book's columns) within (start, end]."""
    m = view.book.moves
    chosen = np.asarray(places, dtype=np.int64)
    day = m.day[chosen]
    chosen = chosen[(day > span[0]) & (day <= span[1])]
    by_cell: dict[tuple[int, int], int] = defaultdict(int)
    for place, position, on in zip(
        chosen.tolist(), m.position[chosen].tolist(), m.day[chosen].tolist(), strict=True
    ):
        by_cell[position, on] += view.book.units[place] * (signs[place] if signs else 1)
    by_day: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for (position, on), units in by_cell.items():
        own = view.native_value(position, units, on)
        if own is None:
            return Sum(None, Reason.MISSING_PRICE)
        cell = (view.currency_of[position], on)
        by_day[cell] = ARITHMETIC.add(by_day[cell], own)
    found = ZERO
    for (code, on), own in by_day.items():
        rate = view.rate(code, currency, on)
        if own and rate is None:
            return Sum(None, Reason.MISSING_RATE)
        found = ARITHMETIC.add(found, ARITHMETIC.multiply(own, rate or ZERO))
    return Sum(found)
