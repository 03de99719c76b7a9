import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.portfolio.calc.errors import BadSeries, NegativeTotalValue
from bursar.portfolio.calc.irr import period_rate
from bursar.portfolio.calc.returns import (
    FlowTiming,
    IncomeSeries,
    ReturnFlags,
    ValueSeries,
    annualised_return,
    cumulative_returns,
    daily_returns,
    dietz_chain,
    link_returns,
    modified_dietz,
    price_or_total_return,
    simple_gain,
    time_weighted_return,
)
from bursar.portfolio.calc.undefined import Figure, Reason

pytestmark = pytest.mark.requirement("RETURNS.01", "DASH.03")


def series(value, inflow=None, outflow=None, day=None):
    count = len(value)
    return ValueSeries(
        np.arange(count) if day is None else np.array(day),
        np.array(value, float),
        np.zeros(count) if inflow is None else np.array(inflow, float),
        np.zeros(count) if outflow is None else np.array(outflow, float),
    )


def twr(s, timing=FlowTiming.START_END):
    return time_weighted_return(daily_returns(s, timing=timing))


def test_a_deposit_is_no_return_in_the_fixed_series():
    # 100 grows 10 % to 110; 90 comes in, 200 grows 5 % to 210; 10 goes out after a fall of 10 %.
    s = series([100, 110, 210, 179], inflow=[0, 0, 90, 0], outflow=[0, 0, 0, 10])
    assert twr(s).value == pytest.approx(1.10 * 1.05 * 0.9 - 1)
    assert cumulative_returns(daily_returns(s)) == pytest.approx([0.1, 0.155, 1.1 * 1.05 * 0.9 - 1])


def test_the_three_flow_timings():
    s = series([100, 140], inflow=[0, 30], outflow=[0, 10])
    assert twr(s).value == pytest.approx(150 / 130 - 1)
    assert twr(s, FlowTiming.START).value == pytest.approx(140 / 120 - 1)
    assert twr(s, FlowTiming.END).value == pytest.approx(120 / 100 - 1)


def test_flows_of_the_start_day_are_in_the_opening_value():
    assert twr(series([100, 110], inflow=[999, 0])).value == pytest.approx(0.10)


def test_no_capital_is_factor_one_and_a_gain_from_nothing_is_flagged():
    s = series([100, 0, 0, 5, 5.5], outflow=[0, 110, 0, 0, 0])
    daily = daily_returns(s)
    assert daily.factor == pytest.approx([1.1, 1, 1, 1.1])
    assert daily.defined.tolist() == [True, False, False, True]
    assert daily.gain_without_capital.tolist() == [False, False, True, False]
    assert daily.returns == pytest.approx([0.1, 0.1])
    assert daily.defined_days.tolist() == [1, 4]
    assert time_weighted_return(daily) == Figure(pytest.approx(0.21), None, 2)


def test_a_negative_total_is_missing_data_and_names_the_day():
    with pytest.raises(NegativeTotalValue) as refused:
        series([100, -1], day=[0, 19_000])
    assert refused.value.details == {"day": "2022-01-08"}


def test_undefined_time_weighted_returns():
    assert twr(series([100])).reason is Reason.EMPTY_PERIOD
    assert twr(series([0, 0])).reason is Reason.NO_CAPITAL
    late = series([10, 80], inflow=[0, 100])
    assert twr(late, FlowTiming.END).reason is Reason.FLOW_EXCEEDS_CAPITAL


@pytest.mark.parametrize(
    "bad",
    [
        lambda: series([1, 2], inflow=[0]),
        lambda: series([]),
        lambda: series([1, np.nan]),
        lambda: series([1, 2], inflow=[0, -1]),
        lambda: series([1, 2], day=[3, 3]),
        lambda: daily_returns(series([1, 2]), extra=np.zeros(1)),
    ],
)
def test_series_that_do_not_fit_are_refused(bad):
    with pytest.raises(BadSeries):
        bad()


def test_weeks_start_on_monday_and_months_on_the_first():
    # 2024-02-28 (Wednesday) is the start; returns of 1 % on the ten days after it.
    start = np.datetime64("2024-02-28").astype(int)
    s = series(100 * 1.01 ** np.arange(11), day=start + np.arange(11))
    weekly = link_returns(daily_returns(s), "week")
    first = weekly.start.astype("datetime64[D]").astype(str).tolist()
    assert first == ["2024-02-26", "2024-03-04"]
    assert weekly.days.tolist() == [4, 6]
    assert weekly.returns == pytest.approx([1.01**4 - 1, 1.01**6 - 1])
    monthly = link_returns(daily_returns(s), "month")
    assert monthly.start.astype("datetime64[D]").astype(str).tolist() == [
        "2024-02-01",
        "2024-03-01",
    ]
    assert monthly.days.tolist() == [1, 9]
    assert link_returns(daily_returns(s), "year").returns == pytest.approx([1.01**10 - 1])
    assert len(link_returns(daily_returns(series([1])), "week").returns) == 0


