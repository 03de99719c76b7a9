import builtins
import sys
import warnings
from decimal import Decimal

import numpy as np
import pytest

from bursar.portfolio.calc.errors import BadSeries, BadTargets, NoAllocation, OptimizerMissing
from bursar.portfolio.calc.recommend import recommend_allocation

pytestmark = pytest.mark.requirement("DASH.12")

D = Decimal
ASSETS = ["A", "B", "C", "D"]


@pytest.fixture(scope="module", autouse=True)
def optimiser():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("skfolio")


def history(volatilities=(0.01, 0.02, 0.03, 0.015), means=(0.0004, 0.0008, 0.001, 0.0002)):
    rng = np.random.default_rng(5)
    common = rng.normal(0, 0.005, (500, 1))
    return np.array(means) + common + rng.normal(0, 1, (500, 4)) * np.array(volatilities)


def weights(recommendation):
    return {w.asset: w.weight for w in recommendation.weights}


@pytest.mark.parametrize("objective", ["minimum_variance", "maximum_sharpe", "risk_parity"])
def test_weights_sum_to_one_within_caps_and_are_reproducible(objective):
    caps = {"A": D("0.3"), "B": D("0.4")}
    first = recommend_allocation(history(), ASSETS, objective=objective, caps=caps)
    again = recommend_allocation(history(), ASSETS, objective=objective, caps=caps)
    assert first == again
    assert sum(w.weight for w in first.weights) == 1
    for w in first.weights:
        assert 0 <= w.weight <= w.cap
    assert sum(w.risk_share for w in first.weights) == pytest.approx(1)
    assert first.periods == 500


def test_minimum_variance_equals_the_closed_form():
    returns = history()
    inverse = np.linalg.inv(np.cov(returns, rowvar=False))
    expected = inverse.sum(axis=1) / inverse.sum()
    found = recommend_allocation(returns, ASSETS, objective="minimum_variance")
    assert (expected > 0).all()
    assert [float(w.weight) for w in found.weights] == pytest.approx(expected, abs=2e-3)


def test_risk_parity_shares_the_risk():
    found = recommend_allocation(history(), ASSETS, objective="risk_parity")
    assert [w.risk_share for w in found.weights] == pytest.approx([0.25] * 4, abs=5e-3)
    assert {w.reason for w in found.weights} == {"by_objective"}


def test_the_best_sharpe_beats_every_single_asset_and_equal_weights():
    returns = history()
    found = recommend_allocation(returns, ASSETS, objective="maximum_sharpe")
    best = found.mean_return / found.volatility
    equal = returns.mean(axis=1)
    assert best >= equal.mean() / equal.std(ddof=1)
    assert best >= (returns.mean(axis=0) / returns.std(axis=0, ddof=1)).max() - 1e-6


def test_reasons_say_what_a_cap_did():
    found = recommend_allocation(
        history(), ASSETS, objective="minimum_variance", caps={"A": D("0.1")}
    )
    assert found.weights[0].weight == D("0.1")
    assert found.weights[0].reason == "at_cap"


def test_caps_that_leave_one_answer_are_taken_as_it():
    caps = dict(zip(ASSETS, [D("0.1"), D("0.2"), D("0.3"), D("0.4")], strict=True))
    found = recommend_allocation(history(), ASSETS, objective="risk_parity", caps=caps)
    assert weights(found) == caps
    alone = recommend_allocation(history()[:, :1], ["A"], objective="minimum_variance")
    assert weights(alone) == {"A": D(1)}


@pytest.mark.parametrize(
    "caps",
    [
        dict.fromkeys(ASSETS, D("0.2")),
        {"A": D(0)},
        {"A": D("1.5")},
        {"A": D("0.3333333")},
        {"Z": D("0.5")},
    ],
)
def test_caps_that_cannot_hold_are_refused_with_their_field(caps):
    with pytest.raises(BadTargets) as refused:
        recommend_allocation(history(), ASSETS, objective="risk_parity", caps=caps)
    assert refused.value.field.startswith("caps")


@pytest.mark.parametrize(
    ("returns", "assets"),
    [
        (history()[:4], ASSETS),
        (history(), ASSETS[:3]),
        (history(), ["A", "A", "B", "C"]),
        (np.where(np.arange(4) == 1, 0.001, history()), ASSETS),
        (np.where(np.arange(4) == 1, np.nan, history()), ASSETS),
        (np.zeros((500, 201)), [str(i) for i in range(201)]),
    ],
)
def test_returns_that_cannot_be_used_are_refused(returns, assets):
    with pytest.raises(BadSeries):
        recommend_allocation(returns, assets, objective="minimum_variance")


def test_no_excess_return_means_no_best_sharpe():
    with pytest.raises(NoAllocation):
        recommend_allocation(history(), ASSETS, objective="maximum_sharpe", risk_free=0.5)


def test_a_missing_extra_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name.startswith("skfolio"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    for name in [n for n in sys.modules if n.startswith("skfolio")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(OptimizerMissing, match="bursar\\[optimize\\]"):
        recommend_allocation(history(), ASSETS, objective="minimum_variance")
