"""Which days of the axis count in statistics: those with a price of what a scope holds.

Crypto trades every day, so it decides only where nothing else is held. Cash alone has Monday to
Friday.
"""

from dataclasses import dataclass

import numpy as np

from bursar.portfolio.calc.arrays import BoolArray, IntArray
from bursar.portfolio.view.book import Book
from bursar.portfolio.view.quotes import Quotes

CRYPTO = "crypto"


@dataclass(frozen=True, slots=True)
class TradingDays:
    """The days that count, and the price rows that make them so; `mask` is kept up in place."""

    mask: BoolArray
    rows: IntArray
    crypto_only: bool


def trading_days(book: Book, quotes: Quotes, positions: IntArray) -> TradingDays:
    """Return the trading days of some positions."""
    listed: set[int] = set()
    crypto: set[int] = set()
    for index in positions.tolist():
        instrument_id = book.positions[index].instrument_id
        if instrument_id is not None:
            known = quotes.instruments.get(instrument_id)
            row = quotes.row_of[instrument_id]
            (crypto if known is not None and known.kind == CRYPTO else listed).add(row)
    rows = np.array(sorted(listed or crypto), dtype=np.int64)
    if len(rows):
        mask = quotes.priced_days(rows, 0)
    else:  # day 0 was a Thursday
        days = np.arange(quotes.axis.days) + quotes.axis.first
        mask = np.asarray((days + 3) % 7 < 5, dtype=np.bool_)  # noqa: PLR2004 - working days
    return TradingDays(mask, rows, crypto_only=bool(crypto and not listed))
