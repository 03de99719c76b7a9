"""Past returns of a set of instruments, read from the market in one currency."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations.actions import actions_of
from bursar.market.operations.prices import read_prices
from bursar.market.operations.rates import read_rates
from bursar.portfolio.calc.arrays import FloatArray
from bursar.portfolio.calc.asset_returns import AssetReturns, Distribution, total_returns
from bursar.portfolio.planning.errors import MissingValues, TooFewPrices
from bursar.portfolio.view import date_of, number_of
from bursar.portfolio.view.benchmark import carried
from bursar.portfolio.view.quotes import LOOKBACK_DAYS
from bursar.runtime.context import Context

PERIODS_MIN = 60
# An instrument priced on fewer than this share of the others' days would decide their days too.
COVERAGE_MIN = 0.8
SPLIT_KINDS = ("split", "stock_dividend")
CASH_KINDS = ("dividend", "special_dividend", "return_of_capital")


@dataclass(frozen=True, slots=True)
class Window:
    """Day numbers, both included, and the currency of the returns."""

    first: int
    last: int
    currency: str


async def read_returns(
    context: Context,
    rows: Sequence[InstrumentRow],
    window: Window,
    *,
    periods_min: int = PERIODS_MIN,
) -> AssetReturns:
    """Return total returns of the instruments, one column each, for at least `periods_min` periods.

    Raises TooFewPrices, which names the instruments, and MissingValues without exchange rates.
    """
    ids = [row.id for row in rows]
    reading = await read_prices(context, ids, date_of(window.first), date_of(window.last))
    days = reading.days.astype("datetime64[D]").astype(np.int64)
    _check_coverage(rows, reading.closes, window)
    place = {instrument_id: n for n, instrument_id in enumerate(ids)}
    distributions = await _distributions(
        context, rows, place, window=window, adjusted=reading.adjusted
    )
    rates = await _rates(context, rows, window)
    found = total_returns(
        days,
        reading.closes,
        distributions,
        None if rates is None else rates[days - window.first],
    )
    if len(found.day) < periods_min:
        raise TooFewPrices(
            f"all {len(rows)} instruments have prices on only {len(found.day) + 1} common days; "
            f"{periods_min + 1} are needed",
            field="look_back_days",
        )
    return found


def _check_coverage(rows: Sequence[InstrumentRow], closes: FloatArray, window: Window) -> None:
    counts = (~np.isnan(closes)).sum(axis=0)
    usual = float(np.median(counts)) if len(counts) else 0.0
    short = [
        f"{row.ticker or row.name} ({int(count)})"
        for row, count in zip(rows, counts.tolist(), strict=True)
        if count <= PERIODS_MIN or count < COVERAGE_MIN * usual
    ]
    if short:
        raise TooFewPrices(
            f"too few days with prices from {date_of(window.first)} to {date_of(window.last)}: "
            f"{', '.join(short[:10])}",
            field="instruments",
        )


async def _distributions(
    context: Context,
    rows: Sequence[InstrumentRow],
    place: Mapping[uuid.UUID, int],
    *,
    window: Window,
    adjusted: frozenset[uuid.UUID],
) -> list[Distribution]:
    """Return splits and cash dividends; prices with dividends worked in get none a second time."""
    currency = {row.id: row.currency for row in rows}
    found = []
    for action in await actions_of(context, place, date_of(window.first), date_of(window.last)):
        own = action.instrument_id
        day = number_of(action.ex_date)
        if action.kind in SPLIT_KINDS and action.ratio_numerator and action.ratio_denominator:
            ratio = action.ratio_numerator / action.ratio_denominator
            found.append(Distribution(day, place[own], ratio=ratio))
        elif (
            action.kind in CASH_KINDS
            and action.amount is not None
            and own not in adjusted
            and action.currency in (None, currency[own])
        ):
            found.append(Distribution(day, place[own], cash=float(action.amount)))
    # On one day the dividend is per unit after the split.
    return sorted(found, key=lambda each: (each.day, each.asset, each.cash == 0))


async def _rates(
    context: Context, rows: Sequence[InstrumentRow], window: Window
) -> FloatArray | None:
    """Return rates on every day of the window, one column for each instrument."""
    if all(row.currency == window.currency for row in rows):
        return None
    codes = sorted({row.currency for row in rows} | {window.currency})
    span = (date_of(window.first - LOOKBACK_DAYS), date_of(window.last))
    reading = await read_rates(context, codes, window.currency, span)
    columns = {code: carried(reading.rates[:, n])[LOOKBACK_DAYS:] for n, code in enumerate(codes)}
    missing = [code for code in codes if not bool((columns[code] > 0).all())]
    if missing:
        raise MissingValues(
            f"no exchange rates from {', '.join(missing)} to {window.currency} on every day"
        )
    return np.column_stack([columns[row.currency] for row in rows])
