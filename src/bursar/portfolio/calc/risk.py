"""Statistics of simple periodic returns; each takes arrays and returns a `Figure`.

Missing returns (NaN) are left out, never read as zero; measures against a benchmark use the
periods where both are present. `periods_per_year` is 252 for trading days, 365 for crypto alone,
52, 12; rates (`risk_free`, `minimum`) are per period, see `rate_per_period`.
"""

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray
from bursar.portfolio.calc.errors import BadSeries
from bursar.portfolio.calc.undefined import Figure, Reason

RETURNS_MIN = 2
# Dispersion below this share of the largest return is rounding of a constant series.
DISPERSION_TOLERANCE = 1e-12
# A return below this does not change 1 + r in float64: dividing by it would only magnify rounding.
RETURN_RESOLUTION = 1e-15


def rate_per_period(annual_rate: float, periods_per_year: int) -> float:
    """Convert an annual effective rate to one period: `(1 + annual)^(1 / periods) - 1`."""
    return float((1.0 + annual_rate) ** (1.0 / periods_per_year) - 1.0)


def present(returns: FloatArray) -> FloatArray:
    """Return the returns that are not missing; raise BadSeries for infinities."""
    kept = returns[~np.isnan(returns)]
    if not bool(np.isfinite(kept).all()):
        msg = "returns must be finite or missing (NaN)"
        raise BadSeries(msg, field="returns")
    return kept


