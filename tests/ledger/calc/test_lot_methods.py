"""Hand-computed cases: which lots each method takes, and what shorts, crossings and fees do."""

from datetime import UTC, date, datetime

import pytest

from bursar.core.money import split_units
from bursar.ledger.calc.lots.errors import InvalidEvent, InvalidLotChoice, QuantityNotHeld
from bursar.ledger.calc.lots.events import (
    DeliveryIn,
    DeliveryOut,
    LotChoice,
    Reward,
    Trade,
    in_order,
)
from bursar.ledger.calc.lots.lot import MatchKind
from bursar.ledger.calc.lots.position import Method, Position, Term, TermRule
from bursar.ledger.calc.lots.rebuild import rebuild
from bursar.ledger.calc.lots.shares import convert, share


def position(method=Method.FIFO, **rest):
    return Position(account="broker", instrument="ACME", method=method, currency="USD", **rest)


def buy(leg, on, quantity, gross, **rest):
    return Trade(id=leg, on=on, quantity=quantity, gross=gross, **rest)


def sell(leg, on, quantity, gross, **rest):
    return Trade(id=leg, on=on, quantity=-quantity, gross=gross, **rest)


# Three lots of 10 units at 100.00, 140.00 and 120.00 in all; 15 units sold for 210.00.
BUYS = [
    buy("b1", date(2022, 1, 10), 10, 10_000),
    buy("b2", date(2022, 6, 1), 10, 14_000),
    buy("b3", date(2023, 2, 1), 10, 12_000),
]
SALE = sell("s1", date(2023, 3, 1), 15, 21_000)


@pytest.mark.requirement("TAX.01", "DB.12")
@pytest.mark.parametrize(
    ("method", "taken", "gain"),
    [
        (Method.FIFO, [("b1", 10), ("b2", 5)], 21_000 - 17_000),
        (Method.LIFO, [("b3", 10), ("b2", 5)], 21_000 - 19_000),
        (Method.HIFO, [("b2", 10), ("b3", 5)], 21_000 - 20_000),
        (Method.LOFO, [("b1", 10), ("b3", 5)], 21_000 - 16_000),
        (Method.AVERAGE, [("b1", 15)], 21_000 - 18_000),
        (Method.SPECIFIC, [("b1", 10), ("b2", 5)], 21_000 - 17_000),
    ],
)
def test_each_method_takes_its_own_lots(method, taken, gain):
    result = rebuild(position(method), [*BUYS, SALE])
    assert [(match.lot_id, match.quantity) for match in result.matches] == taken
    assert result.gain == gain
    assert result.state.quantity == 15
    assert result.state.cost == 36_000 - (21_000 - gain)


@pytest.mark.requirement("DB.12")
def test_a_partial_sale_leaves_the_rest_of_the_lot_and_a_disposal_record():
    result = rebuild(position(), [*BUYS, SALE])
    left = {lot.id: (lot.quantity, lot.remaining, lot.remaining_cost) for lot in result.state.lots}
    assert left == {"b2": (10, 5, 7_000), "b3": (10, 10, 12_000)}
    first, second = result.matches
    assert (first.proceeds, first.cost, first.opened_on) == (14_000, 10_000, date(2022, 1, 10))
    assert (second.proceeds, second.cost, second.closing_id) == (7_000, 7_000, "s1")
    assert (first.term, second.term) == (Term.LONG, Term.SHORT)
    assert first.kind is MatchKind.SALE


def test_average_keeps_the_oldest_date_and_one_lot():
    (pool,) = rebuild(position(Method.AVERAGE), BUYS).state.lots
    assert (pool.id, pool.acquired_on, pool.remaining) == ("b1", date(2022, 1, 10), 30)
    assert pool.remaining_cost == 36_000


@pytest.mark.requirement("TAX.01")
def test_specific_takes_the_stored_choice_and_other_methods_ignore_it():
    choice = (LotChoice("b3", 10), LotChoice("b1", 5))
    sale = sell("s1", date(2023, 3, 1), 15, 21_000, choice=choice)
    chosen = rebuild(position(Method.SPECIFIC), [*BUYS, sale])
    assert chosen.gain == 21_000 - 12_000 - 5_000
    assert rebuild(position(Method.FIFO), [*BUYS, sale]).gain == 4_000


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ((LotChoice("nope", 15),), "is not open"),
        ((LotChoice("b1", 10), LotChoice("b1", 5)), "named twice"),
        ((LotChoice("b1", 15),), "has 10 smallest units"),
        ((LotChoice("b1", 10),), "add up to 10"),
        ((LotChoice("b1", 10), LotChoice("b2", 0)), "not 0"),
    ],
)
def test_a_wrong_choice_is_refused(choice, words):
    sale = sell("s1", date(2023, 3, 1), 15, 21_000, choice=choice)
    with pytest.raises(InvalidLotChoice, match=words):
        rebuild(position(Method.SPECIFIC), [*BUYS, sale])


