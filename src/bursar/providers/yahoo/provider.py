"""Yahoo as a price source."""

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

from bursar.core.clock import Clock
from bursar.providers.price_source import History, Quote
from bursar.providers.retry import read_with_retry
from bursar.providers.yahoo import client
from bursar.providers.yahoo import map as mapping
from bursar.runtime.context import refuse_open_transaction
from bursar.settings import Settings


class YahooPrices:
    """Daily history and quotes from Yahoo's chart API, split-adjusted."""

    name = mapping.NAME

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._base_url = settings.yfinance_base_url
        self._cache_folder = Path(settings.bursar_home) / "cache" / "yfinance"
        self._clock = clock

    async def history(self, symbol: str, first: dt.date, last: dt.date) -> History:
        """Return daily prices from `first` to `last`, with splits and dividends.

        Yahoo adjusts for every split up to today, so it is asked up to today and cut after.
        """
        today = self._clock.now().date()
        frame, meta = await self._fetch(symbol, (first, max(last, today)))
        rows = [(moment.date(), row) for moment, row in zip(frame.index, _rows(frame), strict=True)]
        found = mapping.history(symbol, rows, meta)
        bars = tuple(bar for bar in found.bars if first <= bar.day <= last)
        return History(
            found.source, symbol, found.basis, found.currency, bars, found.splits, found.dividends
        )

    async def quote(self, symbol: str) -> Quote:
        """Return the latest price with its moment."""
        _, meta = await self._fetch(symbol, None)
        return mapping.quote(symbol, meta)

    async def _fetch(
        self, symbol: str, days: tuple[dt.date, dt.date] | None
    ) -> tuple[Any, dict[str, Any]]:
        refuse_open_transaction("Yahoo")

        async def read() -> tuple[Any, dict[str, Any]]:
            return await asyncio.to_thread(
                client.fetch, self._base_url, self._cache_folder, symbol, days
            )

        return await read_with_retry(read)


def _rows(frame: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.to_dict("records")
    return rows
