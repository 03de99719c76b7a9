from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.portfolio.calc.errors import BadTargets
from bursar.portfolio.calc.rebalance import RebalanceRules, plan_rebalance

pytestmark = pytest.mark.requirement("RETURNS.03", "DASH.10")

D = Decimal
HALF = {"A": D("0.5"), "B": D("0.5")}


def amounts(plan):
    return {t.instrument: t.amount for t in plan.trades}


def test_sales_and_purchases_restore_the_targets():
    plan = plan_rebalance({"A": D(700), "B": D(300)}, HALF, RebalanceRules())
    assert amounts(plan) == {"A": D(-200), "B": D(200)}
    assert (plan.sold, plan.bought, plan.cash_left, plan.residual) == (200, 200, 0, 0)
    assert [(t.before, t.after) for t in plan.targets] == [
        (D("0.7"), D("0.5")),
        (D("0.3"), D("0.5")),
    ]


def test_new_cash_goes_first_and_nothing_is_sold_when_it_suffices():
    plan = plan_rebalance({"A": D(700), "B": D(300)}, HALF, RebalanceRules(cash=D(400)))
    assert amounts(plan) == {"B": D(400)}
    near = RebalanceRules(cash=D(300), tolerance=D("0.05"))
    assert amounts(plan_rebalance({"A": D(700), "B": D(300)}, HALF, near)) == {"B": D(300)}
    tight = RebalanceRules(cash=D(300), tolerance=D("0.01"))
    assert amounts(plan_rebalance({"A": D(700), "B": D(300)}, HALF, tight)) == {
        "A": D(-50),
        "B": D(350),
    }


def test_without_sales_cash_fills_the_deepest_gaps_evenly():
    targets = {"A": D("0.2"), "B": D("0.4"), "C": D("0.4")}
    plan = plan_rebalance(
        {"A": D(600), "B": D(100), "C": D(200)},
        targets,
        RebalanceRules(cash=D(100), sell_allowed=False),
    )
    # Wishes at a total of 1,000 are B 300, C 200; lowered by one level of 200 they cost 100.
    assert amounts(plan) == {"B": D(100)}
    more = plan_rebalance(
        {"A": D(600), "B": D(100), "C": D(200)},
        targets,
        RebalanceRules(cash=D(200), sell_allowed=False),
    )
    assert amounts(more) == {"B": D(150), "C": D(50)}


def test_gaps_too_small_to_matter_get_nothing():
    targets = {"A": D("0.1"), "B": D("0.3"), "C": D("0.3"), "D": D("0.3")}
    held = {"A": D(600), "C": D(10), "D": D(290)}
    plan = plan_rebalance(held, targets, RebalanceRules(cash=D(100), sell_allowed=False))
    # Wishes 300, 290, 10; the level that spends 100 is 245.
    assert amounts(plan) == {"B": D(55), "C": D(45)}


def test_cents_that_do_not_divide_are_never_taken_from_a_holding():
    targets = {"A": D("0.1"), "B": D("0.3"), "C": D("0.3"), "D": D("0.3")}
    rules = RebalanceRules(cash=D("0.02"), sell_allowed=False)
    plan = plan_rebalance({"A": D(1000)}, targets, rules)
    assert sorted(t.amount for t in plan.trades) == [D("0.01"), D("0.01")]
    assert plan.cash_left == 0


def test_a_withdrawal_is_raised_from_what_is_too_large():
    plan = plan_rebalance({"A": D(700), "B": D(300)}, HALF, RebalanceRules(cash=D(-400)))
    assert amounts(plan) == {"A": D(-400)}
    assert plan.cash_left == 0


def test_within_tolerance_nothing_is_traded():
    plan = plan_rebalance({"A": D(510), "B": D(490)}, HALF, RebalanceRules(tolerance=D("0.02")))
    assert plan.trades == ()


def test_dust_is_left_out_and_its_cash_stays():
    targets = {"A": D("0.5"), "B": D("0.495"), "C": D("0.005")}
    plan = plan_rebalance({"A": D(600), "B": D(400)}, targets, RebalanceRules(minimum_trade=D(20)))
    assert amounts(plan) == {"A": D(-100), "B": D(95)}
    assert plan.cash_left == 5


def test_whole_units_never_overspend():
    prices = {"A": D(70), "B": D(33)}
    plan = plan_rebalance(
        {"A": D(700), "B": D(297)}, HALF, RebalanceRules(cash=D(10), unit_prices=prices)
    )
    assert {t.instrument: t.units for t in plan.trades} == {"A": -3, "B": 6}
    assert amounts(plan) == {"A": D(-210), "B": D(198)}
    assert plan.cash_left == 22


def test_holdings_without_target_are_sold():
    plan = plan_rebalance({"A": D(50), "OLD": D("50.01")}, {"A": D(1)}, RebalanceRules())
    assert amounts(plan) == {"A": D("50.01"), "OLD": D("-50.01")}


def test_look_through_finds_the_holdings_behind_the_targets():
    exposures = {
        "MIXED": {"stocks": D("0.6"), "bonds": D("0.4")},
        "STOCKS": {"stocks": D(1)},
        "BONDS": {"bonds": D(1)},
    }
    plan = plan_rebalance(
        {"MIXED": D(1000)},
        {"stocks": D("0.5"), "bonds": D("0.5")},
        RebalanceRules(cash=D(200)),
        exposures=exposures,
    )
    assert amounts(plan) == {"BONDS": D(200)}
    assert plan.residual < D("1e-6")


