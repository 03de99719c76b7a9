"""Jumps that no recorded split explains, and trading days without a price. Finds, never repairs."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bursar.market.calc.price_years import Days, Floats

SPLIT_LIKE_TOLERANCE = 0.06
SPLIT_DENOMINATOR_MAX = 3
SPLIT_NUMERATOR_MAX = 50


@dataclass(frozen=True, slots=True)
class Jump:
    """A change between two prices in a row; `ratio` has recorded splits undone."""

    day: np.datetime64
    ratio: float
    looks_like: Fraction | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Trading days in a row without a price."""

    first_day: np.datetime64
    last_day: np.datetime64
    days: int


def jumps(
    days: Days, closes: Floats, splits: Mapping[np.datetime64, float], ratio_min: float
) -> list[Jump]:
    """Return price changes of at least `ratio_min`, up or down, that splits do not explain.

    days, closes: ascending, every close present. splits: new shares for one old by ex-date.
    """
    undone = np.ones(len(days))
    for ex_date, ratio in splits.items():
        undone[np.searchsorted(days, ex_date) :] *= ratio
    held = closes * undone
    ratios = held[1:] / held[:-1]
    large = np.flatnonzero((ratios >= ratio_min) | (ratios <= 1.0 / ratio_min))
    return [Jump(days[i + 1], float(ratios[i]), split_like(1.0 / float(ratios[i]))) for i in large]


def split_like(ratio: float) -> Fraction | None:
    """Return the plain split (2, 3/2, 1/10) that a ratio of prices is close to, or None."""
    upside = max(ratio, 1.0 / ratio)
    near = Fraction(upside).limit_denominator(SPLIT_DENOMINATOR_MAX)
    if near == 1 or near.numerator > SPLIT_NUMERATOR_MAX:
        return None
    if abs(float(near) / upside - 1.0) > SPLIT_LIKE_TOLERANCE:
        return None
    return near if ratio > 1 else 1 / near


def gaps(days: Days, trading_days: Days, days_min: int) -> list[Gap]:
    """Return runs of at least `days_min` trading days, between the first and last price, unpriced."""
    if len(days) == 0:
        return []
    inside = trading_days[(trading_days > days[0]) & (trading_days < days[-1])]
    missing = np.flatnonzero(~np.isin(inside, days))
    if len(missing) == 0:
        return []
    runs = np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1)
    return [Gap(inside[run[0]], inside[run[-1]], len(run)) for run in runs if len(run) >= days_min]
