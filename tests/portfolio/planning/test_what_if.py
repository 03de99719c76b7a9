"""Scenarios beside the real figures, on books whose values are known by hand."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from bursar.core.errors import BursarError
from bursar.portfolio.models.explanation import ExplainRequest
from bursar.portfolio.models.what_if import WhatIf, WhatIfRequest
from bursar.portfolio.operations.explain import explain
from bursar.portfolio.operations.what_if import what_if
from tests.harness import Harness
from tests.portfolio import build
from tests.portfolio.planning import books
from tests.portfolio.planning.test_recommend import priced
from tests.portfolio.planning.test_targets import store

D = Decimal


async def tried(harness: Harness, **fields: Any) -> WhatIf:
    async with harness.context(read_only=True) as context:
        return await what_if(context, WhatIfRequest.model_validate(fields))


@pytest.mark.requirement("DASH.07")
async def test_without_changes_nothing_changes(harness: Harness) -> None:
    await books.mixed(harness)
    found = await tried(harness)
    assert found.value_after == found.value_before.value == D(10000)
    assert (found.change, found.price_effect, found.moved) == (0, 0, 0)
    assert all(row.value_before == row.value_after for row in found.allocation)


@pytest.mark.requirement("DASH.07")
async def test_the_closest_shock_wins_and_cash_keeps_its_value(harness: Harness) -> None:
    await books.mixed(harness)
    await store(harness)
    found = await tried(
        harness, shock="-0.1", class_shocks={"stocks": "-0.5"}, instrument_shocks={"AAA": "-0.2"}
    )
    effects = {row.name: row.price_effect for row in found.assets}
    assert effects == {"AAA": D(-600), "BBB": D(-500), "BND": D(-500), "USD": D(0)}
    assert found.value_after == D(8400)
    assert (found.change, found.price_effect, found.moved) == (D(-1600), D(-1600), 0)
    weights = {row.key: (row.weight_before, row.weight_after) for row in found.allocation}
    assert weights["bonds"] == (D("0.5"), D("0.535714285714"))
    drift = {row.key: (row.drift_before.value, row.drift_after) for row in found.drift}
    assert drift["bonds"] == (D("0.2"), D("0.235714285714"))


@pytest.mark.requirement("DASH.07")
async def test_contributions_and_weights_move_money_exactly(harness: Harness) -> None:
    made = await books.mixed(harness)
    paid = await tried(harness, contribution="-400", contributions={"AAA": "1000"})
    after = {row.name: row.after for row in paid.assets}
    assert after == {"AAA": D(4000), "BBB": D(1000), "BND": D(5000), "USD": D(600)}
    assert (paid.change, paid.moved, paid.price_effect) == (D(600), D(600), 0)
    spread = await tried(harness, weights={"stocks": "0.2", "bonds": "0.7", "cash": "0.1"})
    after = {row.name: row.after for row in spread.assets}
    assert after == {"AAA": D(1500), "BBB": D(500), "BND": D(7000), "USD": D(1000)}
    assert spread.moved == 0
    named = await tried(
        harness,
        weights={"AAA": "0.5", "cash": "0.5"},
        weights_by="instrument",
        shock="-0.5",
        by="sector",
    )
    assert named.value_after == D(5500)
    assert {row.key: row.value_after for row in named.allocation} == {
        "Technology": D(2750),
        "cash": D(2750),
        "Health": 0,
        "Government": 0,
    }
    new = await build.instrument(harness, "NEW", asset_class="crypto")
    bought = await tried(harness, weights={"NEW": "0.25", "AAA": "0.75"}, weights_by="instrument")
    assert {row.key: row.weight_after for row in bought.allocation}["crypto"] == D("0.25")
    assert {row.asset: row.after for row in bought.assets}[str(new.id)] == D(2500)
    assert made.id("AAA") in {row.asset for row in bought.assets}


@pytest.mark.requirement("DASH.07")
async def test_risk_follows_the_mix_and_beta_scales_the_market_loss(harness: Harness) -> None:
    await priced(harness)
    calm = await tried(
        harness,
        weights={"BND": "1"},
        weights_by="instrument",
        benchmark="AAA",
        market_shock="-0.3",
    )
    assert calm.risk.reason is None
    assert calm.risk.volatility_before is not None
    assert calm.risk.volatility_after is not None
    assert calm.risk.volatility_after < calm.risk.volatility_before / 2
    alone = await tried(
        harness,
        weights={"AAA": "1"},
        weights_by="instrument",
        benchmark="AAA",
        market_shock="-0.3",
    )
    assert alone.risk.beta_after == D(1)
    assert alone.risk.market_loss_after == D(-3000)
    assert alone.risk.beta_before is not None
    assert D("0.2") < alone.risk.beta_before < D("0.5")
    cash = await tried(harness, weights={"cash": "1"})
    assert cash.risk.volatility_after == 0
    young = await build.instrument(harness, "YNG")
    await build.price(harness, young, {books.TODAY: "10"})
    unknown = await tried(harness, contributions={"YNG": "100"})
    assert unknown.risk.volatility_after is None
    assert unknown.risk.reason is not None
    assert "YNG" in unknown.risk.reason


@pytest.mark.requirement("DASH.07")
async def test_another_lot_method_is_shown_beside_the_real_figures(harness: Harness) -> None:
    made = await books.mixed(harness)
    broker, stock = made.accounts["Broker"], made.instruments["AAA"]
    await build.post(
        harness,
        build.activity(broker, "buy", "2025-06-02", instrument=stock, quantity=10, unit_price=95),
        build.activity(broker, "sell", "2025-06-10", instrument=stock, quantity=10, unit_price=99),
    )
    found = await tried(harness, lot_method="hifo")
    assert found.lots is not None
    assert [f.value for f in found.lots.realised] == [D(190), D(40)]
    real, other = (f.value for f in found.lots.unrealised)
    assert real is not None
    assert other is not None
    assert other - real == D(150)
    async with harness.context(read_only=True) as context:
        for figure in (*found.lots.cost, *found.lots.realised, found.value_before):
            told = await explain(context, ExplainRequest(figure_id=figure.id))
            assert told.recomputed == figure.value


@pytest.mark.requirement("DASH.07")
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"shock": "-1.5"}, "more than everything"),
        ({"class_shocks": {"gold": "0.1"}}, "nothing of class 'gold'"),
        ({"instrument_shocks": {"NONE": "0.1"}}, "NONE"),
        ({"contribution": "-5000"}, "exceeds"),
        ({"weights": {"stocks": "0.5"}}, "0.5 is missing"),
        ({"weights": {"gold": "1"}}, "'gold'"),
        ({"market_shock": "-0.1"}, "benchmark"),
        ({"by": "account"}, "assets, not accounts"),
        ({"policy": "none"}, "no target policy"),
    ],
)
async def test_a_scenario_without_meaning_is_refused(
    harness: Harness, fields: dict[str, Any], words: str
) -> None:
    await books.mixed(harness)
    with pytest.raises(BursarError) as refused:
        await tried(harness, **fields)
    assert words in refused.value.message


@pytest.mark.requirement("DASH.07")
async def test_a_scenario_writes_nothing(harness: Harness) -> None:
    await books.mixed(harness)
    tables = ("transfer_group", "transfer", "entry", "price", "target_policy", "journal", "account")
    counted = text("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))
    async with harness.context(read_only=True) as context:
        before = (await context.session.execute(counted)).one()
    await tried(harness, shock="-0.5", contribution="100", weights={"stocks": "1"})
    async with harness.context() as context:
        await what_if(context, WhatIfRequest(shock="-0.5", lot_method="lifo"))
    async with harness.context(read_only=True) as context:
        assert (await context.session.execute(counted)).one() == before
    assert (await tried(harness)).change == 0
