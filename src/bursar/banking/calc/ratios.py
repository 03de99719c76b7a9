"""Ratios of splits as whole numbers, as far as the book can hold them."""

from fractions import Fraction

from bursar.banking.formats.statement import Activity

RATIO_PART_MAX = 10**12


def ratio_of(stated: Activity) -> tuple[int, int] | None:
    """Return the ratio that a row states, if any."""
    if not stated.ratio_new or not stated.ratio_old:
        return None
    return ratio_from(Fraction(stated.ratio_new) / Fraction(stated.ratio_old))


def ratio_from(ratio: Fraction) -> tuple[int, int] | None:
    """Return a ratio's parts; None when it is not positive or too fine."""
    if ratio <= 0 or max(ratio.numerator, ratio.denominator) > RATIO_PART_MAX:
        return None
    return ratio.numerator, ratio.denominator
