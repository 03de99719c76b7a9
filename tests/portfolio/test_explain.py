"""Every figure of every answer explains itself, and comes out again from its explanation."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bursar.portfolio.models.explanation import ExplainRequest
from bursar.portfolio.models.figures import FigureValue
from bursar.portfolio.models.performance import PerformanceRequest
from bursar.portfolio.models.positions import PositionsRequest
from bursar.portfolio.models.summary import SummaryRequest
from bursar.portfolio.operations.explain import explain
from bursar.portfolio.operations.performance import performance
from bursar.portfolio.operations.positions import list_positions
from bursar.portfolio.operations.summary import summary
from tests.harness import Harness
from tests.portfolio.random_book import random_book, seeded


def figures_in(found: Any) -> list[FigureValue]:
    if isinstance(found, FigureValue):
        return [found]
    if isinstance(found, BaseModel):
        return [f for name in type(found).model_fields for f in figures_in(getattr(found, name))]
    if isinstance(found, tuple):
        return [f for each in found for f in figures_in(each)]
    return []


@pytest.mark.requirement("RETURNS.02")
@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=3,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_every_figure_comes_out_of_its_explanation(harness: Harness, seed: int) -> None:
    fresh = Harness(harness.database, harness.clock, home=harness.home)
    await fresh.create_workspace()
    book = await random_book(fresh, seeded(seed))
    one = (str(book.accounts[0]),)
    async with fresh.context(read_only=True) as context:
        answers = [
            await summary(context, SummaryRequest()),
            await summary(context, SummaryRequest(account=one, currency="EUR")),
            await list_positions(context, PositionsRequest(method="hifo")),
            await performance(context, PerformanceRequest(benchmark="AAA")),
            await performance(
                context, PerformanceRequest.model_validate({"account": one, "start": "2024-01-10"})
            ),
        ]
        found = {each.id: each for answer in answers for each in figures_in(answer)}
        assert len(found) > 100
        for figure_id, figure in found.items():
            told = await explain(context, ExplainRequest(figure_id=figure_id, limit=4000))
            assert told.figure == figure
            assert told.recomputed == figure.value, figure_id
            assert told.terms or told.series or figure.value in (None, 0), figure_id
