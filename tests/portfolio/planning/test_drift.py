"""Drift by class and by asset on a book whose weights are known by hand."""

from decimal import Decimal

import pytest

from bursar.core.errors import InvalidInput
from bursar.portfolio.figures.drift import drift
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.models.drift import AllocationDrift, DriftRequest
from bursar.portfolio.models.explanation import ExplainRequest
from bursar.portfolio.operations.drift import get_drift
from bursar.portfolio.operations.explain import explain
from bursar.portfolio.view import view
from tests.harness import Harness
from tests.portfolio import build
from tests.portfolio.planning import books
from tests.portfolio.planning.test_targets import BALANCED, store


async def measured(harness: Harness, **fields: object) -> AllocationDrift:
    async with harness.context(read_only=True) as context:
        return await get_drift(context, DriftRequest.model_validate(fields))


@pytest.mark.requirement("DASH.05")
async def test_drift_per_class_and_per_asset_with_the_largest_and_flags(harness: Harness) -> None:
    made = await books.mixed(harness)
    await store(harness)
    found = await measured(harness)
    assert {row.key: row.drift.value for row in found.keys} == {
        "stocks": Decimal("-0.2"),
        "bonds": Decimal("0.2"),
        "cash": Decimal(0),
    }
    assert [row.over_threshold for row in found.keys] == [True, True, False]
    assert found.over_threshold
    assert found.largest is not None
    assert found.largest.name == "bonds"
    assets = {row.name: row for row in found.assets}
    assert assets["AAA"].target == Decimal("0.45")
    assert assets["AAA"].implied
    assert assets["AAA"].drift.value == Decimal("-0.15")
    assert assets["BBB"].drift.value == Decimal("-0.05")
    assert not assets["BBB"].over_threshold
    assert assets["USD"].drift.value == Decimal(0)
    assert found.largest_asset is not None
    assert found.largest_asset.name == "BND"
    assert assets["BND"].asset == made.id("BND")
    assert (found.policy, found.policy_version) == ("default", 1)


@pytest.mark.requirement("DASH.05")
async def test_bands_decide_the_flags_by_points_or_by_share_of_the_target(
    harness: Harness,
) -> None:
    await books.mixed(harness)
    await store(harness, bands={"stocks": {"absolute": "0.2"}, "bonds": {"relative": "0.5"}})
    found = await measured(harness)
    flags = {row.key: (row.over_threshold, row.low, row.high) for row in found.keys}
    assert flags["stocks"] == (False, Decimal("0.4"), Decimal("0.8"))
    assert flags["bonds"] == (True, Decimal("0.15"), Decimal("0.45"))


@pytest.mark.requirement("DASH.05")
@pytest.mark.parametrize(
    ("taxonomy", "targets", "wanted"),
    [
        ("sector", {"Technology": "1"}, {"Technology": "-0.7", "Health": "0.1"}),
        ("instrument", {"AAA": "0.5", "cash": "0.5"}, {"BND": "0.5", "USD": "-0.4"}),
        ("currency", {"USD": "0.5", "EUR": "0.5"}, {"USD": "0.5", "EUR": "-0.5"}),
        ("account", {"Broker": "1"}, {"Broker": "0"}),
    ],
)
async def test_targets_of_the_request_name_any_taxonomy(
    harness: Harness, taxonomy: str, targets: dict[str, str], wanted: dict[str, str]
) -> None:
    await books.mixed(harness)
    found = await measured(harness, taxonomy=taxonomy, targets=targets)
    drifts = {row.name: row.drift.value for row in found.keys}
    assert {name: drifts[name] for name in wanted} == {k: Decimal(v) for k, v in wanted.items()}
    assert sum(drifts.values()) == 0
    assert found.policy == "inline"


@pytest.mark.requirement("DASH.05", "RETURNS.01")
async def test_a_drift_id_alone_gives_the_same_figure_after_the_policy_changed(
    harness: Harness,
) -> None:
    await books.mixed(harness)
    await store(harness, account=["Broker"])
    found = await measured(harness)
    await store(harness, targets={"stocks": "1"})
    async with harness.context(read_only=True) as context:
        book = await view(context)
        for row in found.keys:
            told = await explain(context, ExplainRequest(figure_id=row.value.id))
            assert told.figure == row.value
        for row in (*found.keys, *found.assets):
            told = await explain(context, ExplainRequest(figure_id=row.drift.id))
            assert told.figure == row.drift
            assert told.recomputed == row.drift.value
            assert told.parts[0] == row.weight
            assert Decimal(told.parameters["target"]) == row.target
        with pytest.raises(InvalidInput):
            drift(book, FigureId.parse(found.keys[0].weight.id))


@pytest.mark.requirement("DASH.05")
async def test_an_account_without_a_target_is_shown(harness: Harness) -> None:
    made = await books.mixed(harness)
    second = await build.account(harness, "Second")
    await build.post(
        harness,
        build.activity(
            second,
            "delivery_in",
            "2025-06-01",
            instrument=made.instruments["AAA"],
            quantity=100,
            amount=9000,
        ),
    )
    found = await measured(harness, taxonomy="account", targets={"Broker": "1"})
    assert {row.name: row.drift.value for row in found.keys} == {
        "Broker": Decimal("-0.5"),
        "Second": Decimal("0.5"),
    }


@pytest.mark.requirement("DASH.05")
async def test_debts_stay_outside_the_allocation(harness: Harness) -> None:
    await books.mixed(harness)
    card = await build.account(harness, "Card", kind="credit_card")
    await build.post(harness, build.activity(card, "withdrawal", "2025-06-01", amount=500))
    await store(harness)
    found = await measured(harness)
    assert {row.key: row.weight.value for row in found.keys}["cash"] == Decimal("0.1")


@pytest.mark.requirement("DASH.05")
async def test_without_a_price_drift_is_undefined_and_says_why(harness: Harness) -> None:
    made = await books.mixed(harness)
    unpriced = await build.instrument(harness, "NEW")
    await build.post(
        harness,
        build.activity(
            made.accounts["Broker"], "delivery_in", "2025-06-01", instrument=unpriced, quantity=1
        ),
    )
    await store(harness, targets=BALANCED)
    found = await measured(harness)
    assert {row.drift.value for row in found.keys} == {None}
    assert {row.drift.reason for row in found.keys} == {"missing_price"}
    assert found.largest is None
    assert [p.name for p in found.completeness.prices] == ["NEW"]
    empty = await measured(harness, as_of="2020-01-01")
    assert {row.drift.reason for row in empty.keys} == {"no_value"}
