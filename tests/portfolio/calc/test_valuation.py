import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.portfolio.calc.errors import BadSeries
from bursar.portfolio.calc.flows import ScopeFlows, daily_flows, no_flows
from bursar.portfolio.calc.prices import TAIL_DAYS, FilledPrices, PriceTable, forward_fill
from bursar.portfolio.calc.quantities import Changes, no_changes
from bursar.portfolio.calc.valuation import Positions, ValueHistory

pytestmark = pytest.mark.requirement("RETURNS.01", "DASH.03")

NAN = np.nan


def table(prices, age=None, limit=7):
    prices = np.array(prices, float)
    ages = np.zeros(prices.shape, np.int64) if age is None else np.array(age)
    return PriceTable(FilledPrices(prices, ages), age_days_max=limit)


def positions(instrument, currency=None, multiplier=None):
    count = len(instrument)
    return Positions(
        np.array(instrument, np.int64),
        np.zeros(count, np.int64) if currency is None else np.array(currency, np.int64),
        np.ones(count) if multiplier is None else np.array(multiplier, float),
    )


def changes(*rows):
    if not rows:
        return no_changes()
    position, day, quantity = zip(*rows, strict=True)
    return Changes(np.array(position), np.array(day), np.array(quantity, float))


def flows(*rows):
    if not rows:
        return no_flows()
    day, currency, amount, rate = zip(*rows, strict=True)
    return ScopeFlows(
        np.array(day), np.array(currency), np.array(amount, float), np.array(rate, float)
    )


def test_forward_fill_knows_the_age_of_each_price():
    filled = forward_fill(np.array([[NAN, 5, NAN, NAN, 7]]), np.array([0, 1, 4, 5, 6]))
    assert filled.price.tolist() == [[0, 5, 5, 5, 7]]
    assert filled.age_days.tolist() == [[-1, 0, 3, 4, 0]]
    with pytest.raises(BadSeries):
        forward_fill(np.array([[1.0, np.inf]]), np.array([0, 1]))
    with pytest.raises(BadSeries):
        forward_fill(np.array([1.0]), np.array([0]))


def test_value_by_hand_with_currency_multiplier_and_flows():
    history = ValueHistory(
        positions([0, 1], currency=[1, 0], multiplier=[1, 100]),
        changes((0, 0, 10), (0, 2, -4), (1, 1, 2), (1, 1, 1)),
        prices=table([[5, 6, 7], [2, 2, 3]]),
        rates=np.array([[1, 1, 1], [1.1, 1.2, 1.0]]),
        flows=flows((1, 0, 600, NAN), (2, 1, -28, NAN), (2, 1, 10, 0.9)),
    )
    assert history.value == pytest.approx([55, 72 + 600, 42 + 900])
    assert history.inflow == pytest.approx([0, 600, 9])
    assert history.outflow == pytest.approx([0, 0, 28])
    assert history.value_by_currency == pytest.approx(np.array([[0, 600, 900], [50, 60, 42]]))
    assert history.position_value(0) == pytest.approx([50, 60, 42])


def test_a_trade_moved_to_another_day_counts_from_the_earlier_of_both():
    parts = {"prices": table([[1, 2, 3]]), "rates": np.ones((1, 3)), "flows": no_flows()}
    history = ValueHistory(positions([0]), changes((0, 1, 10)), **parts)
    for day, expected in ((2, [0, 0, 30]), (0, [10, 20, 30]), (1, [0, 20, 30])):
        history.replace_position(0, np.array([day]), np.array([10.0]))
        assert history.value.tolist() == expected
    history.replace_position(0, np.array([], np.int64), np.array([]))
    assert history.value.tolist() == [0, 0, 0]


def test_held_positions_without_a_fresh_price_are_counted():
    prices = table([[0, 5, 5], [1, 1, 1]], age=[[-1, 0, 9], [0, 0, 0]], limit=7)
    build = {"prices": prices, "rates": np.ones((1, 3)), "flows": no_flows()}
    held = ValueHistory(positions([0, 1]), changes((0, 0, 1), (1, 0, 1)), **build)
    assert held.unpriced.tolist() == [1, 0, 1]
    later = ValueHistory(positions([0, 1]), changes((0, 1, 1)), **build)
    assert later.unpriced.tolist() == [0, 0, 1]
    later.replace_position(0, np.array([0, 2]), np.array([1.0, -1.0]))
    assert later.unpriced.tolist() == [1, 0, 0]


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=30), st.randoms())
def test_whole_units_do_not_depend_on_their_order_and_close_to_zero(amounts, random):
    rows = [(0, 1, a) for a in amounts]
    closed = [*rows, (0, 1, -sum(amounts))]
    random.shuffle(closed)
    history = ValueHistory(
        positions([0], multiplier=[1e-8]),
        changes(*closed),
        prices=table([[3.3, 3.3]]),
        rates=np.ones((1, 2)),
        flows=no_flows(),
    )
    assert history.value.tolist() == [0, 0]
    mixed = list(amounts)
    random.shuffle(mixed)
    sums = [
        daily_flows(flows(*((0, 0, a, NAN) for a in order)), np.full((1, 1), 0.37))
        for order in (amounts, mixed)
    ]
    assert sums[0].inflow == sums[1].inflow
    assert sums[0].outflow == sums[1].outflow


