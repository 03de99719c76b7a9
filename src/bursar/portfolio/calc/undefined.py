"""A figure is a number or a reason, never both: undefined is not zero, not infinity, not huge.

Every measure returns a `Figure`. The reason codes are stable: clients match on them, and
`SENTENCES` says each in words.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """Why a figure has no value."""

    TOO_FEW_RETURNS = "too_few_returns"
    ZERO_DISPERSION = "zero_dispersion"
    NO_DRAWDOWN = "no_drawdown"
    NO_LOSS = "no_loss"
    NO_UP_PERIOD = "no_up_period"
    NO_DOWN_PERIOD = "no_down_period"
    ZERO_BENCHMARK_RETURN = "zero_benchmark_return"
    TOTAL_LOSS = "total_loss"
    RETURN_BELOW_TOTAL_LOSS = "return_below_total_loss"
    NOT_REPRESENTABLE = "not_representable"
    NO_CAPITAL = "no_capital"
    NO_OPENING_VALUE = "no_opening_value"
    NO_AVERAGE_CAPITAL = "no_average_capital"
    NOT_HELD = "not_held"
    FLOW_EXCEEDS_CAPITAL = "flow_exceeds_capital"
    PERIOD_UNDER_A_YEAR = "period_under_a_year"
    EMPTY_PERIOD = "empty_period"
    NO_FLOWS = "no_flows"
    NO_ROOT = "no_root"
    SEVERAL_ROOTS = "several_roots"
    NO_VALUE = "no_value"
    MISSING_PRICE = "missing_price"
    STALE_FX = "stale_fx"
    MISSING_RATE = "missing_rate"
    LOTS_UNDEFINED = "lots_undefined"
    COST_UNKNOWN = "cost_unknown"
    NEGATIVE_VALUE = "negative_value"
    NO_COST = "no_cost"
    SEVERAL_INSTRUMENTS = "several_instruments"
    SHORT_HISTORY = "short_history"
    NO_DIVIDENDS = "no_dividends"
    NOT_GIVEN = "not_given"
    TOO_FEW_COMPARED = "too_few_compared"
    TOO_LITTLE_KNOWN = "too_little_known"


SENTENCES: dict[Reason, str] = {
    Reason.TOO_FEW_RETURNS: "At least two returns are needed.",
    Reason.ZERO_DISPERSION: "The returns do not vary, so the ratio would divide by zero.",
    Reason.NO_DRAWDOWN: "The value never fell below an earlier high.",
    Reason.NO_LOSS: "No return lies below the threshold, so there is no loss to divide by.",
    Reason.NO_UP_PERIOD: "The benchmark has fewer than two rising periods.",
    Reason.NO_DOWN_PERIOD: "The benchmark has fewer than two falling periods.",
    Reason.ZERO_BENCHMARK_RETURN: "The benchmark returned nothing, so there is nothing to divide by.",
    Reason.TOTAL_LOSS: "A return of -100 % has no logarithm.",
    Reason.RETURN_BELOW_TOTAL_LOSS: "A return lies below -100 %, so returns cannot be compounded.",
    Reason.NOT_REPRESENTABLE: "The figure is too large to be a meaningful number.",
    Reason.NO_CAPITAL: "No capital was invested in the period.",
    Reason.NO_OPENING_VALUE: "The period opens without value.",
    Reason.NO_AVERAGE_CAPITAL: "The average capital of the period is not above zero.",
    Reason.NOT_HELD: "The position was not held for a full day.",
    Reason.FLOW_EXCEEDS_CAPITAL: "A flow outweighs the day's capital under the chosen flow timing.",
    Reason.PERIOD_UNDER_A_YEAR: "Periods under 365 days are not annualised unless asked for.",
    Reason.EMPTY_PERIOD: "The period holds no day.",
    Reason.NO_FLOWS: "There are no cash flows, or they cancel on every day.",
    Reason.NO_ROOT: "No rate between -100 % and 1,000,000 % makes the flows' present value zero.",
    Reason.SEVERAL_ROOTS: "More than one rate makes the flows' present value zero.",
    Reason.NO_VALUE: "The total is not above zero, so there are no weights.",
    Reason.MISSING_PRICE: "A held position has no price on a day of the period.",
    Reason.STALE_FX: "An exchange rate is older than the limit.",
    Reason.MISSING_RATE: "No exchange rate leads to the report currency on a day that needs one.",
    Reason.LOTS_UNDEFINED: "The events of a position contradict each other, so it has no lots.",
    Reason.COST_UNKNOWN: "What some of the units cost is not stated; completeness names them.",
    Reason.NEGATIVE_VALUE: "The value falls below zero in the period, so there is no return on it.",
    Reason.SEVERAL_INSTRUMENTS: "Units of several instruments have no common quantity.",
    Reason.NO_COST: "There is no cost above zero to divide by.",
    Reason.SHORT_HISTORY: "The prices held do not reach back far enough.",
    Reason.NO_DIVIDENDS: "No dividend is recorded for the last year; that is not the same as none paid.",
    Reason.NOT_GIVEN: "The value was not given with the request.",
    Reason.TOO_FEW_COMPARED: "Fewer than three instruments have this value, so there is no scale.",
    Reason.TOO_LITTLE_KNOWN: "The parts that are known carry less than half of the weight.",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A defined value or the reason why there is none; `observations` counts the returns used."""

    value: float | None
    reason: Reason | None = None
    observations: int | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            msg = "a figure has a value or a reason, and not both"
            raise ValueError(msg)

    @classmethod
    def of(cls, value: float, *, observations: int | None = None) -> Self:
        """Return a defined figure; a number that is not finite becomes `not_representable`."""
        number = float(value)
        if not math.isfinite(number):
            return cls(None, Reason.NOT_REPRESENTABLE, observations)
        return cls(number, None, observations)

    @classmethod
    def undefined(cls, reason: Reason, *, observations: int | None = None) -> Self:
        """Return a figure without value."""
        return cls(None, reason, observations)

    @property
    def sentence(self) -> str | None:
        """The reason in words, or None when the figure is defined."""
        return None if self.reason is None else SENTENCES[self.reason]
