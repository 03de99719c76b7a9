"""Summaries, wash-sale windows and previews, by hand."""

from datetime import date, timedelta

import pytest

from bursar.ledger.calc.lots.errors import InvalidEvent, InvalidLotChoice, QuantityNotHeld
from bursar.ledger.calc.lots.events import LotChoice, Split, Trade
from bursar.ledger.calc.lots.gains import Period, period_start, summarise_gains
from bursar.ledger.calc.lots.history import amend, begin
from bursar.ledger.calc.lots.position import Method, Position, Term
from bursar.ledger.calc.lots.rebuild import rebuild
from bursar.ledger.calc.lots.select import compare_methods, preview_trade, validate_choice
from bursar.ledger.calc.lots.wash import Acquisition, find_wash_windows

FIFO = Position(account="a", instrument="ACME", method=Method.FIFO, currency="USD")


def buy(leg, on, quantity, gross, **rest):
    return Trade(id=leg, on=on, quantity=quantity, gross=gross, **rest)


def sell(leg, on, quantity, gross, **rest):
    return Trade(id=leg, on=on, quantity=-quantity, gross=gross, **rest)


YEARS = [
    buy("b1", date(2021, 1, 4), 10, 1_000, fees=10),
    buy("b2", date(2022, 11, 1), 10, 2_000),
    sell("s1", date(2022, 12, 30), 5, 900, fees=4),
    sell("s2", date(2023, 3, 1), 10, 1_700),
    sell("s3", date(2023, 11, 2), 5, 1_500),
]


@pytest.mark.requirement("TAX.02")
def test_gains_are_summed_by_year_and_term():
    rows = summarise_gains(rebuild(FIFO, YEARS).matches)
    assert [(row.starts_on.year, row.term, row.gain, row.matches) for row in rows] == [
        (2022, Term.LONG, 896 - 505, 1),
        (2023, Term.LONG, 850 - 505 + 1_500 - 1_000, 2),
        (2023, Term.SHORT, 850 - 1_000, 1),
    ]
    assert (rows[2].gains, rows[2].losses, rows[0].fees) == (0, -150, 9)
    assert all(row.proceeds - row.cost == row.gain == row.gains + row.losses for row in rows)
    assert rows[0].report_gain is None


@pytest.mark.parametrize("period", list(Period))
def test_every_period_sums_to_the_same_total(period):
    result = rebuild(FIFO, YEARS)
    assert sum(row.gain for row in summarise_gains(result.matches, period)) == result.gain


def test_periods_start_where_they_should():
    day = date(2023, 4, 5)
    assert period_start(day, Period.MONTH) == date(2023, 4, 1)
    assert period_start(day, Period.QUARTER) == date(2023, 4, 1)
    assert period_start(date(2023, 12, 31), Period.QUARTER) == date(2023, 10, 1)
    assert period_start(day, Period.YEAR) == date(2023, 1, 1)
    assert period_start(day, Period.YEAR, year_starts=(4, 6)) == date(2022, 4, 6)
    assert period_start(date(2023, 4, 6), Period.YEAR, year_starts=(4, 6)) == date(2023, 4, 6)
    assert period_start(day, Period.ALL) is None


SOLD = date(2023, 6, 15)


def loss_of_100():
    events = [buy("b1", date(2021, 1, 4), 100, 10_000), sell("s1", SOLD, 100, 8_000)]
    return rebuild(FIFO, events).matches


def bought(leg, days, quantity, account="b"):
    on = SOLD + timedelta(days=days)
    return Acquisition(leg_id=leg, account=account, on=on, quantity=quantity)


@pytest.mark.parametrize(("days", "replaced"), [(-31, 0), (-30, 40), (0, 40), (30, 40), (31, 0)])
def test_the_wash_window_is_thirty_days_on_both_sides(days, replaced):
    (window,) = find_wash_windows(loss_of_100(), [bought("n1", days, 40)])
    assert (window.starts_on, window.ends_on) == (date(2023, 5, 16), date(2023, 7, 15))
    assert (window.replaced_quantity, window.disallowed) == (replaced, replaced * 20)


def test_two_replacements_share_a_partial_wash_and_each_counts_once():
    matches = rebuild(
        FIFO,
        [
            buy("b1", date(2021, 1, 4), 100, 10_000),
            sell("s1", SOLD, 60, 4_800),
            sell("s2", SOLD + timedelta(days=1), 40, 3_200),
        ],
    ).matches
    first, second = find_wash_windows(matches, [bought("n2", 10, 20), bought("n1", -5, 50)])
    assert [(each.leg_id, each.quantity) for each in first.replacements] == [("n1", 50), ("n2", 10)]
    assert [(each.leg_id, each.quantity) for each in second.replacements] == [("n2", 10)]
    assert (first.disallowed, second.disallowed) == (1_200, 200)


