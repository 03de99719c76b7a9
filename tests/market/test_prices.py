"""Loading, reading and asking for prices, on a real database and the real files."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from bursar.market.errors import AmbiguousInstrument, BadFile, NoPrice, UnknownInstrument
from bursar.market.models.instruments import CreateInstrument, InstrumentKind
from bursar.market.models.prices import (
    GetPrice,
    ListPrices,
    LoadPrices,
    RecordedPrice,
    RecordPrices,
)
from bursar.market.operations import instruments, price_files, prices
from tests.harness import Harness
from tests.market.data import real_file


def file(text: str, **options: object) -> LoadPrices:
    return LoadPrices(text=text, create_instruments=True, **options)  # type: ignore[arg-type]


@pytest.mark.requirement("DATA.01")
async def test_a_real_file_goes_in_exactly_and_again_changes_nothing(harness: Harness) -> None:
    text = real_file("prices_daily/AAPL.csv").read_text()
    async with harness.context() as context:
        first = await price_files.load_prices(context, file(text, file_name="AAPL.csv"))
    assert (first.read, first.added, first.changed) == (5849, 5849, 0)
    assert (first.layout, first.instruments_created) == ("long", 1)
    async with harness.context() as context:
        again = await price_files.load_prices(context, file(text, file_name="AAPL.csv"))
    assert (again.added, again.changed, again.unchanged, again.instruments_created) == (
        0,
        0,
        5849,
        0,
    )
    async with harness.context(read_only=True) as context:
        moment = dt.datetime(2020, 8, 30, tzinfo=dt.UTC)
        point = await prices.get_price(context, GetPrice(ticker="aapl", at=moment))
        page = await prices.list_prices(context, ListPrices(instrument="AAPL", limit=3))
    assert (point.price, point.day, point.age_days) == (Decimal("499.23"), dt.date(2020, 8, 28), 2)
    assert not point.stale
    assert page.items[0].day == dt.date(2021, 3, 31)
    assert page.items[0].open == Decimal("121.65")
    assert page.next_cursor is not None


@pytest.mark.requirement("DASH.11")
async def test_latest_price_names_source_age_and_staleness(harness: Harness) -> None:
    async with harness.context() as context:
        await instruments.create_instrument(
            context,
            CreateInstrument(kind=InstrumentKind.STOCK, name="Acme", currency="EUR", ticker="ACM"),
        )
        with pytest.raises(NoPrice):
            await prices.get_price(context, GetPrice(ticker="ACM"))
        quote = RecordedPrice(instrument="ACM", day=dt.date(2026, 1, 2), close=Decimal("10.1000"))
        await prices.record_prices(context, RecordPrices(prices=(quote,), source="hand"))
        point = await prices.get_price(context, GetPrice(ticker="ACM"))
        with pytest.raises(UnknownInstrument, match="no instrument goes by ticker NOPE"):
            await prices.get_price(context, GetPrice(ticker="NOPE"))
    assert point.model_dump(mode="json")["price"] == "10.1000"
    assert (point.currency, point.source, point.age_days, point.stale) == ("EUR", "hand", 13, True)


async def test_a_matrix_has_gaps_where_there_is_no_price(harness: Harness) -> None:
    text = "Date,AAA,BBB\n2024-12-30,1,\n2024-12-31,2,20\n2025-01-02,,21.5\n"
    async with harness.context() as context:
        written = await price_files.load_prices(context, file(text))
    assert (written.layout, written.added) == ("wide", 4)
    async with harness.context(read_only=True) as context:
        a = await instruments.find(context, "AAA")
        b = await instruments.find(context, "BBB")
        reading = await prices.read_prices(
            context, [b.id, a.id], dt.date(2024, 12, 1), dt.date(2025, 1, 31)
        )
    assert [str(d) for d in reading.days] == ["2024-12-30", "2024-12-31", "2025-01-02"]
    nan = np.nan
    np.testing.assert_array_equal(reading.closes, [[nan, 1], [20, 2], [21.5, nan]])
    assert reading.closes.flags.c_contiguous
    async with harness.context() as context:
        quote = RecordedPrice(instrument="BBB", day=dt.date(2025, 1, 3), close=Decimal(22))
        await prices.record_prices(context, RecordPrices(prices=(quote,)))
    async with harness.context(read_only=True) as context:
        span = (dt.date(2024, 12, 1), dt.date(2025, 1, 31))
        newer = await prices.read_prices(context, [b.id, a.id], *span, since=reading.snapshot)
        none = await prices.read_prices(context, [b.id, a.id], *span, since=newer.snapshot)
    assert newer.instrument_ids == (b.id,)
    assert newer.closes[-1, 0] == 22
    assert none.instrument_ids == ()


async def test_bad_rows_are_named_and_the_file_is_refused_whole(harness: Harness) -> None:
    text = (
        "date,ticker,close,volume\n2024-01-02,AAA,1.5,10\n2024-01-03,AAA,-1,10\nnever,AAA,1,1\n"
        "2024-01-04,AAA,nan,1\n2024-01-05,AAA,0,1\n2024-01-08,,1,1\n2024-01-09,AAA,,1\n"
        "2024-01-10,AAA,2,-5\n2024-01-11,AAA,12x,1\n"
    )
    async with harness.context() as context:
        with pytest.raises(BadFile) as refused:
            await price_files.load_prices(context, file(text))
    assert refused.value.details is not None
    listed = refused.value.details["problems"]
    assert isinstance(listed, list)
    found = [(p["line"], p["field"]) for p in listed]  # type: ignore[index,call-overload]
    assert found == [
        (3, "close"), (4, "date"), (5, "close"), (6, "close"), (7, "ticker"), (8, "close"),
        (9, "volume"), (10, "close"),
    ]  # fmt: skip
    async with harness.context() as context:
        partial = await price_files.load_prices(context, file(text, partial=True))
    assert (partial.read, partial.added, partial.problems_total) == (9, 1, 8)
    assert partial.unchanged == 0


async def test_two_listings_of_a_ticker_are_ambiguous(harness: Harness) -> None:
    async with harness.context() as context:
        for currency in ("EUR", "USD"):
            await instruments.create_instrument(
                context,
                CreateInstrument(
                    kind=InstrumentKind.ETF, name="World", currency=currency, ticker="VWCE"
                ),
            )
        with pytest.raises(AmbiguousInstrument) as error:
            await prices.get_price(context, GetPrice(ticker="VWCE"))
    assert error.value.details is not None
    assert len(error.value.details["candidates"]) == 2  # type: ignore[arg-type]
