"""Exact division: parts of an amount that sum to the whole, and conversion at a stored rate."""

from bursar.ledger.calc.lots.position import Ratio


def share(total: int, part: int, whole: int) -> int:
    """Return the part / whole share of `total` by the largest remainder of the two parts.

    Equals `split_units(total, [part, whole - part])[0]` of `bursar.core.money`, without the lists:
    it runs once for each lot that is cut. Requires 0 <= part <= whole and whole > 0.
    """
    if part == whole:
        return total
    quotient, remainder = divmod(abs(total) * part, whole)
    if remainder and 2 * remainder >= whole:
        quotient += 1
    return -quotient if total < 0 else quotient


def maybe_share(total: int | None, part: int, whole: int) -> int | None:
    """Return `share`, or None for an unknown total."""
    return None if total is None else share(total, part, whole)


def convert(units: int, rate: Ratio | None) -> int | None:
    """Convert an amount at a rate, rounding half to even; None without a rate."""
    if rate is None:
        return None
    numerator, denominator = rate
    quotient, remainder = divmod(units * numerator, denominator)
    if 2 * remainder > denominator or (2 * remainder == denominator and quotient & 1):
        quotient += 1
    return quotient


def add(left: int | None, right: int | None) -> int | None:
    """Add two amounts; the sum with an unknown one is unknown."""
    return None if left is None or right is None else left + right
