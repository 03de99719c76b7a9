"""The catalogue of definitions: what every figure's definition id means, in words and formula.

An id ends in its version. A formula that changes gets a new version and the old one stays, so a
figure stored under `twr.v1` keeps its meaning.
"""

from collections.abc import Iterable
from itertools import product

from bursar.portfolio.calc.book_definitions import BOOK
from bursar.portfolio.calc.definition import DECLARED, STANDARD, Definition
from bursar.portfolio.calc.opportunity import PARTS, SCORE_DEFINITION
from bursar.portfolio.calc.returns import ReturnFlags


def _flagged_returns() -> Iterable[Definition]:
    for income, costs, tax in product((False, True), repeat=3):
        flags = ReturnFlags(income=income, costs=costs, tax=tax)
        parts = [
            "income added to the day's result" if income else "income left out",
            "costs subtracted" if costs else "costs left out",
            "tax subtracted" if tax else "tax left out",
        ]
        title = "Total return" if income else "Price return"
        yield Definition(
            flags.definition_id,
            f"{title}, {'after' if costs else 'before'} costs, {'after' if tax else 'before'} tax",
            f"linked daily as twr.v1; {', '.join(parts)}",
            "ratio",
            DECLARED,
        )


_RETURNS = (
    Definition(
        "twr.v1",
        "Time-weighted return",
        "prod(1 + r_t) - 1, r_t = (V_t + OUT_t) / (V_(t-1) + IN_t) - 1; "
        "inflows at the start and outflows at the end of the day; no capital: factor 1",
        "ratio",
        DECLARED,
    ),
    Definition(
        "twr_start.v1",
        "Time-weighted return, flows at start of day",
        "prod(1 + r_t) - 1, r_t = V_t / (V_(t-1) + IN_t - OUT_t) - 1",
        "ratio",
        STANDARD,
    ),
    Definition(
        "twr_end.v1",
        "Time-weighted return, flows at end of day",
        "prod(1 + r_t) - 1, r_t = (V_t - IN_t + OUT_t) / V_(t-1) - 1",
        "ratio",
        STANDARD,
    ),
    Definition(
        "twr_annualised.v1",
        "Time-weighted return a year",
        "(1 + TWR)^(365 / days) - 1, actual days, from 365 days up unless asked for",
        "ratio_per_year",
        STANDARD,
    ),
    Definition(
        "xirr.v1",
        "Money-weighted return (XIRR)",
        "r with sum a_i (1 + r)^(-(d_i - d_0) / 365) = 0 in (-1, 10000), only when unique",
        "ratio_per_year",
        "act/365, as XIRR of spreadsheets; the scan for every root is Bursar's",
    ),
    Definition(
        "modified_dietz.v1",
        "Modified Dietz",
        "(V_1 - V_0 - sum F_i) / (V_0 + sum w_i F_i), w_i = (CD - D_i) / CD, flows at end of day",
        "ratio",
        STANDARD,
    ),
    Definition(
        "twr_local.v1",
        "Time-weighted return without currency effect",
        "as twr.v1 with each V_(t-1) at the exchange rates of day t, so that only what happened "
        "within the currencies counts",
        "ratio",
        DECLARED,
    ),
    Definition(
        "currency_effect_rate.v1",
        "Currency effect as a rate",
        "(1 + twr.v1) / (1 + twr_local.v1) - 1",
        "ratio",
        DECLARED,
    ),
    Definition(
        "modified_dietz_start.v1",
        "Modified Dietz, flows at start of day",
        "as modified_dietz.v1 with w_i = (CD - D_i + 1) / CD",
        "ratio",
        STANDARD,
    ),
    Definition(
        "dietz_chain.v1",
        "Chained daily Dietz",
        "prod(1 + (V_t - V_(t-1) - F_t) / (V_(t-1) + F_t / 2)) - 1; no internal rate of return",
        "ratio",
        DECLARED,
    ),
    Definition(
        "simple_gain.v1",
        "Simple gain",
        "(V_1 - V_0 - sum F_i) / V_0",
        "ratio",
        STANDARD,
    ),
    Definition(
        "roai.v1",
        "Return on average investment",
        "performance / average invested cost without fees, weighted by the calendar days held; "
        "dividends are in neither",
        "ratio",
        DECLARED,
    ),
    Definition(
        "bridge.v1",
        "Bridge from opening to closing value",
        "opening + transfers + gains + income - costs - tax = closing; income gross; "
        "positions open at the start count from their market value then",
        "money",
        DECLARED,
    ),
)

