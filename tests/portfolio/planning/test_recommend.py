"""Recommended weights: exact, capped, reproducible, and honest about what is missing."""

import builtins
import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from bursar.core.errors import BursarError
from bursar.market.models.actions import ActionKind, RecordCorporateAction
from bursar.market.models.prices import LoadPrices
from bursar.market.operations import actions, price_files
from bursar.portfolio.calc.asset_returns import Distribution, total_returns
from bursar.portfolio.models.recommend import AllocationRecommendation, RecommendRequest
from bursar.portfolio.operations.recommend import PROFILES, recommend
from tests.harness import Harness
from tests.market.data import real_file
from tests.portfolio import build
from tests.portfolio.planning import books

D = Decimal
DAYS = 200


async def priced(harness: Harness) -> books.Made:
    """The mixed book with 200 working days of made-up prices that end at the known ones."""
    made = await books.mixed(harness)
    random = np.random.default_rng(7)
    days = [
        str(day)
        for day in np.arange(np.datetime64(books.TODAY) - 2 * DAYS, np.datetime64(books.TODAY))
        if np.is_busday(day)
    ][-DAYS:]
    for name, last, spread in (("AAA", 100, 0.02), ("BBB", 50, 0.015), ("BND", 100, 0.003)):
        moves = random.normal(0.1 * spread, spread, len(days))
        path = last * np.exp(np.cumsum(moves) - moves.sum())
        points = {day: f"{p:.4f}" for day, p in zip(days, path, strict=True)}
        await build.price(harness, made.instruments[name], points)
    return made


async def proposed(harness: Harness, **fields: Any) -> AllocationRecommendation:
    async with harness.context(read_only=True) as context:
        return await recommend(context, RecommendRequest.model_validate(fields))


@pytest.mark.requirement("DASH.12")
@pytest.mark.parametrize("profile", ["cautious", "balanced", "bold"])
async def test_weights_sum_to_one_keep_the_cap_and_repeat(harness: Harness, profile: str) -> None:
    await priced(harness)
    found = await proposed(harness, risk_profile=profile)
    assert sum(a.weight for a in found.assets) == 1
    assert all(a.weight >= 0 for a in found.assets)
    objective, cap = PROFILES[profile]
    assert found.objective == objective
    assert found.cap == max(cap, D("0.333334"))
    assert all(a.weight <= found.cap for a in found.assets)
    assert all(a.reason for a in found.assets)
    assert sum(a.current_weight for a in found.assets) == pytest.approx(D(1))
    assert await proposed(harness, risk_profile=profile) == found


@pytest.mark.requirement("DASH.12")
async def test_minimum_variance_prefers_the_calm_asset_and_lowers_the_volatility(
    harness: Harness,
) -> None:
    await priced(harness)
    found = await proposed(harness, objective="minimum_variance", cap="1")
    assert found.assets[0].name == "BND"
    assert found.assets[0].weight > D("0.9")
    assert found.current is not None
    assert found.proposed.volatility < found.current.volatility
    capped = await proposed(harness, objective="minimum_variance", cap="1", caps={"BND": "0.5"})
    bond = next(a for a in capped.assets if a.name == "BND")
    assert (bond.weight, bond.reason_code) == (D("0.5"), "at_cap")
    assert "0.5" in bond.reason


