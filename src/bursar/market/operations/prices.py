"""Prices: the latest with its origin and age, the history, recording, and matrices for analysis.

`read_prices` reads yearly blocks. Measured on 2.52 M prices (1,000 instruments, 10 years), reading
them to a days x instruments matrix: by row with binary COPY and by bytea aggregated per instrument
both took ten times as long (see docs/decisions).
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.market.calc import price_file
from bursar.market.calc.matching import Scheme
from bursar.market.calc.price_years import Days, Floats
from bursar.market.errors import NoPrice
from bursar.market.models.instruments import InstrumentRow
from bursar.market.models.prices import (
    GetPrice,
    ListPrices,
    PriceBasis,
    PricePoint,
    PriceQuality,
    PriceRow,
    PricesWritten,
    RecordedPrice,
    RecordPrices,
)
from bursar.market.operations import actions, instruments
from bursar.market.operations.instruments import Lookup
from bursar.market.store import prices as store
from bursar.runtime.context import Context
from bursar.runtime.pages import Page, decode_cursor, encode_cursor
from bursar.runtime.registry import operation

FIRST_DAY = dt.date(1700, 1, 1)
LAST_DAY = dt.date(2200, 1, 1)
DAYS_MAX = 100 * 366
INSTRUMENTS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class PriceReading:
    """Closes as a dense matrix for analysis.

    closes[i, j]: price of instrument_ids[j] at the end of days[i], in the instrument's currency, as
    quoted on that day (split-adjusted prices are turned back by the recorded splits); NaN where
    there is no price, nothing is carried forward. days: those of the range on which at least one
    of the instruments has a price. adjusted: instruments whose prices had dividends worked in
    already (basis "adjusted"), whose income must not be added again. snapshot: pass it as `since`
    to learn what changed after this reading.
    """

    instrument_ids: tuple[uuid.UUID, ...]
    days: Days
    closes: Floats
    adjusted: frozenset[uuid.UUID]
    snapshot: str


@operation(
    "market.get_price",
    scope="market:read",
    http="GET /prices/{ticker}",
    tool="get_asset_price",
    command="price get",
    positional=("ticker",),
)
async def get_price(context: Context, body: GetPrice) -> PricePoint:
    """Show the latest price of an asset with currency, time, source, age and whether it is stale.

    Nothing is fetched or invented: it is the newest stored price at or before the moment asked.
    """
    moment = body.at or context.clock.now()
    if moment.tzinfo is None:
        raise InvalidInput(
            "the moment needs a time zone", field="at", hint="Write 2026-01-31T16:00:00Z."
        )
    row = await instruments.find(context, body.ticker, as_of=moment.date() if body.at else None)
    point = await price_at(context, row, moment)
    if point is None:
        raise NoPrice(f"{row.name} has no price at or before {moment:%Y-%m-%d %H:%M} UTC")
    return point


@operation(
    "market.list_prices",
    scope="market:read",
    http="GET /instruments/{instrument}/prices",
    positional=("instrument",),
)
async def list_prices(context: Context, body: ListPrices) -> Page[PriceRow]:
    """List an instrument's stored daily prices, newest first, exactly as received."""
    row = await instruments.find(context, body.instrument)
    last = body.last_day or LAST_DAY
    if body.cursor is not None:
        try:
            before = dt.date.fromisoformat(str(decode_cursor(body.cursor, 1)[0]))
            last = min(last, before - dt.timedelta(days=1))
        except (ValueError, OverflowError):
            raise InvalidInput("this cursor is not one of ours", field="cursor") from None
    days = (body.first_day or FIRST_DAY, last)
    records = await store.history(context.session, row.id, days, body.limit + 1)
    rows = [_price_row(record) for record in records[: body.limit]]
    more = len(records) > body.limit
    return Page[PriceRow](
        items=tuple(rows), next_cursor=encode_cursor([str(rows[-1].day)]) if more else None
    )


