"""All statistics of one return series at once, keyed by definition id."""

from dataclasses import dataclass

from bursar.portfolio.calc.arrays import FloatArray
from bursar.portfolio.calc.benchmark import (
    alpha,
    beta,
    capture_ratio,
    information_ratio,
    tracking_error,
)
from bursar.portfolio.calc.drawdown import calmar_ratio, maximum_drawdown
from bursar.portfolio.calc.risk import (
    compound_annual_return,
    conditional_value_at_risk,
    downside_deviation,
    log_semi_deviation,
    log_volatility,
    omega_ratio,
    rate_per_period,
    sharpe_ratio,
    sortino_ratio,
    stability,
    value_at_risk,
    volatility,
)
from bursar.portfolio.calc.undefined import Figure


@dataclass(frozen=True, slots=True)
class StatisticSettings:
    """Periods a year, annual rates as ratios (0.03 is 3 %), and the tail quantile."""

    periods_per_year: int = 252
    risk_free_annual: float = 0.0
    minimum_annual: float = 0.0
    quantile: float = 0.05

    @property
    def risk_free(self) -> float:
        """The risk-free rate per period."""
        return rate_per_period(self.risk_free_annual, self.periods_per_year)

    @property
    def minimum(self) -> float:
        """The minimum acceptable return per period."""
        return rate_per_period(self.minimum_annual, self.periods_per_year)


def own_statistics(returns: FloatArray, settings: StatisticSettings) -> dict[str, Figure]:
    """Return every statistic that needs no benchmark, by definition id."""
    ppy = settings.periods_per_year
    minimum, quantile = settings.minimum, settings.quantile
    return {
        "cagr.v1": compound_annual_return(returns, periods_per_year=ppy),
        "volatility.v1": volatility(returns, periods_per_year=ppy),
        "sharpe.v1": sharpe_ratio(returns, periods_per_year=ppy, risk_free=settings.risk_free),
        "downside_deviation.v1": downside_deviation(returns, periods_per_year=ppy, minimum=minimum),
        "sortino.v1": sortino_ratio(returns, periods_per_year=ppy, minimum=minimum),
        "max_drawdown.v1": maximum_drawdown(returns),
        "calmar.v1": calmar_ratio(returns, periods_per_year=ppy),
        "var.v1": value_at_risk(returns, quantile=quantile),
        "cvar.v1": conditional_value_at_risk(returns, quantile=quantile),
        "omega.v1": omega_ratio(returns, threshold=minimum),
        "stability.v1": stability(returns),
        "log_volatility.v1": log_volatility(returns),
        "log_semi_deviation.v1": log_semi_deviation(returns),
    }


def benchmark_statistics(
    returns: FloatArray, benchmark: FloatArray, settings: StatisticSettings
) -> dict[str, Figure]:
    """Return every statistic against a benchmark of the same length, by definition id."""
    ppy, risk_free = settings.periods_per_year, settings.risk_free
    return {
        "beta.v1": beta(returns, benchmark, risk_free=risk_free),
        "alpha.v1": alpha(returns, benchmark, periods_per_year=ppy, risk_free=risk_free),
        "alpha_linear.v1": alpha(
            returns, benchmark, periods_per_year=ppy, risk_free=risk_free, compounding="linear"
        ),
        "tracking_error.v1": tracking_error(returns, benchmark, periods_per_year=ppy),
        "information_ratio.v1": information_ratio(returns, benchmark),
        "information_ratio_annual.v1": information_ratio(returns, benchmark, periods_per_year=ppy),
        "capture.v1": capture_ratio(returns, benchmark, periods_per_year=ppy),
        "up_capture.v1": capture_ratio(returns, benchmark, periods_per_year=ppy, side="up"),
        "down_capture.v1": capture_ratio(returns, benchmark, periods_per_year=ppy, side="down"),
    }
