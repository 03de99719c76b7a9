"""Price files in many shapes, and that yearly blocks always equal the exact rows."""

import datetime as dt
import io
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bursar.market.calc import price_columns, price_file
from bursar.market.calc.price_columns import Layout
from bursar.market.calc.price_file import UnreadableFile
from bursar.market.models.prices import LoadPrices
from bursar.market.operations import instruments, price_files, prices
from bursar.market.store.prices import driver
from tests.harness import Harness


def closes(content: bytes, file_name: str = "x1.csv", **options: dict[str, str]) -> list[object]:
    table = price_file.read(content, file_name=file_name, **options)  # type: ignore[arg-type]
    assert table.problems == []
    return table.frame.sort("day", "ticker").select("ticker", "day", "close").rows()


JANUARY = dt.date(2024, 1, 31)


@pytest.mark.parametrize(
    "content",
    [
        b"Date,Symbol,Close/Last\n01/31/2024,ACME,$1234.50\n",
        b"\xef\xbb\xbfdate;ticker;close\n31.01.2024;ACME;1.234,50\n",
        b'date\tticker\tclose\n2024-01-31 00:00:00\tACME\t"1,234.50"\n',
        b"Date,ACME\n20240131,1234.50\n",
        "date,ticker,close\n2024-01-31,ACME,1234.50\n".encode("utf-16"),
        b"Date,Ticker,Adj Close\r\n2024-01-31T16:00:00Z,ACME,1234.50\r\n",
    ],
)
def test_the_same_price_in_many_shapes(content: bytes) -> None:
    ((ticker, day, close),) = closes(content)  # type: ignore[misc]
    assert (ticker, day, Decimal(close)) == ("ACME", JANUARY, Decimal("1234.5"))


def test_parquet_and_a_column_mapping() -> None:
    frame = pl.DataFrame({"d": [JANUARY], "what": ["ACME"], "px": [0.1], "date": ["?"]})
    out = io.BytesIO()
    frame.write_parquet(out)
    given_columns = {"date": "d", "ticker": "what", "close": "px"}
    assert closes(out.getvalue(), columns=given_columns) == [("ACME", JANUARY, "0.1")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "no column holds the day"),
        (b"date,ticker,volume\n2024-01-01,A,1\n", "no column holds the close"),
        (b"date,close\n2024-01-01,1\n", "not named after one"),
        (b"date,ticker,close\n2024-01-01,A,1,234.5\n", "line 2 has 4 fields; the header has 3"),
        (b"date,ticker,close\n01/02/2024,A,1\n02/03/2024,A,1\n", "cannot be told apart"),
        (b"PAR1nonsense", "no readable Parquet"),
    ],
)
def test_unreadable_files_say_why(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        price_file.read(content, file_name="prices 2024.csv")


def test_columns_are_guessed_and_corrections_checked() -> None:
    columns = price_columns.guess(["Date", "Open", "Close", "Adj Close", "Volume"])
    assert (columns.layout, columns.by_meaning["close"], columns.adjusted) == (
        Layout.LONG,
        "Close",
        False,
    )
    with pytest.raises(ValueError, match="is no meaning"):
        price_columns.guess(["date", "close"], {"shut": "close"})
    with pytest.raises(ValueError, match="has no column 'Last'"):
        price_columns.guess(["date", "close"], {"close": "Last"})
    assert price_columns.ticker_in("folder/BTC-USD.csv") == "BTC-USD"
    assert price_columns.ticker_in("my prices.csv") is None


async def test_the_same_day_twice(harness: Harness) -> None:
    text = "date,ticker,close\n2024-01-02,A,1\n2024-01-02,A,{}\n2024-01-03,A,2\n"
    async with harness.context() as context:
        same = await price_files.load_prices(
            context, LoadPrices(text=text.format("1.0"), create_instruments=True)
        )
        assert (same.read, same.added, same.unchanged) == (3, 2, 1)
        other = LoadPrices(text=text.format("1.1"), partial=True)
        result = await price_files.load_prices(context, other)
    assert [(p.line, p.field) for p in result.problems] == [(3, "date")]


cells = st.tuples(
    st.sampled_from(["A", "B", "C"]),
    st.dates(dt.date(2019, 12, 28), dt.date(2021, 1, 3)),
    st.decimals("0.0001", "99999", places=4),
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(cells, min_size=1, max_size=15), min_size=1, max_size=4))
async def test_blocks_equal_rows_after_any_loads(
    harness: Harness, loads: list[list[tuple[str, dt.date, Decimal]]]
) -> None:
    fresh = Harness(harness.database, harness.clock, harness.home)
    await fresh.create_workspace()
    expected: dict[tuple[str, dt.date], Decimal] = {}
    for batch in loads:
        chosen = {(ticker, day): close for ticker, day, close in batch}
        lines = [f"{day},{ticker},{close}" for (ticker, day), close in chosen.items()]
        text = "\n".join(["date,ticker,close", *lines])
        async with fresh.context() as context:
            written = await price_files.load_prices(
                context, LoadPrices(text=text, create_instruments=True, source="test")
            )
        added = sum(key not in expected for key in chosen)
        changed = sum(key in expected and expected[key] != chosen[key] for key in chosen)
        assert (written.added, written.changed) == (added, changed)
        assert written.unchanged == len(chosen) - added - changed
        expected |= chosen
    async with fresh.context(read_only=True) as context:
        tickers = sorted({ticker for ticker, _ in expected})
        ids = [(await instruments.find(context, ticker)).id for ticker in tickers]
        first, last = dt.date(2019, 12, 30), dt.date(2021, 1, 2)
        reading = await prices.read_prices(context, ids, first, last)
        connection = await driver(context.session)
        rows = await connection.fetch("SELECT instrument_id, day, close FROM price")
    exact = {(row["instrument_id"], row["day"]): row["close"] for row in rows}
    assert exact == {
        (ids[tickers.index(ticker)], day): close for (ticker, day), close in expected.items()
    }
    days = [day.item() for day in reading.days]
    assert days == sorted({day for _, day in expected if first <= day <= last})
    for i, day in enumerate(days):
        for j, ticker in enumerate(tickers):
            close = expected.get((ticker, day))
            assert (
                np.isnan(reading.closes[i, j])
                if close is None
                else reading.closes[i, j] == float(close)
            )
