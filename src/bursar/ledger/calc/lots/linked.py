"""Positions that hand lots to one another are rebuilt together.

Each position applies its own events in its own order and stops at an arrival whose sending event
has not run yet; the sender wakes it. The outcome of a position depends on its own order alone, so
the schedule does not matter. A circle of arrivals within a day without times has no answer and is
refused by name.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bursar.ledger.calc.lots.book import Book
from bursar.ledger.calc.lots.errors import InvalidEvent, TransferUnresolved
from bursar.ledger.calc.lots.events import Event, Trade, TransferIn, in_order
from bursar.ledger.calc.lots.lot import EMPTY_STATE, CarriedLot, LotState
from bursar.ledger.calc.lots.options import with_premium
from bursar.ledger.calc.lots.position import Position
from bursar.ledger.calc.lots.rebuild import Rebuilt, apply

POSITIONS_MAX = 100_000


@dataclass(slots=True)
class _Run:
    book: Book
    events: list[Event]
    next: int = 0


def _arrival(event: Event) -> str | None:
    """Return the sending event's id of an arrival that does not yet carry its lots or premium."""
    if isinstance(event, Trade):
        return event.premium
    return event.source if isinstance(event, TransferIn) and not event.lots else None


def _advance(run: _Run, sent: dict[str, tuple[CarriedLot, ...]]) -> list[str]:
    """Apply events until one waits for its sender; return the ids of the senders that ran."""
    ran = []
    while run.next < len(run.events):
        event = run.events[run.next]
        source = _arrival(event)
        if source is not None and source not in sent:
            break
        if source is not None and isinstance(event, TransferIn):
            event = replace(event, lots=sent[source])
        elif source is not None and isinstance(event, Trade):
            event = with_premium(event, sent[source])
        before = len(run.book.carried)
        # An action on a position that held nothing sends nothing, and nothing arrives.
        if source is None or sent[source] or isinstance(event, Trade):
            apply(run.book, event)
        sent[event.id] = tuple(run.book.carried[before:])
        ran.append(event.id)
        run.next += 1
    return ran


def rebuild_linked(
    positions: Mapping[Position, Iterable[Event]],
    *,
    states: Mapping[Position, LotState] | None = None,
) -> dict[Position, Rebuilt]:
    """Rebuild positions whose transfers and corporate actions name one another as `source`.

    Event ids must be unique over all of them. `states` gives where to start, as in `rebuild`.
    Raises what `rebuild` raises, and TransferUnresolved when a sender is missing or in a circle.
    """
    if len(positions) > POSITIONS_MAX:
        msg = f"at most {POSITIONS_MAX} positions are rebuilt together"
        raise InvalidEvent(msg, field="positions")
    starts = states or {}
    runs: dict[Position, _Run] = {}
    for position, events in positions.items():
        state = starts.get(position, EMPTY_STATE)
        ordered = in_order(events)
        if ordered and state.before is not None and ordered[0].on < state.before:
            msg = f"event {ordered[0].id} lies before the state of {state.before}"
            raise InvalidEvent(msg, field="on")
        runs[position] = _Run(Book.from_state(position, state), ordered)
    ids = [event.id for run in runs.values() for event in run.events]
    if len(set(ids)) != len(ids):
        msg = "two events of the linked positions have the same id"
        raise InvalidEvent(msg, field="id")
    _run_all(runs)
    return {
        position: _result(run, starts.get(position, EMPTY_STATE)) for position, run in runs.items()
    }


def _run_all(runs: Mapping[Position, _Run]) -> None:
    sent: dict[str, tuple[CarriedLot, ...]] = {}
    waiting: dict[str, list[_Run]] = {}
    ready = deque(runs.values())
    while ready:
        run = ready.popleft()
        for sender in _advance(run, sent):
            ready.extend(waiting.pop(sender, ()))
        if run.next < len(run.events):
            source = _arrival(run.events[run.next])
            waiting.setdefault(source or "", []).append(run)
    if waiting:
        stuck = sorted(run.events[run.next].id for each in waiting.values() for run in each)
        msg = f"transfer {stuck[0]} waits for a sending side that never comes"
        raise TransferUnresolved(msg, field="source", details={"events": [*stuck[:20]]})


def _result(run: _Run, start: LotState) -> Rebuilt:
    before = run.events[-1].on + timedelta(days=1) if run.events else start.before
    return Rebuilt(
        position=run.book.position,
        state=run.book.state(before),
        matches=tuple(run.book.matches),
        carried=tuple(run.book.carried),
        residues=tuple(run.book.residues),
        snapshots=(),
    )
