import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.portfolio.calc.benchmark import (
    alpha,
    beta,
    capture_ratio,
    information_ratio,
    tracking_error,
)
from bursar.portfolio.calc.drawdown import (
    calmar_ratio,
    distance_from_high,
    drawdown_duration_days_max,
    drawdowns,
    maximum_drawdown,
)
from bursar.portfolio.calc.errors import BadSeries
from bursar.portfolio.calc.risk import (
    compound_annual_return,
    conditional_value_at_risk,
    downside_deviation,
    log_semi_deviation,
    log_volatility,
    omega_ratio,
    rate_per_period,
    sharpe_ratio,
    sortino_ratio,
    stability,
    value_at_risk,
    volatility,
)
from bursar.portfolio.calc.statistics import (
    StatisticSettings,
    benchmark_statistics,
    own_statistics,
)
from bursar.portfolio.calc.undefined import Reason

pytestmark = pytest.mark.requirement("RETURNS.01", "DASH.03")

R = np.array([0.02, -0.01, 0.03, -0.02])
B = np.array([0.01, -0.02, 0.02, 0.01])


@pytest.fixture(scope="module")
def empyrical():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("empyrical")


@pytest.mark.requirement("DASH.04")
def test_the_known_sharpe_of_a_known_series():
    # mean 0.005; deviations 0.015, -0.015, 0.025, -0.025; s^2 = 0.0017 / 3.
    expected = 0.005 / (0.0017 / 3) ** 0.5 * 252**0.5
    assert sharpe_ratio(R, periods_per_year=252).value == pytest.approx(expected)
    lower = (0.005 - 0.001) / (0.0017 / 3) ** 0.5 * 12**0.5
    assert sharpe_ratio(R, periods_per_year=12, risk_free=0.001).value == pytest.approx(lower)
    assert sharpe_ratio(R, periods_per_year=252).observations == 4


@pytest.mark.requirement("DASH.04")
@pytest.mark.parametrize("constant", [0.0, 0.001, 0.1, -0.37])
def test_a_constant_series_has_no_sharpe(constant):
    figure = sharpe_ratio(np.full(50, constant), periods_per_year=252, risk_free=0.0001)
    assert figure.reason is Reason.ZERO_DISPERSION
    assert sharpe_ratio(np.full(9, constant), periods_per_year=252, risk_free=constant).reason


def test_statistics_by_hand():
    ppy = 252
    growth = 1.02 * 0.99 * 1.03 * 0.98
    cagr = growth ** (ppy / 4) - 1
    assert compound_annual_return(R, periods_per_year=ppy).value == pytest.approx(cagr)
    assert volatility(R, periods_per_year=ppy).value == pytest.approx((0.0017 / 3 * ppy) ** 0.5)
    below = ((0.01**2 + 0.02**2) / 4 * ppy) ** 0.5
    assert downside_deviation(R, periods_per_year=ppy).value == pytest.approx(below)
    assert sortino_ratio(R, periods_per_year=ppy).value == pytest.approx(0.005 * ppy / below)
    assert maximum_drawdown(R).value == pytest.approx(-0.02)
    assert calmar_ratio(R, periods_per_year=ppy).value == pytest.approx(cagr / 0.02)
    assert omega_ratio(R).value == pytest.approx(0.05 / 0.03)
    assert omega_ratio(R, threshold=0.01).value == pytest.approx(0.03 / 0.05)
    # Sorted: -0.02, -0.01, 0.02, 0.03; position 3 q.
    assert value_at_risk(R, quantile=0.5).value == pytest.approx(0.005)
    assert value_at_risk(R, quantile=0.1).value == pytest.approx(-0.02 + 0.3 * 0.01)
    assert conditional_value_at_risk(R, quantile=0.05).value == pytest.approx(-0.02)
    assert conditional_value_at_risk(R, quantile=0.4).value == pytest.approx(-0.015)
    logs = np.log1p(R)
    assert log_volatility(R).value == pytest.approx(logs.std(ddof=1) * 2)
    low = np.minimum(logs - logs.mean(), 0)
    assert log_semi_deviation(R).value == pytest.approx(((low**2).sum() / 3 * 4) ** 0.5)
    path = np.cumsum(logs)
    assert stability(R).value == pytest.approx(np.corrcoef(path, np.arange(4))[0, 1] ** 2)
    assert rate_per_period(0.21, 2) == pytest.approx(0.1)


