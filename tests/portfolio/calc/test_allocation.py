from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.portfolio.calc.allocation import Band, allocate, check_targets, measure_drift
from bursar.portfolio.calc.errors import BadTargets
from bursar.portfolio.calc.undefined import Reason
from bursar.portfolio.calc.what_if import Scenario, apply_scenario

D = Decimal
VALUES = {"FUND": D(600), "STOCK": D(300), "CASH": D(100)}
CLASSES = {
    "FUND": {"stocks": D("0.6"), "bonds": D("0.3")},
    "STOCK": {"stocks": D(1)},
    "CASH": {"cash": D(1)},
}


@pytest.mark.requirement("DASH.05")
def test_weights_look_through_a_fund_and_keep_the_rest():
    allocation = allocate(VALUES, CLASSES)
    assert allocation.total == 1000
    assert allocation.weights() == {
        "stocks": D("0.66"),
        "bonds": D("0.18"),
        "cash": D("0.1"),
        "unclassified": D("0.06"),
    }
    assert [s.key for s in allocation.slices] == ["stocks", "bonds", "cash", "unclassified"]
    assert allocate(VALUES).weights()["FUND"] == D("0.6")


@pytest.mark.requirement("RETURNS.02")
def test_no_total_means_no_weights():
    empty = allocate({"A": D(5), "B": D(-5)})
    assert empty.reason is Reason.NO_VALUE
    assert empty.weights() == {}
    assert {s.weight for s in empty.slices} == {None}


@pytest.mark.parametrize("shares", [{"a": D("0.7"), "b": D("0.7")}, {"a": D("-0.1")}])
def test_impossible_shares_are_refused(shares):
    with pytest.raises(BadTargets):
        allocate({"X": D(1)}, {"X": shares})


@pytest.mark.requirement("DASH.05")
def test_drift_is_current_minus_target_with_the_largest_first():
    report = measure_drift(
        {"stocks": D("0.66"), "bonds": D("0.24"), "cash": D("0.10")},
        {"stocks": D("0.60"), "bonds": D("0.40")},
        bands={"cash": Band(D("0.10"))},
    )
    assert [(k.key, k.drift, k.over_threshold) for k in report.keys] == [
        ("bonds", D("-0.16"), True),
        ("cash", D("0.10"), False),
        ("stocks", D("0.06"), True),
    ]
    assert report.largest.key == "bonds"
    assert report.over_threshold
    assert (report.keys[0].low, report.keys[0].high) == (D("0.35"), D("0.45"))
    assert measure_drift({}, {"a": D(1)}).keys[0].drift == -1


@pytest.mark.requirement("DASH.05")
def test_a_band_takes_the_narrower_of_its_widths():
    five_twenty_five = Band(D("0.05"), D("0.25"))
    assert five_twenty_five.width(D("0.6")) == D("0.05")
    assert five_twenty_five.width(D("0.1")) == D("0.025")
    with pytest.raises(BadTargets):
        Band(None, None).width(D(1))


@pytest.mark.parametrize("targets", [{"a": D("0.9")}, {"a": D("1.1"), "b": D("-0.1")}, {}])
def test_targets_must_be_weights(targets):
    with pytest.raises(BadTargets):
        check_targets(targets)


@pytest.mark.requirement("DASH.07")
def test_the_closest_shock_wins_and_the_real_values_stand_beside():
    outcome = apply_scenario(
        VALUES,
        Scenario(
            shock_all=D("0.10"),
            class_shocks={"stocks": D("-0.20")},
            instrument_shocks={"CASH": D(0)},
            contributions={"CASH": D(50)},
        ),
        classes=CLASSES,
        shown_by=CLASSES,
    )
    after = {h.instrument: h for h in outcome.holdings}
    # FUND: 0.6 stocks at -20 %, 0.3 bonds and 0.1 unclassified at the shock for all.
    assert after["FUND"].after == D(600) * (1 + D("0.6") * D("-0.2") + D("0.4") * D("0.1"))
    assert after["STOCK"].after == 240
    assert (after["CASH"].price_effect, after["CASH"].moved, after["CASH"].after) == (0, 50, 150)
    assert outcome.before.total == 1000
    assert outcome.change == outcome.after.total - 1000


@pytest.mark.requirement("DASH.07")
def test_target_weights_redistribute_what_is_there():
    outcome = apply_scenario(
        {"A": D("100.01"), "B": D(0)},
        Scenario(
            contributions={"A": D("0.02")},
            target_weights={"A": D("0.333"), "B": D("0.333"), "C": D("0.334")},
        ),
    )
    assert outcome.after.total == D("100.03")
    assert {h.instrument: h.after for h in outcome.holdings} == {
        "A": D("33.31"),
        "B": D("33.31"),
        "C": D("33.41"),
    }


def test_impossible_scenarios_are_refused():
    for scenario in (
        Scenario(shock_all=D("-1.1")),
        Scenario(shock_all=D("1e30")),
        Scenario(contributions={"A": D(-11)}),
        Scenario(target_weights={"A": D("0.5")}),
    ):
        with pytest.raises(BadTargets):
            apply_scenario({"A": D(10)}, scenario)


money = st.decimals("0.01", "1000000", places=2)


@given(
    st.dictionaries(st.sampled_from("ABCDE"), money, min_size=1), st.decimals("-1", "3", places=4)
)
def test_a_scenario_explains_every_cent(values, shock):
    outcome = apply_scenario(values, Scenario(shock_all=shock, contributions={"Z": D(7)}))
    for holding in outcome.holdings:
        assert holding.after == holding.before + holding.price_effect + holding.moved
    assert sum(h.moved for h in outcome.holdings) == 7
    assert outcome.after.total == sum(h.after for h in outcome.holdings)