def test_conflicting_targets_show_their_residual():
    # With share x in TECH: america 0.2 + 0.3 x, technology 0.5 x, other 0.8 (1 - x), wanted 0.6,
    # 0.4 and 0. The sum of squares is least at 0.98 x = 0.96.
    exposures = {
        "TECH": {"america": D("0.5"), "technology": D("0.5")},
        "WORLD": {"america": D("0.2"), "other": D("0.8")},
    }
    plan = plan_rebalance(
        {"WORLD": D(1000)},
        {"america": D("0.6"), "technology": D("0.4")},
        RebalanceRules(),
        exposures=exposures,
    )
    assert plan.cash_left == 0
    residuals = {t.key: t.residual for t in plan.targets}
    x = D(48) / D(49)
    expected = {
        "america": D("0.3") * x - D("0.4"),
        "technology": D("0.5") * x - D("0.4"),
        "other": D("0.8") * (1 - x),
    }
    for key, residual in expected.items():
        assert abs(residuals[key] - residual) < D("0.00002"), key
    assert abs(plan.residual - sum(r**2 for r in expected.values()).sqrt()) < D("0.00002")


def test_look_through_respects_one_side():
    exposures = {"S": {"stocks": D(1)}, "B": {"bonds": D(1)}}
    goal = {"stocks": D("0.5"), "bonds": D("0.5")}
    held = {"S": D(900), "B": D(100)}
    saving = plan_rebalance(
        held, goal, RebalanceRules(cash=D(100), sell_allowed=False), exposures=exposures
    )
    assert amounts(saving) == {"B": D(100)}
    spending = plan_rebalance(
        held, goal, RebalanceRules(cash=D(-300), tolerance=D(1)), exposures=exposures
    )
    assert amounts(spending) == {"S": D(-300)}


@pytest.mark.parametrize(
    ("values", "rules"),
    [
        ({"A": D(-1), "B": D(5)}, RebalanceRules()),
        ({}, RebalanceRules()),
        ({"A": D(1)}, RebalanceRules(cash=D("-0.5"), sell_allowed=False)),
        ({"A": D(1)}, RebalanceRules(cash=D(-2))),
        ({"A": D(1)}, RebalanceRules(tolerance=D(-1))),
        ({"A": D(1)}, RebalanceRules(unit_prices={"A": D(0)})),
        ({f"I{i}": D(1) for i in range(2001)}, RebalanceRules()),
    ],
)
def test_plans_that_cannot_be_made_say_why(values, rules):
    with pytest.raises(BadTargets) as refused:
        plan_rebalance(values, HALF, rules)
    assert refused.value.field


def test_cash_that_whole_units_cannot_raise_is_refused():
    coarse = RebalanceRules(cash=D(-30), unit_prices={"A": D(70)})
    with pytest.raises(BadTargets, match="short of the cash to raise"):
        plan_rebalance({"A": D(69)}, {"A": D(1)}, coarse)
    fine = plan_rebalance({"A": D(700)}, {"A": D(1)}, coarse)
    assert amounts(fine) == {"A": D(-70)}
    assert fine.cash_left == 40


money = st.decimals("0", "100000", places=2)
books = st.dictionaries(st.sampled_from("ABCDEF"), money, min_size=1)
parts = st.lists(st.integers(0, 20), min_size=6, max_size=6).filter(any)


@st.composite
def targets(draw):
    weights = draw(parts)
    shares = [(D(w) / sum(weights)).quantize(D("0.0001")) for w in weights]
    largest = shares.index(max(shares))
    shares[largest] += 1 - sum(shares)
    return dict(zip("ABCDEF", shares, strict=True))


@given(
    books,
    targets(),
    st.decimals("-50", "5000", places=2),
    st.tuples(
        st.booleans(), st.sampled_from([None, D("7.77"), D(100)]), st.sampled_from([D(0), D(25)])
    ),
)
def test_money_is_never_made_or_short(values, goal, cash, options):
    sell, price, minimum = options
    if sum(values.values()) + cash <= 0:
        return
    if cash < 0:
        # Whole units and the smallest trade may be too coarse to raise a small sum.
        price, minimum = None, D(0)
    rules = RebalanceRules(
        cash=cash,
        sell_allowed=sell or cash < 0,
        minimum_trade=minimum,
        unit_prices=None if price is None else dict.fromkeys("ABC", price),
    )
    plan = plan_rebalance(values, goal, rules)
    assert plan.cash_left == cash - sum(t.amount for t in plan.trades)
    assert plan.cash_left >= 0
    if price is None and minimum == 0:
        assert plan.cash_left == 0
    for trade in plan.trades:
        assert trade.value_after >= 0
        assert trade.value_after == trade.value_before + trade.amount
        assert abs(trade.amount) >= min(minimum, trade.value_before or minimum)
        assert trade.amount == trade.amount.quantize(D("0.01"))
        if not rules.sell_allowed:
            assert trade.amount > 0
        if trade.units is not None:
            assert trade.units * price == trade.amount


@given(books, targets(), st.decimals("0", "5000", places=2))
def test_the_plan_reaches_the_targets_to_the_cent(values, goal, cash):
    total = sum(values.values()) + cash
    if total <= 0:
        return
    plan = plan_rebalance(values, goal, RebalanceRules(cash=cash))
    assert plan.cash_left == 0
    for result in plan.targets:
        assert abs(result.residual) * total <= D("0.07")
    applied = dict(values)
    for trade in plan.trades:
        applied[trade.instrument] = trade.value_after
    again = plan_rebalance(applied, goal, RebalanceRules(tolerance=D("0.08") / total))
    assert again.trades == ()