def test_fees_and_taxes_enter_the_basis_and_lower_the_proceeds():
    result = rebuild(
        position(),
        [
            buy("b1", date(2023, 1, 2), 3, 30_000, fees=100, taxes=1),
            sell("s1", date(2023, 1, 9), 1, 11_000, fees=50, taxes=7),
        ],
    )
    (match,) = result.matches
    assert (match.cost, match.opening_fees) == (10_034, 34)  # 30,101 / 3 and 101 / 3
    assert (match.proceeds, match.closing_fees) == (10_943, 57)
    assert match.gain == 909
    assert match.gain_before_costs == 1_000
    (lot,) = result.state.lots
    assert (lot.remaining_cost, lot.remaining_fees) == (20_067, 67)


def test_taking_more_than_is_held_is_refused():
    with pytest.raises(
        QuantityNotHeld, match=r"takes 0\.031 of ACME, but the account holds 0\.030"
    ):
        rebuild(position(quantity_exponent=3), [*BUYS, sell("s1", date(2023, 3, 1), 31, 21_000)])


def test_a_short_is_a_negative_lot_opened_by_the_sale():
    events = [
        sell("s1", date(2023, 1, 2), 10, 10_000, fees=100),
        buy("c1", date(2023, 1, 9), 4, 3_000, fees=10),
    ]
    result = rebuild(position(allow_short=True), events)
    (lot,) = result.state.lots
    assert (lot.id, lot.quantity, lot.remaining, lot.remaining_cost) == ("s1", -10, -6, -5_940)
    (match,) = result.matches
    assert match.kind is MatchKind.COVER
    assert (match.quantity, match.proceeds, match.cost, match.gain) == (-4, 3_960, 3_010, 950)
    assert match.gain_before_costs == 1_000
    with pytest.raises(QuantityNotHeld):
        rebuild(position(), events)


@pytest.mark.parametrize("method", list(Method))
def test_crossing_zero_closes_then_opens_the_other_side(method):
    result = rebuild(
        position(method, allow_short=True),
        [
            buy("b1", date(2023, 1, 2), 10, 10_000),
            sell("s1", date(2023, 1, 3), 15, 18_000, fees=15),
            buy("b2", date(2023, 1, 4), 8, 8_000, fees=8),
        ],
    )
    closed, covered = result.matches
    assert (closed.quantity, closed.proceeds, closed.gain) == (10, 11_990, 1_990)
    assert (covered.lot_id, covered.quantity) == ("s1", -5)
    assert (covered.proceeds, covered.cost, covered.gain) == (5_995, 5_005, 990)
    (lot,) = result.state.lots
    assert (lot.id, lot.remaining, lot.remaining_cost, lot.remaining_fees) == ("b2", 3, 3_003, 3)


@pytest.mark.requirement("TAX.04")
def test_a_reward_opens_a_lot_at_its_value():
    result = rebuild(
        position(quantity_exponent=18),
        [
            Reward(id="r1", on=date(2023, 1, 2), quantity=9 * 10**18, value=1_234),
            sell("s1", date(2023, 2, 2), 9 * 10**18, 1_300),
        ],
    )
    assert result.gain == 66
    assert result.state.lots == ()


def test_deliveries_keep_an_old_date_and_leave_with_or_without_a_disposal():
    arrival = DeliveryIn(
        id="d1", on=date(2023, 1, 2), quantity=10, cost=1_000, acquired_on=date(2019, 5, 5)
    )
    gift = DeliveryOut(id="g1", on=date(2023, 2, 1), quantity=4)
    disposal = DeliveryOut(id="g2", on=date(2023, 2, 2), quantity=6, value=900)
    result = rebuild(position(), [arrival, gift, disposal])
    (match,) = result.matches
    assert (match.kind, match.gain, match.term) == (MatchKind.DELIVERY, 300, Term.LONG)
    (carried,) = result.carried
    assert (carried.quantity, carried.cost, carried.acquired_on) == (4, 400, date(2019, 5, 5))


def test_rates_give_report_figures_and_the_currency_part():
    # Bought for 100 at 0.90, sold for 150 at 1.10: 100 x 1.10 - 90 = 20 comes from the currency.
    result = rebuild(
        position(),
        [
            buy("b1", date(2023, 1, 2), 1, 10_000, rate=(9, 10)),
            sell("s1", date(2023, 2, 2), 1, 15_000, rate=(11, 10)),
        ],
    )
    (match,) = result.matches
    assert (match.report_cost, match.report_proceeds) == (9_000, 16_500)
    assert (match.report_gain, match.forex_gain) == (7_500, 2_000)
    unknown = rebuild(position(), [*BUYS, sell("s1", date(2023, 3, 1), 1, 1, rate=(1, 1))])
    assert unknown.matches[0].report_gain is None
    assert unknown.matches[0].forex_gain is None


