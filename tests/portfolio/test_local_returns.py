"""Returns without exchange rates, and the effect of the rates, by hand and for any book."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.harness import Harness
from tests.portfolio import build
from tests.portfolio.journey import held, measured, named, record, whole, worth
from tests.portfolio.random_book import random_book, seeded


async def euro_stock(harness: Harness) -> None:
    """10 EURO at 100 EUR and 1,000 USD in cash; EUR 1.00, 1.10, 1.21; EURO 100, 110, 110."""
    build.stand_on(harness, "2024-03-06")
    await build.account(harness)
    stock = await build.instrument(harness, "EURO", currency="EUR")
    prices = {"2024-03-04": "100", "2024-03-05": "110", "2024-03-06": "110"}
    await build.price(harness, stock, prices)
    rates = {"2024-03-04": "1", "2024-03-05": "1.1", "2024-03-06": "1.21"}
    await build.rate(harness, "EUR", "USD", rates)
    await record(harness, "deposit", "2024-03-04", amount=1000)
    await record(harness, "deposit", "2024-03-04", amount=1000, currency="EUR")
    await record(
        harness, "buy", "2024-03-04", instrument="EURO", quantity=10, unit_price=100,
        currency="EUR",
    )  # fmt: skip


@pytest.mark.requirement("RETURNS.01")
async def test_a_foreign_stock_is_split_into_local_return_and_currency(harness: Harness) -> None:
    await euro_stock(harness)
    returns = (await measured(harness, instrument="EURO")).returns
    assert worth(named(returns, "twr.v1")) == Decimal("0.331")
    assert worth(named(returns, "twr_local.v1")) == Decimal("0.1")
    assert worth(named(returns, "currency_effect_rate.v1")) == Decimal("0.21")
    row = (await held(harness, returns=True))["EURO"]
    assert row.returns is not None
    assert worth(row.returns.twr_local) == Decimal("0.1")
    assert worth(row.returns.currency_effect_rate) == Decimal("0.21")
    assert worth(row.returns.gain) == Decimal(331)
    # 1,000 EUR grew to 1,100: at the last day's rate 121 USD of gain, 331 in all.
    assert worth(row.returns.currency_effect) == Decimal(331 - 121)
    assert (await held(harness))["EURO"].returns is None


@pytest.mark.requirement("RETURNS.01")
async def test_the_whole_portfolio_by_hand(harness: Harness) -> None:
    await euro_stock(harness)
    found = await whole(harness)
    # Days: 2,000 -> 2,210 -> 2,331. Opening at the day's rate: 2,000 + 100, then 2,210 + 121.
    local = (2210 / 2100) * (2331 / 2331) - 1
    assert float(worth(found.twr)) == pytest.approx(2331 / 2000 - 1, abs=1e-12)  # type: ignore[arg-type]
    assert float(worth(found.twr_local)) == pytest.approx(local, abs=1e-12)  # type: ignore[arg-type]
    effect = (2331 / 2000) / (1 + local) - 1
    assert float(worth(found.currency_effect_rate)) == pytest.approx(effect, abs=1e-12)  # type: ignore[arg-type]


async def test_cash_in_another_currency_returns_nothing_but_the_rate(harness: Harness) -> None:
    await euro_stock(harness)
    await record(harness, "deposit", "2024-03-04", amount=50, currency="EUR")
    row = (await held(harness, returns=True))["EUR"]
    assert row.returns is not None
    assert worth(row.returns.twr_local) == 0
    assert worth(row.returns.currency_effect_rate) == Decimal("0.21")


async def test_exchanging_at_the_days_rate_is_no_local_gain(harness: Harness) -> None:
    await euro_stock(harness)
    before = await whole(harness)
    await record(
        harness, "fx_conversion", "2024-03-05", amount=550, counter_amount=500,
        counter_currency="EUR",
    )  # fmt: skip
    after = await whole(harness)
    assert worth(after.twr_local) == worth(before.twr_local)
    assert after.twr.value != before.twr.value


@pytest.mark.requirement("RETURNS.01")
@given(seed=st.integers(0, 2**32), foreign=st.booleans())
@settings(
    max_examples=5,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_the_two_compound_to_the_whole(harness: Harness, seed: int, foreign: bool) -> None:
    fresh = Harness(harness.database, harness.clock, home=harness.home)
    await fresh.create_workspace()
    await random_book(fresh, seeded(seed), foreign=foreign)
    for scope in ({}, {"instrument": "BBB"}, {"asset_class": "cash"}):
        returns = (await measured(fresh, **scope)).returns
        total, local, effect = (
            named(returns, name).value
            for name in ("twr.v1", "twr_local.v1", "currency_effect_rate.v1")
        )
        if total is None or local is None or effect is None:
            continue
        assert abs((1 + local) * (1 + effect) - (1 + total)) < Decimal("1e-9")
        if not foreign:
            assert (effect, local) == (0, total)
