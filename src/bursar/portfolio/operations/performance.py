"""Every measure of one period side by side, each with its definition."""

import datetime as dt
from decimal import Decimal

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.portfolio.calc.drawdown import drawdowns
from bursar.portfolio.calc.returns import Period, link_returns
from bursar.portfolio.figures import bridge as bridges
from bursar.portfolio.figures.compute import STATISTICS, series_of
from bursar.portfolio.figures.flagged import FLAGGED
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.period import Series, returns_of, trading_returns
from bursar.portfolio.figures.result import ratio_text
from bursar.portfolio.figures.returns import BENCHMARK_STATISTICS, settings_of
from bursar.portfolio.models.figures import FigureValue
from bursar.portfolio.models.performance import (
    SERIES_ROWS_MAX,
    BridgeView,
    DrawdownRow,
    Performance,
    PerformanceRequest,
    PeriodReturn,
)
from bursar.portfolio.operations.asking import Asked, ask, figure_value
from bursar.portfolio.view import benchmark as benchmarks
from bursar.portfolio.view.days import date_of, number_of
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

DRAWDOWNS_SHOWN = 10
RETURNS = (
    "twr.v1",
    "twr_start.v1",
    "twr_end.v1",
    "twr_local.v1",
    "currency_effect_rate.v1",
    "twr_annualised.v1",
    "xirr.v1",
    "modified_dietz.v1",
    "modified_dietz_start.v1",
    "dietz_chain.v1",
    "simple_gain.v1",
    "roai.v1",
    *FLAGGED,
)
GAINS = ("gain.v1", "currency_effect.v1")
MONTHS = {"1m": 1, "3m": 3, "6m": 6, "1y": 12, "3y": 36, "5y": 60, "10y": 120}
BRIDGE = {
    "opening": ("value.v1", 1),
    "inflow": ("inflow.v1", 1),
    "outflow": ("outflow.v1", -1),
    "realised_gain": ("period_realised_gain.v1", 1),
    "unrealised_gain": ("period_unrealised_gain.v1", 1),
    "currency_gain": ("cash_gain.v1", 1),
    "income": ("income.v1", 1),
    "fees": ("fees.v1", -1),
    "taxes": ("tax.v1", -1),
}


@operation(
    "portfolio.performance",
    scope="portfolio:read",
    http="GET /portfolio/performance",
    tool="get_performance",
    command="portfolio performance",
)
async def performance(context: Context, body: PerformanceRequest) -> Performance:
    """Show returns, risk statistics, drawdowns and the bridge of a period, each by its definition.

    What is undefined is null with a reason. Each figure has an id for explain_figure.
    """
    if body.end is not None:
        if body.as_of not in (None, body.end):
            raise InvalidInput("end and as_of differ; give one of them", field="end")
        body = body.model_copy(update={"as_of": body.end})
    asked = await ask(context, body)
    start = _start(asked, body)
    figure = asked.id("twr.v1", start)
    against: benchmarks.Benchmark | None = None
    measured = _with_settings(figure, body)
    if body.benchmark is not None:
        against = await benchmarks.load(context, asked.view, body.benchmark, asked.currency)
        measured = measured.having(benchmark=str(against.instrument.id))
    found = series_of(asked.view, figure)
    return Performance.model_validate(
        {
            **asked.dated(start),
            "start": date_of(start),
            "calendar_days": asked.day - start,
            "periods_per_year": found.periods_per_year,
            "returns": tuple(figure_value(asked.view, figure.of(name)) for name in RETURNS),
            "statistics": tuple(
                figure_value(asked.view, _with_settings(figure, body).of(name))
                for name in sorted(STATISTICS - BENCHMARK_STATISTICS)
            ),
            "benchmark": tuple(
                figure_value(asked.view, measured.of(name))
                for name in sorted(BENCHMARK_STATISTICS)
                if against is not None
            ),
            "benchmark_return": _benchmark_return(asked, found, against),
            "gains": tuple(figure_value(asked.view, figure.of(name)) for name in GAINS),
            "bridge": _bridge(asked, figure),
            "drawdowns": _drawdowns(found),
            "series": _series(found, body.series),
        }
    )


