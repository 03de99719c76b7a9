"""What is missing or stale, inside the history and on its last day, is named with its days."""

import datetime as dt

import pytest

from bursar.portfolio.models.explanation import ExplainRequest
from bursar.portfolio.models.figures import Completeness
from bursar.portfolio.models.performance import PerformanceRequest
from bursar.portfolio.models.positions import HistoryRequest
from bursar.portfolio.models.summary import SummaryRequest
from bursar.portfolio.operations.explain import explain
from bursar.portfolio.operations.history import history
from bursar.portfolio.operations.performance import performance
from bursar.portfolio.operations.summary import summary
from tests.harness import Harness
from tests.portfolio import build


def gaps(found: Completeness) -> list[tuple[str, str, str, str, int]]:
    return [
        (gap.name, gap.problem, str(gap.first_day), str(gap.last_day), gap.days)
        for gap in found.price_gaps
    ]


async def with_a_gap(harness: Harness) -> None:
    """ACME: prices on January 2nd, March 1st and 4th; held from January 2nd on."""
    build.stand_on(harness, "2024-03-05")
    broker = await build.account(harness)
    stock = await build.instrument(harness, "ACME")
    await build.price(harness, stock, {"2024-01-02": "50", "2024-03-01": "55", "2024-03-04": "60"})
    await build.post(
        harness,
        build.activity(broker, "deposit", "2024-01-02", amount=1000),
        build.activity(broker, "buy", "2024-01-02", instrument=stock, quantity=10, unit_price=50),
    )


@pytest.mark.requirement("DASH.14")
async def test_a_gap_inside_the_history_is_named_with_its_days(harness: Harness) -> None:
    await with_a_gap(harness)
    # The price of January 2nd is older than seven days from January 10th to February 29th.
    expected = [("ACME", "stale", "2024-01-10", "2024-02-29", 51)]
    async with harness.context(read_only=True) as context:
        whole = await summary(context, SummaryRequest())
        assert gaps(whole.completeness) == expected
        assert whole.completeness.prices == ()
        assert not whole.completeness.complete
        assert whole.completeness.price_gaps[0].price_day == dt.date(2024, 1, 2)
        late = PerformanceRequest(start=dt.date(2024, 3, 1))
        assert (await performance(context, late)).completeness.complete
        cut = PerformanceRequest(start=dt.date(2024, 2, 25))
        found = await performance(context, cut)
        assert gaps(found.completeness) == [("ACME", "stale", "2024-02-26", "2024-02-29", 4)]
        told = await explain(context, ExplainRequest(figure_id=found.returns[0].id))
        assert told.completeness == found.completeness
        assert (await history(context, HistoryRequest(days=3))).completeness.complete
        value = await explain(context, ExplainRequest(figure_id=whole.net_worth.id))
        assert value.completeness.complete


@pytest.mark.requirement("DASH.14")
async def test_days_on_which_nothing_was_held_need_no_price(harness: Harness) -> None:
    build.stand_on(harness, "2024-06-05")
    broker = await build.account(harness)
    stock = await build.instrument(harness, "ACME")
    days = {"2024-01-02": "50", "2024-01-08": "50", "2024-05-01": "60", "2024-06-04": "60"}
    await build.price(harness, stock, days)
    await build.post(
        harness,
        build.activity(broker, "deposit", "2024-01-02", amount=1000),
        build.activity(broker, "buy", "2024-01-02", instrument=stock, quantity=10, unit_price=50),
        build.activity(broker, "sell", "2024-01-18", instrument=stock, quantity=10, unit_price=50),
        build.activity(broker, "buy", "2024-05-01", instrument=stock, quantity=10, unit_price=60),
    )
    async with harness.context(read_only=True) as context:
        found = (await summary(context, SummaryRequest())).completeness
    assert gaps(found) == [
        ("ACME", "stale", "2024-05-09", "2024-06-03", 26),
        ("ACME", "stale", "2024-01-16", "2024-01-17", 2),
    ]


@pytest.mark.requirement("DASH.14")
async def test_what_is_stale_on_the_last_day_is_told_once(harness: Harness) -> None:
    await with_a_gap(harness)
    async with harness.context(read_only=True) as context:
        asked = SummaryRequest(as_of=dt.date(2024, 2, 1))
        found = (await summary(context, asked)).completeness
    assert found.price_gaps == ()
    assert [(row.name, row.problem, row.age_days) for row in found.prices] == [
        ("ACME", "stale", 30)
    ]


@pytest.mark.requirement("DASH.14")
async def test_missing_prices_and_rates_have_days_too(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-05")
    broker = await build.account(harness)
    stock = await build.instrument(harness, "EURO", currency="EUR")
    await build.price(harness, stock, {"2024-02-01": "50", "2024-03-05": "55"})
    await build.rate(harness, "EUR", "USD", {"2024-01-15": "1.1", "2024-03-04": "1.2"})
    await build.post(
        harness,
        build.activity(
            broker, "delivery_in", "2024-01-10", instrument=stock, quantity=10, amount=400,
            currency="EUR",
        ),
    )  # fmt: skip
    async with harness.context(read_only=True) as context:
        found = (await summary(context, SummaryRequest())).completeness
    assert gaps(found) == [
        ("EURO", "stale", "2024-02-09", "2024-03-04", 25),
        ("EURO", "missing", "2024-01-10", "2024-01-31", 22),
    ]
    assert [(g.currency, g.problem, str(g.first_day), g.days) for g in found.rate_gaps] == [
        ("EUR", "stale", "2024-01-23", 41),
        ("EUR", "missing", "2024-01-10", 5),
    ]


async def test_long_lists_are_cut_and_say_so(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-05")
    broker = await build.account(harness)
    rows = [await build.instrument(harness, f"S{number}") for number in range(103)]
    await build.price_many(harness, [(row, {"2024-01-02": "1", "2024-03-05": "1"}) for row in rows])
    await build.post(
        harness,
        *(
            build.activity(
                broker, "delivery_in", "2024-01-02", instrument=row, quantity=1, amount=1
            )
            for row in rows
        ),
    )
    async with harness.context(read_only=True) as context:
        found = (await summary(context, SummaryRequest())).completeness
    assert len(found.price_gaps) == 100
    assert found.not_shown == 3


@pytest.mark.parametrize(("next_price", "days"), [("2024-01-10", 0), ("2024-01-11", 1)])
async def test_a_price_may_be_seven_days_old_and_no_older(
    harness: Harness, next_price: str, days: int
) -> None:
    build.stand_on(harness, "2024-01-12")
    broker = await build.account(harness)
    stock = await build.instrument(harness, "ACME")
    await build.price(harness, stock, {"2024-01-02": "50", next_price: "55"})
    await build.post(
        harness,
        build.activity(
            broker, "delivery_in", "2024-01-02", instrument=stock, quantity=1, amount=50
        ),
    )
    async with harness.context(read_only=True) as context:
        found = (await summary(context, SummaryRequest())).completeness
    assert sum(gap.days for gap in found.price_gaps) == days
