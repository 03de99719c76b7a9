"""Derived lots as rows of the tables that keep them."""

import uuid
from typing import Any

from bursar.ledger.calc.lot_steps import PositionKey
from bursar.ledger.calc.lots.lot import Lot, Match
from bursar.ledger.operations.derivation import Derived

Row = dict[str, Any]


def _keys(workspace_id: uuid.UUID, key: PositionKey) -> Row:
    return {"workspace_id": workspace_id, "account_id": key[0], "instrument_id": key[1]}


def _activity_id(event_id: str) -> uuid.UUID:
    """Return the activity behind an event's id, which may carry "/in"."""
    return uuid.UUID(event_id.partition("/")[0])


def lot_rows(workspace_id: uuid.UUID, derived: Derived) -> list[Row]:
    """Return the open lots."""
    return [
        _keys(workspace_id, key) | _lot_row(lot)
        for key, rebuilt in derived.rebuilt.items()
        for lot in rebuilt.state.lots
        if lot.remaining
    ]


def _lot_row(lot: Lot) -> Row:
    return {
        "lot_id": lot.id,
        "opened_by": _activity_id(lot.opened_by),
        "acquired_on": lot.acquired_on,
        "quantity": lot.quantity,
        "remaining": lot.remaining,
        "cost": lot.cost,
        "remaining_cost": lot.remaining_cost,
        "remaining_fees": lot.remaining_fees,
        "currency": lot.currency,
    }


def match_rows(workspace_id: uuid.UUID, derived: Derived) -> list[Row]:
    """Return what was closed, and its gains."""
    return [
        _keys(workspace_id, key) | _match_row(match)
        for key, rebuilt in derived.rebuilt.items()
        for match in rebuilt.matches
    ]


def _match_row(match: Match) -> Row:
    return {
        "lot_id": match.lot_id,
        "opened_by": _activity_id(match.opened_by),
        "closed_by": _activity_id(match.closing_id),
        "kind": match.kind.value,
        "quantity": match.quantity,
        "proceeds": match.proceeds,
        "cost": match.cost,
        "gain": match.gain,
        "opening_fees": match.opening_fees,
        "closing_fees": match.closing_fees,
        "currency": match.currency,
        "opened_on": match.opened_on,
        "closed_on": match.closed_on,
        "term": match.term.value,
    }


def problem_rows(workspace_id: uuid.UUID, derived: Derived) -> list[Row]:
    """Return why lots are missing or incomplete."""
    return [
        _keys(workspace_id, key) | {"code": code, "message": message}
        for key, (code, message) in derived.problems.items()
    ]
