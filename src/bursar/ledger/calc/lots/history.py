"""A position's events with snapshots between days: a late event costs only the days after it.

Results of days before the first touched one are kept as they are; the rest is rebuilt from the
newest snapshot that is not later than that day.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from bursar.ledger.calc.lots.errors import InvalidEvent
from bursar.ledger.calc.lots.events import Event, in_order
from bursar.ledger.calc.lots.lot import EMPTY_STATE, LotState
from bursar.ledger.calc.lots.position import Position
from bursar.ledger.calc.lots.rebuild import Rebuilt, rebuild

SNAPSHOT_EVERY_EVENTS = 256
_ID = attrgetter("id")
_ON = attrgetter("on")


@dataclass(frozen=True, slots=True)
class History:
    """Events in order, what they yield, and how many events lie between two snapshots."""

    events: tuple[Event, ...]
    rebuilt: Rebuilt
    snapshot_every_events: int = SNAPSHOT_EVERY_EVENTS


def begin(
    position: Position,
    events: Iterable[Event],
    *,
    snapshot_every_events: int = SNAPSHOT_EVERY_EVENTS,
) -> History:
    """Rebuild a position from its first event and keep snapshots on the way."""
    ordered = in_order(events)
    rebuilt = rebuild(position, ordered, snapshot_every_events=snapshot_every_events)
    return History(tuple(ordered), rebuilt, snapshot_every_events)


def _base(history: History, day: date) -> LotState:
    """Return the newest known state that holds nothing of `day` or later."""
    end = history.rebuilt.state
    if end.before is not None and end.before <= day:
        return end
    for snapshot in reversed(history.rebuilt.snapshots):
        if snapshot.before is not None and snapshot.before <= day:
            return snapshot
    return EMPTY_STATE


def amend(
    history: History, *, added: Iterable[Event] = (), removed: Collection[str] = ()
) -> History:
    """Add and remove events (by id) and rebuild from the first day they touch.

    Equals `begin` on all the events. An event is corrected by removing and adding it. Raises what
    `rebuild` raises, and InvalidEvent for an id that is not there or is there twice; the history
    given is never changed.
    """
    new = in_order(added)
    gone = set(removed)
    dropped = [event for event in history.events if event.id in gone] if gone else []
    if len(dropped) != len(gone):
        missing = sorted(gone.difference(event.id for event in dropped))
        msg = f"event {missing[0]} is not in the history"
        raise InvalidEvent(msg, field="removed")
    if not new and not dropped:
        return history
    day = min(event.on for event in (*new[:1], *dropped[:1]))
    base = _base(history, day)
    cut = 0 if base.before is None else bisect_left(history.events, base.before, key=_ON)
    earlier = history.events[:cut]
    new_ids = {event.id for event in new}
    if not new_ids.isdisjoint(map(_ID, earlier)):
        msg = "an added event is already in the history"
        raise InvalidEvent(msg, field="id", hint="Remove the old one in the same call.")
    later = in_order([*new, *(each for each in history.events[cut:] if each.id not in gone)])
    old = history.rebuilt
    every = history.snapshot_every_events
    fresh = rebuild(old.position, later, state=base, snapshot_every_events=every)
    kept = _kept(history, base)
    return History((*earlier, *later), _joined(old, fresh, kept=kept, day=base.before), every)


def _joined(
    old: Rebuilt, fresh: Rebuilt, *, kept: tuple[LotState, ...], day: date | None
) -> Rebuilt:
    """Put the old results of the days before `day` in front of the fresh ones."""
    if day is None:
        return fresh
    matches = bisect_left(old.matches, day, key=lambda match: match.closed_on)
    carried = bisect_left(old.carried, day, key=lambda lot: lot.moved_on)
    residues = bisect_left(old.residues, day, key=lambda residue: residue.on)
    return Rebuilt(
        position=old.position,
        state=fresh.state,
        matches=old.matches[:matches] + fresh.matches,
        carried=old.carried[:carried] + fresh.carried,
        residues=old.residues[:residues] + fresh.residues,
        snapshots=kept + fresh.snapshots,
    )


def _kept(history: History, base: LotState) -> tuple[LotState, ...]:
    """Return the snapshots up to `base`, with `base` itself once enough events lie before it.

    Events that arrive one by one would otherwise leave a snapshot each.
    """
    day = base.before
    if day is None:
        return ()
    kept = tuple(
        each for each in history.rebuilt.snapshots if each.before is not None and each.before <= day
    )
    last = kept[-1].before if kept else None
    start = 0 if last is None else bisect_left(history.events, last, key=_ON)
    end = bisect_left(history.events, day, key=_ON)
    return (*kept, base) if end - start >= history.snapshot_every_events else kept
