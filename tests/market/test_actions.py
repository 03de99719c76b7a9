"""Corporate actions: the real factor files end to end, and what is refused."""

import csv
import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bursar.market import calendars
from bursar.market.calc import adjustment, factor_file
from bursar.market.calc.factor_file import BadFactorFile, Dividend, FactorRow, Split
from bursar.market.errors import BadFile
from bursar.market.models.actions import (
    ActionKind,
    ListCorporateActions,
    LoadCorporateActions,
    RecordCorporateAction,
)
from bursar.market.models.instruments import CreateInstrument, InstrumentKind
from bursar.market.models.prices import LoadPrices, PriceBasis
from bursar.market.operations import actions, instruments, price_files, prices
from tests.harness import Harness
from tests.market.data import real_file


def acme(currency: str = "USD", ticker: str = "ACME") -> CreateInstrument:
    return CreateInstrument(
        kind=InstrumentKind.STOCK, name=ticker, currency=currency, ticker=ticker
    )


async def test_apple_factors_give_its_splits_and_dividends(harness: Harness) -> None:
    text = real_file("corporate_actions/AAPL.csv").read_text()
    async with harness.context() as context:
        await instruments.create_instrument(context, acme(ticker="AAPL"))
        load = LoadCorporateActions(instrument="AAPL", text=text)
        loaded = await actions.load_corporate_actions(context, load)
        again = await actions.load_corporate_actions(context, load)
        listed = await actions.list_corporate_actions(
            context, ListCorporateActions(instrument="AAPL", limit=500)
        )
    assert (loaded.splits, loaded.written) == (4, 4 + loaded.dividends)
    assert (again.written, again.unchanged) == (0, loaded.written)
    splits = {
        str(a.ex_date): (a.ratio_numerator, a.ratio_denominator)
        for a in listed.items
        if a.kind is ActionKind.SPLIT
    }
    assert splits == {
        "2000-06-21": (2, 1),
        "2005-02-28": (2, 1),
        "2014-06-09": (7, 1),
        "2020-08-31": (4, 1),
    }
    dividends = {a.ex_date: a for a in listed.items if a.kind is ActionKind.DIVIDEND}
    assert dividends[dt.date(2020, 8, 7)].amount == Decimal("0.82")
    assert dividends[dt.date(2020, 8, 7)].currency == "USD"
    assert dividends[dt.date(2012, 8, 9)].amount == Decimal("2.65")


@pytest.mark.requirement("RETURNS.01")
@pytest.mark.parametrize("ticker", ["AAPL", "IBM", "SPY"])
def test_adjusted_close_from_actions_equals_the_factor_file(ticker: str) -> None:
    with real_file(f"prices_daily/{ticker}.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    days = np.array([row["date"] for row in rows], dtype="datetime64[D]")
    closes = np.array([float(row["close"]) for row in rows])
    factors = factor_file.parse(real_file(f"corporate_actions/{ticker}.csv").read_text())
    events = list(factor_file.events(factors, lambda d: calendars.next_trading_day("XNYS", d)))
    price_factor, split_factor = adjustment.factors(
        days,
        closes,
        [(e.ex_date, e.numerator / e.denominator) for e in events if isinstance(e, Split)],
        [(e.ex_date, float(e.amount)) for e in events if isinstance(e, Dividend)],
    )
    last = np.array([row.last_date for row in factors], dtype="datetime64[D]")
    place = np.searchsorted(last, days)
    stated = np.array([float(r.price_factor * r.split_factor) for r in factors])[place]
    # the first factor row is a placeholder of the next one; every other day must agree
    np.testing.assert_allclose(price_factor * split_factor, stated, rtol=2e-4)
    assert (days[0], len(days)) == (np.datetime64("1998-01-02"), 5849)


def test_goog_has_one_odd_split_and_no_dividend() -> None:
    rows = factor_file.parse(real_file("corporate_actions/GOOG.csv").read_text())
    (event,) = factor_file.events(rows, lambda d: calendars.next_trading_day("XNYS", d))
    assert isinstance(event, Split)
    assert event.ex_date == dt.date(2015, 4, 27)
    assert Fraction(event.numerator, event.denominator) == pytest.approx(1.0027, abs=1e-5)


@given(
    splits=st.lists(st.sampled_from([(2, 1), (3, 2), (4, 1), (7, 1), (1, 10)]), max_size=3),
    cents=st.lists(st.integers(5, 300), max_size=6),
)
def test_factors_round_trip_to_the_events_they_came_from(
    splits: list[tuple[int, int]], cents: list[int]
) -> None:
    events: list[Split | Dividend] = []
    for n, pair in enumerate(splits):
        events.append(Split(dt.date(2001 + n, 1, 2), *pair))
    for n, amount in enumerate(cents):
        events.append(Dividend(dt.date(2005 + n, 1, 2), Decimal(amount) / 100))
    events.sort(key=lambda event: event.ex_date)
    close = Decimal(80)
    rows = [FactorRow(dt.date(2050, 12, 31), Decimal(1), Decimal(1), Decimal(0))]
    for event in reversed(events):
        price, split = rows[0].price_factor, rows[0].split_factor
        if isinstance(event, Split):
            split = split * event.denominator / event.numerator
        else:
            price = price * (1 - event.amount / close)
        day = event.ex_date - dt.timedelta(days=1)
        rows.insert(0, FactorRow(day, round(price, 7), round(split, 8), close))
    first = FactorRow(dt.date(1998, 1, 2), rows[0].price_factor, rows[0].split_factor, Decimal(1))
    found = factor_file.events([first, *rows], lambda day: day + dt.timedelta(days=1))
    assert list(found) == events


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a,b\n", "line 1"),
        ("last_date,price_factor,split_factor,reference_close\n2020-01-01,x,1,1\n", "line 2"),
        ("last_date,price_factor,split_factor,reference_close\n2020-01-01,1,0,1\n", "line 2"),
        (
            "last_date,price_factor,split_factor,reference_close\n2020-01-02,1,1,1\n2020-01-01,1,1,1\n",
            "line 3",
        ),
    ],
)
def test_a_broken_factor_file_names_its_line(text: str, line: str) -> None:
    with pytest.raises(BadFactorFile, match=line):
        factor_file.parse(text)


