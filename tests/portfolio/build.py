"""Builders that post real books through the ledger's and the market's operations."""

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from bursar.core.clock import FixedClock
from bursar.ledger.models import (
    AccountKind,
    ActivityKind,
    CommodityKind,
    InstrumentRef,
    NewAccount,
    NewActivity,
)
from bursar.ledger.operations import accounts, activities
from bursar.market.models.instruments import CreateInstrument, InstrumentKind, InstrumentRow
from bursar.market.models.prices import RecordedPrice, RecordPrices
from bursar.market.models.rates import RecordedRate, RecordFxRates
from bursar.market.operations import instruments, prices, rates
from tests.harness import Harness

NOON = dt.time(12, tzinfo=dt.UTC)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def at(text: str) -> dt.datetime:
    return dt.datetime.combine(day(text), dt.time(0), tzinfo=dt.UTC)


def stand_on(harness: Harness, text: str) -> None:
    harness.clock = FixedClock(dt.datetime.combine(day(text), NOON))


async def account(harness: Harness, name: str = "Broker", **fields: Any) -> uuid.UUID:
    fields = {
        "kind": AccountKind.BROKERAGE,
        "currency": "USD",
        "opened_at": at("2000-01-01"),
    } | fields
    async with harness.context() as context:
        return (await accounts.open_account(context, NewAccount(name=name, **fields))).id


async def instrument(harness: Harness, ticker: str, **fields: Any) -> InstrumentRow:
    fields = {"kind": InstrumentKind.STOCK, "currency": "USD", "name": f"{ticker} Inc."} | fields
    async with harness.context() as context:
        return await instruments.create_instrument(
            context, CreateInstrument(ticker=ticker, **fields)
        )


def ref(row: InstrumentRow) -> InstrumentRef:
    kind = CommodityKind.CRYPTO if row.kind is InstrumentKind.CRYPTO else CommodityKind.SECURITY
    return InstrumentRef(
        instrument_id=row.id,
        code=row.ticker or row.name,
        exponent=row.quantity_exponent,
        kind=kind,
    )


def activity(account_id: uuid.UUID, kind: str, on: str, **fields: Any) -> NewActivity:
    exact = ("quantity", "unit_price", "amount", "fees", "taxes", "counter_amount")
    exact += ("counter_quantity",)
    for name in exact:
        if name in fields and fields[name] is not None:
            fields[name] = Decimal(str(fields[name]))
    for name in ("instrument", "counter_instrument"):
        if isinstance(fields.get(name), InstrumentRow):
            fields[name] = ref(fields[name])
    return NewActivity(
        account_id=account_id, kind=ActivityKind(kind), effective_at=at(on), **fields
    )


async def post(harness: Harness, *made: NewActivity) -> tuple[uuid.UUID, ...]:
    async with harness.context() as context:
        return tuple(each.id for each in await activities.post_activities(context, made))


async def price(harness: Harness, row: InstrumentRow, points: dict[str, str]) -> None:
    await price_many(harness, [(row, points)])


async def price_many(
    harness: Harness, many: Iterable[tuple[InstrumentRow, dict[str, str]]]
) -> None:
    made = tuple(
        RecordedPrice(instrument=str(row.id), day=day(on), close=Decimal(close))
        for row, points in many
        for on, close in points.items()
    )
    async with harness.context() as context:
        await prices.record_prices(context, RecordPrices(prices=made))


async def rate(harness: Harness, base: str, quote: str, points: dict[str, str]) -> None:
    made = tuple(
        RecordedRate(base=base, quote=quote, day=day(on), rate=Decimal(number))
        for on, number in points.items()
    )
    async with harness.context() as context:
        await rates.record_fx_rates(context, RecordFxRates(rates=made))
