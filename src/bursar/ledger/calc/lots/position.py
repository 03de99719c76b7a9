"""A position is one instrument in one account under one method; a method is an order of lots.

Holding periods are compared as calendar dates. Counting 365 days is wrong in leap years: bought on
2023-03-01 and sold on 2024-03-01 is 366 days and still not more than one year.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from bursar.core.money import EXPONENT_MAX

QUANTITY_MAX = 10**38
"""Largest quantity or amount in smallest units (the database's numeric(38,0))."""

Ratio = tuple[int, int]
"""An exact ratio (numerator, denominator), denominator > 0."""


class Method(StrEnum):
    """Which lots a reduction takes first."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    LOFO = "lofo"
    AVERAGE = "average"
    SPECIFIC = "specific"


class Term(StrEnum):
    """Whether a gain counts as short-term or long-term."""

    SHORT = "short"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class TermRule:
    """When a gain is long-term: held for more than `years`, or for more than `days` when given.

    Source: 26 USC 1222 and Rev. Rul. 66-7. The period starts on the day after the acquisition, so
    the anniversary itself is still short-term, and a lot bought on the last day of February is
    long-term from 1 March of the next year.
    """

    years: int = 1
    days: int | None = None

    def long_from(self, acquired_on: date) -> date:
        """Return the first day on which a disposal is long-term."""
        start = acquired_on + timedelta(days=1)
        if self.days is not None:
            return start + timedelta(days=self.days)
        try:
            return start.replace(year=start.year + self.years)
        except ValueError:  # 29 February in a year that has none
            return date(start.year + self.years, 3, 1)

    def term(self, acquired_on: date, closed_on: date) -> Term:
        """Classify a disposal by the calendar dates of acquisition and disposal."""
        return Term.LONG if closed_on >= self.long_from(acquired_on) else Term.SHORT


US_TERM = TermRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One instrument in one account, with the rules its lots follow.

    `currency` is the cost currency; `quantity_exponent` (0 to 18) is the number of decimal places
    of the instrument, used to word quantities in errors. `allow_short` lets a sale go below zero.
    """

    account: str
    instrument: str
    method: Method
    currency: str
    quantity_exponent: int = 0
    allow_short: bool = False
    term_rule: TermRule = field(default=US_TERM)

    def __post_init__(self) -> None:
        if not 0 <= self.quantity_exponent <= EXPONENT_MAX:
            msg = f"a quantity exponent lies between 0 and {EXPONENT_MAX}"
            raise ValueError(msg)