@operation("market.record_prices", scope="market:write", http="POST /prices", writes=True)
async def record_prices(context: Context, body: RecordPrices) -> PricesWritten:
    """Record prices by hand or from a source; one already there for the same day is replaced."""
    by_reference = await find_many(context, {price.instrument for price in body.prices})
    chosen: dict[tuple[uuid.UUID, dt.date], RecordedPrice] = {}
    for number, price in enumerate(body.prices):
        _refuse_bad_price(price, f"prices.{number}")
        key = (by_reference[price.instrument].id, price.day)
        if key in chosen and chosen[key].model_dump(exclude={"instrument"}) != price.model_dump(
            exclude={"instrument"}
        ):
            raise InvalidInput(
                f"{price.instrument} has two different prices for {price.day}",
                field=f"prices.{number}",
            )
        chosen[key] = price
    ids = sorted({instrument_id for instrument_id, _ in chosen})
    place = {instrument_id: n for n, instrument_id in enumerate(ids)}
    ordered = sorted(chosen.items(), key=lambda item: item[0])
    rows = store.PriceRows(
        instrument_ids=ids,
        instrument=np.array([place[key[0]] for key, _ in ordered], dtype=np.int64),
        day=np.array([key[1] for key, _ in ordered], dtype="datetime64[D]"),
        closes=np.array([float(price.close) for _, price in ordered]),
        rows=price_file.rows_of(
            [(place[key[0]] + 1, key[1], _figures(price)) for key, price in ordered]
        ),
    )
    if body.actions:
        await actions.record_many(context, body.actions)
    return await write(context, rows, source=body.source, basis=body.basis, read=len(body.prices))


async def write(
    context: Context, rows: store.PriceRows, *, source: str, basis: PriceBasis, read: int
) -> PricesWritten:
    """Write prices, state the fact, and report what was new."""
    if len(rows.day) == 0:
        return PricesWritten(
            read=read,
            added=0,
            changed=0,
            unchanged=0,
            instruments=0,
            instruments_created=0,
            first_day=None,
            last_day=None,
        )
    origin = store.Origin(source, basis.value, context.clock.now())
    written = await store.write(context, rows, origin)
    first, last = rows.day.min().item(), rows.day.max().item()
    context.fact(
        "market.prices_recorded",
        source,
        added=written.added,
        changed=written.changed,
        instruments=len(rows.instrument_ids),
        first_day=str(first),
        last_day=str(last),
    )
    return PricesWritten(
        read=read,
        added=written.added,
        changed=written.changed,
        unchanged=read - written.added - written.changed,
        instruments=len(rows.instrument_ids),
        instruments_created=0,
        first_day=first,
        last_day=last,
    )


async def find_many(context: Context, references: Iterable[str]) -> dict[str, InstrumentRow]:
    """Return the instrument of each id, ticker or scheme:value. Raises as instruments.find."""
    listed = list(references)
    plain = [r for r in listed if ":" not in r and not _is_id(r)]
    rows = await instruments.resolve_many(
        context, [Lookup({Scheme.TICKER: name}) for name in plain]
    )
    found = dict(zip(plain, rows, strict=True))
    for reference in listed:
        if reference not in found:
            found[reference] = await instruments.find(context, reference)
    return found


async def read_prices(
    context: Context,
    instrument_ids: Sequence[uuid.UUID],
    first_day: dt.date,
    last_day: dt.date,
    *,
    since: str | None = None,
) -> PriceReading:
    """Read closes of many instruments over a range of days as one matrix.

    since: the `snapshot` of an earlier reading; then only the instruments whose prices (or splits)
    changed after it are in the result, each with its whole range. Raises InvalidInput when the
    range is empty or the request exceeds 20,000 instruments or 100 years.
    """
    length = (last_day - first_day).days + 1
    if not 1 <= length <= DAYS_MAX:
        raise InvalidInput(f"the range must have 1 to {DAYS_MAX} days", field="first_day")
    if len(instrument_ids) > INSTRUMENTS_MAX:
        raise InvalidInput(f"at most {INSTRUMENTS_MAX} instruments can be read at once")
    snapshot = await store.snapshot(context.session)
    ids = tuple(dict.fromkeys(instrument_ids))
    if since is not None and ids:
        changed = await store.changed_since(context.session, ids, since)
        ids = tuple(i for i in ids if i in changed)
    closes = await read_closes(context, ids, (first_day, last_day))
    adjusted = await store.holding_adjusted(context.session, ids, first_day, last_day)
    priced = np.flatnonzero(~np.isnan(closes).all(axis=0)) if ids else np.empty(0, np.int64)
    return PriceReading(
        instrument_ids=ids,
        days=np.datetime64(first_day, "D") + priced,
        closes=np.ascontiguousarray(closes[:, priced].T),
        adjusted=frozenset(ids[place] for place in adjusted),
        snapshot=snapshot,
    )