_STATISTICS = (
    Definition(
        "cagr.v1",
        "Annualised return",
        "prod(1 + r)^(ppy / n) - 1",
        "ratio_per_year",
        STANDARD,
    ),
    Definition("volatility.v1", "Volatility", "s(r) sqrt(ppy)", "ratio_per_year", STANDARD),
    Definition(
        "sharpe.v1",
        "Sharpe ratio",
        "mean(r - rf) / s(r - rf) sqrt(ppy), rf = (1 + annual)^(1 / ppy) - 1",
        "number",
        STANDARD,
    ),
    Definition(
        "downside_deviation.v1",
        "Downside deviation",
        "sqrt(mean(min(r - mar, 0)^2)) sqrt(ppy), mean over all n",
        "ratio_per_year",
        STANDARD,
    ),
    Definition(
        "sortino.v1",
        "Sortino ratio",
        "mean(r - mar) ppy / downside deviation",
        "number",
        STANDARD,
    ),
    Definition(
        "max_drawdown.v1",
        "Maximum drawdown",
        "min(W_t / max(W_s, s <= t) - 1), W starts at 1; at most 0",
        "ratio",
        STANDARD,
    ),
    Definition(
        "drawdown_duration.v1",
        "Longest drawdown",
        "longest time in days from a high until it is reached again",
        "days",
        STANDARD,
    ),
    Definition(
        "distance_from_high.v1",
        "Distance from high",
        "last price / highest price - 1",
        "ratio",
        STANDARD,
    ),
    Definition(
        "calmar.v1",
        "Calmar ratio",
        "annualised return / |max drawdown|",
        "number",
        STANDARD,
    ),
    Definition(
        "beta.v1",
        "Beta",
        "cov(r - rf, b - rf) / var(b - rf), days both have",
        "number",
        STANDARD,
    ),
    Definition(
        "alpha.v1",
        "Alpha a year, compounded",
        "(1 + mean((r - rf) - beta (b - rf)))^ppy - 1",
        "ratio_per_year",
        STANDARD,
    ),
    Definition(
        "alpha_linear.v1",
        "Alpha a year, linear",
        "mean((r - rf) - beta (b - rf)) ppy",
        "ratio_per_year",
        STANDARD,
    ),
    Definition(
        "tracking_error.v1", "Tracking error", "s(r - b) sqrt(ppy)", "ratio_per_year", STANDARD
    ),
    Definition(
        "information_ratio.v1",
        "Information ratio per period",
        "mean(r - b) / s(r - b)",
        "number",
        STANDARD,
    ),
    Definition(
        "information_ratio_annual.v1",
        "Information ratio a year",
        "mean(r - b) / s(r - b) sqrt(ppy)",
        "number",
        STANDARD,
    ),
    Definition(
        "var.v1",
        "Value at risk",
        "q quantile of r, linear between order statistics; a return",
        "ratio",
        STANDARD,
    ),
    Definition(
        "cvar.v1",
        "Conditional value at risk",
        "mean of the floor((n - 1) q) + 1 lowest returns",
        "ratio",
        STANDARD,
    ),
    Definition(
        "omega.v1",
        "Omega ratio",
        "sum of gains over the threshold / sum of losses under it",
        "number",
        STANDARD,
    ),
    Definition(
        "capture.v1",
        "Capture",
        "annualised return / annualised benchmark return",
        "number",
        STANDARD,
    ),
    Definition(
        "up_capture.v1",
        "Up capture",
        "capture over periods with a positive benchmark",
        "number",
        STANDARD,
    ),
    Definition(
        "down_capture.v1",
        "Down capture",
        "capture over periods with a negative benchmark",
        "number",
        STANDARD,
    ),
    Definition(
        "stability.v1",
        "Stability",
        "R^2 of the linear fit of cumulative log returns on time",
        "number",
        STANDARD,
    ),
    Definition(
        "log_volatility.v1",
        "Volatility of log returns over the period",
        "s(ln(1 + r)) sqrt(n), not annualised",
        "ratio",
        DECLARED,
    ),
    Definition(
        "log_semi_deviation.v1",
        "Semi-deviation of log returns over the period",
        "as log_volatility.v1, summing only log returns below their mean, same divisor",
        "ratio",
        DECLARED,
    ),
)

DEFINITIONS: dict[str, Definition] = {
    d.id: d
    for d in (
        *_RETURNS,
        *_flagged_returns(),
        *_STATISTICS,
        *BOOK,
        SCORE_DEFINITION,
        *(part.definition for part in PARTS.values()),
    )
}
