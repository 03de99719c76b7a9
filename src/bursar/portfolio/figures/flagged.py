"""Price and total returns of the holdings: income, costs and tax in or out, as the id says.

The series is that of the holdings alone. Only purchases and sales are its flows; what it earned and
paid is added to or taken from the day's result when the flag says so.
"""

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray, IntArray
from bursar.portfolio.calc.definitions import DEFINITIONS
from bursar.portfolio.calc.flows import DailyFlows, daily_flows
from bursar.portfolio.calc.returns import (
    IncomeSeries,
    ReturnFlags,
    ValueSeries,
    price_or_total_return,
)
from bursar.portfolio.figures.bridge import holdings_part
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.money import start_of
from bursar.portfolio.figures.period import series
from bursar.portfolio.figures.result import Result, ratio
from bursar.portfolio.view.book import CONVERSION, WORLD
from bursar.portfolio.view.flows import Crossing
from bursar.portfolio.view.view import BookView


def _flags(definition: str) -> ReturnFlags:
    kind, costs, tax, _ = definition.split(".")
    return ReturnFlags(
        income=kind == "total_return", costs=costs == "net_of_costs", tax=tax == "net_of_tax"
    )


FLAGGED = {
    name: _flags(name) for name in DEFINITIONS if name.startswith(("price_return", "total_return"))
}


def flagged_return(view: BookView, figure: FigureId) -> Result:
    """Return the linked return of the holdings under the flags of the definition."""
    series_now, paid, reason = flagged_series(view, figure)
    if reason is not None or series_now is None:
        return reason or Result(None)
    return ratio(price_or_total_return(series_now, paid, FLAGGED[figure.definition]))


def flagged_series(
    view: BookView, figure: FigureId
) -> tuple[ValueSeries | None, IncomeSeries, Result | None]:
    """Return values and traded flows of the holdings, and what they earned and paid by day."""
    scope = holdings_part(figure.scope)
    start = start_of(view, figure)
    found = series(view, scope, start=start, end=figure.end, currency=figure.currency)
    nothing = np.zeros(len(found.day))
    if found.reason is not None:
        return None, IncomeSeries(nothing, nothing, nothing), Result(None, found.reason)
    crossing, earned = view.crossing(scope), view.earned(scope)
    other = view.book.moves.other[crossing.place]
    traded = (other >= 0) | (other == WORLD) | (other == CONVERSION)
    flows = _daily(view, figure, crossing.place[traded], crossing.sign[traded])
    part = slice(int(found.day[0]) - view.axis.first, int(found.day[-1]) - view.axis.first + 1)

    def net(places: IntArray, sign: float) -> FloatArray:
        daily = _daily(view, figure, places, np.full(len(places), sign))
        return (daily.inflow - daily.outflow)[part]

    inflow, outflow = flows.inflow[part].copy(), flows.outflow[part].copy()
    inflow[:1] = outflow[:1] = 0.0
    values = ValueSeries(found.day, found.value, inflow, outflow)
    paid = IncomeSeries(net(earned.income, 1.0), net(earned.fees, -1.0), net(earned.taxes, -1.0))
    return values, paid, None


def _daily(view: BookView, figure: FigureId, places: IntArray, sign: FloatArray) -> DailyFlows:
    flows = view.flows_of(Crossing(places, sign), figure.currency)
    return daily_flows(flows, view.rates[figure.currency].matrix)
