"""Which column means what in a price file, guessed from the header and open to correction.

Long files have one price a row, with a ticker column or the ticker in the file's name; wide files
have a day column and one column of closes for each ticker.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

ALIASES: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "day", "trade_date", "price_date", "datum", "datetime", "timestamp", "time"),
    "ticker": ("ticker", "symbol", "instrument", "security", "isin", "cusip", "figi", "code"),
    "open": ("open", "open_price", "first"),
    "high": ("high", "high_price", "max"),
    "low": ("low", "low_price", "min"),
    "close": ("close", "close_price", "close_last", "last", "price", "settle", "nav", "px_last"),
    "adjusted_close": ("adj_close", "adjusted_close", "adjclose", "close_adjusted"),
    "volume": ("volume", "vol", "shares_traded"),
}
MEANINGS = tuple(ALIASES)


class Layout(StrEnum):
    """How a file arranges its prices."""

    LONG = "long"
    WIDE = "wide"


@dataclass(frozen=True, slots=True)
class Columns:
    """The guess: layout, column by meaning, and for wide files the tickers' columns."""

    layout: Layout
    by_meaning: Mapping[str, str]
    tickers: tuple[str, ...] = ()

    @property
    def adjusted(self) -> bool:
        """Whether the only close in the file is an adjusted one."""
        return "adjusted_close" in self.by_meaning and "close" not in self.by_meaning


def guess(header: Sequence[str], given: Mapping[str, str] | None = None) -> Columns:
    """Return what each column means; `given` (meaning to column) beats the guess.

    Raises ValueError with a sentence for the user.
    """
    if len(set(header)) != len(header):
        msg = "two columns of the file have the same name"
        raise ValueError(msg)
    found = _given(header, given or {})
    taken = set(found.values())
    by_key = {_key(name): name for name in reversed(header) if name not in taken}
    for meaning, aliases in ALIASES.items():
        if meaning not in found:
            match = next((by_key[alias] for alias in aliases if alias in by_key), None)
            if match is not None:
                found[meaning] = match
    if "date" not in found:
        if header and _key(header[0]) in {"", "unnamed_0", "index"}:
            found["date"] = header[0]
        else:
            msg = f"no column holds the day; the columns are {_listed(header)}"
            raise ValueError(msg)
    if "close" in found or "adjusted_close" in found:
        return Columns(Layout.LONG, found)
    tickers = tuple(name for name in header if name != found["date"])
    if not tickers or "ticker" in found:
        msg = f"no column holds the close; the columns are {_listed(header)}"
        raise ValueError(msg)
    return Columns(Layout.WIDE, {"date": found["date"]}, tickers)


def _given(header: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    for meaning, name in given.items():
        if meaning not in ALIASES:
            msg = f"{meaning!r} is no meaning of a column; use {', '.join(MEANINGS)}"
            raise ValueError(msg)
        if name not in header:
            msg = f"the file has no column {name!r}; its columns are {_listed(header)}"
            raise ValueError(msg)
    return dict(given)


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in header[:12])
    return shown + (", ..." if len(header) > 12 else "")  # noqa: PLR2004 - enough to recognise a file


def ticker_in(file_name: str) -> str | None:
    """Return the ticker a file is named after (AAPL.csv, BTC-USD.parquet), or None."""
    stem = file_name.replace("\\", "/").rsplit("/", 1)[-1].split(".csv")[0].split(".parquet")[0]
    return stem.upper() if re.fullmatch(r"[A-Za-z][A-Za-z0-9.\-^=]{0,19}", stem) else None