@pytest.mark.requirement("DASH.12")
async def test_what_is_missing_is_named(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    await priced(harness)
    young = await build.instrument(harness, "YNG")
    await build.price(harness, young, {books.TODAY: "10"})
    for fields, words in (
        ({"instruments": ["AAA", "YNG"]}, "YNG (1)"),
        ({"caps": {"YNG": "0.5"}}, "not among"),
        ({"cap": "0.2"}, "cannot reach 1"),
        ({"instruments": ["AAA", "NONE"]}, "NONE"),
    ):
        with pytest.raises(BursarError) as refused:
            await proposed(harness, **fields)
        assert words in refused.value.message
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("skfolio"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BursarError) as refused:
        await proposed(harness)
    assert refused.value.code == "optimizer_not_installed"


@pytest.mark.requirement("DASH.12")
async def test_nothing_held_asks_for_instruments(harness: Harness) -> None:
    with pytest.raises(BursarError) as refused:
        await proposed(harness)
    assert refused.value.field == "instruments"


@pytest.mark.requirement("DASH.12")
async def test_a_split_and_a_dividend_are_no_loss(harness: Harness) -> None:
    made = await priced(harness)
    plain = await proposed(harness, objective="minimum_variance")
    stock = made.instruments["AAA"]
    half = np.datetime64(books.TODAY) - 100
    async with harness.context(read_only=True) as context:
        rows = await context.session.execute(
            text("SELECT day, close FROM price WHERE instrument_id = :id"), {"id": stock.id}
        )
        prices = {str(day): close for day, close in rows if np.datetime64(day) < half}
    await build.price(harness, stock, {day: str(close * 4) for day, close in prices.items()})
    async with harness.context() as context:
        await actions.record_corporate_action(
            context,
            RecordCorporateAction(
                instrument="AAA",
                kind=ActionKind.SPLIT,
                ex_date=dt.date.fromisoformat(str(half)),
                ratio_numerator=4,
                ratio_denominator=1,
            ),
        )
    split = await proposed(harness, objective="minimum_variance")
    assert [(a.name, a.weight) for a in split.assets] == [(a.name, a.weight) for a in plain.assets]


@pytest.mark.requirement("DASH.12")
async def test_real_prices_give_weights(harness: Harness) -> None:
    build.stand_on(harness, "2021-03-31")
    async with harness.context() as context:
        for ticker in ("AAPL", "BAC", "IBM", "SPY"):
            body = LoadPrices(
                text=real_file(f"prices_daily/{ticker}.csv").read_text(),
                file_name=f"{ticker}.csv",
                create_instruments=True,
            )
            await price_files.load_prices(context, body)
    found = await proposed(
        harness,
        instruments=["BAC", "IBM", "SPY"],
        objective="minimum_variance",
        cap="1",
        look_back_days=365,
    )
    assert sum(a.weight for a in found.assets) == 1
    assert found.assets[0].name == "SPY"
    assert found.current is None
    assert found.periods > 200


@pytest.mark.requirement("DASH.12")
@given(
    st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=12),
    st.integers(1, 10),
    st.sampled_from([2.0, 7.0, 0.1]),
    st.floats(0, 5),
)
def test_splits_and_dividends_are_worked_out_of_returns(
    moves: list[float], at: int, ratio: float, cash: float
) -> None:
    at = min(at, len(moves))
    price = 100 * np.cumprod([1.0, *(1 + m for m in moves)])
    quoted = price.copy()
    quoted[at:] /= ratio
    day = np.arange(len(price)) * 3
    events = [Distribution(3 * at - 1, 0, ratio=ratio)]
    found = total_returns(day, quoted[:, None], events)
    assert found.returns[:, 0] == pytest.approx(moves, abs=1e-12)
    paid = total_returns(day, price[:, None], [Distribution(3 * at, 0, cash=cash)])
    assert paid.returns[at - 1, 0] == pytest.approx(moves[at - 1] + cash / price[at - 1])


@pytest.mark.requirement("DASH.12")
async def test_no_weights_lie_left_of_the_frontier(harness: Harness) -> None:
    await priced(harness)
    assert (await proposed(harness)).frontier == ()
    found = await proposed(harness, objective="minimum_variance", cap="1", frontier_points=12)
    risks = [float(each.volatility) for each in found.frontier]
    means = [float(each.mean_return) for each in found.frontier]
    assert len(risks) == 12
    assert risks == sorted(risks)
    assert means == sorted(means)
    assert risks[0] == pytest.approx(float(found.proposed.volatility), rel=1e-3)
    for objective in ("risk_parity", "maximum_sharpe"):
        other = (await proposed(harness, objective=objective, cap="1")).proposed
        if means[0] <= float(other.mean_return) <= means[-1]:
            least = np.interp(float(other.mean_return), means, risks)
            assert float(other.volatility) >= least * 0.999 - 1e-9
