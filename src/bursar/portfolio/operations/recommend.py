"""Recommended weights: past returns of the holdings, optimised under caps, compared with today."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.core.money import format_decimal
from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations import instruments
from bursar.portfolio.calc.allocation import ONE, ZERO
from bursar.portfolio.calc.arrays import FloatArray
from bursar.portfolio.calc.errors import OptimizerMissing
from bursar.portfolio.calc.recommend import (
    WEIGHT_QUANTUM,
    RecommendedWeight,
    efficient_frontier,
    recommend_allocation,
)
from bursar.portfolio.calc.risk import rate_per_period
from bursar.portfolio.figures.result import ratio_text
from bursar.portfolio.models.figures import ScopeRequest
from bursar.portfolio.models.recommend import (
    UNIVERSE_MAX,
    AllocationRecommendation,
    ObjectiveName,
    PastFigures,
    RecommendedAsset,
    RecommendRequest,
)
from bursar.portfolio.operations.asking import Asked, ask
from bursar.portfolio.planning.errors import OptimizerNotInstalled
from bursar.portfolio.planning.universe import PERIODS_MIN, Window, read_returns
from bursar.portfolio.view import date_of
from bursar.portfolio.view.exact import positions
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

PERIODS_PER_YEAR = 252
RISK_FREE_MIN, RISK_FREE_MAX = Decimal("-0.5"), Decimal(10)
FRONTIER_MIN = 2
PROFILES: dict[str, tuple[ObjectiveName, Decimal]] = {
    "cautious": ("minimum_variance", Decimal("0.25")),
    "balanced": ("risk_parity", Decimal("0.35")),
    "bold": ("maximum_sharpe", Decimal("0.5")),
}
GOALS = {
    "minimum_variance": "the lowest volatility",
    "maximum_sharpe": "the highest return for its volatility",
    "risk_parity": "an equal share of the risk for each asset",
}


@operation(
    "portfolio.recommend_allocation",
    scope="portfolio:read",
    http="POST /portfolio/recommend",
    tool="recommend_allocation",
    command="portfolio recommend",
)
async def recommend(context: Context, body: RecommendRequest) -> AllocationRecommendation:
    """Propose weights that sum to 1 for the holdings by risk profile, with a reason for each.

    From past returns only: no forecast, no advice.
    """
    if not RISK_FREE_MIN < body.risk_free < RISK_FREE_MAX:
        raise InvalidInput(
            f"risk_free must lie between {RISK_FREE_MIN} and {RISK_FREE_MAX}", field="risk_free"
        )
    asked = await ask(
        context, ScopeRequest(account=body.account, currency=body.currency, as_of=body.as_of)
    )
    values = _held_values(asked)
    rows = await _universe(context, body, values)
    objective, cap = PROFILES[body.risk_profile]
    objective = body.objective or objective
    cap, caps = await _caps(context, body, rows, cap)
    window = Window(asked.day - body.look_back_days, asked.day, asked.currency)
    found = await read_returns(context, rows, window, periods_min=max(PERIODS_MIN, len(rows) + 1))
    names = [str(row.id) for row in rows]
    try:
        made = await asyncio.to_thread(
            recommend_allocation,
            found.returns,
            names,
            objective=objective,
            caps=caps,
            risk_free=rate_per_period(float(body.risk_free), PERIODS_PER_YEAR),
        )
    except OptimizerMissing as missing:
        raise OptimizerNotInstalled("the optimiser is not installed") from missing
    frontier = await asyncio.to_thread(
        _frontier, found.returns, [caps[name] for name in names], points=body.frontier_points
    )
    current = _current_weights(rows, values)
    proposed = np.array([float(each.weight) for each in made.weights])
    answer: dict[str, Any] = {
        "as_of": date_of(asked.day),
        "as_of_reason": asked.day_reason,
        "currency": asked.currency,
        "objective": objective,
        "cap": cap,
        "assets": _assets(rows, made.weights, found.returns, current=current),
        "proposed": _past(found.returns, proposed),
        "current": None
        if current is None
        else _past(found.returns, np.array([float(w) for w in current])),
        "frontier": frontier,
        "periods": made.periods,
        "first_day": date_of(found.start),
        "last_day": date_of(int(found.day[-1])),
        "note": f"Chosen for {GOALS[objective]} over past returns with dividends, at most {cap} in "
        "one asset. The past says little about the future; this is no advice.",
    }
    return AllocationRecommendation.model_validate(answer)


def _held_values(asked: Asked) -> dict[uuid.UUID, Decimal]:
    """Return the value of each instrument held long; one without a price counts as 0."""
    found: dict[uuid.UUID, Decimal] = {}
    for each in positions(asked.view, asked.scope, day=asked.day, currency=asked.currency):
        instrument_id = asked.view.book.positions[each.index].instrument_id
        if instrument_id is not None:
            found[instrument_id] = found.get(instrument_id, ZERO) + (each.value.amount or ZERO)
    return {each: value for each, value in found.items() if value >= 0}


async def _universe(
    context: Context, body: RecommendRequest, values: Mapping[uuid.UUID, Decimal]
) -> list[InstrumentRow]:
    if body.instruments:
        named = [await instruments.find(context, each) for each in body.instruments]
        rows = {row.id: row for row in named}
    else:
        rows = await instruments.get_many(context, list(values))
    if not rows:
        raise InvalidInput(
            "nothing is held, so there is nothing to choose from",
            field="instruments",
            hint="Name instruments to choose from.",
        )
    if len(rows) > UNIVERSE_MAX:
        raise InvalidInput(
            f"{len(rows)} instruments are held; at most {UNIVERSE_MAX} can be optimised at once",
            field="instruments",
            hint="Name the ones to choose from, or accounts.",
        )
    return sorted(rows.values(), key=lambda row: (row.ticker or row.name, row.id))


async def _caps(
    context: Context, body: RecommendRequest, rows: Sequence[InstrumentRow], cap: Decimal
) -> tuple[Decimal, dict[str, Decimal]]:
    """Return the common cap, raised when so few assets could not reach 1, and the cap of each."""
    least = (ONE / len(rows)).quantize(WEIGHT_QUANTUM, rounding=ROUND_CEILING)
    common = body.cap if body.cap is not None else max(cap, least)
    caps = {str(row.id): common for row in rows}
    for reference, own in body.caps.items():
        row = await instruments.find(context, reference)
        if str(row.id) not in caps:
            raise InvalidInput(
                f"{reference} is not among the instruments to choose from",
                field=f"caps.{reference}",
            )
        caps[str(row.id)] = own
    return common, caps


def _current_weights(
    rows: Sequence[InstrumentRow], values: Mapping[uuid.UUID, Decimal]
) -> list[Decimal] | None:
    held = [values.get(row.id, ZERO) for row in rows]
    total = sum(held, ZERO)
    return [value / total for value in held] if total > 0 else None


def _past(returns: FloatArray, weights: FloatArray) -> PastFigures:
    covariance = np.atleast_2d(np.cov(returns, rowvar=False))
    variance = float(weights @ covariance @ weights)
    return PastFigures(
        volatility=ratio_text(max(variance, 0.0) ** 0.5 * PERIODS_PER_YEAR**0.5),
        mean_return=ratio_text(float(weights @ returns.mean(axis=0)) * PERIODS_PER_YEAR),
    )


def _frontier(
    returns: FloatArray, limits: Sequence[Decimal], *, points: int
) -> tuple[PastFigures, ...]:
    """Return the frontier; caps that leave no choice, or one asset, have none."""
    if points < FRONTIER_MIN or len(limits) == 1 or sum(limits, ZERO) == 1:
        return ()
    return tuple(
        _past(returns, each) for each in efficient_frontier(returns, limits, points=points)
    )


def _assets(
    rows: Sequence[InstrumentRow],
    weights: Sequence[RecommendedWeight],
    returns: FloatArray,
    *,
    current: list[Decimal] | None,
) -> tuple[RecommendedAsset, ...]:
    own = returns.std(axis=0, ddof=1) * PERIODS_PER_YEAR**0.5
    found = [
        RecommendedAsset(
            instrument_id=weight.asset,
            name=row.ticker or row.name,
            weight=weight.weight,
            current_weight=ratio_text(current[place]) if current is not None else ZERO,
            cap=weight.cap,
            volatility=ratio_text(float(own[place])),
            risk_share=ratio_text(weight.risk_share),
            reason_code=weight.reason,
            reason=_reason(weight, float(own[place])),
        )
        for place, (row, weight) in enumerate(zip(rows, weights, strict=True))
    ]
    return tuple(sorted(found, key=lambda each: (-each.weight, each.name)))


def _reason(weight: RecommendedWeight, volatility: float) -> str:
    if weight.reason == "left_out":
        return f"Left out: with a volatility of {volatility:.1%} it does not serve the objective."
    share = (
        f"It carries {weight.risk_share:.1%} of the risk; its own volatility is {volatility:.1%}."
    )
    if weight.reason == "at_cap":
        return (
            f"At its cap of {format_decimal(weight.cap)}; the objective would give it more. {share}"
        )
    return share
