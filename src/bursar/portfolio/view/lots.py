"""Lots, cost and realised gains of every holding, derived once per method and kept with the view.

Positions that hand lots to one another are derived together; a position whose events contradict
each other has no lots, and its figures say so instead of guessing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bursar.core.errors import BursarError
from bursar.ledger.calc.lots.events import Event
from bursar.ledger.calc.lots.linked import rebuild_linked
from bursar.ledger.calc.lots.position import Method, Position
from bursar.ledger.calc.lots.rebuild import Rebuilt
from bursar.portfolio.view.days import EPOCH
from bursar.portfolio.view.lot_events import linked, lot_events
from bursar.portfolio.view.view import BookView

EARLIER_MAX = 16


@dataclass(frozen=True, slots=True)
class Holding:
    """What the events of one position yield; `problem` says why there is nothing."""

    rebuilt: Rebuilt | None
    problem: str | None


@dataclass(slots=True)
class LotBook:
    """Lot events by position, which positions hand lots to one another, and what was derived.

    `derived` holds the lots after all events, per method; `earlier` those of past days.
    """

    events: dict[int, list[Event]]
    links: dict[int, frozenset[int]]
    derived: dict[Method | None, dict[int, Holding]]
    earlier: dict[tuple[Method | None, int], dict[int, Holding]]


def lots(
    view: BookView, *, method: Method | None, currency: str, day: int | None = None
) -> dict[int, Holding]:
    """Return the lots of every holding at the end of a day (None: after everything booked).

    `method` overrides the accounts' own; `currency` is that of the report costs.
    """
    book = lot_book(view, currency)
    if day is None or not len(view.book.moves.day) or day >= int(view.book.moves.day.max()):
        found = book.derived.setdefault(method, {})
        missing = {index: own for index, own in book.events.items() if index not in found}
        if missing:
            found.update(_derived(view, book.events, book.links, method, wanted=missing))
        return found
    past = book.earlier.get((method, day))
    if past is None:
        last = day + EPOCH
        events = {
            position: [e for e in own if e.on.toordinal() <= last]
            for position, own in book.events.items()
        }
        past = _derived(view, events, book.links, method, wanted=events)
        if len(book.earlier) >= EARLIER_MAX:
            book.earlier.clear()
        book.earlier[method, day] = past
    return past


def are_derived(view: BookView, currency: str) -> bool:
    """Tell whether the lots of the accounts' own methods are there already."""
    found = view.lot_books.get(currency)
    return isinstance(found, LotBook) and None in found.derived


def lot_book(view: BookView, currency: str) -> LotBook:
    """Return the lot events of every holding, with rates into a report currency."""
    found = view.lot_books.get(currency)
    if not isinstance(found, LotBook):
        activities = view.book.counted()
        found = LotBook(lot_events(view, activities, currency), linked(activities, view), {}, {})
        view.lot_books[currency] = found
    elif view.lots_touched.get(currency):
        _refresh(view, found, currency)
    view.lots_touched[currency] = set()
    return found


def _refresh(view: BookView, book: LotBook, currency: str) -> None:
    """Derive anew what depends on the positions touched since, and on those linked with them."""
    touched = view.lots_touched[currency]
    ids = {view.book.positions[index].instrument_id for index in touched}
    activities = view.book.counted_of(each for each in ids if each is not None)
    fresh = linked(activities, view)
    affected: set[int] = set()
    for index in touched:
        affected |= book.links.get(index, frozenset({index})) | fresh.get(index, frozenset())
    if affected - touched:  # others are linked: their links may have changed too
        book.links = linked(view.book.counted(), view)
        for index in list(affected):
            affected |= book.links.get(index, frozenset())
        ids = {view.book.positions[index].instrument_id for index in affected}
        activities = view.book.counted_of(each for each in ids if each is not None)
    events = lot_events(view, activities, currency)
    for index in affected:
        book.events.pop(index, None)
        if index in events:
            book.events[index] = events[index]
        for holdings in book.derived.values():
            holdings.pop(index, None)
    book.earlier.clear()


def _derived(
    view: BookView,
    events: dict[int, list[Event]],
    links: dict[int, frozenset[int]],
    method: Method | None,
    *,
    wanted: Iterable[int],
) -> dict[int, Holding]:
    holdings: dict[int, Holding] = {}
    for index in wanted:
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
