"""What every price source offers, whichever company stands behind it.

Figures are exact decimals. A source says on which basis its closes are and, when it knows, which
currency they are in and which splits and dividends fell into the range.
"""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

DAYS_MAX = 9_000


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's prices."""

    day: dt.date
    close: Decimal
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SplitEvent:
    """`numerator` new shares for `denominator` old ones."""

    ex_date: dt.date
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class DividendEvent:
    """Cash for each share as it was held on the day, before later splits."""

    ex_date: dt.date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class History:
    """Daily prices of one symbol, oldest first."""

    source: str
    symbol: str
    basis: str
    currency: str | None
    bars: tuple[Bar, ...]
    splits: tuple[SplitEvent, ...] = field(default=())
    dividends: tuple[DividendEvent, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Quote:
    """The latest price of one symbol; `at` is None when the source names only the day."""

    source: str
    symbol: str
    price: Decimal
    currency: str | None
    day: dt.date
    at: dt.datetime | None


class PriceSource(Protocol):
    """A place prices come from. Every method raises ProviderError and refuses to run inside a transaction."""

    @property
    def name(self) -> str:
        """Return the source's name, as it is written beside each price."""
        ...

    async def history(self, symbol: str, first: dt.date, last: dt.date) -> History:
        """Return daily prices from `first` to `last`; days without a price are left out."""
        ...

    async def quote(self, symbol: str) -> Quote:
        """Return the latest price."""
        ...
