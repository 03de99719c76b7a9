"""What must hold for any book: the bridge closes, parts add up, order does not matter."""

import datetime as dt
import random
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bursar.portfolio.models.performance import PerformanceRequest
from bursar.portfolio.models.summary import SummaryRequest
from bursar.portfolio.operations.performance import performance
from bursar.portfolio.operations.summary import summary
from tests.harness import Harness
from tests.portfolio.random_book import RandomBook, random_book

few = settings(
    max_examples=8,
    phases=(Phase.explicit, Phase.generate),  # shrinking posts hundreds of books
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
seeds = st.integers(0, 2**32)
CENT = Decimal("0.01")


async def made(harness: Harness, seed: int, **fields: object) -> tuple[Harness, RandomBook]:
    fresh = Harness(harness.database, harness.clock, home=harness.home)
    await fresh.create_workspace()
    return fresh, await random_book(fresh, random.Random(seed), **fields)  # type: ignore[arg-type]


@pytest.mark.requirement("RETURNS.01")
@given(seed=seeds, start=st.integers(0, 38), foreign=st.booleans())
@few
async def test_bridge_closes_for_every_part(
    harness: Harness, seed: int, start: int, foreign: bool
) -> None:
    fresh, book = await made(harness, seed, foreign=foreign)
    scopes = [
        {},
        {"account": (str(book.accounts[0]),)},
        {"instrument": "AAA"},
        {"asset_class": "cash"},
    ]
    async with fresh.context(read_only=True) as context:
        for scope in scopes:
            request = PerformanceRequest.model_validate(
                {**scope, "start": dt.date(2024, 1, 1) + dt.timedelta(days=start)}
            )
            found = (await performance(context, request)).bridge
            parts = [
                found.opening.value, found.inflow.value, found.realised_gain.value,
                found.unrealised_gain.value, found.currency_gain.value, found.income.value,
            ]  # fmt: skip
            costs = [found.outflow.value, found.fees.value, found.taxes.value]
            assert None not in parts
            assert None not in costs
            assert found.closing.value == sum(parts) - sum(costs) + found.rounding
            assert abs(found.rounding) <= CENT * 5
            if not foreign:
                assert found.currency_gain.value == 0


@given(seed=seeds)
@few
async def test_accounts_add_up_to_the_workspace(harness: Harness, seed: int) -> None:
    fresh, book = await made(harness, seed)
    async with fresh.context(read_only=True) as context:
        whole = await summary(context, SummaryRequest())
        parts = [
            await summary(context, SummaryRequest(account=(str(each),))) for each in book.accounts
        ]
    for name in ("net_worth", "cash", "invested", "income", "fees", "taxes", "total_gain"):
        total = sum(getattr(part, name).value for part in parts)
        assert abs(total - getattr(whole, name).value) <= CENT, name
