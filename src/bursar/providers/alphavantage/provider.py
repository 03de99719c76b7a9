"""AlphaVantage as a price source; it needs a key."""

import datetime as dt
from typing import Any

from bursar.core.clock import Clock
from bursar.providers.alphavantage import client
from bursar.providers.alphavantage import map as mapping
from bursar.providers.errors import NeedsLogin
from bursar.providers.price_source import History, Quote
from bursar.providers.retry import read_with_retry
from bursar.runtime.context import refuse_open_transaction
from bursar.settings import Settings

COMPACT_DAYS = 130  # the compact series holds the last 100 trading days


class AlphaVantagePrices:
    """Daily raw history and quotes from AlphaVantage."""

    name = mapping.NAME

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._base_url = settings.alphavantage_base_url
        self._key = settings.alphavantage_api_key.get_secret_value()
        self._clock = clock

    async def history(self, symbol: str, first: dt.date, last: dt.date) -> History:
        """Return daily raw prices from `first` to `last`."""
        recent = (self._clock.now().date() - first).days <= COMPACT_DAYS
        document = await self._get(
            {
                "function": "TIME_SERIES_DAILY",
                "symbol": symbol,
                "outputsize": "compact" if recent else "full",
            }
        )
        return mapping.history(symbol, document, first, last)

    async def quote(self, symbol: str) -> Quote:
        """Return the latest price; AlphaVantage names its day, not its moment."""
        return mapping.quote(
            symbol, await self._get({"function": "GLOBAL_QUOTE", "symbol": symbol})
        )

    async def _get(self, parameters: dict[str, str]) -> dict[str, Any]:
        refuse_open_transaction("AlphaVantage")
        if not self._key:
            raise NeedsLogin(self.name, "no key is set", hint="Set ALPHAVANTAGE_API_KEY.")

        async def read() -> dict[str, Any]:
            return await client.get(self._base_url, self._key, parameters)

        return await read_with_retry(read)