book_sizes = st.tuples(
    st.integers(1, 40), st.integers(1, 12), st.integers(1, 3), st.integers(0, 60)
)


def random_book(rng, size):
    count, days, currencies, trades = size
    return {
        "positions": positions(
            rng.integers(0, count, count),
            rng.integers(0, currencies, count),
            rng.uniform(0.5, 2, count),
        ),
        "prices": rng.uniform(1, 100, (count, days)),
        "rates": rng.uniform(0.5, 2, (currencies, days)),
        "changes": Changes(
            rng.integers(0, count, trades), rng.integers(0, days, trades), rng.normal(0, 10, trades)
        ),
        "flows": ScopeFlows(
            rng.integers(0, days, trades),
            rng.integers(0, currencies, trades),
            rng.integers(-1000, 1000, trades).astype(float),
            np.full(trades, NAN),
        ),
    }


def built(book, days=None):
    """Build a history of the first days of a book."""
    days = book["prices"].shape[1] if days is None else days
    c, f = book["changes"], book["flows"]
    in_c, in_f = c.day < days, f.day < days
    return ValueHistory(
        book["positions"],
        Changes(c.position[in_c], c.day[in_c], c.quantity[in_c]),
        prices=table(book["prices"][:, :days]),
        rates=book["rates"][:, :days],
        flows=ScopeFlows(f.day[in_f], f.currency[in_f], f.amount[in_f], f.booked_rate[in_f]),
    )


