"""The quality check, on the real files' known faults and on made-up ones."""

import datetime as dt
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.market.calc import price_checks
from bursar.market.models.actions import LoadCorporateActions
from bursar.market.models.instruments import CreateInstrument, InstrumentKind
from bursar.market.models.prices import LoadPrices
from bursar.market.models.quality import CheckQuality, FindingKind
from bursar.market.operations import actions, instruments, price_files, quality
from bursar.runtime.context import Context
from tests.harness import Harness
from tests.market.data import real_file


async def load(context: Context, ticker: str) -> None:
    text = real_file(f"prices_daily/{ticker}.csv").read_text()
    body = LoadPrices(text=text, file_name=f"{ticker}.csv", create_instruments=True)
    await price_files.load_prices(context, body)
    factors = real_file(f"corporate_actions/{ticker}.csv").read_text()
    await actions.load_corporate_actions(
        context, LoadCorporateActions(instrument=ticker, text=factors)
    )


@pytest.mark.requirement("DATA.01")
async def test_the_unrecorded_google_split_is_an_unexplained_jump(harness: Harness) -> None:
    async with harness.context() as context:
        await load(context, "GOOG")
        report = await quality.check_quality(
            context, CheckQuality(instruments=("GOOG",), last_day=dt.date(2021, 3, 31))
        )
    (jump,) = [found for found in report.findings if found.kind is FindingKind.JUMP]
    assert str(jump.first_day) == "2014-04-03"
    assert "2:1 split" in jump.message
    assert report.prices_checked == 4183


async def test_recorded_splits_of_apple_are_no_jumps(harness: Harness) -> None:
    async with harness.context() as context:
        await load(context, "AAPL")
        report = await quality.check_quality(context, CheckQuality(instruments=("AAPL",)))
    kinds = {(found.kind.value, str(found.first_day)) for found in report.findings}
    # 2000-09-29 is the real fall after a profit warning: reported, for a person to judge
    assert kinds == {("jump", "2000-09-29"), ("stale", "2021-03-31")}


async def test_the_years_missing_in_qqq_are_one_gap(harness: Harness) -> None:
    async with harness.context() as context:
        await load(context, "QQQ")
        report = await quality.check_quality(context, CheckQuality(instruments=("QQQ",)))
    (gap,) = [found for found in report.findings if found.kind is FindingKind.GAP]
    assert (gap.first_day, gap.last_day) == (dt.date(2004, 12, 1), dt.date(2011, 3, 22))
    assert gap.days == 1588


async def test_an_instrument_without_prices_is_named(harness: Harness) -> None:
    async with harness.context() as context:
        await instruments.create_instrument(
            context,
            CreateInstrument(kind=InstrumentKind.STOCK, name="New", currency="USD", ticker="NEW"),
        )
        report = await quality.check_quality(context, CheckQuality())
    assert [found.kind for found in report.findings] == [FindingKind.NO_PRICE]


@pytest.mark.parametrize(
    ("ratio", "split"),
    [
        (2.02, Fraction(2)),
        (0.099, Fraction(1, 10)),
        (1.5, Fraction(3, 2)),
        (1.19, None),
        (80, None),
    ],
)
def test_ratios_that_look_like_splits(ratio: float, split: Fraction | None) -> None:
    assert price_checks.split_like(ratio) == split


@given(st.sets(st.integers(0, 59), min_size=2), st.integers(1, 5))
def test_gaps_cover_exactly_the_missing_days(priced: set[int], least: int) -> None:
    calendar = np.datetime64("2024-01-01", "D") + np.arange(60)
    days = calendar[sorted(priced)]
    found = price_checks.gaps(days, calendar, 1)
    missing = set(range(min(priced), max(priced) + 1)) - priced
    assert sum(gap.days for gap in found) == len(missing)
    for gap in found:
        assert not np.isin(days, np.arange(gap.first_day, gap.last_day + 1)).any()
    longer = price_checks.gaps(days, calendar, least)
    assert longer == [gap for gap in found if gap.days >= least]


@given(st.lists(st.floats(0.9, 1.1), min_size=2, max_size=40), st.integers(1, 38))
def test_a_split_is_a_jump_unless_it_is_recorded(moves: list[float], at: int) -> None:
    days = np.datetime64("2024-01-01", "D") + np.arange(len(moves))
    closes = 100 * np.cumprod(moves)
    at = min(at, len(moves) - 1)
    closes[at:] /= 4
    assert [jump.day for jump in price_checks.jumps(days, closes, {}, 1.4)] == [days[at]]
    assert price_checks.jumps(days, closes, {days[at]: 4.0}, 1.4) == []
