"""A folder of daily price files (SYMBOL.csv with date, open, high, low, close, volume)."""

import asyncio
import csv
import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path

from bursar.providers.errors import Down, Rejected
from bursar.providers.price_source import Bar, History, Quote
from bursar.runtime.context import refuse_open_transaction

SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-^=]{0,19}")
ROWS_MAX = 100_000
FIGURES = ("open", "high", "low", "volume")


class FilePrices:
    """Daily raw history read from a folder; nothing leaves the machine."""

    name = "files"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def history(self, symbol: str, first: dt.date, last: dt.date) -> History:
        """Return daily raw prices from `first` to `last`."""
        refuse_open_transaction("the price folder")
        bars = await asyncio.to_thread(self._read, symbol)
        return History(
            self.name, symbol, "raw", None, tuple(bar for bar in bars if first <= bar.day <= last)
        )

    async def quote(self, symbol: str) -> Quote:
        """Return the newest close in the file."""
        refuse_open_transaction("the price folder")
        bars = await asyncio.to_thread(self._read, symbol)
        if not bars:
            raise Rejected(self.name, f"{symbol}.csv holds no price")
        return Quote(self.name, symbol, bars[-1].close, None, bars[-1].day, None)

    def _read(self, symbol: str) -> list[Bar]:
        path = self._folder / f"{symbol}.csv"
        if not SYMBOL.fullmatch(symbol) or not path.is_file():
            raise Rejected(self.name, f"there is no file of {symbol[:20]}")
        bars = []
        with path.open(newline="", encoding="utf-8-sig") as lines:
            for number, row in enumerate(csv.DictReader(lines), start=2):
                try:
                    figures = {name: Decimal(row[name]) for name in FIGURES if row.get(name)}
                    bars.append(
                        Bar(dt.date.fromisoformat(row["date"]), Decimal(row["close"]), **figures)
                    )
                except (KeyError, TypeError, ValueError, InvalidOperation):
                    raise Down(self.name, f"{path.name} line {number} cannot be read") from None
                if number > ROWS_MAX:
                    raise Rejected(self.name, f"{path.name} has more than {ROWS_MAX} rows")
        return sorted(bars, key=lambda bar: bar.day)