def test_benchmark_statistics_by_hand():
    ppy = 252
    slope = np.cov(R, B)[0, 1] / B.var(ddof=1)
    assert beta(R, B, risk_free=0.001).value == pytest.approx(slope)
    period = np.mean((R - 0.001) - slope * (B - 0.001))
    kwargs = {"periods_per_year": ppy, "risk_free": 0.001}
    assert alpha(R, B, **kwargs).value == pytest.approx((1 + period) ** ppy - 1)
    assert alpha(R, B, compounding="linear", **kwargs).value == pytest.approx(period * ppy)
    active = R - B
    spread = active.std(ddof=1)
    assert tracking_error(R, B, periods_per_year=ppy).value == pytest.approx(spread * ppy**0.5)
    assert information_ratio(R, B).value == pytest.approx(active.mean() / spread)
    annual = information_ratio(R, B, periods_per_year=ppy).value
    assert annual == pytest.approx(active.mean() / spread * ppy**0.5)
    up_own, up_other = 1.02 * 1.03 * 0.98, 1.01 * 1.02 * 1.01
    up = (up_own ** (ppy / 3) - 1) / (up_other ** (ppy / 3) - 1)
    assert capture_ratio(R, B, periods_per_year=ppy, side="up").value == pytest.approx(up)


def test_drawdowns_with_their_days():
    returns = np.array([0.1, -0.2, 0.1, 0.2, -0.1, 0.05])
    day = np.array([0, 1, 2, 5, 9, 10, 12])
    deepest, last = drawdowns(returns, day)
    assert (deepest.peak_day, deepest.trough_day, deepest.recovery_day) == (1, 2, 9)
    assert deepest.depth == pytest.approx(-0.2)
    assert (deepest.days_to_trough, deepest.days_to_recover, deepest.days_under_water) == (1, 7, 8)
    assert (last.peak_day, last.trough_day, last.recovery_day) == (9, 10, None)
    assert (last.days_to_recover, last.days_under_water) == (None, 3)
    assert drawdown_duration_days_max(returns, day) == 8
    assert drawdown_duration_days_max(np.array([0.1]), np.array([0, 1])) == 0


def test_a_loss_in_the_first_period_is_a_drawdown():
    assert maximum_drawdown(np.array([-0.1, 0.5])).value == pytest.approx(-0.1)
    first = drawdowns(np.array([-0.1, 0.5]), np.array([3, 4, 5]))[0]
    assert (first.peak_day, first.trough_day, first.recovery_day) == (3, 4, 5)


@pytest.mark.parametrize(
    ("returns", "day"),
    [([0.1], [0]), ([np.nan], [0, 1]), ([-1.5], [0, 1])],
)
def test_drawdowns_refuse_what_they_cannot_date(returns, day):
    with pytest.raises(BadSeries):
        drawdowns(np.array(returns), np.array(day))


def test_distance_from_high():
    assert distance_from_high(np.array([5, np.nan, 10, 8.0])).value == pytest.approx(-0.2)
    assert distance_from_high(np.array([np.nan])).reason is Reason.MISSING_PRICE


def test_missing_returns_are_left_out_not_zero():
    gappy = np.array([np.nan, 0.02, -0.01, np.nan, 0.03, -0.02])
    settings = StatisticSettings(risk_free_annual=0.02)
    assert own_statistics(gappy, settings) == own_statistics(R, settings)
    other = np.array([0.5, 0.01, -0.02, 0.5, 0.02, 0.01])
    assert benchmark_statistics(gappy, other, settings) == benchmark_statistics(R, B, settings)


@pytest.mark.requirement("RETURNS.02", "DASH.04")
@pytest.mark.parametrize("count", [0, 1])
def test_too_few_returns_leave_every_statistic_undefined(count):
    few = np.full(count, 0.01)
    settings = StatisticSettings()
    both = {**own_statistics(few, settings), **benchmark_statistics(few, few, settings)}
    for key, figure in both.items():
        if key == "max_drawdown.v1" and count == 1:
            assert figure.value == 0
        else:
            assert figure.value is None, key
            # Up and down capture count only the periods of their side.
            assert figure.observations == count or "capture" in key