async def test_actions_load_from_a_plain_table_and_bad_lines_are_named(harness: Harness) -> None:
    text = "kind,ex_date,ratio,amount,currency\nsplit,2024-06-10,10:1,,\ndividend,2024-06-11,,0.01,USD\n"
    async with harness.context() as context:
        await instruments.create_instrument(context, acme())
        load = LoadCorporateActions(instrument="ACME", text=text)
        loaded = await actions.load_corporate_actions(context, load)
        assert (loaded.splits, loaded.dividends, loaded.written) == (1, 1, 2)
        bad = load.model_copy(update={"text": text + "dividend,2024-07-11,,-1,USD\n"})
        with pytest.raises(BadFile, match=r"line 4.*greater than zero"):
            await actions.load_corporate_actions(context, bad)


async def test_recording_twice_counts_once_and_a_correction_keeps_the_id(harness: Harness) -> None:
    body = RecordCorporateAction(
        instrument="ACME",
        kind=ActionKind.DIVIDEND,
        ex_date=dt.date(2025, 3, 3),
        amount=Decimal("0.50"),
    )
    async with harness.context() as context:
        row = await instruments.create_instrument(context, acme(currency="EUR"))
        first = await actions.record_corporate_action(context, body)
        again = await actions.record_corporate_action(context, body)
        more = body.model_copy(update={"amount": Decimal("0.55")})
        better = await actions.record_corporate_action(context, more)
        listed = await actions.actions_of(context, [row.id])
    assert first == again
    assert (first.currency, better.id, better.amount) == ("EUR", first.id, Decimal("0.55"))
    assert listed == [better]


def test_an_incomplete_action_is_refused() -> None:
    base = {"instrument": "ACME", "ex_date": "2025-03-03"}
    for kind, reason in (
        ("split", "needs ratio"),
        ("dividend", "needs an amount"),
        ("spin_off", "needs ratio"),
        ("merger", "needs an amount"),
    ):
        with pytest.raises(ValidationError, match=reason):
            RecordCorporateAction.model_validate({**base, "kind": kind})


async def test_split_adjusted_prices_come_back_as_quoted(harness: Harness) -> None:
    text = "date,close\n2020-08-28,124.8075\n2020-08-31,129.04\n"
    span = (dt.date(2020, 8, 1), dt.date(2020, 9, 1))
    async with harness.context() as context:
        load = LoadPrices(
            text=text,
            file_name="AAPL.csv",
            basis=PriceBasis.SPLIT_ADJUSTED,
            create_instruments=True,
        )
        await price_files.load_prices(context, load)
        row = await instruments.find(context, "AAPL")
        before = await prices.read_prices(context, [row.id], *span)
    async with harness.context() as context:
        await actions.record_corporate_action(
            context,
            RecordCorporateAction(
                instrument="AAPL",
                kind=ActionKind.SPLIT,
                ex_date=dt.date(2020, 8, 31),
                ratio_numerator=4,
                ratio_denominator=1,
            ),
        )
    async with harness.context(read_only=True) as context:
        after = await prices.read_prices(context, [row.id], *span, since=before.snapshot)
        changed = await actions.actions_changed(context, before.snapshot)
    assert before.closes[:, 0].tolist() == [124.8075, 129.04]
    assert after.closes[:, 0].tolist() == pytest.approx([499.23, 129.04])
    assert changed == {row.id}
