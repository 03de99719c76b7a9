"""Statistics against a benchmark, on the periods where both returns are present."""

from typing import Literal

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray
from bursar.portfolio.calc.risk import (
    DISPERSION_TOLERANCE,
    RETURNS_MIN,
    common,
    compound_annual_return,
    deviation,
    spread_beyond_rounding,
)
from bursar.portfolio.calc.undefined import Figure, Reason


def beta(returns: FloatArray, benchmark: FloatArray, *, risk_free: float = 0.0) -> Figure:
    """Return `cov(r - rf, b - rf) / var(b - rf)`, divisor n - 1 (`beta.v1`)."""
    r, b = common(returns, benchmark)
    if len(r) < RETURNS_MIN:
        return Figure.undefined(Reason.TOO_FEW_RETURNS, observations=len(r))
    if deviation(b) == 0:
        return Figure.undefined(Reason.ZERO_DISPERSION, observations=len(r))
    away_r, away_b = r - risk_free, b - risk_free
    away_r, away_b = away_r - away_r.mean(), away_b - away_b.mean()
    return Figure.of(float(away_r @ away_b) / float(away_b @ away_b), observations=len(r))


def alpha(
    returns: FloatArray,
    benchmark: FloatArray,
    *,
    periods_per_year: int,
    risk_free: float = 0.0,
    compounding: Literal["compound", "linear"] = "compound",
) -> Figure:
    """Return alpha a year: `(1 + a)^ppy - 1` (`alpha.v1`) or `a ppy` (`alpha_linear.v1`)."""
    slope = beta(returns, benchmark, risk_free=risk_free)
    if slope.value is None:
        return slope
    r, b = common(returns, benchmark)
    period = float(np.mean((r - risk_free) - slope.value * (b - risk_free)))
    if compounding == "linear":
        return Figure.of(period * periods_per_year, observations=len(r))
    if period <= -1:
        return Figure.undefined(Reason.RETURN_BELOW_TOTAL_LOSS, observations=len(r))
    with np.errstate(over="ignore"):
        growth = np.float64(1.0 + period) ** periods_per_year
    return Figure.of(float(growth) - 1.0, observations=len(r))


def tracking_error(returns: FloatArray, benchmark: FloatArray, *, periods_per_year: int) -> Figure:
    """Return `s(r - b) sqrt(ppy)` (`tracking_error.v1`)."""
    r, b = common(returns, benchmark)
    if len(r) < RETURNS_MIN:
        return Figure.undefined(Reason.TOO_FEW_RETURNS, observations=len(r))
    return Figure.of(_spread(r, b) * periods_per_year**0.5, observations=len(r))


def information_ratio(
    returns: FloatArray, benchmark: FloatArray, *, periods_per_year: int | None = None
) -> Figure:
    """Return `mean(r - b) / s(r - b)` per period (`information_ratio.v1`).

    With `periods_per_year` it is annualised by its square root (`information_ratio_annual.v1`).
    """
    r, b = common(returns, benchmark)
    if len(r) < RETURNS_MIN:
        return Figure.undefined(Reason.TOO_FEW_RETURNS, observations=len(r))
    spread = _spread(r, b)
    if spread == 0:
        return Figure.undefined(Reason.ZERO_DISPERSION, observations=len(r))
    factor = 1.0 if periods_per_year is None else periods_per_year**0.5
    return Figure.of(float(np.mean(r - b)) / spread * factor, observations=len(r))


def capture_ratio(
    returns: FloatArray,
    benchmark: FloatArray,
    *,
    periods_per_year: int,
    side: Literal["all", "up", "down"] = "all",
) -> Figure:
    """Return annualised return over annualised benchmark return.

    `up` and `down` keep the periods with a positive or negative benchmark. Definitions
    `capture.v1`, `up_capture.v1`, `down_capture.v1`.
    """
    r, b = common(returns, benchmark)
    if side != "all":
        kept = b > 0 if side == "up" else b < 0
        r, b = r[kept], b[kept]
    if len(r) < RETURNS_MIN:
        by_side = {
            "all": Reason.TOO_FEW_RETURNS,
            "up": Reason.NO_UP_PERIOD,
            "down": Reason.NO_DOWN_PERIOD,
        }
        return Figure.undefined(by_side[side], observations=len(r))
    own = compound_annual_return(r, periods_per_year=periods_per_year)
    other = compound_annual_return(b, periods_per_year=periods_per_year)
    if own.value is None:
        return own
    if other.value is None:
        return other
    if abs(other.value) <= DISPERSION_TOLERANCE:
        return Figure.undefined(Reason.ZERO_BENCHMARK_RETURN, observations=len(r))
    return Figure.of(own.value / other.value, observations=len(r))


def _spread(returns: FloatArray, benchmark: FloatArray) -> float:
    """Return s(r - b), exactly 0 when the difference is constant up to rounding."""
    size = max(float(np.abs(returns).max()), float(np.abs(benchmark).max()))
    return spread_beyond_rounding(returns - benchmark, size=size)
