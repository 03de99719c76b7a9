"""AlphaVantage's documents to our history and quote; figures arrive as text and stay exact."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from bursar.providers.errors import Down, Rejected
from bursar.providers.price_source import Bar, History, Quote

NAME = "alphavantage"
SERIES = "Time Series (Daily)"


def history(symbol: str, document: Mapping[str, Any], first: dt.date, last: dt.date) -> History:
    """Map TIME_SERIES_DAILY, whose closes are raw. Raises Rejected, Down."""
    series = document.get(SERIES)
    if not isinstance(series, dict):
        raise Rejected(NAME, f"no daily prices for {symbol}")
    bars = []
    for text, row in series.items():
        try:
            day = dt.date.fromisoformat(text)
            bar = Bar(
                day=day,
                open=_number(row["1. open"]),
                high=_number(row["2. high"]),
                low=_number(row["3. low"]),
                close=_number(row["4. close"]),
                volume=_number(row["5. volume"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Down(NAME, f"a daily price cannot be read ({type(error).__name__})") from error
        if first <= day <= last and bar.close > 0:
            bars.append(bar)
    bars.sort(key=lambda bar: bar.day)
    return History(NAME, symbol, "raw", None, tuple(bars))


def quote(symbol: str, document: Mapping[str, Any]) -> Quote:
    """Map GLOBAL_QUOTE. Raises Rejected for an unknown symbol, Down for an unreadable answer."""
    row = document.get("Global Quote")
    if not row:
        raise Rejected(NAME, f"no quote for {symbol}")
    try:
        day = dt.date.fromisoformat(row["07. latest trading day"])
        return Quote(NAME, symbol, _number(row["05. price"]), None, day, None)
    except (KeyError, TypeError, ValueError) as error:
        raise Down(NAME, f"the quote cannot be read ({type(error).__name__})") from error


def _number(text: object) -> Decimal:
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        raise ValueError(str(text)[:40]) from None
    if not number.is_finite():
        raise ValueError(str(text)[:40])
    return number
