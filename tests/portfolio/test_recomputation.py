"""Every kind of figure comes out of its explanation, computed anew by other code."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bursar.portfolio.calc.definitions import DEFINITIONS
from bursar.portfolio.models.drift import DriftRequest
from bursar.portfolio.models.explanation import ExplainRequest
from bursar.portfolio.models.figures import FigureValue
from bursar.portfolio.models.income import AllocationRequest, IncomeRequest
from bursar.portfolio.models.performance import PerformanceRequest
from bursar.portfolio.models.positions import HistoryRequest, PositionsRequest
from bursar.portfolio.models.summary import SummaryRequest
from bursar.portfolio.models.targets import SetTargets
from bursar.portfolio.operations.drift import get_drift
from bursar.portfolio.operations.explain import explain
from bursar.portfolio.operations.history import history
from bursar.portfolio.operations.income import allocation, income
from bursar.portfolio.operations.performance import performance
from bursar.portfolio.operations.positions import list_positions
from bursar.portfolio.operations.summary import summary
from bursar.portfolio.operations.targets import set_targets
from bursar.runtime.context import Context
from tests.harness import Harness
from tests.portfolio.random_book import random_book, seeded
from tests.portfolio.recomputation import recomputed
from tests.portfolio.test_explain import figures_in

# What stands in an answer beside figures but is none of its own.
NO_FIGURES = {"rounding.v1", "bridge.v1", "opportunity_score.v1"} | {
    name for name in DEFINITIONS if name.startswith("scan_")
}
TARGETS = SetTargets(targets={"stocks": Decimal("0.6"), "cash": Decimal("0.4")})


async def told(context: Context, figure_id: str, *, page: int = 4_000) -> dict[str, Any]:
    """The whole explanation as JSON, page by page."""
    found: dict[str, Any] = {}
    offset: int | None = 0
    while offset is not None:
        body = ExplainRequest(figure_id=figure_id, limit=page, offset=offset)
        part = (await explain(context, body)).model_dump(mode="json")
        if found:
            found["terms"] += part["terms"]
            found["series"] += part["series"]
        else:
            found = part
        offset = part["next_offset"]
    return found


def check(figure: FigureValue, explanation: dict[str, Any]) -> None:
    assert figure.value is not None
    again = recomputed(explanation)
    if isinstance(again, Decimal):
        assert again == figure.value, figure.id
    else:
        assert again == pytest.approx(float(figure.value), rel=1e-7, abs=1e-9), figure.id


def check_lots(explanation: dict[str, Any]) -> None:
    """What stands behind a lot's amount leads to it, within the rounding of each conversion."""
    for term in explanation["terms"]:
        if term["kind"] not in ("lot", "match"):
            continue
        lot, cent = term["lot"], Decimal("0.05")
        if lot["cost_rate"] is None:
            continue
        cost = Decimal(lot["cost"]) * Decimal(lot["cost_rate"])
        if term["kind"] == "lot" and term["lot_id"].count("/") == 0:
            assert abs(cost - Decimal(term["amount"])) <= cent, term
        if term["kind"] == "match" and lot["currency"] == explanation["figure"]["currency"]:
            gain = Decimal(lot["proceeds"]) - Decimal(lot["cost"])
            assert gain == Decimal(term["amount"]), term


async def answers(context: Context, account: str) -> list[Any]:
    one = (account,)
    late = {"start": dt.date(2024, 1, 10)}
    return [
        await summary(context, SummaryRequest()),
        await summary(context, SummaryRequest(account=one, currency="EUR")),
        await list_positions(context, PositionsRequest(method="hifo", returns=True)),
        await list_positions(context, PositionsRequest(method="average", currency="EUR")),
        await performance(
            context,
            PerformanceRequest(
                benchmark="AAA", risk_free=Decimal("0.03"), minimum=Decimal("0.01"),
                quantile=Decimal("0.1"),
            ),
        ),
        await performance(context, PerformanceRequest.model_validate({"account": one} | late)),
        await performance(context, PerformanceRequest.model_validate({"instrument": "BBB"})),
        await income(context, IncomeRequest()),
        await allocation(context, AllocationRequest(by="currency")),
        await allocation(context, AllocationRequest(by="account")),
        await get_drift(context, DriftRequest()),
    ]  # fmt: skip


@pytest.mark.requirement("RETURNS.02")
@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=2,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_every_figure_comes_out_by_other_code(harness: Harness, seed: int) -> None:
    fresh = Harness(harness.database, harness.clock, home=harness.home)
    await fresh.create_workspace()
    book = await random_book(fresh, seeded(seed))
    async with fresh.context() as context:
        await set_targets(context, TARGETS)
    async with fresh.context(read_only=True) as context:
        found = {
            each.id: each
            for answer in await answers(context, str(book.accounts[0]))
            for each in figures_in(answer)
        }
        for figure in found.values():
            if figure.value is not None:
                explanation = await told(context, figure.id)
                check(figure, explanation)
                check_lots(explanation)


def kinds(figures: Iterable[FigureValue]) -> set[str]:
    return {figure.definition for figure in figures if figure.value is not None}


@pytest.mark.requirement("RETURNS.02")
async def test_every_definition_is_among_them(harness: Harness) -> None:
    book = await random_book(harness, seeded(7), days=400, events=60)
    async with harness.context() as context:
        await set_targets(context, TARGETS)
    async with harness.context(read_only=True) as context:
        found = [
            each
            for answer in await answers(context, str(book.accounts[0]))
            for each in figures_in(answer)
        ]
        extra = {"realised_gain_before_costs.v1", "price_gain.v1"}
        one = next(each for each in found if each.definition == "gain.v1")
        for name in extra:
            explanation = await told(context, one.id.replace("gain.v1", name, 1))
            figure = FigureValue.model_validate(explanation["figure"])
            found.append(figure)
        chosen = {each.definition: each for each in found if each.value is not None}
        for figure in chosen.values():
            check(figure, await told(context, figure.id, page=150))
    assert set(DEFINITIONS) - NO_FIGURES - kinds(found) == set()


@pytest.mark.requirement("RETURNS.02")
async def test_history_comes_out_day_by_day(harness: Harness) -> None:
    await random_book(harness, seeded(11))
    async with harness.context(read_only=True) as context:
        found = await history(context, HistoryRequest(sampling="week"))
        before = found.start
        for row in found.items:
            on = await told(context, found.figure_id.replace(str(found.as_of), str(row.day)))
            assert recomputed(on) == row.value
            cash = found.figure_id.replace("value.v1", "cash.v1")
            assert recomputed(
                await told(context, cash.replace(str(found.as_of), str(row.day)))
            ) == (row.cash)
            if row is not found.items[0]:
                for name, shown in (("inflow.v1", row.inflow), ("outflow.v1", row.outflow)):
                    flow = found.figure_id.replace("value.v1", name)
                    over = flow.replace(str(found.as_of), f"{before}..{row.day}")
                    assert recomputed(await told(context, over)) == shown
            before = row.day
