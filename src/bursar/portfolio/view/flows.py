"""What crosses the border of a scope, and what it earned and paid, as exact moves.

Inside a scope are its positions; whatever it earns (income) and pays (fees, taxes) is part of its
performance, never a flow. World is always outside. A scope of holdings has its cash outside: buying
is an inflow of what was paid with costs, selling and income are outflows of what came back.
"""

from dataclasses import dataclass

import numpy as np

from bursar.portfolio.calc.arrays import BoolArray, FloatArray, IntArray
from bursar.portfolio.view.book import (
    FEES,
    INCOME,
    INTEREST_COST,
    OTHER,
    TAXES,
    WORLD,
    Book,
)


@dataclass(frozen=True, slots=True)
class Crossing:
    """Moves that cross the border: place in the book's columns, +1 into the scope or -1 reversed.

    `sign` multiplies the move's own units.
    """

    place: IntArray
    sign: FloatArray

    def __add__(self, other: "Crossing") -> "Crossing":
        return Crossing(_joined(self.place, other.place), np.append(self.sign, other.sign))


def crossings(book: Book, inside: BoolArray, cash: BoolArray, *, first: int = 0) -> Crossing:
    """Return the moves from one on that are external flows of `inside` (a mask over positions)."""
    m = book.moves.behind(first)
    if len(m.day) == 0:
        return Crossing(np.empty(0, np.int64), np.empty(0))
    own = _of(inside, m.position)
    met = m.other >= 0
    other_in = _of(inside, np.maximum(m.other, 0))
    has_partner = m.partner >= 0
    partner_in = _of(inside, np.maximum(m.partner, 0))
    about = np.where(m.subject >= 0, _of(inside, np.maximum(m.subject, 0)), own)
    is_cash = _of(cash, m.position)
    system = ~met & (m.other != WORLD)
    into = own & (
        (met & ~other_in)
        | (m.other == WORLD)
        | (system & has_partner & ~partner_in)
        | (system & ~has_partner & is_cash & ~about)
    )
    # Cash outside pays for, or receives from, a holding inside.
    through_cash = ~own & is_cash & system & ~has_partner & (m.subject >= 0) & about
    # A spin-off moves only the new units; their value leaves the old holding.
    spun = np.isin(m.activity, list(book.spin_offs)) if book.spin_offs else np.zeros_like(own)
    spun_away = spun & ~own & ~is_cash & has_partner & partner_in
    away = through_cash | spun_away
    place = np.flatnonzero(into | away)
    return Crossing(place + first, np.where(away[place], -1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Earnings:
    """Places of the moves that are income, fees (interest charges included) and taxes of a scope.

    `income_taxes` are those of the taxes whose activity paid income of the scope.
    """

    income: IntArray
    fees: IntArray
    taxes: IntArray
    income_taxes: IntArray
    other: IntArray

    def __add__(self, other: "Earnings") -> "Earnings":
        return Earnings(
            _joined(self.income, other.income),
            _joined(self.fees, other.fees),
            _joined(self.taxes, other.taxes),
            _joined(self.income_taxes, other.income_taxes),
            _joined(self.other, other.other),
        )


def earnings(book: Book, inside: BoolArray, *, first: int = 0) -> Earnings:
    """Return what a scope earned and paid; what names a holding belongs to that holding.

    `first`: only the moves from one on.
    """
    m = book.moves.behind(first)
    if len(m.day) == 0:
        none = np.empty(0, np.int64)
        return Earnings(none, none, none, none, none)
    own = _of(inside, m.position)
    about = np.where(m.subject >= 0, _of(inside, np.maximum(m.subject, 0)), own)
    income, taxes = (np.flatnonzero(about & (m.other == kind)) for kind in (INCOME, TAXES))
    # An activity comes whole, so what it paid and what was taken of it are in the same moves.
    on_income = np.isin(m.activity[taxes], m.activity[income])
    return Earnings(
        income=income + first,
        fees=np.flatnonzero(about & ((m.other == FEES) | (m.other == INTEREST_COST))) + first,
        taxes=taxes + first,
        income_taxes=taxes[on_income] + first,
        other=np.flatnonzero(about & (m.other == OTHER)) + first,
    )


def _joined(first: IntArray, second: IntArray) -> IntArray:
    return np.concatenate((first, second)) if len(second) else first


def _of(mask: BoolArray, index: IntArray) -> BoolArray:
    return np.asarray(mask[index], dtype=np.bool_)
