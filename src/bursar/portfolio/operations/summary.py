"""The summary of a scope."""

from collections import defaultdict
from decimal import Decimal

from bursar.portfolio.models.summary import Summary, SummaryRequest, TopPosition
from bursar.portfolio.operations.asking import Asked, ask
from bursar.portfolio.operations.names import name_of
from bursar.portfolio.operations.slices import part_of, slices, value_and_weight
from bursar.portfolio.view.book import HeldPosition
from bursar.portfolio.view.exact import positions
from bursar.portfolio.view.view import ASSET_CLASS, INSTRUMENT
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

# What the figures of the summary are: field, definition, and whether over the period or the day.
_ON_DAY = {
    "net_worth": "net_worth.v1",
    "cash": "cash.v1",
    "invested": "holdings.v1",
    "day_change": "day_gain.v1",
    "cost": "cost_basis.v1",
    "unrealised_gain": "unrealised_gain.v1",
}
_SINCE_START = {
    "total_gain": "gain.v1",
    "realised_gain": "realised_gain.v1",
    "income": "income.v1",
    "fees": "fees.v1",
    "taxes": "tax.v1",
    "contributions": "inflow.v1",
    "withdrawals": "outflow.v1",
    "twr": "twr.v1",
    "twr_local": "twr_local.v1",
    "currency_effect_rate": "currency_effect_rate.v1",
    "twr_annualised": "twr_annualised.v1",
    "xirr": "xirr.v1",
}
_THIS_YEAR = {"twr_year_to_date": "twr.v1", "xirr_year_to_date": "xirr.v1"}


@operation(
    "portfolio.summary",
    scope="portfolio:read",
    http="GET /portfolio/summary",
    tool="get_portfolio_summary",
    command="portfolio summary",
)
async def summary(context: Context, body: SummaryRequest) -> Summary:
    """Show net worth, cash, gains, income, costs, returns, allocation and the largest positions.

    Each figure has an id for explain_figure. as_of names the day valued on: today, or the newest
    price's day when all are old. Missing and stale prices are under completeness.
    """
    asked = await ask(context, body)
    fields = {
        **{name: asked.figure(each) for name, each in _ON_DAY.items()},
        **{name: asked.figure(each, asked.start) for name, each in _SINCE_START.items()},
        **{name: asked.figure(each, asked.year_start) for name, each in _THIS_YEAR.items()},
    }
    held = positions(asked.view, asked.scope, day=asked.day, currency=asked.currency)
    return Summary.model_validate(
        {
            **asked.dated(asked.start),
            **fields,
            "allocation": slices(asked, ASSET_CLASS),
            "top_positions": _top(asked, body.top),
            "positions": len(held),
        }
    )


def _top(asked: Asked, count: int) -> tuple[TopPosition, ...]:
    """Return the largest instruments and currencies, each over all accounts of the scope."""
    key = ("top", asked.scope, asked.day, asked.currency, count)
    found = asked.view.derived.get(key)
    if not isinstance(found, tuple):
        found = asked.view.derived[key] = _largest(asked, count)
    return found


def _largest(asked: Asked, count: int) -> tuple[TopPosition, ...]:
    view = asked.view
    worth: dict[str, Decimal] = defaultdict(Decimal)
    names: dict[str, HeldPosition] = {}
    for held in positions(view, asked.scope, day=asked.day, currency=asked.currency):
        position = view.book.positions[held.index]
        key = view.classify(position, INSTRUMENT)
        names[key] = position
        worth[key] += held.value.amount or 0
    largest = sorted(worth, key=lambda key: (-worth[key], name_of(view, names[key])))[:count]
    found = []
    for key in largest:
        position = names[key]
        value, weight = value_and_weight(asked, part_of(asked, INSTRUMENT, key))
        instrument_id = None if position.is_cash else str(position.instrument_id)
        name = name_of(view, position)
        found.append(
            TopPosition(name=name, instrument_id=instrument_id, value=value, weight=weight)
        )
    return tuple(found)
