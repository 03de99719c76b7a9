"""Adjusted closes from raw closes and corporate actions: close * price factor * split factor.

Factors are cumulative backwards from the last day: a split divides every earlier close by its
ratio, a dividend scales every earlier close by 1 - amount / close of the day before.
"""

import datetime as dt
from collections.abc import Iterable

import numpy as np

from bursar.market.calc.price_years import Days, Floats


def factors(
    days: Days,
    closes: Floats,
    splits: Iterable[tuple[dt.date, float]],
    dividends: Iterable[tuple[dt.date, float]],
) -> tuple[Floats, Floats]:
    """Return (price factors, split factors) of each day.

    days: ascending, each with a close. splits: (ex-date, new shares for one old). dividends:
    (ex-date, amount per share held before it). Events before the first day change nothing.
    """
    split_factor = np.ones(len(days))
    for ex_date, ratio in splits:
        split_factor[: np.searchsorted(days, np.datetime64(ex_date, "D"))] /= ratio
    price_factor = np.ones(len(days))
    for ex_date, amount in dividends:
        before = int(np.searchsorted(days, np.datetime64(ex_date, "D")))
        if before > 0:
            price_factor[:before] *= 1.0 - amount / closes[before - 1]
    return price_factor, split_factor
