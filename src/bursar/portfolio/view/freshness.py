"""Getting the view: from the cache when the database proves it fresh, else brought up to date.

Each request asks, inside its own transaction, what was committed since the snapshot the cached view
stands for. Nothing: the view is used as it is. Something: it is worked in, position by position
and instrument by instrument, or the view is built anew. Only read-only transactions that see
everything the cached view saw may change the cache; all others build a view for themselves.
"""

import asyncio
import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.core.model import Nothing
from bursar.identity.operations import workspaces
from bursar.ledger.calc.currencies import currency as known_currency
from bursar.ledger.operations.legs import ActivityFacts, BookReading, read_legs
from bursar.market.operations import instruments
from bursar.market.operations.changes import MarketChanges, changes_since
from bursar.market.operations.prices import read_closes
from bursar.market.operations.rates import read_rates
from bursar.portfolio.calc.arrays import FloatArray
from bursar.portfolio.view.book import Book, Growth
from bursar.portfolio.view.days import date_of, number_of
from bursar.portfolio.view.quotes import (
    AHEAD_DAYS,
    LOOKBACK_DAYS,
    Axis,
    Quotes,
    Rates,
    Tail,
    book_prices,
    first_days,
)
from bursar.portfolio.view.scope import WORKSPACE
from bursar.portfolio.view.view import BookView
from bursar.runtime.cache import Cache
from bursar.runtime.context import Context

# A change that touches more instruments than this is cheaper to read anew.
CORRECTIONS_MAX = 200
CODES_SHOWN_MAX = 20
KEY = "portfolio.view"
_locks: "WeakKeyDictionary[Cache, dict[uuid.UUID, asyncio.Lock]]" = WeakKeyDictionary()


async def view(
    context: Context, *, currency: str | None = None, field: str = "currency"
) -> BookView:
    """Return the view of the caller's workspace, fresh as of this transaction.

    `currency`: a report currency whose rates will be needed, besides the workspace's own. Raises
    InvalidInput naming `field` for one that neither the book nor the list of currencies knows.
    """
    workspace = await workspaces.get_workspace(context, Nothing())
    async with _lock(context):
        found = await _fresh(context, workspace.base_currency)
        if currency is not None and currency not in found.rates:
            _refuse_unknown(found, currency, field)
        for code in (workspace.base_currency, currency):
            if code is not None and code not in found.rates:
                found.rates[code] = await _rates(context, found, code)
                await asyncio.to_thread(found.history, WORKSPACE, code)
    return found


def _refuse_unknown(found: BookView, code: str, field: str) -> None:
    """Keep a view from collecting rates of currencies that are none."""
    if code in found.currencies:
        return
    try:
        known_currency(code)
    except ValueError as error:
        known = ", ".join(found.currencies[:CODES_SHOWN_MAX])
        raise InvalidInput(
            str(error), field=field, hint=f"This book holds {known}; other ISO codes need rates."
        ) from None


async def aside(context: Context, work: Callable[[], object]) -> None:
    """Do long arithmetic on a view in a thread, so that other requests are answered meanwhile.

    The view stays as it is until it is done. `work` leaves what it found with the view.
    """
    async with _lock(context):
        await asyncio.to_thread(work)


def _lock(context: Context) -> asyncio.Lock:
    return _locks.setdefault(context.cache, {}).setdefault(context.workspace_id, asyncio.Lock())


async def _fresh(context: Context, base_currency: str) -> BookView:
    cached: BookView | None = context.cache.get(KEY, context.workspace_id)
    if cached is None or cached.base_currency != base_currency:
        return await _built(context, base_currency)
    reading = await read_legs(context, since=cached.token)
    changes = await changes_since(context, cached.token)
    today = number_of(context.clock.now().date())
    private = context.dry_run or not (reading.newer and reading.read_only)
    if not (reading.activities or reading.accounts or changes) and today <= cached.axis.last:
        if not private:
            # The view stands for this snapshot too: a young token leaves the index little to find.
            cached.token = reading.snapshot
        return cached
    if (
        private
        or today > cached.axis.last
        or not await _worked_in(context, cached, reading, changes)
    ):
        return await _built(context, base_currency)
    cached.token = reading.snapshot
    return cached


async def _built(context: Context, base_currency: str) -> BookView:
    """Build the view from the database; keep it when this transaction may."""
    reading = await read_legs(context)
    # Seconds of arithmetic on a large book: other requests are answered meanwhile.
    book = await asyncio.to_thread(Book, reading)
    days = book.moves.day
    today = number_of(context.clock.now().date())
    first = (int(days.min()) if len(days) else today) - 1
    axis = Axis(first, max(int(days.max()) if len(days) else today, today) + AHEAD_DAYS)
    ids = list(
        dict.fromkeys(p.instrument_id for p in book.positions if p.instrument_id is not None)
    )
    raw = await _closes(context, ids, axis)
    known = await instruments.get_many(context, ids)

    def made_view() -> BookView:
        telling = book.telling_prices(first_days(ids, axis, raw))
        return BookView(
            book,
            Quotes(axis, known, (ids, raw), book_prices(telling, known)),
            token=reading.snapshot,
            base_currency=base_currency,
            age_days_max=context.settings.price_age_days_max,
        )

    made = await asyncio.to_thread(made_view)
    if reading.read_only and not context.dry_run:
        context.cache.put(KEY, context.workspace_id, value=made)
    return made


