"""Performance: every measure of one period side by side, and the bridge that explains the value."""

import datetime as dt
from typing import Literal

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.portfolio.models.figures import Dated, FigureValue, ScopeRequest

SERIES_ROWS_MAX = 4_000


class PerformanceRequest(ScopeRequest):
    """Over which period, against what."""

    start: dt.date | None = Field(None, description="Its close is the opening value.")
    period: Literal["all", "ytd", "1m", "3m", "6m", "1y", "3y", "5y", "10y"] | None = Field(
        None, description="Instead of start, back from as_of."
    )
    end: dt.date | None = Field(None, description="The same as as_of.")
    benchmark: str | None = Field(None, max_length=120, description="Instrument to compare with.")
    risk_free: Amount | None = Field(None, description='Annual risk-free rate, such as "0.03".')
    minimum: Amount | None = Field(None, description="Annual minimum return (Sortino, omega).")
    quantile: Amount | None = Field(None, description='Tail of VaR and CVaR; default "0.05".')
    series: Literal["none", "day", "week", "month", "year"] = Field(
        "month", description="Period returns to list."
    )


class DrawdownRow(Model):
    """One fall below a high."""

    peak_day: dt.date = Field(description="Day of the high.")
    trough_day: dt.date = Field(description="Day of the low.")
    recovery_day: dt.date | None = Field(
        description="Day the high is reached again; null: not yet."
    )
    depth: Amount = Field(description="Low over high less 1, at most 0.")
    days_under_water: int = Field(description="Days from the high to the recovery, or to the end.")


class PeriodReturn(Model):
    """One period of the series."""

    start: dt.date = Field(description="First day of the calendar period.")
    value: Amount = Field(description="Linked return of the period.")
    cumulative: Amount = Field(description="Return since the start of the whole range.")


class BridgeView(Model):
    """From opening to closing value; the lines add up exactly, rounding shown as a line."""

    opening: FigureValue = Field(description="Value at the close of the start day.")
    inflow: FigureValue = Field(description="Money and assets that came in.")
    outflow: FigureValue = Field(description="Money and assets that went out; subtract.")
    realised_gain: FigureValue = Field(
        description="Of units sold, before costs; units held at the start cost their value then."
    )
    unrealised_gain: FigureValue = Field(description="Of units not sold, before costs.")
    currency_gain: FigureValue = Field(description="Of cash in other currencies.")
    income: FigureValue = Field(description="Gross income.")
    fees: FigureValue = Field(description="Fees and interest charges; subtract.")
    taxes: FigureValue = Field(description="Taxes; subtract.")
    rounding: Amount | None = Field(description="What rounding each line leaves over.")
    closing: FigureValue = Field(description="Value at the close of the last day.")


class Performance(Dated):
    """All measures of one period (start, as_of]: each with its definition and its id."""

    start: dt.date = Field(description="Start day: its close is the opening value.")
    calendar_days: int = Field(description="Days of the period.")
    periods_per_year: int = Field(description="252 trading days, or 365 for crypto alone.")
    returns: tuple[FigureValue, ...] = Field(description="Returns, by definition.")
    statistics: tuple[FigureValue, ...] = Field(description="Statistics of daily returns.")
    benchmark: tuple[FigureValue, ...] = Field(description="Statistics against the benchmark.")
    benchmark_return: Amount | None = Field(description="The benchmark's own return.")
    gains: tuple[FigureValue, ...] = Field(description="Gain, and the effect of currencies in it.")
    bridge: BridgeView = Field(description="From opening to closing value.")
    drawdowns: tuple[DrawdownRow, ...] = Field(description="The ten deepest drawdowns.")
    series: tuple[PeriodReturn, ...] = Field(description="Returns of calendar periods.")
