"""What market does outside after commit: fetch prices, and hand them to market.record_prices.

Sources are asked in order; one that fails passes to the next, and the price names the one that
answered. Reads only, so carrying the effect out twice does no harm.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from bursar.core.clock import Clock
from bursar.providers.alphavantage.provider import AlphaVantagePrices
from bursar.providers.errors import ProviderError, Rejected
from bursar.providers.price_source import Bar, History, PriceSource
from bursar.providers.yahoo.provider import YahooPrices
from bursar.runtime.effects import EffectContext, FollowUp, effect
from bursar.settings import Settings

SOURCES: Mapping[str, Callable[[Settings, Clock], PriceSource]] = {
    "yahoo": YahooPrices,
    "alphavantage": AlphaVantagePrices,
}


async def fetch_prices(
    settings: Settings, clock: Clock, payload: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Fetch one instrument's daily prices; return the operation that records them and its input.

    payload: as written by market.refresh_prices. Raises the first ProviderError worth a retry, or
    the last one, when no source answers.
    """
    first = dt.date.fromisoformat(payload["first_day"])
    last = dt.date.fromisoformat(payload["last_day"])
    symbols: Mapping[str, str] = payload["symbols"]
    errors: list[ProviderError] = []
    for name in payload["sources"]:
        if name not in symbols:
            continue
        try:
            found = await SOURCES[name](settings, clock).history(symbols[name], first, last)
            _check(found, payload["currency"])
        except ProviderError as error:
            errors.append(error)
            continue
        return "market.record_prices", _input(found, payload["instrument_id"], clock)
    raise next((error for error in errors if error.retry), errors[-1])


def _check(found: History, currency: str) -> None:
    """Refuse an answer in another currency: the symbol then means another listing."""
    if not found.bars:
        raise Rejected(found.source, f"no prices of {found.symbol} in these days")
    if found.currency is not None and found.currency != currency:
        raise Rejected(
            found.source,
            f"{found.symbol} is quoted in {found.currency}, the instrument in {currency}",
            hint="Name the right listing with an identifier provider:<source>:<symbol>.",
        )


def _input(found: History, instrument_id: str, clock: Clock) -> dict[str, Any]:
    now = clock.now()
    actions: list[dict[str, Any]] = [
        {
            "kind": "split",
            "ex_date": str(split.ex_date),
            "ratio_numerator": split.numerator,
            "ratio_denominator": split.denominator,
        }
        for split in found.splits
    ]
    actions += [
        {"kind": "dividend", "ex_date": str(paid.ex_date), "amount": format(paid.amount, "f")}
        for paid in found.dividends
    ]
    common = {"instrument": instrument_id, "source": found.source}
    return {
        "source": found.source,
        "basis": found.basis,
        "prices": [_price(bar, instrument_id, now) for bar in found.bars],
        "actions": [{**action, **common} for action in actions],
    }


def _price(bar: Bar, instrument_id: str, now: dt.datetime) -> dict[str, Any]:
    """Return a recorded price; today's is a quote of this moment, as the day may not be over."""
    figures = {
        name: format(value, "f")
        for name in ("open", "high", "low", "close", "volume")
        if (value := getattr(bar, name)) is not None
    }
    time = {"time": now.isoformat()} if bar.day >= now.date() else {}
    return {"instrument": instrument_id, "day": str(bar.day), **figures, **time}


@effect("market.fetch_prices", repeatable=True)
async def carry_out(context: EffectContext, payload: Mapping[str, Any]) -> FollowUp:
    """Fetch, and name the operation that records what was fetched."""
    operation, body = await fetch_prices(context.settings, context.clock, payload)
    return FollowUp(operation, body)
