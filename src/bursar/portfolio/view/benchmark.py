"""A benchmark's prices beside the view: read for each request that names one, in report currency."""

import uuid
from dataclasses import dataclass

import numpy as np

from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations import instruments
from bursar.market.operations.prices import read_prices
from bursar.market.operations.rates import read_rates
from bursar.portfolio.calc.arrays import BoolArray, FloatArray
from bursar.portfolio.view.days import date_of
from bursar.portfolio.view.quotes import LOOKBACK_DAYS
from bursar.portfolio.view.view import BookView
from bursar.runtime.context import Context


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Prices carried forward on the view's axis, in report currency; 0 before the first."""

    instrument: InstrumentRow
    price: FloatArray
    observed: BoolArray


async def load(context: Context, view: BookView, reference: str, currency: str) -> Benchmark:
    """Read a benchmark and keep it with the view; what changed drops what was derived."""
    row = await instruments.find(context, reference)
    axis = view.axis
    span = (date_of(axis.first - LOOKBACK_DAYS), date_of(axis.last))
    reading = await read_prices(context, [row.id], *span)
    start = axis.first - LOOKBACK_DAYS
    raw = np.full(axis.days + LOOKBACK_DAYS, np.nan)
    if len(reading.days):
        raw[reading.days.astype("datetime64[D]").astype(np.int64) - start] = reading.closes[:, 0]
    price = carried(raw)
    if row.currency != currency:
        rates = await read_rates(context, [row.currency], currency, span)
        price = price * carried(rates.rates[:, 0])
    made = Benchmark(row, price[LOOKBACK_DAYS:], ~np.isnan(raw[LOOKBACK_DAYS:]))
    key = (row.id, currency)
    before = view.benchmarks.get(key)
    if (
        not isinstance(before, Benchmark)
        or not np.array_equal(before.price, made.price)
        or not np.array_equal(before.observed, made.observed)
    ):
        view.benchmarks[key] = made
        view.derived.clear()
    return made


def known(view: BookView, instrument_id: uuid.UUID, currency: str) -> Benchmark | None:
    """Return a benchmark that was loaded before."""
    found = view.benchmarks.get((instrument_id, currency))
    return found if isinstance(found, Benchmark) else None


def carried(raw: FloatArray) -> FloatArray:
    """Carry a row forward; 0 before its first number."""
    seen = np.flatnonzero(~np.isnan(raw))
    if len(seen) == 0:
        return np.zeros(len(raw))
    runs = np.diff(np.append(seen, len(raw)))
    return np.concatenate((np.zeros(int(seen[0])), np.repeat(raw[seen], runs)))
