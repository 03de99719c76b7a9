"""Any plan, carried out to the letter, does what it said: weights, cash, gains, every account."""

import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bursar.portfolio.models.drift import AllocationDrift
from bursar.portfolio.models.positions import PositionsRequest
from bursar.portfolio.models.summary import Summary, SummaryRequest
from bursar.portfolio.operations.positions import list_positions
from bursar.portfolio.operations.summary import summary
from tests.harness import Harness
from tests.portfolio import build
from tests.portfolio.planning import books
from tests.portfolio.planning.test_drift import measured
from tests.portfolio.planning.test_rebalance import carry_out, planned
from tests.portfolio.planning.test_targets import store
from tests.portfolio.random_book import seeded

D = Decimal
few = settings(
    max_examples=10,
    phases=(Phase.explicit, Phase.generate),  # shrinking posts hundreds of books
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CLASSES = {"AAA": "stocks", "BBB": "stocks", "CCC": "bonds", "EEE": "gold"}


async def scattered(harness: Harness, chance: random.Random) -> books.Made:
    """Four instruments (one in euro) and cash over a broker, a retirement account and a bank."""
    build.stand_on(harness, books.TODAY)
    made = books.Made()
    for name, fields in {
        "Broker": {"cost_method": chance.choice(["fifo", "lifo", "hifo", "average"])},
        "IRA": {"kind": "retirement", "tax_wrapper": "tax_deferred"},
        "Bank": {"kind": "checking"},
    }.items():
        made.accounts[name] = await build.account(harness, name, **fields)
    await build.rate(
        harness,
        "EUR",
        "USD",
        {"2023-01-02": "1.1", books.TODAY: str(chance.randint(90, 130) / 100)},
    )
    activities = []
    for account in made.accounts.values():
        activities.append(build.activity(account, "deposit", "2023-01-02", amount=200_000))
        activities.append(
            build.activity(
                account, "withdrawal", "2025-06-01", amount=chance.randint(60_000, 99_000)
            )
        )
    for name, asset_class in CLASSES.items():
        currency = "EUR" if name == "EEE" else "USD"
        made.instruments[name] = row = await build.instrument(
            harness, name, asset_class=asset_class, currency=currency
        )
        await build.price(harness, row, {books.TODAY: f"{chance.randint(500, 20_000) / 100}"})
        activities += [
            build.activity(
                made.accounts[account],
                "buy",
                on,
                instrument=row,
                quantity=chance.randint(1, 60),
                unit_price=f"{chance.randint(500, 20_000) / 100}",
                currency=currency,
                fees=chance.choice([None, "1.25"]),
            )
            for account in ("Broker", "IRA")
            for on in ("2023-02-01", "2025-01-10", "2025-06-20")
        ]
    activities += [
        build.activity(
            made.accounts[account],
            "fx_conversion",
            "2023-01-15",
            amount=60_000,
            currency="USD",
            counter_amount=54_000,
            counter_currency="EUR",
        )
        for account in ("Broker", "IRA")
    ]
    await build.post(harness, *activities)
    return made


def targets(chance: random.Random) -> dict[str, str]:
    cuts = sorted(chance.sample(range(101), 3))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    names = ("stocks", "bonds", "gold", "cash")
    return {name: f"{part / 100}" for name, part in zip(names, parts, strict=True)}


async def now(harness: Harness) -> Summary:
    async with harness.context(read_only=True) as context:
        return await summary(context, SummaryRequest())


async def cash_by_account(harness: Harness) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    async with harness.context(read_only=True) as context:
        page = await list_positions(context, PositionsRequest(cash=True, limit=500))
    for row in page.items:
        if row.instrument_id is None:
            key = f"{row.account_id} {row.name}"
            found[key] = found.get(key, D(0)) + (row.quantity.value or D(0))
    return found


@pytest.mark.requirement("DASH.10", "RETURNS.03")
@given(seed=st.integers(0, 2**32))
@few
async def test_carried_out_a_plan_does_what_it_said(harness: Harness, seed: int) -> None:
    chance = seeded(seed)
    fresh = Harness(harness.database, harness.clock, home=harness.home)
    await fresh.create_workspace()
    made = await scattered(fresh, chance)
    wanted = targets(chance)
    await store(
        fresh,
        targets=wanted,
        fee_rate=chance.choice(["0", "0.002"]),
        fee_fixed=chance.choice(["0", "2.5"]),
        tax_rate_short="0.35",
        tax_rate_long="0.15",
    )
    request: dict[str, Any] = {
        "contribution": str(chance.choice([0, 0, 5_000, -5_000])),
        "whole_units": chance.choice(["none", "all"]),
    }
    before = await now(fresh)
    plan = await planned(fresh, **request)
    await carry_out(fresh, made, plan)
    after = await now(fresh)
    drift: AllocationDrift = await measured(fresh)
    # The plan's own forecast is what happened.
    forecast = {k.key: k.weight_after for k in plan.keys}
    for row in drift.keys:
        assert row.weight.value is not None
        assert abs(row.weight.value - forecast[row.key]) < D("1e-6"), row.name
    assert after.cash.value is not None
    assert abs(after.cash.value - plan.cash_after) <= D("0.05")
    gains = sum(((t.gain_short or D(0)) + (t.gain_long or D(0)) for t in plan.trades), D(0))
    assert after.realised_gain.value is not None
    assert before.realised_gain.value is not None
    realised = after.realised_gain.value - before.realised_gain.value
    assert abs(realised - gains) <= D("0.05")
    # Nothing is overdrawn, and the targets are reached unless a note says what stood in the way.
    balances = await cash_by_account(fresh)
    assert all(amount >= D("-0.05") for amount in balances.values()), balances
    if not plan.notes:
        unit = D("0.02") if request["whole_units"] == "all" else D("0.0005")
        slack = unit + plan.fees / (after.net_worth.value or D(1))
        assert all(abs(row.drift.value or D(0)) <= slack for row in drift.keys), wanted
