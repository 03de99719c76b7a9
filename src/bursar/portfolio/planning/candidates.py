"""What is known of every instrument up to a day: its series of total returns, rates beside them."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bursar.market.models.actions import ActionKind, CorporateActionRow
from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations.actions import actions_of
from bursar.market.operations.prices import PriceReading, read_prices
from bursar.market.operations.rates import read_rates
from bursar.portfolio.calc.arrays import FloatArray, IntArray
from bursar.portfolio.calc.asset_returns import Distribution, total_returns
from bursar.portfolio.calc.opportunity import YEAR_DAYS, Series
from bursar.portfolio.view import date_of, number_of
from bursar.runtime.context import Context

# A year and the slack of momentum's first price, and some days to spare.
WINDOW_DAYS = 400
SPLIT_KINDS = (ActionKind.SPLIT, ActionKind.STOCK_DIVIDEND)
CASH_KINDS = (ActionKind.DIVIDEND, ActionKind.SPECIAL_DIVIDEND, ActionKind.RETURN_OF_CAPITAL)

Unfit = Literal["no_price", "stale_price", "short_history"]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Instruments with enough prices, with their series in the same order; the others by reason."""

    rows: tuple[InstrumentRow, ...]
    series: tuple[Series, ...]
    unfit: Mapping[Unfit, tuple[InstrumentRow, ...]]


@dataclass(frozen=True, slots=True)
class RateSeries:
    """Units of the report currency for one unit of another, on the days that have a rate."""

    day: IntArray
    rate: FloatArray


async def read_candidates(
    context: Context, rows: Sequence[InstrumentRow], today: int, *, history_days_min: int
) -> Candidates:
    """Read prices and corporate actions of the window that ends on day number `today`."""
    ids = [row.id for row in rows]
    span = (date_of(today - WINDOW_DAYS + 1), date_of(today))
    reading = await read_prices(context, ids, *span)
    by_instrument: dict[uuid.UUID, list[CorporateActionRow]] = defaultdict(list)
    for action in await actions_of(context, ids, *span):
        by_instrument[action.instrument_id].append(action)
    age_days_max = context.settings.price_age_days_max
    fit: list[tuple[InstrumentRow, Series]] = []
    unfit: dict[Unfit, list[InstrumentRow]] = defaultdict(list)
    days = reading.days.astype("datetime64[D]").astype(np.int64)
    for place, row in enumerate(rows):
        known = np.flatnonzero(~np.isnan(reading.closes[:, place])) if len(days) else days
        if len(known) == 0:
            unfit["no_price"].append(row)
        elif today - int(days[known[-1]]) > age_days_max:
            unfit["stale_price"].append(row)
        elif len(known) < history_days_min:
            unfit["short_history"].append(row)
        else:
            made = _series(reading, place, days[known], row=row, actions=by_instrument[row.id])
            fit.append((row, made))
    return Candidates(
        tuple(row for row, _ in fit),
        tuple(each for _, each in fit),
        {reason: tuple(those) for reason, those in unfit.items()},
    )


def _series(
    reading: PriceReading,
    place: int,
    day: IntArray,
    *,
    row: InstrumentRow,
    actions: Sequence[CorporateActionRow],
) -> Series:
    closes = reading.closes[:, place]
    price = closes[~np.isnan(closes)]
    splits = [
        (number_of(a.ex_date), float(a.ratio_numerator / a.ratio_denominator))
        for a in actions
        if a.kind in SPLIT_KINDS and a.ratio_numerator and a.ratio_denominator
    ]
    paid = [
        (a.kind, number_of(a.ex_date), float(a.amount))
        for a in actions
        if a.kind in CASH_KINDS and a.amount is not None and a.currency in (None, row.currency)
    ]
    distributions = [Distribution(on, 0, ratio=ratio) for on, ratio in splits]
    if row.id not in reading.adjusted:
        distributions += [Distribution(on, 0, cash=cash) for _, on, cash in paid]
    # On one day the dividend is per unit after the split.
    distributions.sort(key=lambda each: (each.day, each.cash == 0))
    index = np.ones(len(day))
    if len(day) > 1:
        index[1:] = np.cumprod(1.0 + total_returns(day, price[:, None], distributions).returns)
    today = int(day[-1])
    regular = [
        cash / _units(splits, on)
        for kind, on, cash in paid
        if kind is ActionKind.DIVIDEND and on > today - YEAR_DAYS
    ]
    return Series(day, index, float(price[-1]), sum(regular) if regular else None)


def _units(splits: Sequence[tuple[int, float]], on: int) -> float:
    """Return how many of today's units one unit of that day has become."""
    made = 1.0
    for day, ratio in splits:
        if day > on:
            made *= ratio
    return made


async def read_rate_series(
    context: Context, currencies: Sequence[str], currency: str, today: int
) -> dict[str, RateSeries]:
    """Return each currency's rates into the report currency up to the day, without the gaps."""
    wanted = sorted(set(currencies) - {currency})
    if not wanted:
        return {}
    first = today - WINDOW_DAYS + 1
    reading = await read_rates(context, wanted, currency, (date_of(first), date_of(today)))
    found = {}
    for place, code in enumerate(wanted):
        rate = reading.rates[:, place]
        known = np.flatnonzero(~np.isnan(rate))
        found[code] = RateSeries(known + first, rate[known])
    return found
