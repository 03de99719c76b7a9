"""Recommended weights from past returns: minimum variance, maximum Sharpe ratio, risk parity.

The optimiser is deterministic (a convex solver without random start), so the same returns give the
same weights. Weights come back as exact Decimals that sum to 1 and respect the caps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any, Literal

import numpy as np

from bursar.portfolio.calc.allocation import ONE, ZERO
from bursar.portfolio.calc.arrays import FloatArray
from bursar.portfolio.calc.errors import BadSeries, BadTargets, NoAllocation, OptimizerMissing
from bursar.portfolio.calc.risk import deviation

Objective = Literal["minimum_variance", "maximum_sharpe", "risk_parity"]

ASSETS_MAX = 200
PERIODS_MAX = 10_000
WEIGHT_QUANTUM = Decimal("0.000001")
BOUND_TOLERANCE = Decimal("0.000002")


@dataclass(frozen=True, slots=True)
class RecommendedWeight:
    """Weight of one asset, its share of the portfolio's variance, and why it is what it is.

    `reason` is `at_cap`, `left_out` (weight 0) or `by_objective`.
    """

    asset: str
    weight: Decimal
    cap: Decimal
    risk_share: float
    reason: Literal["at_cap", "left_out", "by_objective"]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Weights that sum to 1; mean and volatility are those of the past, per period."""

    objective: Objective
    weights: tuple[RecommendedWeight, ...]
    periods: int
    mean_return: float
    volatility: float


def recommend_allocation(
    returns: FloatArray,
    assets: Sequence[str],
    *,
    objective: Objective,
    caps: Mapping[str, Decimal] | None = None,
    risk_free: float = 0.0,
) -> Recommendation:
    """Return weights for `returns` (periods x assets, simple, none missing) under caps per asset.

    `risk_free` is per period and used by `maximum_sharpe`. Raises BadTargets for caps that cannot
    sum to 1, BadSeries for unusable returns, NoAllocation when there is no solution,
    OptimizerMissing without the extra `optimize`.
    """
    _check_returns(returns, assets)
    limits = _checked_caps(assets, caps or {})
    if len(assets) == 1 or sum(limits, ZERO) == 1:
        exact = limits if len(assets) > 1 else [ONE]
    else:
        raw = _solve(returns, limits, objective=objective, risk_free=risk_free)
        exact = _exact_weights(raw, limits)
    return _described(returns, assets, exact, limits=limits, objective=objective)


def efficient_frontier(
    returns: FloatArray, limits: Sequence[Decimal], *, points: int
) -> list[FloatArray]:
    """Return weights of least variance for mean returns from lowest risk to highest return.

    `limits` is the cap of each asset. Raises NoAllocation and OptimizerMissing.
    """
    try:
        import skfolio.exceptions as problems  # noqa: PLC0415 - heavy, loaded on first use
        from skfolio.optimization import MeanRisk  # noqa: PLC0415 - heavy, loaded on first use
    except ImportError as missing:
        msg = "a frontier needs the extra: pip install 'bursar[optimize]'"
        raise OptimizerMissing(msg) from missing
    ceiling = np.array([float(cap) for cap in limits])
    means = returns.mean(axis=0)
    highest = _highest_return(means, ceiling)
    try:
        # Its own frontier leaves out negative returns, so the targets are given instead.
        calmest: Any = MeanRisk(min_weights=0.0, max_weights=ceiling).fit(returns)
        first = np.asarray(calmest.weights_, dtype=np.float64)
        targets = np.linspace(first @ means, highest @ means, points)[1:-1]
        if len(targets) == 0:
            return [first, highest]
        model: Any = MeanRisk(min_weights=0.0, max_weights=ceiling, min_return=targets)
        model.fit(returns)
    except problems.SkfolioError as failure:
        msg = "the optimiser found no frontier for these returns and caps"
        raise NoAllocation(msg, field="frontier_points") from failure
    between = np.atleast_2d(np.asarray(model.weights_, dtype=np.float64))
    return [first, *between, highest]


def _highest_return(means: FloatArray, ceiling: FloatArray) -> FloatArray:
    """Fill the assets up to their caps, highest mean first."""
    weights = np.zeros(len(means))
    for place in np.argsort(-means, kind="stable"):
        weights[place] = min(ceiling[place], 1.0 - weights.sum())
    return weights


def _check_returns(returns: FloatArray, assets: Sequence[str]) -> None:
    if returns.ndim != 2 or returns.shape[1] != len(assets) or len(set(assets)) != len(assets):  # noqa: PLR2004 - a table
        msg = "returns need one column per asset, and assets distinct names"
        raise BadSeries(msg, field="assets")
    if not 1 <= len(assets) <= ASSETS_MAX or len(returns) > PERIODS_MAX:
        msg = f"give 1 to {ASSETS_MAX} assets and at most {PERIODS_MAX} periods"
        raise BadSeries(msg, field="assets")
    if len(returns) <= len(assets):
        msg = f"{len(returns)} periods are too few for {len(assets)} assets"
        raise BadSeries(msg, field="returns", hint="Use more periods than there are assets.")
    if not bool(np.isfinite(returns).all()):
        msg = "returns must be finite and complete; leave out days or assets with gaps"
        raise BadSeries(msg, field="returns")
    for column, asset in enumerate(assets):
        if deviation(returns[:, column]) == 0:
            msg = f"the returns of {asset} do not vary, so its risk is not known"
            raise BadSeries(msg, field=asset, hint="Leave it out and decide its weight yourself.")


