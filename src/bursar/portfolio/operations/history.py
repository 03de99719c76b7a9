"""Value and flows over time."""

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.portfolio.calc.arrays import IntArray
from bursar.portfolio.models.positions import History, HistoryRequest, HistoryRow
from bursar.portfolio.operations.asking import Asked, ask
from bursar.portfolio.view.days import date_of, number_of
from bursar.portfolio.view.quotes import exact
from bursar.portfolio.view.scope import Scope, ScopeKind
from bursar.portfolio.view.view import ASSET_CLASS, CASH, currency_exponent
from bursar.runtime.context import Context
from bursar.runtime.registry import operation


@operation(
    "portfolio.history",
    scope="portfolio:read",
    http="GET /portfolio/history",
    command="portfolio history",
)
async def history(context: Context, body: HistoryRequest) -> History:
    """Show value, inflow, outflow and cash by day, week or month, up to as_of."""
    asked = await ask(context, body)
    if body.days is not None and body.start is not None:
        raise InvalidInput("give days or start, not both", field="days")
    first = asked.start if body.start is None else number_of(body.start)
    if body.days is not None:
        first = asked.day - body.days + 1
    first = max(first, asked.start)
    if first > asked.day:
        raise InvalidInput(
            f"the range would start after {date_of(asked.day)}",
            field="start",
            hint="Start earlier.",
        )
    rows = _rows(asked, first, body.sampling)
    return History.model_validate(
        {
            **asked.dated(first),
            "start": date_of(first),
            "sampling": body.sampling,
            "items": tuple(rows[-body.limit :]),
            "more": len(rows) > body.limit,
            "figure_id": str(asked.id("value.v1")),
        }
    )


def _rows(asked: Asked, first: int, sampling: str) -> list[HistoryRow]:
    view = asked.view
    found = view.history(asked.scope, asked.currency)
    span = slice(first - view.axis.first, view.axis.place(asked.day) + 1)
    day = np.arange(span.start, span.stop) + view.axis.first
    last = _last_of_period(day, sampling)
    starts = np.concatenate(([0], last[:-1] + 1))
    inflow = np.add.reduceat(found.inflow[span], starts)
    outflow = np.add.reduceat(found.outflow[span], starts)
    value, unpriced = found.value[span][last], found.unpriced[span][last]
    rates = view.rates[asked.currency].matrix[:, span][:, last]
    without_rate = ((found.value_by_currency[:, span][:, last] != 0) & (rates == 0)).any(axis=0)
    cash_scope = _cash_of(asked.scope)
    cash = (
        np.zeros(len(last))
        if cash_scope is None
        else view.history(cash_scope, asked.currency).value[span][last]
    )
    unknown = (unpriced > 0) | without_rate
    exponent = currency_exponent(asked.currency)
    return [
        HistoryRow(
            day=date_of(on),
            value=None if gap else cents(worth, exponent),
            inflow=cents(into, exponent),
            outflow=cents(out, exponent),
            cash=None if gap else cents(money, exponent),
        )
        for on, worth, gap, into, out, money in zip(
            day[last].tolist(),
            value.tolist(),
            unknown.tolist(),
            inflow.tolist(),
            outflow.tolist(),
            cash.tolist(),
            strict=True,
        )
    ]


def _cash_of(scope: Scope) -> Scope | None:
    """Return the cash of a scope; None where there is none by definition."""
    if scope.kind in (ScopeKind.ALL, ScopeKind.ACCOUNT):
        return Scope(ScopeKind.CLASS, scope.ids, (ASSET_CLASS, CASH))
    return None


def _last_of_period(day: IntArray, sampling: str) -> IntArray:
    """Return the places of the last day of each week (from Monday) or month, and the last day."""
    if sampling == "day":
        return np.arange(len(day))
    if sampling == "week":
        period = (day + 3) // 7
    else:
        period = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    changes = np.flatnonzero(np.diff(period))
    return np.append(changes, len(day) - 1).astype(np.int64)


def cents(number: float, exponent: int) -> Decimal:
    """Round an array's number to smallest units as the decimal it stands for."""
    unit = Decimal(1).scaleb(-exponent)
    return exact(number).quantize(unit, rounding=ROUND_HALF_EVEN) + 0