def test_gains_have_no_window_and_a_lot_does_not_replace_itself():
    opened = SOLD - timedelta(days=5)
    events = [
        buy("b1", opened, 100, 10_000),
        sell("s1", SOLD, 40, 3_000),
        sell("s2", SOLD, 9, 9_000),
    ]
    matches = rebuild(FIFO, events).matches
    own = Acquisition(leg_id="b1", account="a", on=opened, quantity=100)
    (window,) = find_wash_windows(matches, [own])
    assert (window.match.closing_id, window.replaced_quantity, window.disallowed) == ("s1", 0, 0)
    with pytest.raises(InvalidEvent):
        find_wash_windows(matches, [bought("n1", 1, 0)])


def test_a_preview_equals_the_booking_and_changes_nothing():
    state = rebuild(FIFO, YEARS[:2]).state
    sale = sell("s", date(2023, 1, 9), 15, 3_000, fees=3)
    preview = preview_trade(FIFO, state, sale)
    booked = rebuild(FIFO, [sale], state=state)
    assert tuple(pick.match for pick in preview.picks) == booked.matches
    assert (preview.gain, preview.state) == (booked.gain, booked.state)
    assert (preview.gain_long_term, preview.gain_short_term) == (1_998 - 1_010, 999 - 1_000)
    assert [pick.days_until_long for pick in preview.picks] == [0, 297]
    assert preview.picks[1].long_from == date(2023, 11, 2)
    assert preview.proceeds - preview.cost == preview.gain
    assert state == rebuild(FIFO, YEARS[:2]).state


def test_methods_are_compared_on_one_state():
    state = rebuild(FIFO, YEARS[:2]).state
    previews = compare_methods(FIFO, state, sell("s", date(2023, 1, 9), 10, 2_000))
    gains = {method.value: preview.gain for method, preview in previews.items()}
    assert gains == {"fifo": 990, "lifo": 0, "hifo": 0, "lofo": 990, "average": 495}
    with pytest.raises(QuantityNotHeld):
        compare_methods(FIFO, state, sell("s", date(2023, 1, 9), 21, 2_000))


def test_a_choice_is_checked_before_the_sale_is_stored():
    state = rebuild(FIFO, YEARS[:2]).state
    validate_choice(FIFO, state, (LotChoice("b2", 3), LotChoice("b1", 1)), quantity=4)
    with pytest.raises(InvalidLotChoice, match="add up to 3"):
        validate_choice(FIFO, state, (LotChoice("b2", 3),), quantity=4)


def test_events_before_a_state_are_refused():
    state = rebuild(FIFO, YEARS[:2]).state
    with pytest.raises(InvalidEvent, match="before the state"):
        rebuild(FIFO, [sell("s", date(2022, 11, 1), 1, 1)], state=state)


def test_a_history_takes_corrections_and_refuses_contradictions():
    history = begin(FIFO, YEARS, snapshot_every_events=1)
    corrected = sell("s1", date(2022, 12, 30), 5, 950, fees=4)
    amended = amend(history, added=[corrected], removed=["s1"])
    assert amended.rebuilt.gain == history.rebuilt.gain + 50
    assert amend(history) is history
    with pytest.raises(InvalidEvent, match="not in the history"):
        amend(history, removed=["nope"])
    with pytest.raises(InvalidEvent, match="already in the history"):
        amend(history, added=[buy("b1", date(2023, 12, 1), 1, 1)])
    with pytest.raises(InvalidEvent, match="same id"):
        amend(history, added=[buy("s3", date(2023, 1, 1), 1, 1)])
    with pytest.raises(QuantityNotHeld):
        amend(history, removed=["b2"])


@pytest.mark.parametrize("late_day", [279, 280, 281])
def test_a_late_event_rebuilds_only_the_days_from_its_own_on(monkeypatch, late_day):
    start = date(2020, 1, 1)
    events = [buy(f"b{day:03}", start + timedelta(days=day), 1, 100) for day in range(300)]
    history = begin(FIFO, events, snapshot_every_events=10)
    seen = []
    module = "bursar.ledger.calc.lots.history.rebuild"

    def spy(position, found, **rest):
        seen.append(len(found))
        return rebuild(position, found, **rest)

    monkeypatch.setattr(module, spy)
    split = Split(id="late", on=start + timedelta(days=late_day), numerator=2, denominator=1)
    late = amend(history, added=[split])
    assert seen[0] <= 31
    assert late.rebuilt.state.quantity == 300 + late_day
    for day in range(300, 330):
        late = amend(late, added=[buy(f"b{day}", start + timedelta(days=day), 1, 100)])
    assert set(seen[1:]) == {1}
    assert len(late.rebuilt.snapshots) <= 34
