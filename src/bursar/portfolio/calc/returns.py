"""Returns of one scope over a period (start, end]: the start day is already in the opening value.

All measures read one `ValueSeries`, so a position, an account and a workspace use the same
functions, and two measures of one scope can never disagree about its flows.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

from bursar.portfolio.calc.arrays import BoolArray, FloatArray, IntArray
from bursar.portfolio.calc.errors import BadSeries, NegativeTotalValue
from bursar.portfolio.calc.undefined import Figure, Reason

DAYS_PER_YEAR = 365
# Capital below this share of the day's amounts is rounding left over from a full withdrawal.
CAPITAL_TOLERANCE = 1e-12

AnnualiseRule = Literal["from_one_year", "always"]
Period = Literal["week", "month", "year"]


class FlowTiming(StrEnum):
    """When external flows of a day are taken to happen."""

    START_END = "start_end"
    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class ValueSeries:
    """Closing value and external flows per day, in report currency; index 0 is the start day.

    Flows are not negative, and those of index 0 are ignored: they are in the opening value.
    Raises BadSeries for arrays that do not fit, NegativeTotalValue for a value below zero.
    """

    day: IntArray
    value: FloatArray
    inflow: FloatArray
    outflow: FloatArray

    def __post_init__(self) -> None:
        count = len(self.day)
        if count == 0 or any(len(a) != count for a in (self.value, self.inflow, self.outflow)):
            msg = "day, value, inflow and outflow need one common length of at least 1"
            raise BadSeries(msg)
        total = float(self.value.sum() + self.inflow.sum() + self.outflow.sum())
        if not np.isfinite(total):
            msg = "value, inflow and outflow must be finite numbers"
            raise BadSeries(msg)
        if count > 1 and int((self.day[1:] - self.day[:-1]).min()) <= 0:
            msg = "days must rise strictly"
            raise BadSeries(msg, field="day")
        if float(self.inflow.min()) < 0 or float(self.outflow.min()) < 0:
            msg = "inflow and outflow are amounts of at least zero"
            raise BadSeries(msg, field="inflow")
        if float(self.value.min()) < 0:
            at = int(np.argmax(self.value < 0))
            day = str(np.datetime64(int(self.day[at]), "D"))
            msg = f"the total value is below zero on {day}, so data is missing"
            raise NegativeTotalValue(msg, field="value", details={"day": day})

    @property
    def net_flow(self) -> FloatArray:
        """Inflow minus outflow of the days after the start."""
        return self.inflow[1:] - self.outflow[1:]

    @property
    def gain(self) -> float:
        """Closing minus opening value minus all net flows, in report currency."""
        return float(self.value[-1] - self.value[0] - self.net_flow.sum())

    @property
    def calendar_days(self) -> int:
        """Days from the start to the end, end exclusive."""
        return int(self.day[-1] - self.day[0])


@dataclass(frozen=True, slots=True)
class DailyReturns:
    """Growth factors 1 + r of the days after the start.

    A day without capital has factor 1 and is not `defined`; when value came out of nothing it is
    flagged in `gain_without_capital`.
    """

    day: IntArray
    factor: FloatArray
    defined: BoolArray
    gain_without_capital: BoolArray

    @property
    def returns(self) -> FloatArray:
        """Simple returns of the defined days, for the statistics in `risk`."""
        return self.factor[self.defined] - 1.0

    @property
    def defined_days(self) -> IntArray:
        """The days of `returns`."""
        return self.day[self.defined]


def daily_returns(
    series: ValueSeries,
    *,
    timing: FlowTiming = FlowTiming.START_END,
    extra: FloatArray | None = None,
    opening: FloatArray | None = None,
) -> DailyReturns:
    """Return the daily growth factors under the declared flow timing (definition `twr.v1`).

    `extra` (same length as the series) is added to the day's result: income that left the scope,
    or costs as a negative number. `opening` (the same length) takes the place of each day's opening
    value: what it is at that day's exchange rates, say.
    """
    before, value = series.value[:-1], series.value[1:]
    if opening is not None:
        if len(opening) != len(series.day):
            msg = "opening values need the length of the series"
            raise BadSeries(msg)
        before = opening[1:]
    inflow, outflow = series.inflow[1:], series.outflow[1:]
    if timing is FlowTiming.START_END:
        base, result = before + inflow, value + outflow
    elif timing is FlowTiming.START:
        base, result = before + inflow - outflow, value
    else:
        base, result = before, value - inflow + outflow
    if extra is not None:
        if len(extra) != len(series.day):
            msg = "income and costs need the length of the series"
            raise BadSeries(msg)
        result = result + extra[1:]
    floor = CAPITAL_TOLERANCE * (before + inflow + outflow)
    defined = base > floor
    factor = np.ones_like(base)
    np.divide(result, base, out=factor, where=defined)
    gain = ~defined & (result - base > floor)
    return DailyReturns(series.day[1:], factor, defined, gain)


def time_weighted_return(returns: DailyReturns) -> Figure:
    """Return the product of the daily factors minus 1 (`twr.v1`).

    Undefined: `empty_period`, `no_capital` on every day, `flow_exceeds_capital` when a factor is
    below zero, which happens only when a flow is booked on the wrong side of the day.
    """
    if len(returns.factor) == 0:
        return Figure.undefined(Reason.EMPTY_PERIOD)
    count = int(returns.defined.sum())
    if count == 0:
        return Figure.undefined(Reason.NO_CAPITAL, observations=0)
    if float(returns.factor.min()) < 0:
        return Figure.undefined(Reason.FLOW_EXCEEDS_CAPITAL, observations=count)
    return Figure.of(float(np.prod(returns.factor)) - 1.0, observations=count)


def cumulative_returns(returns: DailyReturns) -> FloatArray:
    """Return the running product of the factors minus 1, one entry per day after the start."""
    return np.asarray(np.cumprod(returns.factor) - 1.0, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class PeriodReturns:
    """Linked returns of calendar periods; `start` is the first day of each calendar period."""

    start: IntArray
    returns: FloatArray
    days: IntArray


def link_returns(returns: DailyReturns, period: Period) -> PeriodReturns:
    """Link daily factors inside calendar weeks (from Monday), months or years."""
    if len(returns.day) == 0:
        none = np.empty(0, np.int64)
        return PeriodReturns(none, np.empty(0), none)
    days = returns.day
    if period == "week":
        # 1970-01-01 was a Thursday, so day -3 was a Monday.
        start = (days + 3) // 7 * 7 - 3
    else:
        unit = "M" if period == "month" else "Y"
        dates = days.astype("datetime64[D]").astype(f"datetime64[{unit}]")
        start = dates.astype("datetime64[D]").astype(np.int64)
    first = np.flatnonzero(np.concatenate(([True], start[1:] != start[:-1])))
    linked = np.multiply.reduceat(returns.factor, first) - 1.0
    counts = np.diff(np.append(first, len(days)))
    return PeriodReturns(start[first], linked, counts.astype(np.int64))


def annualised_return(
    total: Figure, calendar_days: int, *, rule: AnnualiseRule = "from_one_year"
) -> Figure:
    """Return `(1 + total)^(365 / days) - 1` (`twr_annualised.v1`), days end exclusive."""
    if total.value is None:
        return total
    if calendar_days <= 0:
        return Figure.undefined(Reason.EMPTY_PERIOD, observations=total.observations)
    if rule == "from_one_year" and calendar_days < DAYS_PER_YEAR:
        return Figure.undefined(Reason.PERIOD_UNDER_A_YEAR, observations=total.observations)
    with np.errstate(over="ignore"):
        growth = np.float64(1.0 + total.value) ** (DAYS_PER_YEAR / calendar_days)
    return Figure.of(float(growth) - 1.0, observations=total.observations)


def modified_dietz(series: ValueSeries, *, flow_at: Literal["start", "end"] = "end") -> Figure:
    """Return the gain over the day-weighted capital (`modified_dietz.v1`).

    Weight of a flow: days left in the period over its calendar days; a flow at the start of its
    day counts one day more.
    """
    days = series.calendar_days
    if days <= 0:
        return Figure.undefined(Reason.EMPTY_PERIOD)
    left = (series.day[-1] - series.day[1:]).astype(np.float64)
    if flow_at == "start":
        left = left + 1.0
    capital = float(series.value[0] + (series.net_flow * (left / days)).sum())
    scale = float(series.value[0] + series.inflow[1:].sum() + series.outflow[1:].sum())
    if capital <= CAPITAL_TOLERANCE * scale:
        return Figure.undefined(Reason.NO_AVERAGE_CAPITAL)
    return Figure.of(series.gain / capital)


def dietz_chain(series: ValueSeries) -> Figure:
    """Return daily modified Dietz with flows at mid-day, chained (`dietz_chain.v1`).

    Some programs call it a money-weighted return; it is no internal rate of return.
    """
    if len(series.day) < 2:  # noqa: PLR2004 - a start and one day
        return Figure.undefined(Reason.EMPTY_PERIOD)
    before, flow = series.value[:-1], series.net_flow
    capital = before + 0.5 * flow
    defined = capital > CAPITAL_TOLERANCE * (before + series.inflow[1:] + series.outflow[1:])
    if not bool(defined.any()):
        return Figure.undefined(Reason.NO_CAPITAL, observations=0)
    daily = np.zeros_like(capital)
    np.divide(series.value[1:] - before - flow, capital, out=daily, where=defined)
    count = int(defined.sum())
    if float(daily.min()) < -1:
        return Figure.undefined(Reason.FLOW_EXCEEDS_CAPITAL, observations=count)
    return Figure.of(float(np.prod(1.0 + daily)) - 1.0, observations=count)


def simple_gain(series: ValueSeries) -> Figure:
    """Return the gain over the opening value (`simple_gain.v1`)."""
    opening = float(series.value[0])
    if opening <= 0:
        return Figure.undefined(Reason.NO_OPENING_VALUE)
    return Figure.of(series.gain / opening)


@dataclass(frozen=True, slots=True)
class ReturnFlags:
    """What a return counts: income (total return), costs, tax. The flags are in its id."""

    income: bool = True
    costs: bool = True
    tax: bool = False

    @property
    def definition_id(self) -> str:
        """Such as `total_return.net_of_costs.before_tax.v1`."""
        kind = "total_return" if self.income else "price_return"
        costs = "net_of_costs" if self.costs else "before_costs"
        tax = "net_of_tax" if self.tax else "before_tax"
        return f"{kind}.{costs}.{tax}.v1"


@dataclass(frozen=True, slots=True)
class IncomeSeries:
    """Gross income, costs and taxes per day, in report currency, none of them in the value series.

    All are amounts of at least zero; `tax` covers income tax withheld and taxes on trades.
    """

    income: FloatArray
    costs: FloatArray
    tax: FloatArray


def price_or_total_return(
    series: ValueSeries,
    paid: IncomeSeries,
    flags: ReturnFlags,
    *,
    timing: FlowTiming = FlowTiming.START_END,
) -> Figure:
    """Return the linked return with or without income, costs and tax, as the flags say."""
    extra = np.zeros(len(series.day))
    for counted, array, sign in (
        (flags.income, paid.income, 1.0),
        (flags.costs, paid.costs, -1.0),
        (flags.tax, paid.tax, -1.0),
    ):
        if len(array) != len(series.day):
            msg = "income, costs and tax need the length of the series"
            raise BadSeries(msg)
        if counted:
            extra += sign * array
    return time_weighted_return(daily_returns(series, timing=timing, extra=extra))
