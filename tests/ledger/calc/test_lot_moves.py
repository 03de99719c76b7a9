"""Hand-computed cases: lots that travel between own accounts, and arrivals that cannot be right."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bursar.ledger.calc.lots.errors import InvalidEvent, QuantityNotHeld, TransferUnresolved
from bursar.ledger.calc.lots.events import (
    Trade,
    TransferIn,
    TransferOut,
)
from bursar.ledger.calc.lots.linked import rebuild_linked
from bursar.ledger.calc.lots.position import Method, Position
from bursar.ledger.calc.lots.rebuild import rebuild

DAY = date(2023, 5, 2)


def position(method=Method.FIFO, account="broker", instrument="ACME", **rest):
    return Position(account=account, instrument=instrument, method=method, currency="USD", **rest)


def buy(leg, on, quantity, gross, **rest):
    return Trade(id=leg, on=on, quantity=quantity, gross=gross, **rest)


def sell(leg, on, quantity, gross, **rest):
    return Trade(id=leg, on=on, quantity=-quantity, gross=gross, **rest)


def sizes(result):
    return [(lot.id, lot.remaining, lot.remaining_cost) for lot in result.state.lots]


@pytest.mark.requirement("TAX.01")
@pytest.mark.parametrize("method", list(Method))
def test_a_transfer_moves_the_oldest_lots_and_realises_nothing(method):
    broker, bank = position(method), position(method, account="bank")
    results = rebuild_linked(
        {
            bank: [
                TransferIn(id="i1", on=DAY, source="o1"),
                sell("s1", date(2023, 6, 1), 12, 2_400),
            ],
            broker: [
                buy("b1", date(2021, 1, 2), 10, 1_000, fees=10),
                buy("b2", date(2023, 1, 2), 10, 3_000, fees=20),
                TransferOut(id="o1", on=DAY, quantity=12),
            ],
        }
    )
    assert results[broker].matches == ()
    assert results[broker].state.quantity == 8
    assert results[bank].state.lots == ()
    total = sum(match.cost for match in results[bank].matches)
    assert total + results[broker].state.cost == 4_030
    if method is Method.AVERAGE:
        assert total == 2_418
        assert results[bank].matches[0].opened_on == date(2021, 1, 2)
    else:
        assert [each.id for each in results[broker].carried] == ["b1/o1", "b2/o1"]
        assert total == 1_010 + 604


def test_the_fee_of_a_move_joins_the_cost_by_quantity():
    events = [
        buy("b1", date(2021, 1, 2), 10, 1_000),
        buy("b2", date(2023, 1, 2), 20, 3_000),
        TransferOut(id="o1", on=DAY, quantity=30, fees=31),
    ]
    carried = rebuild(position(), events).carried
    assert [(lot.cost, lot.fees) for lot in carried] == [(1_010, 10), (3_021, 21)]


def test_lots_go_there_and_back_under_distinct_ids():
    here, there = position(), position(account="vault")
    results = rebuild_linked(
        {
            here: [
                buy("b1", date(2021, 1, 2), 10, 1_000),
                TransferOut(id="o1", on=date(2021, 2, 1), quantity=4),
                TransferIn(id="i2", on=date(2021, 3, 1), source="o2"),
            ],
            there: [
                TransferIn(id="i1", on=date(2021, 2, 1), source="o1"),
                TransferOut(id="o2", on=date(2021, 3, 1), quantity=3),
            ],
        }
    )
    assert sizes(results[here]) == [("b1", 6, 600), ("b1/o1/o2", 3, 300)]
    assert sizes(results[there]) == [("b1/o1", 1, 100)]


def test_a_circle_within_a_day_needs_times():
    here, there = position(), position(account="vault")

    def events(hours):
        at = [hour and datetime(2021, 2, 1, hour, tzinfo=UTC) for hour in hours]
        day = date(2021, 2, 1)
        return {
            here: [
                buy("b1", date(2021, 1, 2), 10, 1_000),
                TransferOut(id="o1", on=day, at=at[0], quantity=4),
                TransferIn(id="i2", on=day, at=at[3], source="o2"),
            ],
            there: [
                TransferIn(id="i1", on=day, at=at[1], source="o1"),
                TransferOut(id="o2", on=day, at=at[2], quantity=4),
            ],
        }

    with pytest.raises(TransferUnresolved) as caught:
        rebuild_linked(events([None] * 4))
    assert caught.value.details == {"events": ["i1", "i2"]}
    assert rebuild_linked(events([8, 9, 10, 11]))[here].state.cost == 1_000


def test_arrivals_that_cannot_be_right_are_refused():
    carried = rebuild(
        position(),
        [buy("b1", date(2021, 1, 2), 10, 1_000), TransferOut(id="o1", on=DAY, quantity=4)],
    ).carried
    arrival = TransferIn(id="i1", on=DAY, lots=carried)
    euro = replace(position(account="bank"), currency="EUR")
    with pytest.raises(InvalidEvent, match="cost in USD, not EUR"):
        rebuild(euro, [arrival])
    with pytest.raises(InvalidEvent, match="arrives twice"):
        rebuild(position(), [replace(arrival, lots=carried * 2)])
    with pytest.raises(TransferUnresolved):
        rebuild(position(), [replace(arrival, lots=())])
    short = position(account="bank", allow_short=True)
    with pytest.raises(QuantityNotHeld, match="other sign"):
        rebuild(short, [sell("s1", date(2021, 2, 1), 1, 100), arrival])