def assert_same_bits(a, b):
    for name in ("value", "inflow", "outflow", "unpriced", "value_by_currency"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name


@given(st.integers(0, 2**32), book_sizes)
def test_the_dense_reference_agrees(seed, size):
    book = random_book(np.random.default_rng(seed), size)
    p, c, f = book["positions"], book["changes"], book["flows"]
    quantity = np.zeros((size[0], size[1]))
    np.add.at(quantity, (c.position, c.day), c.quantity)
    quantity = quantity.cumsum(axis=1) * p.multiplier[:, None]
    value = (quantity * book["prices"][p.instrument] * book["rates"][p.currency]).sum(axis=0)
    flow = f.amount * book["rates"][f.currency, f.day]
    history = built(book)
    assert history.value == pytest.approx(value, rel=1e-9, abs=1e-7)
    inflow = np.bincount(f.day, np.maximum(flow, 0), size[1])
    assert history.inflow == pytest.approx(inflow, rel=1e-9, abs=1e-7)
    outflow = np.bincount(f.day, np.maximum(-flow, 0), size[1])
    assert history.outflow == pytest.approx(outflow, rel=1e-9, abs=1e-7)


@given(st.integers(0, 2**32), book_sizes)
def test_a_back_dated_trade_gives_the_bits_of_a_fresh_build(seed, size):
    rng = np.random.default_rng(seed)
    book = random_book(rng, size)
    history = built(book)
    c = book["changes"]
    position, day = int(rng.integers(0, size[0])), int(rng.integers(0, size[1]))
    quantity = float(rng.normal())
    book["changes"] = Changes(
        np.append(c.position, position), np.append(c.day, day), np.append(c.quantity, quantity)
    )
    own = book["changes"].position == position
    history.replace_position(position, book["changes"].day[own], book["changes"].quantity[own])
    assert_same_bits(history, built(book))
    # Taking it back restores the first state.
    own = c.position == position
    history.replace_position(position, c.day[own], c.quantity[own])
    book["changes"] = c
    assert_same_bits(history, built(book))


@given(st.integers(0, 2**32), book_sizes, st.data())
def test_days_appended_give_the_bits_of_a_fresh_build(seed, size, data):
    rng = np.random.default_rng(seed)
    book = random_book(rng, size)
    days = size[1]
    start = data.draw(st.integers(1, days))
    prices = table(book["prices"][:, :start])
    c, f = book["changes"], book["flows"]
    early, early_f = c.day < start, f.day < start
    history = ValueHistory(
        book["positions"],
        Changes(c.position[early], c.day[early], c.quantity[early]),
        prices=prices,
        rates=book["rates"][:, :start],
        flows=ScopeFlows(
            f.day[early_f], f.currency[early_f], f.amount[early_f], f.booked_rate[early_f]
        ),
    )
    for index in range(start, days):
        prices.append(book["prices"][:, index], np.zeros(size[0], np.int64))
        now, now_f = c.day == index, f.day == index
        history.append_day(
            rates=book["rates"][:, index],
            changes=Changes(c.position[now], c.day[now], c.quantity[now]),
            flows=ScopeFlows(
                np.zeros(now_f.sum(), np.int64),
                f.currency[now_f],
                f.amount[now_f],
                f.booked_rate[now_f],
            ),
        )
    fresh = built(book)
    assert_same_bits(history, fresh)
    for position in range(size[0]):
        assert np.array_equal(history.position_value(position), fresh.position_value(position))


@settings(max_examples=20)
@given(st.integers(0, 2**32), book_sizes)
def test_corrected_prices_and_rates_give_the_bits_of_a_fresh_build(seed, size):
    rng = np.random.default_rng(seed)
    book = random_book(rng, size)
    prices = table(book["prices"])
    history = ValueHistory(
        book["positions"], book["changes"], prices=prices, rates=book["rates"], flows=book["flows"]
    )
    instrument, from_day = int(rng.integers(0, size[0])), int(rng.integers(0, size[1]))
    book["prices"][instrument, from_day:] *= 1.5
    row = book["prices"][instrument : instrument + 1]
    prices.replace(instrument, FilledPrices(row, np.zeros(row.shape, np.int64)))
    history.refresh_instrument(instrument, from_day)
    currency = int(rng.integers(0, size[2]))
    book["rates"] = book["rates"].copy()
    book["rates"][currency] *= 0.9
    history.replace_rates(currency, book["rates"][currency])
    history.replace_flows(book["flows"])
    assert_same_bits(history, built(book))


def test_many_appended_days_outgrow_every_buffer():
    prices = table([[1.0], [2.0]])
    history = ValueHistory(
        positions([0, 1]),
        changes((0, 0, 1), (1, 0, 1)),
        prices=prices,
        rates=np.ones((1, 1)),
        flows=no_flows(),
    )
    extra = 10 * TAIL_DAYS
    for index in range(1, extra + 1):
        prices.append(np.array([1.0 + index, 2.0]), np.array([0, 9 if index == extra else 0]))
        history.append_day(rates=np.ones(1), changes=no_changes(), flows=no_flows())
        if index == 70:
            history.replace_position(1, np.array([0]), np.array([2.0]))
    assert history.value[:71] == pytest.approx(np.arange(71) + 1.0 + 4.0)
    assert history.value[-1] == pytest.approx(extra + 1 + 4)
    assert history.unpriced.sum() == history.unpriced[-1] == 1
    assert history.position_value(0)[-1] == extra + 1


@pytest.mark.parametrize(
    "bad",
    [
        lambda b: {**b, "changes": changes((5, 0, 1))},
        lambda b: {**b, "changes": changes((0, 9, 1))},
        lambda b: {**b, "positions": positions([4])},
        lambda b: {**b, "positions": positions([0], currency=[2])},
        lambda b: {**b, "rates": np.ones((1, 3))},
        lambda b: {**b, "flows": flows((7, 0, 1, NAN))},
    ],
)
def test_arrays_that_do_not_fit_are_refused(bad):
    parts = bad(
        {
            "positions": positions([0]),
            "changes": no_changes(),
            "prices": table([[1.0, 2.0]]),
            "rates": np.ones((1, 2)),
            "flows": no_flows(),
        }
    )
    with pytest.raises(BadSeries):
        ValueHistory(parts.pop("positions"), parts.pop("changes"), **parts)


def test_updates_that_do_not_fit_are_refused():
    prices = table([[1.0, 2.0]])
    history = ValueHistory(
        positions([0]), no_changes(), prices=prices, rates=np.ones((1, 2)), flows=no_flows()
    )
    with pytest.raises(BadSeries):
        history.append_day(rates=np.ones(1), changes=no_changes(), flows=no_flows())
    with pytest.raises(BadSeries):
        history.replace_position(0, np.array([2]), np.array([1.0]))
    with pytest.raises(BadSeries):
        prices.append(np.ones(2), np.zeros(2, np.int64))
    with pytest.raises(BadSeries):
        prices.replace(0, FilledPrices(np.ones((1, 1)), np.zeros((1, 1), np.int64)))
    with pytest.raises(BadSeries):
        Changes(np.zeros(1, np.int64), np.zeros(2, np.int64), np.zeros(1))
    with pytest.raises(BadSeries):
        ScopeFlows(np.zeros(1, np.int64), np.zeros(2, np.int64), np.zeros(1), np.zeros(1))
    with pytest.raises(BadSeries):
        positions([0], currency=[0, 1])


def test_a_split_changes_no_value():
    # 4:1 on day 2: quantity times four, provider price of the day a quarter.
    history = ValueHistory(
        positions([0]),
        changes((0, 0, 10), (0, 2, 30)),
        prices=table([[400, 440, 110, 110]]),
        rates=np.ones((1, 4)),
        flows=no_flows(),
    )
    assert history.value.tolist() == [4000, 4400, 4400, 4400]
