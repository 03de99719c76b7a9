import numpy as np
import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st

from bursar.portfolio.calc.errors import BadSeries
from bursar.portfolio.calc.irr import all_rates, internal_rate, net_present_value, period_rate
from bursar.portfolio.calc.undefined import Reason

pytestmark = pytest.mark.requirement("RETURNS.01")

YEAR = 365


def rate(days, amounts):
    return internal_rate(np.array(days, np.int64), np.array(amounts, float))


def polynomial(*rates):
    """Yearly flows whose present value is zero exactly at these rates."""
    return np.poly([1 + r for r in rates])


@pytest.mark.parametrize(
    ("days", "amounts", "expected"),
    [
        ([0, YEAR], [-100, 110], 0.10),
        ([0, YEAR], [-100, 100], 0.0),
        ([0, YEAR], [-100, 40], -0.60),
        ([YEAR, 0], [110, -100], 0.10),
        ([0, 0, YEAR], [-60, -40, 110], 0.10),
        ([0, 73], [-100, 110], 1.1**5 - 1),
        ([0, 2 * YEAR], [100, -121], 0.10),
    ],
)
def test_one_rate_by_hand(days, amounts, expected):
    found = rate(days, amounts)
    assert found.figure.value == pytest.approx(expected, abs=1e-12)
    assert found.roots == (found.figure.value,)


def test_a_root_near_minus_one_that_pyxirr_may_not_find():
    assert rate([0, YEAR], [-100, 1e-9]).figure.value == pytest.approx(1e-11 - 1, abs=1e-14)


@pytest.mark.parametrize(
    "rates",
    [
        (0.1, 0.2),
        (0.0, 0.1, 0.2),
        (-0.5, 0.03, 4.0),
        (-0.9, -0.2),
        (0.05, 0.0501),
        (900.0, 2.0),
        # All three within one cell of the grid, whose ends show a single crossing.
        (0.095, 0.097, 0.099),
    ],
)
def test_every_root_is_listed_and_no_single_one_is_stated(rates):
    flows = polynomial(*rates)
    found = rate(np.arange(len(flows)) * YEAR, flows)
    assert found.figure.value is None
    assert found.figure.reason is Reason.SEVERAL_ROOTS
    assert found.roots == pytest.approx(sorted(rates), abs=1e-7)


@pytest.mark.parametrize("double", [0.1, -0.3, 3.0, 0.0])
def test_a_touching_root_is_one_root(double):
    flows = polynomial(double, double)
    found = rate([0, YEAR, 2 * YEAR], flows)
    assert found.figure.value == pytest.approx(double, abs=1e-7)


def test_a_touching_root_beside_a_crossing_one():
    found = rate(np.arange(4) * YEAR, polynomial(0.1, 0.1, 0.5))
    assert found.roots == pytest.approx((0.1, 0.5), abs=1e-6)


@pytest.mark.parametrize(
    ("days", "amounts"),
    [
        ([0, YEAR], [100, 110]),
        ([0, YEAR, 2 * YEAR], [-100, 220, -122]),
        # 1.5 for 1 within a day is above the domain's 1,000,000 %.
        ([0, 1], [-100, 150]),
        ([5, 5], [-100, 110]),
    ],
)
def test_no_root(days, amounts):
    found = rate(days, amounts)
    assert found.figure.reason is Reason.NO_ROOT
    assert found.roots == ()


@pytest.mark.parametrize(("days", "amounts"), [([], []), ([3, 3], [-5, 5]), ([1, 2], [0, 0])])
def test_no_flows(days, amounts):
    assert rate(days, amounts).figure.reason is Reason.NO_FLOWS
    assert all_rates(np.array(days, np.int64), np.array(amounts, float)) == ()


def test_flows_that_do_not_fit_are_refused():
    for days, amounts in (([0, 1], [1]), ([0, 80_000], [-1, 1]), ([0, 1], [-1, np.inf])):
        with pytest.raises(BadSeries):
            rate(days, amounts)


def test_a_period_opens_with_its_value_and_closes_with_it():
    day = np.array([0, 100, YEAR])
    value, zero = np.array([1000.0, 0, 1100]), np.zeros(3)
    assert period_rate(day, value, zero, zero).figure.value == pytest.approx(0.1)
    # Without opening value the count of days starts at the first flow, not at the period.
    late = period_rate(
        np.array([0, 500, 500 + YEAR]), np.array([0, 1000, 1100.0]), np.array([7, 1000.0, 0]), zero
    )
    assert late.figure.value == pytest.approx(0.1)


flow_lists = st.lists(
    st.tuples(st.integers(0, 9_000), st.integers(-10_000, 10_000)), min_size=2, max_size=40
)


@given(flow_lists)
def test_the_present_value_is_zero_at_every_root(flows):
    day = np.array([d for d, _ in flows])
    amount = np.array([a for _, a in flows], float)
    for root in internal_rate(day, amount).roots:
        if root > -0.999:
            years = (day - day.min()) / YEAR
            scale = float(np.abs(amount) @ (1 + root) ** -years)
            assert abs(net_present_value(day, amount, rate=root)) <= 1e-9 * scale


@given(flow_lists, st.randoms())
def test_the_order_of_flows_does_not_matter(flows, random):
    mixed = list(flows)
    random.shuffle(mixed)
    assert rate(*zip(*flows, strict=True)) == rate(*zip(*mixed, strict=True))


@given(flow_lists)
def test_pyxirr_agrees_where_there_is_exactly_one_root(flows):
    day = np.array([d for d, _ in flows])
    amount = np.array([a for _, a in flows], float)
    found = internal_rate(day, amount)
    other = pyxirr.xirr(day.astype("datetime64[D]"), amount, silent=True)
    # A tiny base lets pyxirr stop at a residual of 1e-9 that is far from the root.
    if found.figure.value is not None and other is not None and -0.99 < other < 100:
        assert found.figure.value == pytest.approx(other, rel=1e-5, abs=1e-6)


@given(st.lists(st.floats(-0.9, 5.0), min_size=1, max_size=4))
def test_the_scan_finds_the_roots_a_polynomial_was_made_from(rates):
    flows = polynomial(*rates)
    found = all_rates(np.arange(len(flows)) * YEAR, flows)
    apart = all(abs(a - b) > 0.01 for i, a in enumerate(rates) for b in rates[:i])
    if apart:
        assert found == pytest.approx(sorted(rates), abs=1e-6)


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=30), st.integers(3_001, 4_000))
def test_scan_and_unique_path_agree(days, last):
    day = np.array([*days, last])
    amount = np.array([-100.0] * len(days) + [130.0 * len(days)])
    unique = internal_rate(day, amount)
    assert all_rates(day, amount) == pytest.approx(unique.roots, rel=1e-9)