async def read_closes(
    context: Context, instrument_ids: Sequence[uuid.UUID], days: tuple[dt.date, dt.date]
) -> Floats:
    """Read closes of distinct instruments on every calendar day from days[0] to days[1].

    The same figures as those of `read_prices`, instruments x days, for engines that keep them.
    """
    session = context.session
    closes = await store.read_blocks(session, instrument_ids, *days)
    await store.undo_split_adjustment(session, closes, instrument_ids, days)
    return closes


async def price_at(
    context: Context, instrument: InstrumentRow, moment: dt.datetime
) -> PricePoint | None:
    """Return the exact price that held at `moment`, with origin and age, or None."""
    return (await prices_at(context, [instrument], moment)).get(instrument.id)


async def prices_at(
    context: Context, rows: Sequence[InstrumentRow], moment: dt.datetime
) -> dict[uuid.UUID, PricePoint]:
    """Return the exact price of each instrument that held at `moment`; without one, no entry.

    The close of a day counts from the start of that day in UTC on, since a book asks by day.
    """
    moment = moment.astimezone(dt.UTC)
    by_id = {row.id: row for row in rows}
    points = {}
    for record in await store.latest(context.session, list(by_id), moment):
        row = by_id[record["instrument_id"]]
        age = (moment.date() - record["day"]).days
        points[row.id] = PricePoint(
            instrument_id=row.id,
            ticker=row.ticker,
            price=record["close"],
            currency=row.currency,
            day=record["day"],
            time=record["as_of"],
            fetched_at=record["fetched_at"],
            source=record["source"],
            basis=PriceBasis(record["basis"]),
            quality=PriceQuality(record["quality"]),
            age_days=age,
            stale=age > context.settings.price_age_days_max,
        )
    return points


def _is_id(reference: str) -> bool:
    try:
        uuid.UUID(reference)
    except ValueError:
        return False
    return True


def _figures(price: RecordedPrice) -> tuple[object, ...]:
    figures = (price.open, price.high, price.low, price.close, price.volume)
    time = price.time.isoformat() if price.time is not None else None
    return (*(None if f is None else format(f, "f") for f in figures), time, price.quality.value)


def _refuse_bad_price(price: RecordedPrice, place: str) -> None:
    for name in ("open", "high", "low", "close"):
        value: Decimal | None = getattr(price, name)
        if value is not None and value <= 0:
            raise InvalidInput(
                f"a price must be greater than zero, not {value}", field=f"{place}.{name}"
            )
    if price.volume is not None and price.volume < 0:
        raise InvalidInput("a volume cannot be negative", field=f"{place}.volume")
    if price.high is not None and price.low is not None and price.high < price.low:
        raise InvalidInput("the high lies under the low", field=f"{place}.high")
    if price.time is not None and price.time.tzinfo is None:
        raise InvalidInput("the time needs a time zone", field=f"{place}.time")
    if not FIRST_DAY <= price.day <= LAST_DAY:
        raise InvalidInput("the day lies outside 1700 to 2200", field=f"{place}.day")


def _price_row(record: Any) -> PriceRow:
    fields = dict(record)
    fields["time"] = fields.pop("as_of")
    return PriceRow(**fields)