def test_the_currency_part_of_a_short_has_the_sign_of_its_cost():
    result = rebuild(
        position(allow_short=True),
        [
            sell("s1", date(2023, 1, 2), 1, 10_000, rate=(9, 10)),
            buy("c1", date(2023, 2, 2), 1, 8_000, rate=(11, 10)),
        ],
    )
    (match,) = result.matches
    assert (match.report_proceeds, match.report_cost, match.report_gain) == (9_000, 8_800, 200)
    assert match.forex_gain == 200 - 2_200  # the report gain less the gain at the closing rate


@pytest.mark.requirement("TAX.02")
@pytest.mark.parametrize(
    ("acquired", "closed", "term"),
    [
        (date(2022, 3, 1), date(2023, 3, 1), Term.SHORT),  # the anniversary
        (date(2022, 3, 1), date(2023, 3, 2), Term.LONG),
        (date(2023, 3, 1), date(2024, 3, 1), Term.SHORT),  # 366 days
        (date(2020, 2, 29), date(2021, 2, 28), Term.SHORT),
        (date(2020, 2, 29), date(2021, 3, 1), Term.LONG),
        (date(2023, 2, 28), date(2024, 2, 29), Term.SHORT),  # Rev. Rul. 66-7
        (date(2023, 2, 28), date(2024, 3, 1), Term.LONG),
        (date(2020, 2, 28), date(2021, 2, 28), Term.SHORT),
        (date(2020, 2, 28), date(2021, 3, 1), Term.LONG),
    ],
)
def test_long_term_is_more_than_a_year_by_the_calendar(acquired, closed, term):
    assert TermRule().term(acquired, closed) is term


def test_long_term_can_be_counted_in_days():
    rule = TermRule(days=365)
    assert rule.term(date(2023, 1, 1), date(2024, 1, 1)) is Term.SHORT
    assert rule.term(date(2023, 1, 1), date(2024, 1, 2)) is Term.LONG


def test_events_of_a_day_follow_time_then_kind_then_id():
    day = date(2023, 1, 2)
    morning = datetime(2023, 1, 2, 9, tzinfo=UTC)
    evening = datetime(2023, 1, 2, 18, tzinfo=UTC)
    events = [
        sell("untimed-sale", day, 1, 1),
        buy("evening", day, 1, 1, at=evening),
        sell("morning", day, 1, 1, at=morning),
        Reward(id="reward", on=day, quantity=1, value=1),
        buy("b-buy", day, 1, 1),
        buy("a-buy", day, 1, 1),
    ]
    expected = ["a-buy", "b-buy", "reward", "morning", "evening", "untimed-sale"]
    assert [event.id for event in in_order(events)] == expected


@pytest.mark.parametrize(
    "events",
    [
        [buy("b1", date(2023, 1, 2), 1, 1), buy("b1", date(2023, 1, 3), 1, 1)],
        [buy("b1", date(2023, 1, 2), 1, 1, at=datetime(2023, 1, 2))],  # noqa: DTZ001 - on purpose
        [buy("b1", date(2023, 1, 2), 0, 1)],
        [buy("b1", date(2023, 1, 2), 1, -1)],
        [buy("b1", date(2023, 1, 2), 1, 1, rate=(0, 1))],
        [buy("b1", date(2023, 1, 2), 10**38 + 1, 1)],
        [Reward(id="r1", on=date(2023, 1, 2), quantity=-1, value=1)],
    ],
)
def test_malformed_events_are_refused(events):
    with pytest.raises(InvalidEvent):
        rebuild(position(), events)


def test_hifo_compares_unit_costs_exactly():
    # 10**37 + 1 against 10**37 per 10**37 units: a float cannot tell them apart.
    size = 10**37
    events = [
        buy("lower", date(2023, 1, 2), size, size),
        buy("higher", date(2023, 1, 3), size, size + 1),
        sell("s1", date(2023, 1, 4), size, size),
    ]
    assert rebuild(position(Method.HIFO), events).matches[0].lot_id == "higher"
    assert rebuild(position(Method.LOFO), events).matches[0].lot_id == "lower"


def test_share_is_the_largest_remainder_of_two_parts():
    for total in range(-7, 8):
        for whole in range(1, 7):
            for part in range(whole + 1):
                assert share(total, part, whole) == split_units(total, [part, whole - part])[0]


def test_conversion_rounds_half_to_even_on_both_sides_of_zero():
    rounded = [convert(units, (1, 2)) for units in (-3, -1, 1, 3, 5)]
    assert rounded == [-2, 0, 0, 2, 2]
