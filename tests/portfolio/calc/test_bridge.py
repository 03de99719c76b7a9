from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.portfolio.calc.bridge import (
    Bridge,
    PositionPeriod,
    average_invested_capital,
    return_on_average_investment,
)
from bursar.portfolio.calc.errors import BadSeries, UnbalancedBridge
from bursar.portfolio.calc.undefined import Figure, Reason

pytestmark = pytest.mark.requirement("RETURNS.01")


def test_the_bridge_holds_to_the_smallest_unit():
    bridge = Bridge(
        opening=100_000,
        transfers=25_000,
        realised_gain=1_500,
        unrealised_gain=-300,
        currency_gain=77,
        income=1_000,
        costs=50,
        tax=150,
        closing=127_077,
    )
    assert bridge.checked() is bridge
    assert bridge.gains == 1_277


def test_a_bridge_that_misses_by_a_cent_is_refused():
    parts = dict.fromkeys(
        (
            "transfers",
            "realised_gain",
            "unrealised_gain",
            "currency_gain",
            "income",
            "costs",
            "tax",
        ),
        Decimal(0),
    )
    with pytest.raises(UnbalancedBridge) as refused:
        Bridge(opening=Decimal("10.00"), closing=Decimal("10.01"), **parts).checked()
    assert refused.value.details == {"difference": "0.01"}


money = st.integers(0, 10**15)


@given(st.tuples(money, money, money, money), st.data())
def test_rebased_gains_explain_the_change_of_value(amounts, data):
    opening, bought, sold, closing = amounts
    cost = data.draw(st.integers(0, opening + bought))
    period = PositionPeriod(opening, bought, sold, cost, closing)
    Bridge(
        opening=opening,
        transfers=bought - sold,
        realised_gain=period.realised_gain,
        unrealised_gain=period.unrealised_gain,
        currency_gain=0,
        income=0,
        costs=0,
        tax=0,
        closing=closing,
    ).checked()


def test_average_capital_counts_calendar_days_held():
    day, invested = np.array([0, 10, 20, 30]), np.array([1000.0, 3000.0, 0.0, 500.0])
    average = average_invested_capital(day, invested, start=0, end=40)
    assert average.value == pytest.approx((1000 * 10 + 3000 * 10 + 500 * 10) / 30)
    inside = average_invested_capital(day, invested, start=5, end=15)
    assert inside.value == pytest.approx((1000 * 5 + 3000 * 5) / 10)
    assert average_invested_capital(day, invested, start=20, end=30).reason is Reason.NOT_HELD
    assert return_on_average_investment(150, average).value == pytest.approx(0.1)
    assert return_on_average_investment(Decimal("-15.00"), Figure.of(150)).value == -0.1


def test_undefined_or_refused_averages():
    assert (
        return_on_average_investment(1, Figure.undefined(Reason.NOT_HELD)).reason is Reason.NOT_HELD
    )
    short = return_on_average_investment(1, Figure.of(-5))
    assert short.reason is Reason.NO_AVERAGE_CAPITAL
    with pytest.raises(BadSeries):
        average_invested_capital(np.array([1]), np.array([1.0, 2.0]), start=0, end=2)
    with pytest.raises(BadSeries):
        average_invested_capital(np.array([1, 1]), np.array([1.0, 2.0]), start=0, end=2)