def _checked_caps(assets: Sequence[str], caps: Mapping[str, Decimal]) -> list[Decimal]:
    unknown = sorted(set(caps) - set(assets))
    if unknown:
        msg = f"there is a cap for {unknown[0]}, which is not among the assets"
        raise BadTargets(msg, field=f"caps.{unknown[0]}")
    limits = [caps.get(asset, ONE) for asset in assets]
    for asset, cap in zip(assets, limits, strict=True):
        if not 0 < cap <= 1 or cap != cap.quantize(WEIGHT_QUANTUM):
            msg = f"the cap of {asset} is {cap}; a cap is above 0, at most 1, with up to 6 places"
            raise BadTargets(msg, field=f"caps.{asset}")
    total = sum(limits, ZERO)
    if total < 1:
        msg = f"the caps sum to {total}, so the weights cannot reach 1"
        raise BadTargets(msg, field="caps", hint="Raise caps or add assets until they sum to 1.")
    return limits


def _solve(
    returns: FloatArray, limits: list[Decimal], *, objective: Objective, risk_free: float
) -> FloatArray:
    if objective == "maximum_sharpe" and float(returns.mean(axis=0).max()) <= risk_free:
        msg = "no asset earned more than the risk-free rate, so there is no best Sharpe ratio"
        raise NoAllocation(msg, hint="Use minimum_variance or risk_parity.", field="objective")
    try:
        import skfolio.exceptions as problems  # noqa: PLC0415 - heavy, loaded on first use
        from skfolio.optimization import (  # noqa: PLC0415 - heavy, loaded on first use
            MeanRisk,
            ObjectiveFunction,
            RiskBudgeting,
        )
    except ImportError as missing:
        msg = "recommending an allocation needs the extra: pip install 'bursar[optimize]'"
        raise OptimizerMissing(msg) from missing
    ceiling = np.array([float(c) for c in limits])
    model: Any
    if objective == "risk_parity":
        model = RiskBudgeting(min_weights=0.0, max_weights=ceiling)
    else:
        goal = (
            ObjectiveFunction.MINIMIZE_RISK
            if objective == "minimum_variance"
            else ObjectiveFunction.MAXIMIZE_RATIO
        )
        model = MeanRisk(
            objective_function=goal, min_weights=0.0, max_weights=ceiling, risk_free_rate=risk_free
        )
    try:
        model.fit(returns)
    except problems.SkfolioError as failure:
        msg = "the optimiser found no weights for these returns and caps"
        raise NoAllocation(msg, field="returns") from failure
    return np.asarray(model.weights_, dtype=np.float64)


def _exact_weights(raw: FloatArray, limits: list[Decimal]) -> list[Decimal]:
    """Round to 6 places, at least 0 and at most the cap, with the rest to the largest remainders.

    The solver stops within about 1e-7 of a bound, so a weight that close to one is put on it.
    """
    clean = np.clip(raw, 0.0, None)
    wanted = []
    for share, cap in zip(clean / clean.sum(), limits, strict=True):
        weight = min(Decimal(repr(float(share))), cap)
        if cap - weight < BOUND_TOLERANCE:
            weight = cap
        wanted.append(ZERO if weight < BOUND_TOLERANCE else weight)
    weights = [w.quantize(WEIGHT_QUANTUM, rounding=ROUND_DOWN) for w in wanted]
    rest = ONE - sum(weights, ZERO)
    if rest < 0:
        largest = max(range(len(weights)), key=lambda i: weights[i])
        weights[largest] += rest
        return weights
    # Assets left out stay out unless the others are at their caps.
    order = sorted(range(len(weights)), key=lambda i: (wanted[i] == 0, weights[i] - wanted[i], i))
    while rest > 0:
        for i in order:
            if wanted[i] == 0 and any(weights[j] < limits[j] for j in order if wanted[j] > 0):
                continue
            step = min(WEIGHT_QUANTUM, rest, limits[i] - weights[i])
            weights[i] += step
            rest -= step
    return weights


def _described(
    returns: FloatArray,
    assets: Sequence[str],
    exact: list[Decimal],
    *,
    limits: list[Decimal],
    objective: Objective,
) -> Recommendation:
    weights = np.array([float(w) for w in exact])
    covariance = np.atleast_2d(np.cov(returns, rowvar=False))
    variance = float(weights @ covariance @ weights)
    shares = weights * (covariance @ weights) / variance
    rows = []
    for i, asset in enumerate(assets):
        reason: Literal["at_cap", "left_out", "by_objective"] = "by_objective"
        if exact[i] == 0:
            reason = "left_out"
        elif limits[i] < 1 and limits[i] - exact[i] <= WEIGHT_QUANTUM:
            reason = "at_cap"
        rows.append(RecommendedWeight(asset, exact[i], limits[i], float(shares[i]), reason))
    return Recommendation(
        objective=objective,
        weights=tuple(rows),
        periods=len(returns),
        mean_return=float(weights @ returns.mean(axis=0)),
        volatility=variance**0.5,
    )
