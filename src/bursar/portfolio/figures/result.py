"""What computing a figure gives: an exact amount or a float, or a reason; and how it is written.

Money is rounded to the currency's smallest unit, half to even. Ratios carry 12 significant digits,
which is less than float64 holds, so that every machine writes the same text.
"""

from dataclasses import dataclass
from decimal import Decimal

from bursar.portfolio.calc.undefined import Figure, Reason
from bursar.portfolio.view.exact import Sum
from bursar.portfolio.view.view import rounded

RATIO_DIGITS = 12
# A ratio from here on says nothing any more; one below is zero as far as float64 can tell.
RATIO_MAX = 1e15
RATIO_MIN = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Result:
    """A value as it is written, or a reason; `roots` only for rates that are not unique."""

    value: Decimal | None
    reason: Reason | None = None
    observations: int | None = None
    roots: tuple[Decimal, ...] = ()


def money(found: Sum, currency: str) -> Result:
    """Write an exact amount in a currency."""
    if found.amount is None:
        return Result(None, found.reason)
    return Result(rounded(found.amount, currency))


def ratio(figure: Figure) -> Result:
    """Write a measure of the arrays."""
    if figure.value is None:
        return Result(None, figure.reason, figure.observations)
    if abs(figure.value) >= RATIO_MAX:
        return Result(None, Reason.NOT_REPRESENTABLE, figure.observations)
    return Result(ratio_text(figure.value), None, figure.observations)


def ratio_text(number: float | Decimal) -> Decimal:
    """Return a ratio with 12 significant digits and no digits below 1e-12, without a sign on zero."""
    found = Decimal(f"{number:.{RATIO_DIGITS}g}")
    return (found if abs(found) >= RATIO_MIN else Decimal(0)) + 0


def quotient(top: Sum, bottom: Sum, reason: Reason) -> Result:
    """Write top / bottom, undefined for `reason` unless the bottom is above zero."""
    if top.amount is None:
        return Result(None, top.reason)
    if bottom.amount is None:
        return Result(None, bottom.reason)
    if bottom.amount <= 0:
        return Result(None, reason)
    return ratio(Figure.of(float(top.amount / bottom.amount)))