def test_annualised_from_one_year_up():
    total = Figure.of(0.21)
    assert annualised_return(total, 730).value == pytest.approx(0.1)
    assert annualised_return(total, 364).reason is Reason.PERIOD_UNDER_A_YEAR
    assert annualised_return(total, 73, rule="always").value == pytest.approx(1.21**5 - 1)
    assert annualised_return(total, 0).reason is Reason.EMPTY_PERIOD
    assert annualised_return(Figure.undefined(Reason.NO_CAPITAL), 730).reason is Reason.NO_CAPITAL
    huge = annualised_return(Figure.of(1e9), 1, rule="always")
    assert huge.reason is Reason.NOT_REPRESENTABLE


def test_modified_dietz_by_hand():
    # 30 days, 1,000 to 1,150, 100 comes in on day 10 and 20 goes out on day 25.
    s = series([1000, 1100, 1090, 1150], [0, 100, 0, 0], [0, 0, 20, 0], day=[0, 10, 25, 30])
    assert modified_dietz(s).value == pytest.approx(70 / (1000 + 100 * 20 / 30 - 20 * 5 / 30))
    assert modified_dietz(s, flow_at="start").value == pytest.approx(
        70 / (1000 + 100 * 21 / 30 - 20 * 6 / 30)
    )
    assert modified_dietz(series([5])).reason is Reason.EMPTY_PERIOD
    emptied = series([100, 10, 20], outflow=[0, 250, 0], day=[0, 1, 10])
    assert modified_dietz(emptied).reason is Reason.NO_AVERAGE_CAPITAL


def test_dietz_chain_by_hand():
    s = series([100, 160, 150], inflow=[0, 50, 0], outflow=[0, 0, 20])
    expected = (1 + 10 / 125) * (1 + 10 / 150) - 1
    assert dietz_chain(s).value == pytest.approx(expected)
    assert dietz_chain(series([1])).reason is Reason.EMPTY_PERIOD
    assert dietz_chain(series([0, 0])).reason is Reason.NO_CAPITAL
    broken = series([10, 10], inflow=[0, 1000])
    assert dietz_chain(broken).reason is Reason.FLOW_EXCEEDS_CAPITAL


def test_simple_gain_by_hand():
    assert simple_gain(series([200, 260], inflow=[0, 40])).value == pytest.approx(0.1)
    assert simple_gain(series([0, 10])).reason is Reason.NO_OPENING_VALUE


def test_price_and_total_return_with_each_flag():
    s = series([100, 102, 103])
    paid = IncomeSeries(np.array([9, 4, 0.0]), np.array([9, 0, 1.0]), np.array([9, 1, 0.0]))

    def of(**flags):
        return price_or_total_return(s, paid, ReturnFlags(**flags)).value

    assert of(income=False, costs=False) == pytest.approx(0.03)
    assert of(income=True, costs=False) == pytest.approx(1.06 * 103 / 102 - 1)
    assert of(income=True, costs=True) == pytest.approx(1.06 * 102 / 102 - 1)
    assert of(income=True, costs=True, tax=True) == pytest.approx(1.05 * 102 / 102 - 1)
    with pytest.raises(BadSeries):
        price_or_total_return(s, IncomeSeries(np.zeros(2), np.zeros(3), np.zeros(3)), ReturnFlags())


growths = st.lists(st.floats(0.5, 1.5), min_size=1, max_size=30)
amounts = st.floats(0, 10_000)


@given(growths, st.data())
def test_flows_do_not_change_the_time_weighted_return(growth, data):
    flows = data.draw(
        st.lists(st.tuples(amounts, amounts), min_size=len(growth), max_size=len(growth))
    )
    value, inflow, outflow = [1000.0], [0.0], [0.0]
    for factor, (money_in, wish_out) in zip(growth, flows, strict=True):
        grown = (value[-1] + money_in) * factor
        money_out = min(wish_out, grown * 0.9)
        value.append(grown - money_out)
        inflow.append(money_in)
        outflow.append(money_out)
    with_flows = twr(series(value, inflow, outflow)).value
    assert with_flows == pytest.approx(np.prod(growth) - 1, rel=1e-9, abs=1e-9)


@given(growths, st.floats(1e-3, 1e6))
def test_scaling_the_book_changes_no_return(growth, scale):
    value = 1000 * np.cumprod([1.0, *growth])
    inflow = np.zeros(len(value))
    inflow[1] = 10.0
    outflow = np.zeros(len(value))
    day = np.arange(len(value)) * 40
    base = series(value, inflow, outflow, day=day)
    scaled = series(value * scale, inflow * scale, outflow, day=day)
    for measure in (twr, modified_dietz, dietz_chain, simple_gain):
        assert measure(scaled).value == pytest.approx(measure(base).value, rel=1e-9, abs=1e-9)
    rates = [period_rate(s.day, s.value, s.inflow, s.outflow).figure for s in (base, scaled)]
    assert rates[0].reason == rates[1].reason
    if rates[0].value is not None:
        assert rates[1].value == pytest.approx(rates[0].value, rel=1e-6, abs=1e-9)


@given(growths)
def test_linking_by_any_calendar_keeps_the_whole(growth):
    s = series(1000 * np.cumprod([1.0, *growth]), day=np.arange(len(growth) + 1) * 3)
    daily = daily_returns(s)
    for period in ("week", "month", "year"):
        linked = link_returns(daily, period)
        assert linked.days.sum() == len(growth)
        assert np.prod(1 + linked.returns) == pytest.approx(np.prod(growth), rel=1e-9)
