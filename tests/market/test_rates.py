"""Exchange rates: the path found, its age, and the columns for analysis."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.errors import InvalidInput
from bursar.market.calc import rate_paths
from bursar.market.calc.rate_paths import StoredRate
from bursar.market.errors import NoRate
from bursar.market.models.rates import GetFxRate, RecordedRate, RecordFxRates
from bursar.market.operations import rates
from tests.harness import Harness

DAY = dt.date(2026, 1, 12)


def rate(base: str, quote: str, value: str, day: dt.date = DAY) -> RecordedRate:
    return RecordedRate(base=base, quote=quote, day=day, rate=Decimal(value))


async def test_direct_inverse_and_cross_with_the_path_stated(harness: Harness) -> None:
    body = RecordFxRates(
        rates=(rate("EUR", "USD", "1.25"), rate("USD", "JPY", "160")), source="ecb"
    )
    async with harness.context() as context:
        first = await rates.record_fx_rates(context, body)
        again = await rates.record_fx_rates(context, body)
        direct = await rates.get_fx_rate(context, GetFxRate(base="EUR", quote="USD"))
        inverse = await rates.get_fx_rate(context, GetFxRate(base="USD", quote="EUR"))
        cross = await rates.get_fx_rate(context, GetFxRate(base="JPY", quote="EUR"))
        same = await rates.get_fx_rate(context, GetFxRate(base="CHF", quote="CHF"))
        with pytest.raises(NoRate, match="from EUR to CHF"):
            await rates.get_fx_rate(context, GetFxRate(base="EUR", quote="CHF"))
        with pytest.raises(NoRate):
            early = GetFxRate(base="EUR", quote="USD", day=dt.date(2026, 1, 11))
            await rates.get_fx_rate(context, early)
    assert (first.written, again.written, again.unchanged) == (2, 0, 2)
    assert (direct.rate, direct.age_days, direct.stale) == (Decimal("1.25"), 3, False)
    assert (inverse.rate, inverse.path[0].inverted) == (Decimal("0.8"), True)
    assert cross.rate == Decimal("0.005")
    assert [(leg.base, leg.quote, leg.inverted) for leg in cross.path] == [
        ("USD", "JPY", True),
        ("EUR", "USD", True),
    ]
    assert (same.rate, same.path) == (Decimal(1), ())


async def test_a_fresh_cross_beats_a_stale_direct_rate(harness: Harness) -> None:
    old = dt.date(2025, 12, 1)
    async with harness.context() as context:
        await rates.record_fx_rates(context, RecordFxRates(rates=(rate("EUR", "GBP", "0.9", old),)))
        alone = await rates.get_fx_rate(context, GetFxRate(base="EUR", quote="GBP"))
        assert (alone.stale, alone.age_days) == (True, 45)
        await rates.record_fx_rates(
            context,
            RecordFxRates(rates=(rate("EUR", "USD", "1.25"), rate("GBP", "USD", "1.5625"))),
        )
        fresh = await rates.get_fx_rate(context, GetFxRate(base="EUR", quote="GBP"))
    assert (fresh.rate, fresh.stale, len(fresh.path)) == (Decimal("0.8"), False, 2)


async def test_columns_have_gaps_and_tell_when_nothing_changed(harness: Harness) -> None:
    days = (dt.date(2026, 1, 11), dt.date(2026, 1, 14))
    async with harness.context() as context:
        await rates.record_fx_rates(
            context,
            RecordFxRates(
                rates=(
                    rate("EUR", "USD", "1.25"),
                    rate("USD", "EUR", "0.5", dt.date(2026, 1, 13)),
                    rate("JPY", "EUR", "0.008"),
                )
            ),
        )
    async with harness.context(read_only=True) as context:
        reading = await rates.read_rates(context, ["EUR", "USD", "JPY", "XAU"], "USD", days)
        later = await rates.read_rates(context, ["EUR"], "USD", days, since=reading.snapshot)
    nan = np.nan
    expected = [
        [nan, 1, nan, nan],
        [1.25, 1, 0.01, nan],
        [2.0, 1, nan, nan],
        [nan, 1, nan, nan],
    ]
    np.testing.assert_allclose(reading.rates, expected)
    assert (reading.changed, later.changed) == (True, False)


async def test_changes_are_told_exactly_while_writers_overlap(harness: Harness) -> None:
    days = (DAY, DAY)
    slow, quick = rate("EUR", "USD", "1.25"), rate("GBP", "USD", "1.5")
    async with harness.context() as writing:
        # the slow writer has its transaction id before the quick one starts and commits
        await rates.record_fx_rates(writing, RecordFxRates(rates=(slow,)))
        async with harness.context() as context:
            await rates.record_fx_rates(context, RecordFxRates(rates=(quick,)))
        async with harness.context(read_only=True) as context:
            during = await rates.read_rates(context, ["EUR", "GBP"], "USD", days)
            nothing = await rates.read_rates(context, ["GBP"], "USD", days, since=during.snapshot)
    async with harness.context(read_only=True) as context:
        after = await rates.read_rates(context, ["EUR"], "USD", days, since=during.snapshot)
    np.testing.assert_array_equal(during.rates, [[np.nan, 1.5]])
    assert not nothing.changed
    assert after.changed
    assert after.rates.tolist() == [[1.25]]


async def test_bad_rates_are_refused(harness: Harness) -> None:
    async with harness.context() as context:
        for pair, reason in (
            ((rate("EUR", "USD", "0"),), "greater than zero"),
            ((rate("EUR", "EUR", "1"),), "two different currencies"),
            ((rate("EUR", "USD", "1"), rate("EUR", "USD", "2")), "two different rates"),
        ):
            with pytest.raises(InvalidInput, match=reason):
                await rates.record_fx_rates(context, RecordFxRates(rates=pair))


@given(st.decimals("0.0001", "10000", places=4), st.decimals("0.0001", "10000", places=4))
def test_there_and_back_is_one(first: Decimal, second: Decimal) -> None:
    known = [
        StoredRate("EUR", "USD", DAY, first, "x"),
        StoredRate("USD", "JPY", DAY, second, "x"),
    ]
    there = rate_paths.best_path("EUR", "JPY", known, day=DAY, age_days_max=7)
    back = rate_paths.best_path("JPY", "EUR", known, day=DAY, age_days_max=7)
    assert there is not None
    assert back is not None
    assert abs(there.rate * back.rate - 1) < Decimal("1e-20")
