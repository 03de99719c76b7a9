"""Target policies: checked, stored in versions, kept apart by workspace."""

from decimal import Decimal

import pytest
from sqlalchemy import text

from bursar.core.errors import BursarError, InvalidInput
from bursar.portfolio.calc.errors import BadTargets
from bursar.portfolio.models.targets import DeleteTargets, GetTargets, SetTargets, TargetPolicy
from bursar.portfolio.operations.targets import delete_targets, get_targets, set_targets
from bursar.portfolio.planning.errors import PolicyNotFound
from tests.harness import Harness
from tests.portfolio.planning import books

BALANCED = {"stocks": "0.6", "bonds": "0.3", "cash": "0.1"}


async def store(harness: Harness, **fields: object) -> TargetPolicy:
    async with harness.context() as context:
        body = SetTargets.model_validate({"targets": BALANCED} | fields)
        return await set_targets(context, body)


async def shown(harness: Harness, **fields: object) -> tuple[TargetPolicy, ...]:
    async with harness.context(read_only=True) as context:
        return (await get_targets(context, GetTargets.model_validate(fields))).items


@pytest.mark.requirement("DASH.05")
async def test_a_policy_is_stored_in_versions_and_its_history_kept(harness: Harness) -> None:
    first = await store(harness, tax_rate_short="0.35", tax_rate_long="0.15")
    second = await store(harness, targets={"stocks": "1"})
    assert (first.version, second.version) == (1, 2)
    assert [p.targets for p in await shown(harness)] == [{"stocks": Decimal(1)}]
    history = await shown(harness, name="default", history=True)
    assert [p.version for p in history] == [2, 1]
    assert history[1].targets["bonds"] == Decimal("0.3")
    assert history[1].tax_rate_long == Decimal("0.15")
    async with harness.context() as context:
        gone = await delete_targets(context, DeleteTargets(name="default"))
    assert gone.version == 3
    assert await shown(harness) == ()
    assert len(await shown(harness, name="default", history=True)) == 2
    with pytest.raises(PolicyNotFound):
        await shown(harness, name="default")
    assert (await store(harness)).version == 4


@pytest.mark.requirement("DASH.05")
async def test_names_become_ids_that_outlive_a_rename(harness: Harness) -> None:
    made = await books.mixed(harness)
    policy = await store(
        harness,
        taxonomy="instrument",
        account=["Broker"],
        targets={"AAA": "0.5", "ticker:BND": "0.4", "cash": "0.1"},
        no_sell=["AAA"],
    )
    assert policy.targets == {
        made.id("AAA"): Decimal("0.5"),
        made.id("BND"): Decimal("0.4"),
        "USD": Decimal("0.1"),
    }
    assert policy.no_sell == (made.id("AAA"),)
    assert policy.names == {
        made.id("AAA"): "AAA",
        made.id("BND"): "BND",
        str(made.accounts["Broker"]): "Broker",
    }


@pytest.mark.requirement("DASH.05")
@pytest.mark.parametrize(
    ("fields", "words", "field"),
    [
        ({"targets": {"stocks": "0.6", "bonds": "0.3"}}, "0.1 is missing", "targets"),
        ({"targets": {"stocks": "0.9", "bonds": "0.3"}}, "0.2 too much", "targets"),
        ({"targets": {"stocks": "1.2", "bonds": "-0.2"}}, "between 0 and 1", "stocks"),
        ({"tax_rate_short": "35", "tax_rate_long": "15"}, "between 0 and 1", "tax_rate_short"),
        ({"tax_rate_short": "0.3"}, "both tax rates", "tax_rate_long"),
        ({"cash_floor": "-1"}, "negative", "cash_floor"),
        ({"bands": {"gold": {"absolute": "0.1"}}}, "no target", "bands.gold"),
        ({"band": {"relative": "-0.1"}}, "negative", "band"),
        ({"asset_weight_max": "0"}, "above 0", "asset_weight_max"),
        ({"assets": {"AAA": "0.6"}}, "sum to 0.6", "assets"),
        ({"assets": {"AAA": "1"}, "targets": {"bonds": "1"}}, "no target", None),
        ({"taxonomy": "instrument", "targets": {"NONE": "1"}}, "NONE", None),
        ({"account": ["Nowhere"]}, "Nowhere", "account"),
    ],
)
async def test_a_policy_that_cannot_be_met_is_refused_by_field(
    harness: Harness, fields: dict[str, object], words: str, field: str | None
) -> None:
    await books.mixed(harness)
    with pytest.raises(BursarError) as refused:
        await store(harness, **fields)
    assert isinstance(refused.value, InvalidInput | BadTargets) or refused.value.status == 404
    assert words in refused.value.message
    assert field is None or refused.value.field == field


@pytest.mark.requirement("DB.02")
async def test_the_database_refuses_to_change_a_version(harness: Harness) -> None:
    await store(harness)
    async with harness.context(dry_run=True) as context:
        with pytest.raises(Exception, match="permission denied"):
            await context.session.execute(text("UPDATE target_policy SET version = 9"))
