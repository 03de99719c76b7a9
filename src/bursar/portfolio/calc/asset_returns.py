"""Total returns of single assets from raw prices: splits undone, dividends added, on common days."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray, IntArray
from bursar.portfolio.calc.errors import BadSeries


@dataclass(frozen=True, slots=True)
class Distribution:
    """On day number `day`, asset number `asset` was split by `ratio` (new per old) and paid `cash`.

    `cash` is per unit after the split, in the currency of the prices.
    """

    day: int
    asset: int
    ratio: float = 1.0
    cash: float = 0.0


@dataclass(frozen=True, slots=True)
class AssetReturns:
    """Simple returns, periods x assets; `start` is the first day priced, `day` each period's end."""

    start: int
    day: IntArray
    returns: FloatArray


def total_returns(
    day: IntArray,
    closes: FloatArray,
    distributions: Sequence[Distribution] = (),
    rates: FloatArray | None = None,
) -> AssetReturns:
    """Return `(P_t split + D) rate_t / (P_(t-1) rate_(t-1)) - 1` between days that price all assets.

    `closes` and `rates` are days x assets, missing prices NaN. Raises BadSeries for fewer than two
    common days.
    """
    complete = np.flatnonzero(~np.isnan(closes).any(axis=1))
    if len(complete) < 2:  # noqa: PLR2004 - a return needs two prices
        msg = "the assets have no two days with prices of all of them"
        raise BadSeries(msg, field="closes")
    at, price = day[complete], closes[complete]
    after = price[1:].copy()
    for each in distributions:
        period = int(np.searchsorted(at, each.day)) - 1
        if 0 <= period < len(after) and each.day > at[0]:
            after[period, each.asset] = (after[period, each.asset] + each.cash) * each.ratio
    before = price[:-1]
    if rates is not None:
        after, before = after * rates[complete][1:], before * rates[complete][:-1]
    return AssetReturns(int(at[0]), at[1:], np.asarray(after / before - 1.0, dtype=np.float64))
