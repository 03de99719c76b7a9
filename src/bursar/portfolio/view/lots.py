"""Lots, cost and realised gains of every holding, derived once per method and kept with the view.

Positions that hand lots to one another are derived together; a position whose events contradict
each other has no lots, and its figures say so instead of guessing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.core.errors import BursarError
from bursar.ledger.calc.lots.events import Event
from bursar.ledger.calc.lots.linked import rebuild_linked
from bursar.ledger.calc.lots.position import Method, Position
from bursar.ledger.calc.lots.rebuild import Rebuilt
from bursar.portfolio.view.days import EPOCH
from bursar.portfolio.view.lot_events import linked, lot_events
from bursar.portfolio.view.view import BookView


@dataclass(frozen=True, slots=True)
class Holding:
    """What the events of one position yield; `problem` says why there is nothing."""

    rebuilt: Rebuilt | None
    problem: str | None


@dataclass(slots=True)
class LotBook:
    """Lot events by position index, and which positions hand lots to one another."""

    events: dict[int, list[Event]]
    links: dict[int, frozenset[int]]


def lots(
    view: BookView, *, method: Method | None, currency: str, day: int | None = None
) -> dict[int, Holding]:
    """Return the lots of every holding at the end of a day (None: after everything booked).

    `method` overrides the accounts' own; `currency` is that of the report costs.
    """
    if day is not None and len(view.book.moves.day) and day >= int(view.book.moves.day.max()):
        day = None
    book = lot_book(view, currency)
    key = ("holdings", method, currency, day)
    found = view.derived.get(key)
    if isinstance(found, dict):
        return found
    if day is None:
        events = book.events
    else:
        last = day + EPOCH
        events = {
            position: [e for e in own if e.on.toordinal() <= last]
            for position, own in book.events.items()
        }
    holdings = _derived(view, events, book.links, method)
    view.derived[key] = holdings
    return holdings


def lot_book(view: BookView, currency: str) -> LotBook:
    """Return the lot events of every holding, with rates into a report currency."""
    key = ("lot_book", currency)
    found = view.derived.get(key)
    if not isinstance(found, LotBook):
        activities = view.book.counted()
        found = LotBook(lot_events(view, activities, currency), linked(activities, view))
        view.derived[key] = found
    return found


def _derived(
    view: BookView,
    events: dict[int, list[Event]],
    links: dict[int, frozenset[int]],
    method: Method | None,
) -> dict[int, Holding]:
    holdings: dict[int, Holding] = {}
    for index in events:
        if index not in holdings:
            holdings.update(_component(view, sorted(links.get(index, {index})), events, method))
    return holdings


def _component(
    view: BookView, indices: Sequence[int], events: dict[int, list[Event]], method: Method | None
) -> dict[int, Holding]:
    named = {index: position_of(view, index, method) for index in indices}
    try:
        rebuilt = rebuild_linked({named[i]: events.get(i, []) for i in named})
    except BursarError as error:
        return {index: Holding(None, error.message) for index in named}
    return {index: Holding(rebuilt[named[index]], None) for index in named}


def position_of(view: BookView, index: int, method: Method | None) -> Position:
    """Return a position as the lot engine names it; `method` overrides the account's own."""
    held = view.book.positions[index]
    account = view.book.accounts[held.account_id]
    return Position(
        account=str(held.account_id),
        instrument=str(held.instrument_id),
        method=method or Method(account.cost_method),
        currency=view.currency_of[index],
        quantity_exponent=held.exponent,
        allow_short=account.allow_short,
    )
