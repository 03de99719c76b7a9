"""Hand-computed cases: splits, spin-offs, mergers, returned capital, renames and transfers."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bursar.ledger.calc.lots.book import Book
from bursar.ledger.calc.lots.errors import InvalidEvent, QuantityNotHeld
from bursar.ledger.calc.lots.events import (
    DeliveryIn,
    Merger,
    Rename,
    ReturnOfCapital,
    SpinOff,
    Split,
    Trade,
    TransferIn,
    TransferOut,
)
from bursar.ledger.calc.lots.linked import rebuild_linked
from bursar.ledger.calc.lots.lot import EMPTY_STATE, MatchKind
from bursar.ledger.calc.lots.position import Method, Position, Term
from bursar.ledger.calc.lots.rebuild import apply, rebuild

DAY = date(2023, 5, 2)


def position(method=Method.FIFO, account="broker", instrument="ACME", **rest):
    return Position(account=account, instrument=instrument, method=method, currency="USD", **rest)


def buy(leg, on, quantity, gross, **rest):
    return Trade(id=leg, on=on, quantity=quantity, gross=gross, **rest)


def sell(leg, on, quantity, gross, **rest):
    return Trade(id=leg, on=on, quantity=-quantity, gross=gross, **rest)


def sizes(result):
    return [(lot.id, lot.remaining, lot.remaining_cost) for lot in result.state.lots]


@pytest.mark.parametrize("method", list(Method))
def test_apple_splits_seven_and_four_for_one(method):
    # 10 shares at 92.00 before 7:1 (2014-06-09); half sold; 4:1 (2020-08-31).
    events = [
        buy("b1", date(2013, 1, 2), 10, 92_000),
        Split(id="a1", on=date(2014, 6, 9), numerator=7, denominator=1),
        sell("s1", date(2015, 1, 2), 35, 70_000),
        Split(id="a2", on=date(2020, 8, 31), numerator=4, denominator=1),
    ]
    result = rebuild(position(method), events)
    (lot,) = result.state.lots
    assert (lot.id, lot.acquired_on) == ("b1", date(2013, 1, 2))
    assert (lot.quantity, lot.remaining) == (280, 140)
    assert (lot.cost, lot.remaining_cost) == (92_000, 46_000)
    assert result.gain == 70_000 - 46_000
    assert result.residues == ()


def test_a_split_counts_before_the_trades_of_its_day_and_not_for_an_empty_position():
    events = [
        Split(id="a1", on=DAY, numerator=2, denominator=1),
        buy("b1", DAY, 10, 1_000),
    ]
    assert sizes(rebuild(position(), events)) == [("b1", 10, 1_000)]


def test_a_fraction_without_cash_is_reported_and_its_cost_stays():
    events = [
        buy("b1", date(2023, 1, 2), 3, 300),
        buy("b2", date(2023, 1, 3), 4, 480),
        Split(id="a1", on=DAY, numerator=3, denominator=2),
    ]
    result = rebuild(position(), events)
    assert sizes(result) == [("b1", 4, 300), ("b2", 6, 480)]  # 4.5 and 6, less the half
    (residue,) = result.residues
    assert (residue.fraction, residue.cash) == ((1, 2), None)
    assert result.matches == ()


def test_cash_in_lieu_closes_the_fraction_with_its_share_of_the_cost():
    events = [
        buy("b1", date(2022, 1, 2), 3, 900, fees=0),
        buy("b2", date(2023, 1, 3), 4, 480),
        Split(id="a1", on=DAY, numerator=3, denominator=2, cash_in_lieu=150),
    ]
    result = rebuild(position(), events)
    (match,) = result.matches
    assert match.kind is MatchKind.CASH_IN_LIEU
    assert (match.lot_id, match.quantity, match.term) == ("b1", 0, Term.LONG)
    assert (match.proceeds, match.cost, match.gain) == (150, 100, 50)  # 900 x 0.5 / 4.5
    assert sizes(result) == [("b1", 4, 800), ("b2", 6, 480)]


def test_a_fraction_larger_than_the_oldest_lot_is_paid_by_several():
    buys = [buy(f"b{index:02}", date(2023, 1, 2), 1, 100 + index) for index in range(13)]
    split = Split(id="a1", on=DAY, numerator=1, denominator=10, cash_in_lieu=400)
    result = rebuild(position(), [*buys, split])
    assert [match.lot_id for match in result.matches] == ["b00", "b01", "b02"]
    assert [match.cost for match in result.matches] == [100, 101, 102]
    assert [match.proceeds for match in result.matches] == [134, 133, 133]
    assert sum(match.cost for match in result.matches) + result.state.cost == 1_378
    assert result.state.quantity == 1


def test_the_oldest_lot_pays_the_fraction_even_when_it_arrived_last():
    old = DeliveryIn(
        id="d1",
        on=date(2023, 2, 1),
        at=datetime(2023, 2, 1, 9, tzinfo=UTC),
        quantity=3,
        cost=300,
        acquired_on=date(2015, 1, 1),
    )
    split = Split(id="a1", on=DAY, numerator=3, denominator=2, cash_in_lieu=60)
    result = rebuild(position(), [buy("b1", date(2023, 1, 2), 4, 400), old, split])
    assert [(match.lot_id, match.term) for match in result.matches] == [("d1", Term.LONG)]
    assert {lot.id: lot.acquired_at for lot in result.state.lots} == {"d1": None, "b1": None}
    pooled = rebuild(position(Method.AVERAGE), [buy("b1", date(2023, 1, 2), 4, 400), old])
    assert [(lot.id, lot.acquired_on) for lot in pooled.state.lots] == [("b1", date(2015, 1, 1))]


def test_the_cost_of_a_partly_sold_lot_is_restated_for_its_remainder_only():
    events = [
        buy("b1", date(2021, 1, 2), 10, 1_000),
        sell("s1", date(2022, 1, 2), 4, 500),
        ReturnOfCapital(id="r1", on=DAY, amount=60),
        SpinOff(id="a1", on=date(2023, 6, 1), cost_share=(1, 2), ratio=(1, 1)),
    ]
    events[0] = replace(events[0], gross=980, fees=20)
    result = rebuild(position(), events)
    (lot,) = result.state.lots
    assert (lot.remaining_fees, result.carried[0].fees) == (6, 6)
    assert (lot.remaining_cost, lot.cost) == (270, 670)
    assert (lot.quantity, lot.remaining) == (10, 6)


def test_an_action_on_an_empty_position_sends_nothing():
    old, new = position(), position(instrument="CHILD")
    spin_off = SpinOff(id="a1", on=DAY, cost_share=(1, 4), ratio=(1, 10))
    results = rebuild_linked({old: [spin_off], new: [TransferIn(id="i1", on=DAY, source="a1")]})
    assert results[new].state.lots == ()


def test_a_reverse_split_moves_the_cost_of_a_lot_that_rounds_to_nothing():
    events = [
        buy("b1", date(2023, 1, 2), 3, 30),
        buy("b2", date(2023, 1, 3), 100, 1_000),
        buy("b3", date(2023, 1, 4), 2, 20),
        Split(id="a1", on=DAY, numerator=1, denominator=10),
    ]
    result = rebuild(position(), events)
    assert sizes(result) == [("b2", 10, 1_050)]
    assert result.residues[0].fraction == (5, 10)


@pytest.mark.parametrize(("cash", "gain"), [(None, -30), (50, 20)])
def test_a_position_below_one_unit_is_closed_with_quantity_and_cost_zero(cash, gain):
    events = [
        buy("b1", date(2023, 1, 2), 3, 30),
        Split(id="a1", on=DAY, numerator=1, denominator=10, cash_in_lieu=cash),
    ]
    result = rebuild(position(), events)
    assert (result.state.lots, result.state.quantity, result.state.cost) == ((), 0, 0)
    assert result.gain == gain


@pytest.mark.parametrize("method", list(Method))
def test_a_split_of_a_short_keeps_what_was_received(method):
    events = [
        sell("s1", date(2023, 1, 2), 10, 1_000),
        Split(id="a1", on=DAY, numerator=4, denominator=1),
        buy("c1", date(2023, 6, 1), 40, 900),
    ]
    result = rebuild(position(method, allow_short=True), events)
    assert (result.gain, result.state.lots) == (100, ())
    assert result.matches[0].quantity == -40


def test_a_spin_off_moves_its_share_of_the_cost_with_the_dates():
    old, new = position(), position(instrument="CHILD")
    results = rebuild_linked(
        {
            old: [
                buy("b1", date(2021, 1, 2), 100, 10_000),
                buy("b2", date(2023, 1, 3), 50, 8_001),
                SpinOff(id="a1", on=DAY, cost_share=(1, 4), ratio=(1, 10)),
            ],
            new: [
                TransferIn(id="i1", on=DAY, source="a1"),
                sell("s1", DAY, 12, 6_000),
            ],
        }
    )
    assert sizes(results[old]) == [("b1", 100, 7_500), ("b2", 50, 6_001)]
    assert results[old].matches == ()
    assert sizes(results[new]) == [("b2/a1", 3, 1_200)]
    first, second = results[new].matches
    assert (first.lot_id, first.opened_by, first.term) == ("b1/a1", "b1", Term.LONG)
    assert (first.cost, second.cost) == (2_500, 800)
    assert second.term is Term.SHORT


def test_a_spin_off_pays_its_fraction_in_cash():
    result = rebuild(
        position(),
        [
            buy("b1", date(2021, 1, 2), 15, 1_500),
            SpinOff(id="a1", on=DAY, cost_share=(1, 5), ratio=(1, 10), cash_in_lieu=120),
        ],
    )
    (carried,) = result.carried
    (match,) = result.matches
    assert (carried.quantity, carried.cost) == (1, 200)
    assert (match.proceeds, match.cost, match.gain) == (120, 100, 20)
    assert sizes(result) == [("b1", 15, 1_200)]


def test_a_stock_merger_carries_and_a_cash_merger_sells():
    events = [buy("b1", date(2021, 1, 2), 100, 10_000)]
    stock = rebuild(position(), [*events, Merger(id="m1", on=DAY, ratio=(3, 2))])
    (carried,) = stock.carried
    assert (carried.quantity, carried.cost, carried.acquired_on) == (150, 10_000, date(2021, 1, 2))
    assert (stock.matches, stock.state.lots) == ((), ())
    cash = rebuild(position(), [*events, Merger(id="m1", on=DAY, cash=12_000)])
    assert (cash.gain, cash.matches[0].kind) == (2_000, MatchKind.MERGER_CASH)
    assert cash.state.lots == ()


@pytest.mark.parametrize(
    ("cost", "gain", "carried_cost"),
    [
        (10_000, 3_000, 10_000),  # gain 5,000, cash 3,000: all the cash is gain
        (14_000, 1_000, 12_000),  # gain 1,000: that much of the cash is gain
        (20_000, 0, 17_000),  # a loss is not recognised
    ],
)
def test_a_merger_for_stock_and_cash_recognises_gain_up_to_the_cash(cost, gain, carried_cost):
    merger = Merger(id="m1", on=DAY, ratio=(1, 2), cash=3_000, stock_value=12_000)
    result = rebuild(position(), [buy("b1", date(2021, 1, 2), 100, cost), merger])
    assert result.gain == gain
    assert [(lot.quantity, lot.cost) for lot in result.carried] == [(50, carried_cost)]
    with pytest.raises(InvalidEvent, match="needs stock_value"):
        rebuild(
            position(),
            [buy("b1", date(2021, 1, 2), 100, cost), replace(merger, stock_value=None)],
        )


def test_returned_capital_lowers_the_cost_and_the_excess_is_gain():
    events = [
        buy("b1", date(2021, 1, 2), 10, 100),
        buy("b2", date(2023, 1, 2), 10, 1_000),
        ReturnOfCapital(id="r1", on=DAY, amount=400),
    ]
    result = rebuild(position(), events)
    assert sizes(result) == [("b1", 10, 0), ("b2", 10, 800)]
    (match,) = result.matches
    assert (match.kind, match.lot_id, match.gain) == (MatchKind.RETURN_OF_CAPITAL, "b1", 100)
    with pytest.raises(InvalidEvent, match="nothing is held"):
        rebuild(position(), events[-1:])


def test_returned_capital_changes_the_order_of_hifo():
    # 10 units each: 40 % is returned, so 110 falls to 70 and the later 100 is now the dearest.
    events = [
        buy("b1", date(2021, 1, 2), 10, 110),
        ReturnOfCapital(id="r1", on=DAY, amount=40),
        buy("b2", date(2023, 6, 2), 10, 100),
        sell("s1", date(2023, 6, 3), 10, 100),
    ]
    assert rebuild(position(Method.HIFO), events).matches[0].lot_id == "b2"


def test_a_rename_carries_lots_under_their_own_ids():
    old, new = position(), position(instrument="META")
    results = rebuild_linked(
        {
            old: [buy("b1", date(2021, 1, 2), 10, 100), Rename(id="n1", on=DAY)],
            new: [TransferIn(id="n2", on=DAY, source="n1")],
        }
    )
    assert sizes(results[new]) == [("b1", 10, 100)]
    assert results[old].state.quantity == 0


@pytest.mark.parametrize(
    "event",
    [
        sell("x", DAY, 99, 1),
        TransferOut(id="x", on=DAY, quantity=99),
        DeliveryIn(id="x", on=DAY, quantity=0, cost=1),
        Split(id="x", on=DAY, numerator=0, denominator=1),
        Split(id="x", on=DAY, numerator=10**38, denominator=1),
        SpinOff(id="x", on=DAY, cost_share=(3, 2), ratio=(1, 1)),
        SpinOff(id="x", on=DAY, cost_share=(1, 2), ratio=(10**38, 1)),
        Merger(id="x", on=DAY, ratio=(10**38, 1)),
        Merger(id="x", on=DAY, ratio=(1, 1), cash=5),
        ReturnOfCapital(id="x", on=DAY, amount=-1),
    ],
)
def test_a_refused_event_has_changed_nothing(event):
    book = Book.from_state(position(), EMPTY_STATE)
    apply(book, buy("b1", date(2021, 1, 2), 10, 1_000))
    apply(book, buy("b2", date(2021, 1, 2), 10, 1_000))
    before = book.state(None)
    with pytest.raises((InvalidEvent, QuantityNotHeld)):
        apply(book, event)
    assert book.state(None) == before
    assert (book.matches, book.carried, book.residues) == ([], [], [])
