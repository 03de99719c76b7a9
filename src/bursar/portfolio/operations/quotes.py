"""How the instruments of a plan trade: price, rate and smallest quantity, held or not."""

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal

from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations import instruments
from bursar.market.operations.prices import prices_at
from bursar.market.operations.rates import rate_at
from bursar.portfolio.operations.policy_scope import PolicyAsked
from bursar.portfolio.planning.errors import MissingValues
from bursar.portfolio.planning.plan import PLACES_MAX, Quote
from bursar.portfolio.view import BookView, date_of
from bursar.portfolio.view.view import ARITHMETIC
from bursar.runtime.context import Context

LAST_MOMENT = dt.time(23, 59, 59, tzinfo=dt.UTC)


async def quotes_of(
    context: Context, found: PolicyAsked, wanted: Iterable[str]
) -> dict[str, Quote]:
    """Return quotes of instruments by id. Raises MissingValues, naming what lacks a price or rate."""
    asked = found.asked
    ids = [uuid.UUID(each) for each in dict.fromkeys(wanted)]
    rows = await instruments.get_many(context, ids)
    prices = _held_prices(asked.view, rows, asked.day)
    others = [row for row in rows.values() if row.id not in prices]
    if others:
        moment = dt.datetime.combine(date_of(asked.day), LAST_MOMENT)
        points = await prices_at(context, others, moment)
        prices |= {i: point.price for i, point in points.items()}
    missing = [row.ticker or row.name for row in rows.values() if row.id not in prices]
    if missing:
        raise MissingValues(
            f"there is no price of {', '.join(sorted(missing)[:10])} on {date_of(asked.day)}"
        )
    quotes = {}
    for row in rows.values():
        rate = await _rate(context, found, row.currency)
        unit = ARITHMETIC.multiply(ARITHMETIC.multiply(prices[row.id], row.multiplier), rate)
        quotes[str(row.id)] = Quote(
            name=row.ticker or row.name,
            kind=row.kind.value,
            price=prices[row.id],
            multiplier=row.multiplier,
            currency=row.currency,
            rate=rate,
            places=min(row.quantity_exponent, PLACES_MAX),
            unit_value=unit,
        )
    return quotes


def _held_prices(
    view: BookView, rows: dict[uuid.UUID, InstrumentRow], day: int
) -> dict[uuid.UUID, Decimal]:
    """Return prices as the view values holdings, so that plan and drift agree."""
    found = {}
    for instrument_id in rows:
        if instrument_id in view.quotes.row_of:
            used = view.quotes.used(instrument_id, day)
            if used is not None:
                found[instrument_id] = used.price
    return found


async def _rate(context: Context, found: PolicyAsked, code: str) -> Decimal:
    asked = found.asked
    if code == asked.currency:
        return Decimal(1)
    if code in asked.view.currencies:
        rate = asked.view.rate(code, asked.currency, asked.day)
    else:
        answer = await rate_at(context, code, asked.currency, date_of(asked.day))
        rate = None if answer is None else answer.rate
    if rate is None:
        raise MissingValues(f"no exchange rate leads from {code} to {asked.currency}")
    return rate
