"""Fetching prices: asked for here, done after commit by `bursar.market.effects`."""

import datetime as dt
import uuid

from pydantic import JsonValue

from bursar.market.calc.matching import Scheme
from bursar.market.errors import NoSource
from bursar.market.models.instruments import InstrumentRow
from bursar.market.models.prices import (
    REFRESHED_MAX,
    PriceSourceName,
    RefreshPrices,
    RefreshRequested,
)
from bursar.market.operations import instruments, prices
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

FETCH_PRICES = "market.fetch_prices"
FIRST_FETCH_DAYS = 3653
FETCH_DAYS_MAX = 12_000  # about 8,300 trading days, under the 10,000 prices of one record


@operation(
    "market.refresh_prices",
    scope="market:write",
    http="POST /prices/refresh",
    writes=True,
    status=202,
)
async def refresh_prices(context: Context, body: RefreshPrices) -> RefreshRequested:
    """Fetch missing daily prices of instruments from yahoo or alphavantage, in the background.

    Each instrument is asked from the first source; when that fails or is rate limited the next one
    is tried, and every price names the source it came from. The answer says what is being fetched.
    """
    today = context.clock.now().date()
    last = min(body.last_day or today, today)
    sources = _sources(context, body)
    rows = await _wanted(context, body)
    newest = await prices.prices_at(context, rows, context.clock.now())
    requested: list[uuid.UUID] = []
    without_symbol, up_to_date = [], 0
    for row in rows:
        symbol = _symbols(row, today)
        known = newest.get(row.id)
        first = body.first_day or _first_missing(known.day if known else None, last)
        if not symbol:
            without_symbol.append(row.id)
        elif first > last:
            up_to_date += 1
        else:
            requested.append(
                context.effect(
                    FETCH_PRICES,
                    {
                        "instrument_id": str(row.id),
                        "currency": row.currency,
                        "symbols": symbol,
                        "first_day": str(max(first, _days_before(last, FETCH_DAYS_MAX))),
                        "last_day": str(last),
                        "sources": [source.value for source in sources],
                    },
                )
            )
    context.fact("market.prices_requested", last, instruments=len(requested))
    return RefreshRequested(
        requested=len(requested),
        up_to_date=up_to_date,
        without_symbol=tuple(without_symbol),
        effects=tuple(requested),
    )


def _days_before(day: dt.date, days: int) -> dt.date:
    """Return a day that many days before, or the first one there is."""
    return dt.date.fromordinal(max(1, day.toordinal() - days))


def _sources(context: Context, body: RefreshPrices) -> tuple[PriceSourceName, ...]:
    if body.sources:
        return body.sources
    if context.settings.alphavantage_api_key.get_secret_value():
        return (PriceSourceName.YAHOO, PriceSourceName.ALPHAVANTAGE)
    if not context.settings.yfinance_base_url:
        raise NoSource("no price source is configured")
    return (PriceSourceName.YAHOO,)


async def _wanted(context: Context, body: RefreshPrices) -> list[InstrumentRow]:
    if body.instruments:
        found = await prices.find_many(context, body.instruments)
        return list({row.id: row for row in found.values()}.values())
    return await instruments.active(context, REFRESHED_MAX)


def _symbols(row: InstrumentRow, day: dt.date) -> dict[str, JsonValue]:
    """Return the symbol for each source: provider:<source>:<symbol> where given, else the ticker."""
    ticker = row.identifier(Scheme.TICKER, day)
    symbols: dict[str, JsonValue] = {}
    for source in PriceSourceName:
        own = next(
            (
                name.value.removeprefix(f"{source.value}:")
                for name in row.identifiers
                if name.scheme is Scheme.PROVIDER
                and name.value.startswith(f"{source.value}:")
                and name.valid_to is None
            ),
            ticker,
        )
        if own is not None:
            symbols[source.value] = own
    return symbols


def _first_missing(newest: dt.date | None, last: dt.date) -> dt.date:
    """Return where to go on: the newest day again, as it may have been fetched before its close."""
    if newest is None:
        return last - dt.timedelta(days=FIRST_FETCH_DAYS)
    return newest if newest >= last else newest + dt.timedelta(days=1)
