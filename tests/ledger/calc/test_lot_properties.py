"""Laws that hold for every history, and two naive Decimal engines that share no code with ours."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.ledger.calc.lots.events import (
    ReturnOfCapital,
    Reward,
    SpinOff,
    Split,
    Trade,
    TransferIn,
    TransferOut,
    in_order,
)
from bursar.ledger.calc.lots.history import amend, begin
from bursar.ledger.calc.lots.linked import rebuild_linked
from bursar.ledger.calc.lots.position import Method, Position
from bursar.ledger.calc.lots.rebuild import rebuild
from bursar.ledger.calc.lots.select import compare_methods

START = date(2020, 2, 20)
EXACT = Context(prec=80)


def position(method, **rest):
    return Position(account="broker", instrument="ACME", method=method, currency="USD", **rest)


@st.composite
def one_event(draw, index, kinds):
    kind = draw(st.sampled_from(kinds))
    on = START + timedelta(days=draw(st.integers(0, 12)) * 40)
    hour = draw(st.one_of(st.none(), st.integers(0, 23)))
    at = None if hour is None else datetime(on.year, on.month, on.day, hour, tzinfo=UTC)
    leg = f"e{index:03}"
    size = draw(st.one_of(st.integers(1, 20), st.integers(1, 10**18)))
    amount = draw(st.integers(0, 10**6))
    match kind:
        case "buy" | "sell":
            return Trade(
                id=leg,
                on=on,
                at=at,
                quantity=size if kind == "buy" else -size,
                gross=amount,
                fees=draw(st.integers(0, 50)),
                taxes=draw(st.integers(0, 50)),
                rate=draw(st.sampled_from([None, (1, 1), (9, 10), (13, 7)])),
            )
        case "reward":
            return Reward(id=leg, on=on, at=at, quantity=size, value=amount)
        case "out":
            return TransferOut(id=leg, on=on, at=at, quantity=size, fees=amount % 7)
        case "split":
            numerator, denominator = draw(
                st.sampled_from([(2, 1), (7, 1), (3, 2), (1, 3), (1, 1000)])
            )
            return Split(
                id=leg,
                on=on,
                numerator=numerator,
                denominator=denominator,
                cash_in_lieu=draw(st.sampled_from([None, 0, 17])),
            )
        case "capital":
            return ReturnOfCapital(id=leg, on=on, at=at, amount=amount)
        case _:
            return SpinOff(id=leg, on=on, cost_share=(1, 3), ratio=(1, 2))


def playable(events, *, short=False):
    """Clip or drop what a position could not do, walking in the order that counts."""
    held, kept = 0, []
    for each in in_order(events):
        event = each
        if isinstance(event, Trade):
            if event.quantity < 0 and not short and held + event.quantity < 0:
                if held == 0:
                    continue
                event = replace(event, quantity=-held)
            held += event.quantity
        elif isinstance(event, Reward):
            if held < 0:
                continue
            held += event.quantity
        elif isinstance(event, TransferOut):
            if held == 0:
                continue
            event = replace(event, quantity=min(event.quantity, abs(held)))
            held -= event.quantity if held > 0 else -event.quantity
        elif isinstance(event, Split):
            size = abs(held) * event.numerator // event.denominator
            if size > 10**37:
                continue
            held = size if held > 0 else -size
        elif held == 0:
            continue
        kept.append(event)
    return kept


def histories(kinds, *, short=False, size=25):
    def build(count):
        return st.tuples(*(one_event(index, kinds) for index in range(count)))

    return st.integers(0, size).flatmap(build).map(lambda events: playable(events, short=short))


TRADES = ("buy", "buy", "sell", "reward")
EVERYTHING = ("buy", "buy", "sell", "sell", "reward", "out", "split", "capital", "spin")
quick = settings(max_examples=50, deadline=None)


def opening_costs(events):
    costs = {}
    for event in events:
        if isinstance(event, Trade):
            costs[event.id] = event.gross + event.fees + event.taxes
        else:
            costs[event.id] = event.value
    return costs


@pytest.mark.requirement("DB.12")
@quick
@given(events=histories(TRADES))
def test_what_was_opened_is_matched_or_still_there(events):
    for method in Method:
        result = rebuild(position(method), events)
        bought = {event.id: event.quantity for event in events if event.quantity > 0}
        matched, matched_cost = {}, {}
        for match in result.matches:
            matched[match.opened_by] = matched.get(match.opened_by, 0) + match.quantity
            matched_cost[match.opened_by] = matched_cost.get(match.opened_by, 0) + match.cost
            assert match.gain == match.proceeds - match.cost
        for lot in result.state.lots:
            matched[lot.opened_by] = matched.get(lot.opened_by, 0) + lot.remaining
            matched_cost[lot.opened_by] = matched_cost.get(lot.opened_by, 0) + lot.remaining_cost
            assert 0 < lot.remaining <= lot.quantity
        costs = opening_costs([event for event in events if event.quantity > 0])
        if method is Method.AVERAGE:
            assert sum(matched.values()) == sum(bought.values())
            assert sum(matched_cost.values()) == sum(costs.values())
        else:
            assert matched == bought
            assert matched_cost == costs


@quick
@given(events=histories(("buy", "sell"), short=True))
def test_longs_and_shorts_together_conserve_quantity_cash_and_fees(events):
    for method in Method:
        result = rebuild(position(method, allow_short=True), events)
        assert result.state.quantity == sum(event.quantity for event in events)
        cash = sum(
            (event.gross if event.quantity < 0 else -event.gross) - event.fees - event.taxes
            for event in events
        )
        assert result.gain - result.state.cost == cash
        fees = sum(event.fees + event.taxes for event in events)
        in_matches = sum(match.opening_fees + match.closing_fees for match in result.matches)
        assert in_matches + sum(lot.remaining_fees for lot in result.state.lots) == fees
        assert len({lot.remaining > 0 for lot in result.state.lots}) <= 1


@pytest.mark.requirement("TAX.01")
@quick
@given(
    events=histories(("buy", "buy", "sell", "reward", "split", "capital")),
    final=st.integers(0, 10**7),
)
def test_all_methods_give_the_same_gain_once_everything_is_sold(events, final):
    events = [replace(e, cash_in_lieu=None) if isinstance(e, Split) else e for e in events]
    held = rebuild(position(Method.FIFO), events).state.quantity
    end = START + timedelta(days=3_000)
    if held:
        events = [*events, Trade(id="last", on=end, quantity=-held, gross=final)]
    results = {method: rebuild(position(method), events) for method in Method}
    assert {(result.gain, result.state.lots) for result in results.values()} == {
        (results[Method.FIFO].gain, ())
    }


@quick
@given(events=histories(EVERYTHING, short=True), random=st.randoms())
def test_the_order_of_input_does_not_matter(events, random):
    for method in Method:
        mixed = list(events)
        random.shuffle(mixed)
        where = position(method, allow_short=True)
        assert rebuild(where, mixed) == rebuild(where, events)


@quick
@given(events=histories(EVERYTHING, short=True), cut=st.integers(0, 12))
def test_a_state_and_the_rest_equal_everything_from_the_start(events, cut):
    for method in Method:
        where = position(method, allow_short=True)
        day = START + timedelta(days=cut * 40)
        first = rebuild(where, [event for event in events if event.on < day])
        rest = rebuild(where, [event for event in events if event.on >= day], state=first.state)
        whole = rebuild(where, events)
        assert rest.state == whole.state
        assert first.matches + rest.matches == whole.matches
        assert first.carried + rest.carried == whole.carried
        assert first.residues + rest.residues == whole.residues


@quick
@given(
    events=histories(("buy", "sell", "split", "spin", "out"), short=True),
    late=st.sets(st.integers(0, 24), max_size=4),
    gone=st.sets(st.integers(0, 24), max_size=2),
)
def test_amending_equals_beginning_again(events, late, gone):
    for method in Method:
        where = position(method, allow_short=True)
        # Only what a short-capable position can always do is added late or removed.
        trades = [event for event in events if isinstance(event, Trade | Split)]
        added = [event for index, event in enumerate(trades) if index in late]
        base = [event for event in trades if event not in added]
        removed = [event.id for index, event in enumerate(base) if index in gone]
        history = amend(begin(where, base, snapshot_every_events=2), added=added, removed=removed)
        fresh = begin(where, [event for event in trades if event.id not in removed])
        assert history.events == fresh.events
        assert history.rebuilt.matches == fresh.rebuilt.matches
        assert history.rebuilt.residues == fresh.rebuilt.residues
        if fresh.events and history.events[-1].on >= max(event.on for event in trades):
            assert history.rebuilt.state == fresh.rebuilt.state
        assert history.rebuilt.state.lots == fresh.rebuilt.state.lots
        days = [snapshot.before for snapshot in history.rebuilt.snapshots]
        assert days == sorted(set(days))


@quick
@given(
    events=histories(("buy", "sell"), short=True),
    ratio=st.sampled_from([(2, 1), (4, 1), (7, 1), (3, 2), (21, 20), (1, 3)]),
)
def test_a_split_changes_no_cost(events, ratio):
    for method in Method:
        where = position(method, allow_short=True)
        before = rebuild(where, events).state
        split = Split(
            id="split", on=START + timedelta(days=900), numerator=ratio[0], denominator=ratio[1]
        )
        result = rebuild(where, [split], state=before)
        size = abs(before.quantity) * ratio[0] // ratio[1]
        assert abs(result.state.quantity) == size
        if size:
            assert result.state.cost == before.cost
            assert result.matches == ()
        else:
            assert result.state.cost == 0


@quick
@given(events=histories(EVERYTHING))
def test_cost_is_conserved_through_every_action(events):
    for method in Method:
        result = rebuild(position(method), events)
        moved_fees = sum(event.fees for event in events if isinstance(event, TransferOut))
        put_in = sum(
            event.gross + event.fees + event.taxes if isinstance(event, Trade) else event.value
            for event in events
            if isinstance(event, Reward) or (isinstance(event, Trade) and event.quantity > 0)
        )
        paid_out = sum(event.amount for event in events if isinstance(event, ReturnOfCapital))
        returned = paid_out - sum(
            match.proceeds for match in result.matches if match.kind == "return_of_capital"
        )
        matched = sum(match.cost for match in result.matches)
        carried = sum(lot.cost for lot in result.carried)
        assert matched + carried + returned + result.state.cost == put_in + moved_fees


def naive(events, *, average):
    """Decimal pools, half up; returns (gains by sale, quantity, cost)."""
    lots, gains = [], []
    for event in in_order(events):
        quantity = Decimal(event.quantity)
        if quantity > 0:
            amount = (
                event.value if isinstance(event, Reward) else event.gross + event.fees + event.taxes
            )
            if average and lots:
                lots[0][0] += quantity
                lots[0][1] += Decimal(amount)
            else:
                lots.append([quantity, Decimal(amount)])
            continue
        left, cost = -quantity, Decimal(0)
        while left > 0:
            lot = lots[0]
            take = min(left, lot[0])
            part = EXACT.divide(EXACT.multiply(lot[1], take), lot[0])
            part = part.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=EXACT)
            lot[0] -= take
            lot[1] -= part
            cost += part
            left -= take
            if lot[0] == 0:
                lots.pop(0)
        gains.append((event.id, event.gross - event.fees - event.taxes - cost))
    return gains, sum(lot[0] for lot in lots), sum(lot[1] for lot in lots)


@pytest.mark.requirement("TAX.01")
@pytest.mark.parametrize("method", [Method.FIFO, Method.AVERAGE])
@settings(max_examples=100, deadline=None)
@given(events=histories(TRADES, size=40))
def test_fifo_and_average_agree_with_a_naive_decimal_engine(method, events):
    result = rebuild(position(method), events)
    gains, quantity, cost = naive(events, average=method is Method.AVERAGE)
    ours = {}
    for match in result.matches:
        ours[match.closing_id] = ours.get(match.closing_id, 0) + match.gain
    assert ours == dict(gains)
    assert (result.state.quantity, result.state.cost) == (quantity, cost)


@quick
@given(events=histories(("buy", "reward")), share=st.integers(1, 100), gross=st.integers(0, 10**6))
def test_on_a_single_sale_hifo_gains_least_and_lofo_most(events, share, gross):
    state = rebuild(position(Method.FIFO), events).state
    quantity = state.quantity * share // 100
    if quantity == 0:
        return
    sale = Trade(id="sale", on=START + timedelta(days=900), quantity=-quantity, gross=gross)
    gains = {
        method: preview.gain
        for method, preview in compare_methods(position(Method.FIFO), state, sale).items()
    }
    # One unit of slack: each method rounds the cost of one partial lot.
    assert min(gains.values()) >= gains[Method.HIFO] - 1
    assert max(gains.values()) <= gains[Method.LOFO] + 1


@quick
@given(events=histories(("buy", "buy", "sell", "out", "split"), size=20))
def test_transfers_conserve_the_whole_and_the_schedule_does_not_matter(events):
    for method in Method:
        events = [replace(e, cash_in_lieu=None) if isinstance(e, Split) else e for e in events]
        here = position(method)
        there = replace(here, account="vault")
        arrivals = [
            TransferIn(id=f"i-{event.id}", on=event.on, at=event.at, source=event.id)
            for event in events
            if isinstance(event, TransferOut)
        ]
        result = rebuild_linked({here: events, there: arrivals})
        assert rebuild_linked({there: arrivals, here: events}) == result
        assert result[here] == rebuild(here, events)
        assert result[there].gain == 0
        assert result[there].state.cost == sum(lot.cost for lot in result[here].carried)
        assert result[there].state.quantity == sum(lot.quantity for lot in result[here].carried)