async def _worked_in(
    context: Context, found: BookView, reading: BookReading, changes: MarketChanges
) -> bool:
    """Bring a view up to date in place; False when it has to be built anew.

    Everything is read before anything is changed, so that a failure changes nothing.
    """
    known = found.quotes.row_of
    touched = {each: year for each, year in changes.prices.items() if each in known}
    if not changes.instruments.isdisjoint(known) or found.book.cannot_take(reading):
        return False
    days = reading.activities.days
    if days and not found.axis.first < min(days) <= max(days) <= found.axis.last:
        return False
    retold = {
        a.instrument_id
        for a in reading.activities
        if a.instrument_id is not None
        and a.instrument_id in known
        and (a.kind in ("split", "reversal") or _prices_itself(found, a))
    }
    tail, whole = await _tail(context, found, touched, retold)
    wanted = list({*whole, *retold})
    if len(wanted) > CORRECTIONS_MAX:
        return False
    table = await _closes(context, wanted, found.axis) if wanted else ()
    closes = dict(zip(wanted, table, strict=True))
    fresh_rates = (
        {code: await _rates(context, found, code) for code in found.rates} if changes.rates else {}
    )
    _apply(context, found, reading, closes=closes, tail=tail, rates=fresh_rates)
    return True


async def _tail(
    context: Context, found: BookView, touched: Mapping[uuid.UUID, int], retold: set[uuid.UUID]
) -> tuple[Tail | None, list[uuid.UUID]]:
    """Read the newest prices of many instruments at once; the others are to be read whole.

    A night brings one price to every instrument: one yearly block each, of which a few days differ.
    """
    newest = max(touched.values(), default=0)
    start = number_of(dt.date(newest, 1, 1)) if newest else 0
    if not found.axis.first < start <= found.axis.last:
        return None, list(touched)
    ids = [each for each, year in touched.items() if year == newest and each not in retold]
    closes = await read_closes(context, ids, (date_of(start), date_of(found.axis.last)))
    tail, whole = found.quotes.tail(ids, closes)
    return tail, [*whole, *(each for each, year in touched.items() if year != newest)]


def _prices_itself(found: BookView, activity: ActivityFacts) -> bool:
    """Tell whether a trade gives its instrument a price: the market has none up to its day."""
    if activity.kind not in ("buy", "sell") or activity.instrument_id is None:
        return False
    used = found.quotes.used(activity.instrument_id, activity.day)
    return used is None or used.from_trade


def _apply(
    context: Context,
    found: BookView,
    reading: BookReading,
    *,
    closes: dict[uuid.UUID, FloatArray],
    tail: Tail | None,
    rates: dict[str, Rates],
) -> None:
    """Change the view; it is dropped from the cache when that fails half-way."""
    try:
        growth: Growth = found.book.add(reading)
        told = book_prices(found.book.counted_of(closes), found.quotes.instruments)
        for instrument_id, column in closes.items():
            place = found.quotes.correct(instrument_id, column, told.get(instrument_id))
            if place is not None:
                found.reprice(instrument_id, place)
        if tail is not None:
            found.quotes.take(tail)
            found.reprice_days(tail)
        if growth.positions or growth.days or closes:
            found.forget(growth, all_flows=bool(closes))
        for code, fresh in rates.items():
            found.replace_rates(code, fresh)
    except BaseException:
        context.cache.drop(KEY, context.workspace_id)
        raise


async def _closes(context: Context, ids: list[uuid.UUID], axis: Axis) -> FloatArray:
    """Return closes, instruments x days from LOOKBACK_DAYS before the axis to its end."""
    span = (date_of(axis.first - LOOKBACK_DAYS), date_of(axis.last))
    if not ids:
        return np.empty((0, axis.days + LOOKBACK_DAYS))
    return await read_closes(context, ids, span)


async def _rates(context: Context, found: BookView, report: str) -> Rates:
    """Read the rates from every currency of the view into one report currency."""
    axis = found.axis
    span: tuple[dt.date, dt.date] = (date_of(axis.first - LOOKBACK_DAYS), date_of(axis.last))
    codes = tuple(sorted({*found.currencies, report}))
    if codes == (report,):
        return Rates(codes, axis, np.ones((1, axis.days + LOOKBACK_DAYS)))
    reading = await read_rates(context, codes, report, span)
    return Rates(codes, axis, np.ascontiguousarray(reading.rates.T))