@pytest.mark.requirement("RETURNS.02")
def test_each_reason_of_the_statistics():
    ppy = {"periods_per_year": 252}
    rising, flat = np.array([0.01, 0.02, 0.03]), np.zeros(3)
    beyond, lost = np.array([0.1, -1.5]), np.array([0.1, -1.0])
    cases = [
        (calmar_ratio(rising, **ppy), Reason.NO_DRAWDOWN),
        (omega_ratio(rising), Reason.NO_LOSS),
        (sortino_ratio(rising, **ppy), Reason.NO_LOSS),
        (beta(rising, flat), Reason.ZERO_DISPERSION),
        (alpha(rising, flat, **ppy), Reason.ZERO_DISPERSION),
        (information_ratio(rising, rising - 0.005), Reason.ZERO_DISPERSION),
        (stability(flat), Reason.ZERO_DISPERSION),
        (stability(lost), Reason.TOTAL_LOSS),
        (log_volatility(lost), Reason.TOTAL_LOSS),
        (compound_annual_return(beyond, **ppy), Reason.RETURN_BELOW_TOTAL_LOSS),
        (maximum_drawdown(beyond), Reason.RETURN_BELOW_TOTAL_LOSS),
        (calmar_ratio(beyond, **ppy), Reason.RETURN_BELOW_TOTAL_LOSS),
        (capture_ratio(beyond, R[:2], **ppy), Reason.RETURN_BELOW_TOTAL_LOSS),
        (capture_ratio(R[:2], beyond, **ppy), Reason.RETURN_BELOW_TOTAL_LOSS),
        (capture_ratio(rising, flat, **ppy), Reason.ZERO_BENCHMARK_RETURN),
        (capture_ratio(rising, rising, side="down", **ppy), Reason.NO_DOWN_PERIOD),
        (capture_ratio(rising, -rising, side="up", **ppy), Reason.NO_UP_PERIOD),
        (compound_annual_return(np.full(3, 1e6), **ppy), Reason.NOT_REPRESENTABLE),
        (
            alpha(np.array([-3.0, -3.1, -2.9]), rising, **ppy),
            Reason.RETURN_BELOW_TOTAL_LOSS,
        ),
    ]
    for number, (figure, reason) in enumerate(cases):
        assert figure.reason is reason, number


def test_refused_arrays():
    with pytest.raises(BadSeries):
        volatility(np.array([1, np.inf]), periods_per_year=252)
    with pytest.raises(BadSeries):
        beta(R, B[:2])
    with pytest.raises(BadSeries):
        value_at_risk(R, quantile=0.0)


# Steps of a basis point: ratios over dispersions near rounding differ between any two programs.
one_return = st.integers(-3_000, 3_000).map(lambda steps: steps / 10_000)
returns_lists = st.lists(one_return, min_size=5, max_size=60)


@given(returns_lists, st.data())
def test_empyrical_agrees(empyrical, own, data):
    other = data.draw(st.lists(one_return, min_size=len(own), max_size=len(own)))
    r, b = np.array(own), np.array(other)
    s = StatisticSettings(risk_free_annual=0.03, minimum_annual=0.02)
    ours = {**own_statistics(r, s), **benchmark_statistics(r, b, s)}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        peers = {
            "cagr.v1": empyrical.cagr(r),
            "volatility.v1": empyrical.annual_volatility(r),
            "sharpe.v1": empyrical.sharpe_ratio(r, risk_free=s.risk_free),
            "downside_deviation.v1": empyrical.downside_risk(r, required_return=s.minimum),
            "sortino.v1": empyrical.sortino_ratio(r, required_return=s.minimum),
            "max_drawdown.v1": empyrical.max_drawdown(r),
            "calmar.v1": empyrical.calmar_ratio(r),
            "omega.v1": empyrical.omega_ratio(r, required_return=s.minimum, annualization=1),
            "var.v1": empyrical.value_at_risk(r),
            "cvar.v1": empyrical.conditional_value_at_risk(r),
            "beta.v1": empyrical.beta(r, b, risk_free=s.risk_free),
            "alpha.v1": empyrical.alpha(r, b, risk_free=s.risk_free),
            "capture.v1": empyrical.capture(r, b),
            "stability.v1": empyrical.stability_of_timeseries(r),
        }
    # Near-constant series are noise on both sides: ours says so, theirs divides by rounding.
    if r.std() < 1e-6 or b.std() < 1e-6 or abs(peers["capture.v1"]) > 1e6:
        return
    for key, peer in peers.items():
        if ours[key].value is not None:
            assert ours[key].value == pytest.approx(peer, rel=1e-6, abs=1e-9), key
        else:
            assert not np.isfinite(peer) or key in {"sortino.v1", "omega.v1", "stability.v1"}, key


@given(returns_lists)
def test_the_deepest_drawdown_is_the_maximum(own):
    r = np.array(own)
    listed = drawdowns(r, np.arange(len(r) + 1))
    assert min((d.depth for d in listed), default=0.0) == maximum_drawdown(r).value
    for one in listed:
        assert one.peak_day < one.trough_day
        assert one.recovery_day is None or one.recovery_day > one.trough_day