def _with_settings(figure: FigureId, body: PerformanceRequest) -> FigureId:
    def text(number: Decimal | None) -> str | None:
        return None if number is None else format(number, "f")

    for name, low, high in (("risk_free", -0.5, 10), ("minimum", -0.5, 10), ("quantile", 0, 1)):
        given = getattr(body, name)
        if given is not None and not low < given < high:
            raise InvalidInput(f"{name} must lie between {low} and {high}", field=name)
    made = figure.having(rf=text(body.risk_free), mar=text(body.minimum), q=text(body.quantile))
    settings_of(made.parameter, 252)  # refuses what lies outside its limits
    return made


def _start(asked: Asked, body: PerformanceRequest) -> int:
    if body.start is not None and body.period is not None:
        raise InvalidInput("give start or period, not both", field="period")
    if body.start is not None:
        start = number_of(body.start)
    elif body.period == "ytd":
        start = asked.year_start
    elif body.period in MONTHS:
        start = number_of(_months_before(date_of(asked.day), MONTHS[body.period]))
    else:
        start = asked.start
    start = max(start, asked.start)
    if start >= asked.day:
        raise InvalidInput(f"the period must start before {date_of(asked.day)}", field="start")
    return start


def _months_before(day: dt.date, months: int) -> dt.date:
    total = day.year * 12 + day.month - 1 - months
    year, month = divmod(total, 12)
    after = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)  # noqa: PLR2004 - December
    return min(
        dt.date(year, month + 1, 1) + dt.timedelta(days=day.day - 1), after - dt.timedelta(1)
    )


def _bridge(asked: Asked, figure: FigureId) -> BridgeView:
    bridges.bridge(asked.view, figure)  # raises when the parts do not meet
    lines: dict[str, FigureValue] = {}
    for name, (definition, _) in BRIDGE.items():
        each = figure.of(definition)
        if name == "opening":
            each = each.on(figure.start if figure.start is not None else asked.start)
        lines[name] = figure_value(asked.view, each)
    closing = figure_value(asked.view, figure.of("value.v1").on(asked.day))
    rounding = closing.value
    for name, (_, sign) in BRIDGE.items():
        part = lines[name].value
        rounding = None if rounding is None or part is None else rounding - sign * part
    return BridgeView(**lines, rounding=rounding, closing=closing)


def _benchmark_return(
    asked: Asked, found: Series, against: benchmarks.Benchmark | None
) -> Decimal | None:
    if against is None or len(found.day) == 0:
        return None
    first = int(found.day[0]) - asked.view.axis.first
    last = int(found.day[-1]) - asked.view.axis.first
    before = float(against.price[first])
    return ratio_text(float(against.price[last]) / before - 1) if before > 0 else None


def _drawdowns(found: Series) -> tuple[DrawdownRow, ...]:
    if found.reason is not None:
        return ()
    linked = trading_returns(returns_of(found), found.trading[1:])
    if len(linked.returns) == 0 or float(linked.returns.min()) < -1:
        return ()
    days = np.concatenate((found.day[:1], linked.defined_days))
    return tuple(
        DrawdownRow(
            peak_day=date_of(each.peak_day),
            trough_day=date_of(each.trough_day),
            recovery_day=None if each.recovery_day is None else date_of(each.recovery_day),
            depth=ratio_text(each.depth),
            days_under_water=each.days_under_water,
        )
        for each in drawdowns(linked.returns, days)[:DRAWDOWNS_SHOWN]
    )


def _series(found: Series, sampling: str) -> tuple[PeriodReturn, ...]:
    if found.reason is not None or sampling == "none":
        return ()
    daily = returns_of(found)
    if sampling == "day":
        daily = trading_returns(daily, found.trading[1:])
        starts, returns = daily.day, daily.factor - 1.0
    else:
        periods: dict[str, Period] = {"week": "week", "month": "month", "year": "year"}
        linked = link_returns(daily, periods[sampling])
        starts, returns = linked.start, linked.returns
    total = np.cumprod(1.0 + returns) - 1.0
    rows = zip(starts.tolist(), returns.tolist(), total.tolist(), strict=True)
    return tuple(
        PeriodReturn(start=date_of(day), value=ratio_text(own), cumulative=ratio_text(whole))
        for day, own, whole in list(rows)[-SERIES_ROWS_MAX:]
    )
