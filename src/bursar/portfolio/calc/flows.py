"""External flows of one scope per day: money that crosses the border of the chosen accounts.

An internal transfer is a flow for the account and none for the workspace, so flows are computed
per scope. Amounts in smallest units are summed exactly in float64 up to 2^53, whatever their order.
"""

from dataclasses import dataclass

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray, IntArray
from bursar.portfolio.calc.errors import BadSeries


@dataclass(frozen=True, slots=True)
class ScopeFlows:
    """Dated flows: day index, currency row, amount (positive into the scope), booked rate.

    `booked_rate` is the report currency per unit stored with the transaction, NaN to use the
    market rate of the day: the booked rate beats the market rate.
    """

    day: IntArray
    currency: IntArray
    amount: FloatArray
    booked_rate: FloatArray

    def __post_init__(self) -> None:
        if len({len(self.day), len(self.currency), len(self.amount), len(self.booked_rate)}) != 1:
            msg = "day, currency, amount and booked_rate need one length"
            raise BadSeries(msg)


@dataclass(frozen=True, slots=True)
class DailyFlows:
    """Inflow and outflow per day in report currency, both at least 0."""

    inflow: FloatArray
    outflow: FloatArray


def no_flows() -> ScopeFlows:
    """Return an empty list of flows."""
    none = np.empty(0, np.int64)
    return ScopeFlows(none, none, np.empty(0), np.empty(0))


def daily_flows(flows: ScopeFlows, rates: FloatArray) -> DailyFlows:
    """Sum flows per day and convert with `rates` (currencies x days, report currency per unit)."""
    days = rates.shape[1]
    if len(flows.day) and (int(flows.day.min()) < 0 or int(flows.day.max()) >= days):
        msg = "a flow lies outside the days of the history"
        raise BadSeries(msg, field="day")
    booked = ~np.isnan(flows.booked_rate)
    if not bool(booked.any()):
        # Sum per currency first: whole units add up exactly, and one product converts a day.
        return _by_cell(flows.day, flows.currency, amount=flows.amount, rates=rates)
    market = ~booked
    plain = _by_cell(
        flows.day[market], flows.currency[market], amount=flows.amount[market], rates=rates
    )
    own = _by_cell(
        flows.day[booked],
        np.zeros(int(booked.sum()), np.int64),
        amount=flows.amount[booked] * flows.booked_rate[booked],
        rates=np.ones((1, days)),
    )
    return DailyFlows(plain.inflow + own.inflow, plain.outflow + own.outflow)


def _by_cell(
    day: IntArray, currency: IntArray, *, amount: FloatArray, rates: FloatArray
) -> DailyFlows:
    currencies, days = rates.shape
    cell = currency * days + day
    size = currencies * days
    # |a| + a is twice the inflow and |a| - a twice the outflow: exact, and without a split.
    net = np.bincount(cell, weights=amount, minlength=size)
    gross = np.bincount(cell, weights=np.abs(amount), minlength=size)
    shape = (currencies, days)
    inflow = (0.5 * (gross + net)).reshape(shape) * rates
    outflow = (0.5 * (gross - net)).reshape(shape) * rates
    return DailyFlows(inflow.sum(axis=0), outflow.sum(axis=0))
