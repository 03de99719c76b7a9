"""A name that is none is refused by its field: an empty figure would look like an answer."""

import uuid
from decimal import Decimal
from typing import Any

import pytest

from bursar.core.errors import BursarError, InvalidInput, NotFound
from bursar.portfolio.models.explanation import ExplainRequest
from bursar.portfolio.models.income import AllocationRequest, IncomeRequest
from bursar.portfolio.models.what_if import WhatIfRequest
from bursar.portfolio.operations.explain import explain
from bursar.portfolio.operations.income import allocation, income
from bursar.portfolio.operations.what_if import what_if
from tests.harness import Harness
from tests.portfolio import build

NOBODY = uuid.UUID("00000000-0000-7000-8000-000000000000")


async def refused(harness: Harness, run: Any, body: Any) -> BursarError:
    async with harness.context(read_only=True) as context:
        with pytest.raises(BursarError) as error:
            await run(context, body)
    return error.value


async def one_dividend(harness: Harness) -> tuple[str, str]:
    build.stand_on(harness, "2024-03-08")
    broker = await build.account(harness)
    stock = await build.instrument(harness, "ACME")
    await build.price(harness, stock, {"2024-03-01": "50"})
    await build.post(
        harness,
        build.activity(broker, "deposit", "2024-03-01", amount=1000),
        build.activity(broker, "buy", "2024-03-01", instrument=stock, quantity=10, unit_price=50),
        build.activity(broker, "dividend", "2024-03-05", instrument=stock, amount=8, taxes=1),
        build.activity(broker, "tax", "2024-03-06", amount=3),
    )
    return str(broker), str(stock.id)


@pytest.mark.requirement("RETURNS.02")
async def test_a_figure_of_an_unknown_thing_is_not_found(harness: Harness) -> None:
    account, instrument = await one_dividend(harness)
    for scope in (
        f"account.{NOBODY}",
        f"instrument.{NOBODY}",
        f"position.{account}.{NOBODY}",
        f"position.{NOBODY}.{instrument}",
        f"class.instrument.{NOBODY}",
        f"class.account.{NOBODY}",
        f"class.sector.cash.{NOBODY}",
        "class.account.nonsense",
    ):
        wanted = ExplainRequest(figure_id=f"value.v1~{scope}~2024-03-08~USD")
        error = await refused(harness, explain, wanted)
        assert (type(error), error.field) == (NotFound, "figure_id"), scope
    part = f"weight.v1~instrument.{instrument}~2024-03-08~USD~in.instrument.{NOBODY}"
    error = await refused(harness, explain, ExplainRequest(figure_id=part))
    assert (type(error), error.field) == (NotFound, "figure_id")
    known = ExplainRequest(figure_id=f"value.v1~instrument.{instrument}~2024-03-08~USD")
    async with harness.context(read_only=True) as context:
        assert (await explain(context, known)).figure.value == Decimal(500)


async def test_a_currency_that_is_none_is_refused_by_field(harness: Harness) -> None:
    await one_dividend(harness)
    error = await refused(harness, allocation, AllocationRequest(currency="ZZZ"))
    assert (type(error), error.field) == (InvalidInput, "currency")
    assert "USD" in str(error.hint)
    error = await refused(harness, what_if, WhatIfRequest(currency="ZZZ"))
    assert error.field == "currency"
    wanted = ExplainRequest(figure_id="value.v1~all~2024-03-08~ZZZ")
    assert (await refused(harness, explain, wanted)).field == "figure_id"
    # A currency there is, without rates, is not a mistake: the figure says what it lacks.
    async with harness.context(read_only=True) as context:
        found = await allocation(context, AllocationRequest(currency="VUV"))
    assert (found.total.value, found.total.reason) == (None, "missing_rate")


async def test_a_taxonomy_that_nothing_has_is_refused_with_the_known_ones(
    harness: Harness,
) -> None:
    await one_dividend(harness)
    for run, body in (
        (allocation, AllocationRequest(by="sektor")),
        (what_if, WhatIfRequest(by="sektor")),
    ):
        error = await refused(harness, run, body)
        assert (type(error), error.field) == (InvalidInput, "by")
        assert "asset_class, account, currency, instrument, sector, region" in str(error.hint)


@pytest.mark.requirement("RETURNS.02")
async def test_tax_on_income_and_net_income_are_explained(harness: Harness) -> None:
    await one_dividend(harness)
    async with harness.context(read_only=True) as context:
        found = await income(context, IncomeRequest())
        for shown in (found, *found.months, *found.instruments):
            # The tax of 3 belongs to no income.
            assert (shown.tax.value, shown.net.value) == (Decimal(1), Decimal(7))
            for figure in (shown.tax, shown.net):
                told = await explain(context, ExplainRequest(figure_id=figure.id))
                assert told.figure == figure
                assert told.recomputed == figure.value
        net = await explain(context, ExplainRequest(figure_id=found.net.id))
    assert sorted((t.kind, t.value) for t in net.terms) == [
        ("income", Decimal(8)),
        ("tax", Decimal(-1)),
    ]
    assert [each.definition for each in net.parts] == ["income.v1", "income_tax.v1"]
