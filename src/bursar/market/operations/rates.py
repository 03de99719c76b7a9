"""Exchange rates: record, find with the path stated, and read as columns for analysis."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.market.calc import rate_paths
from bursar.market.calc.price_years import Days, Floats
from bursar.market.calc.rate_paths import StoredRate
from bursar.market.errors import NoRate
from bursar.market.models.rates import (
    FxRateAnswer,
    GetFxRate,
    RateLeg,
    RatesWritten,
    RecordedRate,
    RecordFxRates,
)
from bursar.market.store import prices as price_store
from bursar.market.store import rates as store
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

DAYS_MAX = 100 * 366


@dataclass(frozen=True, slots=True)
class RateReading:
    """Exchange rates as a dense matrix for analysis.

    rates[i, j]: units of the report currency for one unit of currencies[j] on days[i], which are
    all calendar days of the range; NaN where no rate was recorded for that day, nothing is carried
    forward. changed: False when `since` was given and no rate was written after it; then `rates`
    is empty. snapshot: pass it as `since` later.
    """

    currencies: tuple[str, ...]
    days: Days
    rates: Floats
    changed: bool
    snapshot: str


@operation("market.record_fx_rates", scope="market:write", http="POST /fx-rates", writes=True)
async def record_fx_rates(context: Context, body: RecordFxRates) -> RatesWritten:
    """Record exchange rates; one already there for the same pair and day is replaced."""
    chosen: dict[tuple[str, str, dt.date], RecordedRate] = {}
    for number, rate in enumerate(body.rates):
        if rate.rate <= 0:
            raise InvalidInput("a rate must be greater than zero", field=f"rates.{number}.rate")
        if rate.base == rate.quote:
            raise InvalidInput(
                "a rate needs two different currencies", field=f"rates.{number}.quote"
            )
        key = (rate.base, rate.quote, rate.day)
        if key in chosen and chosen[key].rate != rate.rate:
            raise InvalidInput(
                f"{rate.base}/{rate.quote} has two different rates for {rate.day}",
                field=f"rates.{number}",
            )
        chosen[key] = rate
    written = await store.write(
        context.session,
        context.workspace_id,
        list(chosen.values()),
        source=body.source,
        at=context.clock.now(),
    )
    context.fact("market.fx_rates_recorded", body.source, written=written)
    return RatesWritten(read=len(body.rates), written=written, unchanged=len(body.rates) - written)


@operation(
    "market.get_fx_rate",
    scope="market:read",
    http="GET /fx-rates/{base}/{quote}",
    positional=("base", "quote"),
)
async def get_fx_rate(context: Context, body: GetFxRate) -> FxRateAnswer:
    """Show an exchange rate on a day: direct, inverse or through a pivot, with the path and age.

    The newest rate at or before the day counts; one older than PRICE_AGE_DAYS_MAX is marked stale.
    """
    answer = await rate_at(context, body.base, body.quote, body.day)
    if answer is None:
        raise NoRate(f"no rate leads from {body.base} to {body.quote}")
    return answer


async def rate_at(
    context: Context, base: str, quote: str, day: dt.date | None = None
) -> FxRateAnswer | None:
    """Return the rate on a day (None: today) with its path, or None when no path exists."""
    asked = day or context.clock.now().date()
    if base == quote:
        return FxRateAnswer(
            base=base, quote=quote, rate=Decimal(1), day=asked, age_days=0, stale=False, path=()
        )
    records = await store.newest(context.session, context.workspace_id, (base, quote), asked)
    limit = context.settings.price_age_days_max
    stored = [StoredRate(**dict(record)) for record in records]
    path = rate_paths.best_path(base, quote, stored, day=asked, age_days_max=limit)
    if path is None:
        return None
    age = (asked - path.day).days
    return FxRateAnswer(
        base=base,
        quote=quote,
        rate=path.rate,
        day=path.day,
        age_days=age,
        stale=age > limit,
        path=tuple(
            RateLeg(
                base=leg.stored.base,
                quote=leg.stored.quote,
                day=leg.stored.day,
                rate=leg.stored.rate,
                source=leg.stored.source,
                inverted=leg.inverted,
            )
            for leg in path.legs
        ),
    )


async def read_rates(
    context: Context,
    currencies: Sequence[str],
    report_currency: str,
    days: tuple[dt.date, dt.date],
    *,
    since: str | None = None,
) -> RateReading:
    """Read rates into the report currency for every calendar day from days[0] to days[1].

    A cell is the direct rate of the day, else the inverse, else the cross through the first pivot
    (in alphabetical order) that has both legs that day.
    """
    first, last = days
    length = (last - first).days + 1
    if not 1 <= length <= DAYS_MAX:
        raise InvalidInput(f"the range must have 1 to {DAYS_MAX} days", field="first_day")
    snapshot = await price_store.snapshot(context.session)
    wanted = tuple(dict.fromkeys(currencies))
    calendar = np.datetime64(first, "D") + np.arange(length)
    if since is not None and not await store.changed_since(
        context.session, context.workspace_id, since
    ):
        return RateReading(
            wanted, calendar, np.empty((0, len(wanted))), changed=False, snapshot=snapshot
        )
    columns: dict[tuple[str, str], Floats] = {}
    for base, quote, place, rate in await store.between(
        context.session, context.workspace_id, first, last
    ):
        if (base, quote) not in columns:
            columns[base, quote] = np.full(length, np.nan)
        columns[base, quote][place] = rate
    both_ways = {(quote, base): 1.0 / column for (base, quote), column in columns.items()}
    for ends, column in columns.items():
        inverse = both_ways.get(ends)
        both_ways[ends] = column if inverse is None else np.where(np.isnan(column), inverse, column)
    rates = np.full((length, len(wanted)), np.nan)
    for j, currency in enumerate(wanted):
        rates[:, j] = _column(both_ways, currency, report_currency, length)
    return RateReading(wanted, calendar, rates, changed=True, snapshot=snapshot)


def _column(columns: dict[tuple[str, str], Floats], base: str, quote: str, length: int) -> Floats:
    if base == quote:
        return np.ones(length)
    found = columns.get((base, quote), np.full(length, np.nan)).copy()
    for start, pivot in sorted(columns):
        if start == base and pivot != quote and (pivot, quote) in columns:
            cross = columns[base, pivot] * columns[pivot, quote]
            found = np.where(np.isnan(found), cross, found)
    return found