def common(returns: FloatArray, benchmark: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return both series on the periods where both are present."""
    if len(returns) != len(benchmark):
        msg = f"{len(returns)} returns do not fit {len(benchmark)} benchmark returns"
        raise BadSeries(msg, field="benchmark")
    both = ~(np.isnan(returns) | np.isnan(benchmark))
    return present(returns[both]), present(benchmark[both])


def deviation(values: FloatArray) -> float:
    """Return the sample standard deviation (divisor n - 1), exactly 0 for a constant series."""
    return spread_beyond_rounding(values, size=float(np.abs(values).max()))


def spread_beyond_rounding(values: FloatArray, *, size: float) -> float:
    """Return the sample standard deviation, or 0 where it is rounding of numbers of a size."""
    spread = float(np.std(values, ddof=1))
    return 0.0 if spread <= max(DISPERSION_TOLERANCE * size, RETURN_RESOLUTION) else spread


def _too_few(returns: FloatArray) -> Figure | None:
    if len(returns) < RETURNS_MIN:
        return Figure.undefined(Reason.TOO_FEW_RETURNS, observations=len(returns))
    return None


def compound_annual_return(returns: FloatArray, *, periods_per_year: int) -> Figure:
    """Return `prod(1 + r)^(ppy / n) - 1` (`cagr.v1`)."""
    r = present(returns)
    if (few := _too_few(r)) is not None:
        return few
    if float(r.min()) < -1:
        return Figure.undefined(Reason.RETURN_BELOW_TOTAL_LOSS, observations=len(r))
    with np.errstate(over="ignore"):
        growth = np.prod(1.0 + r) ** (periods_per_year / len(r))
    return Figure.of(float(growth) - 1.0, observations=len(r))


def volatility(returns: FloatArray, *, periods_per_year: int) -> Figure:
    """Return `s(r) sqrt(ppy)` (`volatility.v1`)."""
    r = present(returns)
    if (few := _too_few(r)) is not None:
        return few
    return Figure.of(deviation(r) * periods_per_year**0.5, observations=len(r))


def sharpe_ratio(
    returns: FloatArray, *, periods_per_year: int, risk_free: float | FloatArray = 0.0
) -> Figure:
    """Return `mean(r - rf) / s(r - rf) sqrt(ppy)` (`sharpe.v1`); rf is per period."""
    excess = present(returns - risk_free)
    if (few := _too_few(excess)) is not None:
        return few
    # A constant return minus a constant rate leaves rounding of the size of the return itself.
    spread = spread_beyond_rounding(excess, size=float(np.nanmax(np.abs(returns))))
    if spread == 0:
        return Figure.undefined(Reason.ZERO_DISPERSION, observations=len(excess))
    ratio = float(excess.mean()) / spread * periods_per_year**0.5
    return Figure.of(ratio, observations=len(excess))


def downside_deviation(
    returns: FloatArray, *, periods_per_year: int, minimum: float = 0.0
) -> Figure:
    """Return `sqrt(mean(min(r - mar, 0)^2)) sqrt(ppy)` over all n (`downside_deviation.v1`)."""
    r = present(returns)
    if (few := _too_few(r)) is not None:
        return few
    below = np.minimum(r - minimum, 0.0)
    return Figure.of(float(np.sqrt(np.mean(below**2))) * periods_per_year**0.5, observations=len(r))


def sortino_ratio(returns: FloatArray, *, periods_per_year: int, minimum: float = 0.0) -> Figure:
    """Return `mean(r - mar) ppy / downside deviation` (`sortino.v1`)."""
    below = downside_deviation(returns, periods_per_year=periods_per_year, minimum=minimum)
    if below.value is None:
        return below
    if below.value <= RETURN_RESOLUTION:
        return Figure.undefined(Reason.NO_LOSS, observations=below.observations)
    mean = float(np.mean(present(returns) - minimum))
    return Figure.of(mean * periods_per_year / below.value, observations=below.observations)


def value_at_risk(returns: FloatArray, *, quantile: float = 0.05) -> Figure:
    """Return the quantile of r, linear between order statistics, as a return (`var.v1`)."""
    r = present(returns)
    if (few := _too_few(r)) is not None:
        return few
    return Figure.of(float(np.quantile(r, _quantile(quantile))), observations=len(r))


def conditional_value_at_risk(returns: FloatArray, *, quantile: float = 0.05) -> Figure:
    """Return the mean of the `floor((n - 1) q) + 1` lowest returns (`cvar.v1`)."""
    r = present(returns)
    if (few := _too_few(r)) is not None:
        return few
    count = int((len(r) - 1) * _quantile(quantile)) + 1
    lowest = np.partition(r, count - 1)[:count]
    return Figure.of(float(lowest.mean()), observations=len(r))


def _quantile(quantile: float) -> float:
    if not 0 < quantile < 1:
        msg = "a quantile lies between 0 and 1, such as 0.05"
        raise BadSeries(msg, field="quantile")
    return quantile


def omega_ratio(returns: FloatArray, *, threshold: float = 0.0) -> Figure:
    """Return gains over the threshold divided by losses under it (`omega.v1`)."""
    r = present(returns)
    if (few := _too_few(r)) is not None:
        return few
    over = r - threshold
    loss = -float(over[over < 0].sum())
    if loss <= RETURN_RESOLUTION:
        return Figure.undefined(Reason.NO_LOSS, observations=len(r))
    return Figure.of(float(over[over > 0].sum()) / loss, observations=len(r))


def stability(returns: FloatArray) -> Figure:
    """Return R^2 of the linear fit of cumulative log returns on time (`stability.v1`)."""
    r = present(returns)
    if (few := _too_few(r)) is not None:
        return few
    if float(r.min()) <= -1:
        return Figure.undefined(Reason.TOTAL_LOSS, observations=len(r))
    path = np.cumsum(np.log1p(r))
    time = np.arange(len(path)) - (len(path) - 1) / 2
    centred = path - path.mean()
    total = float(centred @ centred)
    if deviation(path) == 0:
        return Figure.undefined(Reason.ZERO_DISPERSION, observations=len(r))
    return Figure.of(float(time @ centred) ** 2 / (float(time @ time) * total), observations=len(r))


def log_volatility(returns: FloatArray) -> Figure:
    """Return the deviation of log returns times sqrt(n), for the whole period (`log_volatility.v1`)."""
    return _log_dispersion(returns, below_mean=False)


def log_semi_deviation(returns: FloatArray) -> Figure:
    """Return the same with only the log returns below their mean (`log_semi_deviation.v1`)."""
    return _log_dispersion(returns, below_mean=True)


def _log_dispersion(returns: FloatArray, *, below_mean: bool) -> Figure:
    r = present(returns)
    if (few := _too_few(r)) is not None:
        return few
    if float(r.min()) <= -1:
        return Figure.undefined(Reason.TOTAL_LOSS, observations=len(r))
    logs = np.log1p(r)
    away = logs - logs.mean()
    if below_mean:
        away = np.minimum(away, 0.0)
    variance = float(away @ away) / (len(r) - 1)
    return Figure.of(float(np.sqrt(variance * len(r))), observations=len(r))
