"""Drift as a figure: the weight of a part, with the target carried in the id (parameter `target`).

So `drift.v1~class.asset_5fclass.stocks~2026-01-15~USD~in.all~target.0.6` can be computed again from the id
alone, also after the policy it came from has changed.
"""

from decimal import Decimal, InvalidOperation

from bursar.core.errors import InvalidInput
from bursar.core.money import format_decimal
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.money import weight
from bursar.portfolio.figures.result import Result
from bursar.portfolio.view.view import BookView

TARGET = "target"


def drift_id(weight_id: FigureId, target: Decimal) -> FigureId:
    """Return the id of the drift of a weight (`weight.v1`) from a target."""
    return weight_id.of("drift.v1").having(**{TARGET: format_decimal(target)})


def target_of(figure: FigureId) -> Decimal:
    """Return the target that a drift id names. Raises InvalidInput."""
    try:
        target = Decimal(figure.parameter(TARGET) or "")
    except InvalidOperation:
        target = Decimal(-1)
    if not (target.is_finite() and 0 <= target <= 1):
        raise InvalidInput("a drift names its target, a weight between 0 and 1", field="figure_id")
    return target


def drift(view: BookView, figure: FigureId) -> Result:
    """Current weight less the target weight."""
    target = target_of(figure)
    return drift_from(weight(view, figure.of("weight.v1").having(**{TARGET: None})), target)


def drift_from(share: Result, target: Decimal) -> Result:
    """Return a weight less its target, undefined where the weight is."""
    return share if share.value is None else Result(share.value - target)
