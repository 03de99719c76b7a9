"""Measures of single instruments on one day, and the score that ranks them: `opportunity_score.v1`.

Each part is compared across all instruments scanned (z-score: how many standard deviations from
their mean), turned so that more is what the part prefers, weighted and averaged. A part that is not
known has no share in the average and is named with its reason: it never counts as zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray, IntArray
from bursar.portfolio.calc.definition import DECLARED, STANDARD, Definition
from bursar.portfolio.calc.undefined import Figure, Reason

SCORE = "opportunity_score.v1"
YEAR_DAYS = 365
MONTH_DAYS = 30
# Momentum's two prices may be this much older than their days: exchanges close for holidays.
PRICE_GAP_DAYS_MAX = 10
AVERAGE_PRICES = 200
RETURNS_MIN = 60
COMPARED_MIN = 3
Z_MAX = 3.0
COVERAGE_MIN = 0.5

PartName = Literal[
    "momentum",
    "volatility",
    "drawdown",
    "trend",
    "dividend_yield",
    "earnings_yield",
    "currency_trend",
]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the score: what it measures, which way is preferred, and its weight."""

    name: PartName
    definition: Definition
    prefers: Literal["more", "less"]
    weight: float


def _part(name: PartName, prefers: Literal["more", "less"], weight: float, *words: str) -> Part:
    title, formula, source = words
    unit: Literal["ratio", "ratio_per_year"] = (
        "ratio_per_year" if name in ("volatility", "dividend_yield", "earnings_yield") else "ratio"
    )
    return Part(name, Definition(f"scan_{name}.v1", title, formula, unit, source), prefers, weight)


PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        _part(
            "momentum",
            "more",
            0.30,
            "Momentum, 12 months without the last",
            "I(t-30d) / I(t-365d) - 1; I: total return index in the price's own currency, "
            "each price at most 10 days older than its day",
            STANDARD,
        ),
        _part(
            "volatility",
            "less",
            0.20,
            "Volatility of the last year",
            "stdev(r, n-1) * sqrt(n * 365 / days spanned), r: total returns of the last 365 days, "
            "at least 60",
            DECLARED,
        ),
        _part(
            "drawdown",
            "more",
            0.15,
            "Fall from the year's high",
            "I(t) / max(I over the last 365 days) - 1; 0 is at the high",
            STANDARD,
        ),
        _part(
            "trend",
            "more",
            0.15,
            "Distance from the moving average",
            "I(t) / mean(last 200 values of I) - 1",
            STANDARD,
        ),
        _part(
            "dividend_yield",
            "more",
            0.10,
            "Dividends of the last year by price",
            "sum of recorded ordinary dividends per unit with an ex-date in the last 365 days, "
            "in today's units, / P(t)",
            STANDARD,
        ),
        _part(
            "earnings_yield",
            "more",
            0.05,
            "Earnings yield, as given with the request",
            "earnings / price, as given",
            STANDARD,
        ),
        _part(
            "currency_trend",
            "more",
            0.05,
            "Change of the price's currency over a year",
            "FX(t) / FX(t-365d) - 1, FX: report currency for one unit; 0 for the report currency",
            DECLARED,
        ),
    )
}

SCORE_DEFINITION = Definition(
    SCORE,
    "Opportunity score",
    "sum(w_k * d_k * z_k) / sum(w_k) over the parts known; z_k = (x_k - mean) / stdev (n) over all "
    "instruments scanned, cut at +-3; d_k = 1 where more is preferred, else -1; "
    "null below half of the weight",
    "number",
    DECLARED,
)


@dataclass(frozen=True, slots=True)
class Series:
    """One instrument up to a day: `day` numbers ascending, the total return `index` (1 at first),
    the last `price`, and dividends of the last year in today's units.
    """

    day: IntArray
    index: FloatArray
    price: float
    dividends: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """A part's value with the days it comes from."""

    figure: Figure
    first_day: int | None = None
    last_day: int | None = None


def measure(series: Series, today: int) -> dict[str, Measured]:
    """Return the parts that follow from prices and dividends, on day number `today`.

    Nothing after `today` may be in the series; prices there would be ignored all the same.
    """
    known = series.day <= today
    day, index = series.day[known], series.index[known]
    if len(day) == 0:
        nothing = Measured(Figure.undefined(Reason.MISSING_PRICE))
        return dict.fromkeys(("momentum", "volatility", "drawdown", "trend"), nothing)
    year = day >= today - YEAR_DAYS
    found = {
        "momentum": _momentum(day, index, today),
        "volatility": _volatility(day[year], index[year]),
        "drawdown": _drawdown(day[year], index[year]),
        "trend": _trend(day, index),
    }
    if series.dividends is None:
        found["dividend_yield"] = Measured(Figure.undefined(Reason.NO_DIVIDENDS))
    else:
        value = Figure.of(series.dividends / series.price)
        found["dividend_yield"] = Measured(value, today - YEAR_DAYS + 1, int(day[-1]))
    return found


