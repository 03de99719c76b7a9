"""Yahoo's chart to our history: exact decimals, pence to pounds, dividends as they were paid."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from bursar.providers.errors import Down
from bursar.providers.price_source import Bar, DividendEvent, History, Quote, SplitEvent

NAME = "yahoo"
SPLIT_DENOMINATOR_MAX = 1_000
# quoted in a hundredth of the currency: pence, cents and agorot
HUNDREDTHS: Mapping[str, str] = {"GBp": "GBP", "GBX": "GBP", "ZAc": "ZAR", "ILA": "ILS"}
Row = Mapping[str, Any]


def exact(value: object) -> Decimal | None:
    """Return the decimal Yahoo meant by a float, None for a missing one.

    Prices travel as 32-bit floats; the shortest decimal that gives the same float is the price.
    """
    if not isinstance(value, int | float | np.number) or not math.isfinite(float(value)):
        return None
    number = float(value)
    narrow = np.float32(number)
    text = np.format_float_positional(narrow if float(narrow) == number else number, trim="-")
    return Decimal(text)


def unit(currency: str | None) -> tuple[str | None, Decimal]:
    """Return the currency and what one quoted unit is worth in it."""
    if currency is not None and currency in HUNDREDTHS:
        return HUNDREDTHS[currency], Decimal("0.01")
    return currency, Decimal(1)


def history(symbol: str, rows: Sequence[tuple[dt.date, Row]], meta: Mapping[str, Any]) -> History:
    """Map daily rows (oldest first) and metadata; rows without a close are left out."""
    currency, worth = unit(meta.get("currency"))
    splits = tuple(
        SplitEvent(day, ratio.numerator, ratio.denominator)
        for day, row in rows
        if (ratio := _ratio(row.get("Stock Splits"))) is not None
    )
    bars = []
    for day, row in rows:
        close = exact(row.get("Close"))
        if close is None or close <= 0:
            continue
        figures = {
            name: found * worth
            for name in ("open", "high", "low")
            if (found := exact(row.get(name.title()))) is not None and found > 0
        }
        bars.append(Bar(day, close * worth, **figures, volume=exact(row.get("Volume"))))
    dividends = tuple(
        DividendEvent(day, _as_paid(amount * worth, day, splits))
        for day, row in rows
        if (amount := exact(row.get("Dividends"))) is not None and amount > 0
    )
    return History(NAME, symbol, "split_adjusted", currency, tuple(bars), splits, dividends)


def quote(symbol: str, meta: Mapping[str, Any]) -> Quote:
    """Map metadata to the latest price. Raises Down when it holds none."""
    price, moment = exact(meta.get("regularMarketPrice")), meta.get("regularMarketTime")
    if price is None or price <= 0 or moment is None:
        raise Down(NAME, f"the answer holds no price of {symbol}")
    currency, worth = unit(meta.get("currency"))
    at = moment.to_pydatetime() if hasattr(moment, "to_pydatetime") else None
    if at is None:
        at = dt.datetime.fromtimestamp(int(moment), dt.UTC)
    return Quote(NAME, symbol, price * worth, currency, at.date(), at.astimezone(dt.UTC))


def _ratio(value: object) -> Fraction | None:
    number = exact(value)
    if number is None or number <= 0:
        return None
    ratio = Fraction(number).limit_denominator(SPLIT_DENOMINATOR_MAX)
    return ratio if ratio not in {0, 1} else None


def _as_paid(amount: Decimal, day: dt.date, splits: Sequence[SplitEvent]) -> Decimal:
    """Undo later splits: Yahoo states old dividends for today's shares."""
    paid = Fraction(amount)
    for split in splits:
        if split.ex_date > day:
            paid *= Fraction(split.numerator, split.denominator)
    return (
        (Decimal(paid.numerator) / Decimal(paid.denominator))
        .quantize(Decimal("0.000001"))
        .normalize()
    )
