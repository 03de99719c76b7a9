"""Scanning a book: the expected order, its parts, its filters, and no look ahead."""

import datetime as dt
from typing import Any

import numpy as np
import pytest

from bursar.core.errors import BursarError
from bursar.market.models.actions import ActionKind, RecordCorporateAction
from bursar.market.operations import actions
from bursar.portfolio.models.scan import Scan, ScanRequest
from bursar.portfolio.operations.scan import scan
from tests.harness import Harness
from tests.portfolio import build
from tests.portfolio.planning import books

pytestmark = pytest.mark.requirement("DASH.13")
DAYS = 380


def days_up_to(last: str, count: int = DAYS) -> list[str]:
    end = np.datetime64(last)
    return [str(day) for day in np.arange(end - count + 1, end + 1) if np.is_busday(day)]


async def priced(harness: Harness) -> books.Made:
    """AAA rises, BBB stays, BND falls, CCC rises faster and is not held; all calm waves."""
    made = await books.mixed(harness)
    made.instruments["CCC"] = await build.instrument(harness, "CCC", asset_class="stocks")
    for name, slope in (("AAA", 0.001), ("BBB", 0.0), ("BND", -0.001), ("CCC", 0.002)):
        days = days_up_to(books.TODAY)
        points = {
            day: f"{100 * np.exp(slope * n + 0.01 * np.sin(n)):.4f}" for n, day in enumerate(days)
        }
        await build.price(harness, made.instruments[name], points)
    return made


async def scanned(harness: Harness, **fields: Any) -> Scan:
    async with harness.context(read_only=True) as context:
        return await scan(context, ScanRequest.model_validate(fields))


def names(found: Scan) -> list[str]:
    return [row.name for row in found.rows]


async def test_the_expected_order_with_its_parts_shown(harness: Harness) -> None:
    await priced(harness)
    found = await scanned(harness)
    assert names(found) == ["CCC", "AAA", "BBB", "BND"]
    assert [row.rank for row in found.rows] == [1, 2, 3, 4]
    assert found.definition == "opportunity_score.v1"
    first = found.rows[0]
    assert [part.part for part in first.parts] == [part.part for part in found.parts]
    assert sum(p.contribution for p in first.parts if p.contribution is not None) == pytest.approx(
        first.score
    )
    momentum = first.parts[0]
    assert float(momentum.value) == pytest.approx(
        np.exp(0.002 * np.busday_count(momentum.first_day, momentum.last_day)) - 1, abs=0.05
    )
    reasons = {part.part: part.reason for part in first.parts}
    assert reasons["dividend_yield"] == "no_dividends"
    assert reasons["earnings_yield"] == "not_given"
    assert reasons["currency_trend"] == "zero_dispersion"
    for word in ("buy", "sell", "should"):
        assert word not in found.model_dump_json().lower()


async def test_filters_choose_rows_and_change_no_score(harness: Harness) -> None:
    await priced(harness)
    scores = {row.name: row.score for row in (await scanned(harness)).rows}
    for fields, expected in (
        ({"held": "not_held"}, ["CCC"]),
        ({"held": "held"}, ["AAA", "BBB", "BND"]),
        ({"asset_class": ["bonds"]}, ["BND"]),
        ({"limit": 2}, ["CCC", "AAA"]),
    ):
        found = await scanned(harness, **fields)
        assert names(found) == expected
        assert all(row.score == scores[row.name] for row in found.rows)
    assert (await scanned(harness, limit=1)).matched == 4
    assert names(await scanned(harness, history_days_min=400)) == []


async def test_own_weights_given_yields_and_dividends_count(harness: Harness) -> None:
    await priced(harness)
    yields = {"AAA": "0.02", "BBB": "0.09", "BND": "0.05"}
    found = await scanned(harness, weights={"earnings_yield": "1"}, earnings_yields=yields)
    assert names(found)[:3] == ["BBB", "BND", "AAA"]
    assert (found.rows[3].rank, found.rows[3].reason) == (None, "too_little_known")
    async with harness.context() as context:
        for ticker, amount in (("AAA", "1"), ("BBB", "2"), ("BND", "3")):
            await actions.record_corporate_action(
                context,
                RecordCorporateAction.model_validate(
                    {
                        "instrument": ticker,
                        "kind": ActionKind.DIVIDEND,
                        "ex_date": dt.date(2025, 3, 3),
                        "amount": amount,
                    }
                ),
            )
    found = await scanned(harness, weights={"dividend_yield": "1"})
    assert names(found)[:3] == ["BND", "BBB", "AAA"]
    with pytest.raises(BursarError) as refused:
        await scanned(harness, weights={"trend": "0"})
    assert refused.value.field == "weights"


async def test_nothing_later_than_the_day_asked_is_used(harness: Harness) -> None:
    made = await priced(harness)
    then = "2025-05-15"
    before = await scanned(harness, as_of=then)
    assert before.rows
    assert all(row.price_day <= dt.date(2025, 5, 15) for row in before.rows)
    await build.price(harness, made.instruments["AAA"], {"2025-05-16": "9999", "2025-06-16": "1"})
    await build.rate(harness, "EUR", "USD", {"2025-06-01": "3"})
    async with harness.context() as context:
        await actions.record_corporate_action(
            context,
            RecordCorporateAction.model_validate(
                {
                    "instrument": "BBB",
                    "kind": ActionKind.DIVIDEND,
                    "ex_date": dt.date(2025, 5, 16),
                    "amount": "50",
                }
            ),
        )
    assert await scanned(harness, as_of=then) == before
    assert await scanned(harness) != before


async def test_macro_series_and_currencies_are_shown_and_counted(harness: Harness) -> None:
    await priced(harness)
    days = days_up_to(books.TODAY)
    euro = await build.instrument(harness, "EUR1", currency="EUR", asset_class="stocks")
    inflation = await build.instrument(harness, "CPI", asset_class="indicator")
    await build.price(harness, euro, dict.fromkeys(days, "10"))
    await build.price(
        harness, inflation, {"2024-06-28": "100", "2025-03-31": "102", "2025-06-30": "103"}
    )
    await build.rate(harness, "EUR", "USD", {"2024-06-28": "1.00", "2025-06-30": "1.20"})
    found = await scanned(harness)
    macro = {each.name: each for each in found.macro}
    assert str(macro["EUR/USD"].change_12_months) == "0.2"
    assert str(macro["CPI"].change_12_months) == "0.03"
    assert str(macro["CPI"].level) == "103"
    assert "CPI" not in names(found)
    row = next(row for row in found.rows if row.name == "EUR1")
    currency = next(part for part in row.parts if part.part == "currency_trend")
    assert str(currency.value) == "0.2"
    assert currency.z > 0


async def test_what_is_not_compared_is_counted(harness: Harness) -> None:
    await priced(harness)
    await build.instrument(harness, "NONE")
    old = await build.instrument(harness, "OLD")
    young = await build.instrument(harness, "YNG")
    await build.price(harness, old, dict.fromkeys(days_up_to("2025-05-01", 200), "5"))
    await build.price(harness, young, {books.TODAY: "10"})
    found = await scanned(harness)
    assert {each.reason: each.examples for each in found.left_out} == {
        "no_price": ("NONE",),
        "stale_price": ("OLD",),
        "short_history": ("YNG",),
    }
