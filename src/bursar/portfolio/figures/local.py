"""Returns without the effect of exchange rates, and that effect as a rate.

Each day opens with what was held the evening before, at the exchange rates of the day itself. Then
rates move nothing within the day, and what is left is what prices, income and costs did. The effect
of the rates is the factor between the two returns: (1 + local) (1 + effect) = 1 + total.
"""

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray
from bursar.portfolio.calc.returns import daily_returns, time_weighted_return
from bursar.portfolio.calc.undefined import Figure, Reason
from bursar.portfolio.figures.period import Series, returns_of
from bursar.portfolio.figures.result import Result, ratio
from bursar.portfolio.view.scope import Scope
from bursar.portfolio.view.view import BookView

LOCAL = frozenset({"twr_local.v1", "currency_effect_rate.v1"})


def opening_values(view: BookView, scope: Scope, currency: str, found: Series) -> FloatArray:
    """Return for each day of a series the value before it at its own rates; 0 for the start day."""
    opening = np.zeros(len(found.day))
    if len(found.day) > 1:
        first = int(found.day[0]) - view.axis.first
        days = slice(first, first + len(found.day))
        own = view.history(scope, currency).value_by_currency[:, days]
        rates = view.rates[currency].matrix[:, days]
        opening[1:] = (own[:, :-1] * rates[:, 1:]).sum(axis=0)
        # Where rates stand still both must be the same number, to the last bit.
        still = ((rates[:, 1:] == rates[:, :-1]) | (own[:, :-1] == 0)).all(axis=0)
        opening[1:][still] = found.value[:-1][still]
    return opening


def on_opening(definition: str, found: Series, opening: FloatArray) -> Result:
    """Return a measure of the series and its opening values at each day's rates."""
    if found.reason is not None:
        return Result(None, found.reason)
    local = time_weighted_return(daily_returns(found.values, opening=opening))
    if definition == "twr_local.v1":
        return ratio(local)
    total = time_weighted_return(returns_of(found))
    if total.value is None or local.value is None:
        return ratio(total if total.value is None else local)
    if local.value <= -1:
        return ratio(Figure.undefined(Reason.TOTAL_LOSS, observations=local.observations))
    effect = (1.0 + total.value) / (1.0 + local.value) - 1.0
    return ratio(Figure.of(effect, observations=total.observations))
