"""Positions with their prices, cost, gains and lots."""

import datetime as dt
from decimal import Decimal
from typing import Any

from bursar.core.errors import InvalidInput
from bursar.core.money import from_units
from bursar.ledger.calc.lots.position import US_TERM, Method
from bursar.portfolio.figures.costs import costs_stated
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.models.positions import (
    LOTS_MAX,
    OpenLot,
    PositionReturns,
    PositionRow,
    Positions,
    PositionsRequest,
)
from bursar.portfolio.operations.asking import Asked, ask, figure_value
from bursar.portfolio.operations.names import name_of
from bursar.portfolio.view.days import date_of
from bursar.portfolio.view.exact import Valued, positions
from bursar.portfolio.view.lots import lots
from bursar.portfolio.view.scope import Scope, ScopeKind
from bursar.portfolio.view.view import ASSET_CLASS, INSTRUMENT, currency_exponent
from bursar.runtime.context import Context
from bursar.runtime.pages import decode_cursor, encode_cursor
from bursar.runtime.registry import operation


@operation(
    "portfolio.positions",
    scope="portfolio:read",
    http="GET /portfolio/positions",
    tool="get_positions",
    command="portfolio positions",
)
async def list_positions(context: Context, body: PositionsRequest) -> Positions:
    """List positions of all accounts with quantity, price and its day, value, cost and gains.

    With lots=true each position also shows its open lots under the chosen cost method.
    """
    asked = await ask(context, body)
    held = [
        each
        for each in positions(asked.view, asked.scope, day=asked.day, currency=asked.currency)
        if body.cash or not asked.view.cash[each.index]
    ]
    held.sort(key=lambda each: (-(each.value.amount or Decimal(0)), each.index))
    first = _offset(body.cursor)
    shown = held[first : first + body.limit]
    end = first + len(shown)
    return Positions.model_validate(
        {
            **asked.dated(asked.start),
            "items": tuple(_row(asked, each, body) for each in shown),
            "total": asked.figure("value.v1"),
            "count": len(held),
            "next_cursor": encode_cursor([end]) if end < len(held) else None,
        }
    )


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    (offset,) = decode_cursor(cursor, 1)
    if not isinstance(offset, int) or offset < 0:
        raise InvalidInput("this cursor is not one of ours", field="cursor")
    return offset


def scope_of(asked: Asked, index: int) -> Scope:
    """Return the scope of one position: a holding, or a currency in an account."""
    position = asked.view.book.positions[index]
    if position.instrument_id is not None:
        return Scope(ScopeKind.POSITION, (position.account_id, position.instrument_id))
    return Scope(ScopeKind.CLASS, (position.account_id,), (INSTRUMENT, position.code))


def _row(asked: Asked, each: Valued, body: PositionsRequest) -> PositionRow:
    view = asked.view
    position = view.book.positions[each.index]
    here = asked.id("value.v1").within(scope_of(asked, each.index))
    method = None if body.method is None else Method(body.method.value)
    account = view.book.accounts[position.account_id]
    source = "cash" if position.is_cash else "market"
    if each.used is not None and each.used.from_trade:
        source = "own_trade"
    fields: dict[str, Any] = {"cost": None, "unrealised_gain": None, "realised_gain": None}
    fields["income"] = fields["method"] = None
    if not position.is_cash:
        costed = here.having(method=None if method is None else method.value)
        since = costed.over(asked.start, asked.day)
        fields = {
            "cost": figure_value(view, costed.of("cost_basis.v1")),
            "unrealised_gain": figure_value(view, costed.of("unrealised_gain.v1")),
            "realised_gain": figure_value(view, since.of("realised_gain.v1")),
            "income": figure_value(view, here.over(asked.start, asked.day).of("income.v1")),
            "method": (method or Method(account.cost_method)).value,
        }
    weight = here.of("weight.v1").having(**{"in": str(asked.scope)})
    return PositionRow(
        account_id=position.account_id,
        account=account.name,
        instrument_id=position.instrument_id,
        name=name_of(view, position),
        asset_class=view.classify(position, ASSET_CLASS),
        quantity=figure_value(view, here.of("quantity.v1")),
        price=None if each.used is None else each.used.price,
        price_currency=view.currency_of[each.index],
        price_day=None if each.used is None else date_of(each.used.day),
        price_source=source,  # type: ignore[arg-type]
        rate=each.rate,
        value=figure_value(view, here),
        weight=figure_value(view, weight),
        returns=_returns(asked, here) if body.returns else None,
        lots=_lots(asked, each, method) if body.lots and not position.is_cash else None,
        **fields,
    )


def _returns(asked: Asked, here: FigureId) -> PositionReturns:
    since = here.over(asked.start, asked.day)
    figures = {
        name: figure_value(asked.view, since.of(f"{name}.v1"))
        for name in PositionReturns.model_fields
    }
    return PositionReturns(**figures)


def _lots(asked: Asked, each: Valued, method: Method | None) -> tuple[OpenLot, ...]:
    found = lots(asked.view, method=method, currency=asked.currency, day=asked.day)
    holding = found.get(each.index)
    if holding is None or holding.rebuilt is None:
        return ()
    exponent = asked.view.book.positions[each.index].exponent
    report = currency_exponent(asked.currency)
    ordered = sorted(holding.rebuilt.state.lots, key=lambda lot: lot.rank)
    view = asked.view
    stated = {
        lot.id
        for lot in ordered[:LOTS_MAX]
        if costs_stated(view, each.index, holding, (lot,), currency=asked.currency)
    }
    return tuple(
        OpenLot(
            id=lot.id,
            activity_id=lot.opened_by,
            acquired_on=lot.acquired_on,
            quantity=from_units(lot.remaining, exponent),
            cost=from_units(lot.remaining_cost, currency_exponent(lot.currency))
            if lot.id in stated
            else None,
            fees=from_units(lot.remaining_fees, currency_exponent(lot.currency)),
            currency=lot.currency,
            report_cost=None
            if lot.remaining_report_cost is None or lot.id not in stated
            else from_units(lot.remaining_report_cost, report),
            long_term_from=long_term_from(lot.acquired_on),
        )
        for lot in ordered[:LOTS_MAX]
    )


def long_term_from(acquired_on: dt.date) -> dt.date:
    """Return the first day a sale is long-term."""
    return US_TERM.long_from(acquired_on)
