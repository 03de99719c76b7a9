"""Carrying out a plan reaches the targets, on random books and random targets."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.portfolio.calc.allocation import Band
from bursar.portfolio.calc.goals import (
    Bounds,
    GoalRules,
    fill,
    instrument_goals,
    weights_within_bands,
)
from bursar.portfolio.calc.placement import Fees, Order, Room, place
from bursar.portfolio.calc.tax_estimate import TaxRates, estimate_tax

D = Decimal
CLOSE = D("1e-15")
amounts = st.integers(0, 10_000_000).map(lambda cents: D(cents) / 100)


@st.composite
def weights_of(draw: st.DrawFn, count: int) -> list[Decimal]:
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=count - 1, max_size=count - 1)))
    return [D(b - a) / 100 for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]


@pytest.mark.requirement("RETURNS.03")
@given(st.data(), st.integers(1, 6), amounts)
def test_fill_sums_to_the_total_within_bounds(
    data: st.DataObject, count: int, total: Decimal
) -> None:
    weights = dict(zip("abcdef", data.draw(weights_of(count)), strict=False))
    bounds = {}
    for name in weights:
        low = data.draw(amounts)
        bounds[name] = Bounds(low, low + data.draw(amounts) if data.draw(st.booleans()) else None)
    found = fill(total, weights, bounds)
    for name, value in found.items():
        high = bounds[name].high
        assert value >= bounds[name].low
        assert high is None or value <= high
    free = {n for n, w in weights.items() if w > 0}
    lowest = sum((b.low for b in bounds.values()), D(0))
    open_top = any(bounds[n].high is None for n in free)
    highest = sum((bounds[n].high or D(0)) if n in free else bounds[n].low for n in weights)
    if lowest <= total and (open_top or total <= highest):
        assert abs(sum(found.values()) - total) <= CLOSE * max(total, 1)
    elif total < lowest:
        assert all(abs(v - bounds[n].low) <= CLOSE * max(v, 1) for n, v in found.items())


@pytest.mark.requirement("RETURNS.03")
@given(st.data(), st.integers(1, 5))
def test_weights_within_bands_sum_to_one_and_stay_when_inside(
    data: st.DataObject, count: int
) -> None:
    names = "abcde"[:count]
    targets = dict(zip(names, data.draw(weights_of(count)), strict=True))
    current = dict(zip(names, data.draw(weights_of(count)), strict=True))
    bands = {}
    for name, target in targets.items():
        width = Band(D(data.draw(st.integers(0, 30))) / 100).width(target)
        bands[name] = (max(target - width, D(0)), min(target + width, D(1)))
    found = weights_within_bands(current, bands)
    assert abs(sum(found.values()) - 1) <= CLOSE
    for name, (low, high) in bands.items():
        assert low - CLOSE <= found[name] <= high + CLOSE
    if all(low <= current[n] <= high for n, (low, high) in bands.items()):
        assert all(abs(found[n] - current[n]) <= CLOSE for n in names)


@pytest.mark.requirement("RETURNS.03")
@given(st.data(), amounts)
def test_goals_keep_what_is_never_sold_and_respect_caps(
    data: st.DataObject, total: Decimal
) -> None:
    weights = dict(zip("abcd", data.draw(weights_of(4)), strict=True))
    key_of = {"a": "x", "b": "x", "c": "y", "d": "z"}
    values = {name: data.draw(amounts) for name in weights}
    kept = frozenset(data.draw(st.sets(st.sampled_from("abcd"))))
    cap = data.draw(st.none() | amounts)
    goals = instrument_goals(total, weights, key_of, values=values, rules=GoalRules(cap, kept))
    for name, goal in goals.items():
        assert goal >= (values[name] if name in kept else 0)
        assert cap is None or goal <= max(cap, values[name] if name in kept else D(0)) + CLOSE
    if cap is None and not kept and any(weights.values()):
        assert all(abs(goals[n] - w * total) <= CLOSE * max(total, 1) for n, w in weights.items())


@pytest.mark.requirement("RETURNS.03")
@given(st.data())
def test_placement_keeps_every_cent_and_never_overdraws(data: st.DataObject) -> None:
    rooms = [
        Room(name, data.draw(amounts), data.draw(st.booleans()), data.draw(st.booleans()))
        for name in ("one", "two", "three")
    ]
    fees = Fees(D(data.draw(st.integers(0, 3))) / 100, D(data.draw(st.integers(0, 10))))
    quantity = st.integers(1, 1_000).map(D)
    held = {room.id: data.draw(quantity) for room in rooms}
    sale = Order("s", min(data.draw(quantity), sum(held.values())), D(10) + fees.fixed, 0, held)
    buys = [Order(n, data.draw(quantity), D(7), data.draw(st.integers(0, 4))) for n in "bc"]
    contribution = data.draw(amounts)
    found = place(rooms, [sale], buys, contribution=contribution, fees=fees)
    prices = {"s": sale.unit_value, "b": D(7), "c": D(7)}
    moved = {room.id: room.cash for room in rooms}
    for piece in found.pieces:
        amount = piece.quantity * prices[piece.instrument]
        moved[piece.account] -= amount + fees.of(abs(amount))
    for move in found.moves:
        assert move.amount > 0
        if move.source is not None:
            moved[move.source] -= move.amount
        if move.target is not None:
            moved[move.target] += move.amount
    assert moved == found.cash
    assert all(cash >= 0 for cash in found.cash.values())
    assert sum(m.amount for m in found.moves if m.source is None) == contribution
    for order in buys:
        bought = sum(p.quantity for p in found.pieces if p.instrument == order.instrument)
        assert bought + found.unplaced.get(order.instrument, D(0)) == order.quantity
    wrapped = {room.id for room in rooms if room.wrapped}
    own = [m for m in found.moves if m.source is not None and m.target is not None]
    assert not {i for m in own for i in (m.source, m.target)} & wrapped


@pytest.mark.requirement("RETURNS.03")
@pytest.mark.parametrize(
    ("short", "long", "tax"),
    [(100, 100, 50), (-50, 100, 5), (100, -50, 20), (-100, 50, 0), (-10, -10, 0), (100, -200, 0)],
)
def test_losses_of_one_term_lower_the_gain_of_the_other(short: int, long: int, tax: int) -> None:
    assert estimate_tax(D(short), D(long), TaxRates(D("0.4"), D("0.1"))) == tax