def change(day: IntArray, level: FloatArray, first: int, last: int) -> Measured:
    """Return level(last) / level(first) - 1, each the newest level at most 10 days old."""
    start, end = _place(day, first), _place(day, last)
    if start is None or end is None:
        return Measured(Figure.undefined(Reason.SHORT_HISTORY))
    value = Figure.of(level[end] / level[start] - 1.0)
    return Measured(value, int(day[start]), int(day[end]))


def _place(day: IntArray, wanted: int) -> int | None:
    place = int(np.searchsorted(day, wanted, side="right")) - 1
    return place if place >= 0 and wanted - int(day[place]) <= PRICE_GAP_DAYS_MAX else None


def _momentum(day: IntArray, index: FloatArray, today: int) -> Measured:
    return change(day, index, today - YEAR_DAYS, today - MONTH_DAYS)


def _volatility(day: IntArray, index: FloatArray) -> Measured:
    count = len(day) - 1
    if count < RETURNS_MIN:
        reason = Reason.SHORT_HISTORY
        return Measured(Figure.undefined(reason, observations=max(count, 0)))
    returns = index[1:] / index[:-1] - 1.0
    yearly = count * YEAR_DAYS / float(day[-1] - day[0])
    value = float(np.std(returns, ddof=1)) * yearly**0.5
    return Measured(Figure.of(value, observations=count), int(day[0]), int(day[-1]))


def _drawdown(day: IntArray, index: FloatArray) -> Measured:
    if len(day) <= RETURNS_MIN:
        return Measured(Figure.undefined(Reason.SHORT_HISTORY, observations=len(day)))
    value = float(index[-1] / index.max()) - 1.0
    return Measured(Figure.of(value, observations=len(day)), int(day[0]), int(day[-1]))


def _trend(day: IntArray, index: FloatArray) -> Measured:
    if len(day) < AVERAGE_PRICES:
        return Measured(Figure.undefined(Reason.SHORT_HISTORY, observations=len(day)))
    last = index[-AVERAGE_PRICES:]
    value = Figure.of(float(last[-1] / last.mean()) - 1.0, observations=AVERAGE_PRICES)
    return Measured(value, int(day[-AVERAGE_PRICES]), int(day[-1]))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a part's values look like over all instruments scanned."""

    count: int
    mean: float | None
    deviation: float | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """A part of one instrument: z is turned so that above 0 is what the part prefers."""

    name: str
    weight: float
    measured: Measured
    z: Figure
    contribution: float | None


@dataclass(frozen=True, slots=True)
class Scored:
    """One instrument's score; `coverage` is the share of the weight that its known parts carry."""

    score: Figure
    coverage: float
    parts: tuple[ScoredPart, ...]


def score(
    measured: Sequence[Mapping[str, Measured]], weights: Mapping[str, float]
) -> tuple[list[Scored], dict[str, Comparison]]:
    """Score every instrument against all of them; `weights` name the parts and sum above 0."""
    compared = {name: _compare([each.get(name) for each in measured]) for name in weights}
    return [_scored(each, weights, compared) for each in measured], compared


def _compare(found: Sequence[Measured | None]) -> Comparison:
    values = np.array([m.figure.value for m in found if m and m.figure.value is not None])
    if len(values) < COMPARED_MIN:
        return Comparison(len(values), None, None, Reason.TOO_FEW_COMPARED)
    mean, deviation = float(values.mean()), float(values.std())
    if deviation <= 1e-12 * max(1.0, abs(mean)):
        return Comparison(len(values), mean, 0.0, Reason.ZERO_DISPERSION)
    return Comparison(len(values), mean, deviation)


def _scored(
    measured: Mapping[str, Measured],
    weights: Mapping[str, float],
    compared: Mapping[str, Comparison],
) -> Scored:
    absent = Measured(Figure.undefined(Reason.NOT_GIVEN))
    total = sum(weights.values())
    zs = {name: _z(name, measured.get(name, absent), compared[name]) for name in weights}
    covered = sum(weight for name, weight in weights.items() if zs[name].value is not None)
    coverage = covered / total
    parts = tuple(
        ScoredPart(
            name,
            weight / total,
            measured.get(name, absent),
            zs[name],
            None if (z := zs[name].value) is None else weight * z / covered,
        )
        for name, weight in weights.items()
        if weight > 0
    )
    # A weight sums with a rounding of its own, so half is half to twelve digits.
    if coverage < COVERAGE_MIN - 1e-12 or covered == 0:
        return Scored(Figure.undefined(Reason.TOO_LITTLE_KNOWN), coverage, parts)
    value = sum(part.contribution for part in parts if part.contribution is not None)
    return Scored(Figure.of(value), coverage, parts)


def _z(name: str, measured: Measured, compared: Comparison) -> Figure:
    if measured.figure.reason is not None:
        return Figure.undefined(measured.figure.reason)
    value = measured.figure.value
    if value is None or compared.mean is None or not compared.deviation:
        return Figure.undefined(compared.reason or Reason.NOT_GIVEN)
    z = min(max((value - compared.mean) / compared.deviation, -Z_MAX), Z_MAX)
    return Figure.of(z if PARTS[name].prefers == "more" else -z)
