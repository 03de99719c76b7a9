"""From a state and the events after it to the next state, and what the events realised.

A rebuild is a pure function: the state before a day plus the events from that day on give the same
lots, to the unit, as all events from the start. That is what makes snapshots safe.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bursar.ledger.calc.lots.actions import (
    apply_merger,
    apply_rename,
    apply_return_of_capital,
    apply_spin_off,
    apply_split,
)
from bursar.ledger.calc.lots.book import Book
from bursar.ledger.calc.lots.errors import InvalidEvent
from bursar.ledger.calc.lots.events import (
    DeliveryIn,
    DeliveryOut,
    Event,
    Merger,
    OptionEnd,
    OptionExpiry,
    Rename,
    ReturnOfCapital,
    Reward,
    SpinOff,
    Split,
    Trade,
    TransferIn,
    TransferOut,
    in_order,
)
from bursar.ledger.calc.lots.lot import EMPTY_STATE, CarriedLot, LotState, Match, Residue
from bursar.ledger.calc.lots.moves import apply_transfer_in, apply_transfer_out
from bursar.ledger.calc.lots.options import apply_option_end, apply_option_expiry
from bursar.ledger.calc.lots.position import Position
from bursar.ledger.calc.lots.trades import (
    apply_delivery_in,
    apply_delivery_out,
    apply_reward,
    apply_trade,
)

# Each function takes its own event type, which a dictionary over the types cannot express.
_APPLY: dict[type[Event], Callable[[Book, Any], None]] = {
    Trade: apply_trade,
    OptionEnd: apply_option_end,
    OptionExpiry: apply_option_expiry,
    Reward: apply_reward,
    DeliveryIn: apply_delivery_in,
    DeliveryOut: apply_delivery_out,
    TransferIn: apply_transfer_in,
    TransferOut: apply_transfer_out,
    Split: apply_split,
    SpinOff: apply_spin_off,
    Merger: apply_merger,
    Rename: apply_rename,
    ReturnOfCapital: apply_return_of_capital,
}


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What the events yielded. `state` stands after the last of them.

    `snapshots` are states between days, oldest first.
    """

    position: Position
    state: LotState
    matches: tuple[Match, ...]
    carried: tuple[CarriedLot, ...]
    residues: tuple[Residue, ...]
    snapshots: tuple[LotState, ...]

    @property
    def gain(self) -> int:
        """Realised gain of all matches, in smallest currency units."""
        return sum(match.gain for match in self.matches)


def apply(book: Book, event: Event) -> None:
    """Apply one event, which must follow the ones before it in order.

    Raises QuantityNotHeld, InvalidEvent, InvalidLotChoice or TransferUnresolved, and has then
    changed nothing.
    """
    _APPLY[type(event)](book, event)


def rebuild(
    position: Position,
    events: Iterable[Event],
    *,
    state: LotState = EMPTY_STATE,
    snapshot_every_events: int | None = None,
) -> Rebuilt:
    """Apply events to a state; the order they are given in does not matter.

    `state` holds everything before its day `before`, so events of earlier days are refused.
    `snapshot_every_events` keeps a state at the first change of day after so many events.
    """
    ordered = in_order(events)
    if ordered and state.before is not None and ordered[0].on < state.before:
        msg = f"event {ordered[0].id} on {ordered[0].on} lies before the state of {state.before}"
        raise InvalidEvent(msg, field="on", hint="Start from an earlier snapshot.")
    book = Book.from_state(position, state)
    snapshots = _run(book, ordered, snapshot_every_events)
    before = ordered[-1].on + timedelta(days=1) if ordered else state.before
    return Rebuilt(
        position=position,
        state=book.state(before),
        matches=tuple(book.matches),
        carried=tuple(book.carried),
        residues=tuple(book.residues),
        snapshots=tuple(snapshots),
    )


def _run(book: Book, ordered: Sequence[Event], every: int | None) -> list[LotState]:
    snapshots: list[LotState] = []
    since = 0
    day: date | None = None
    for event in ordered:
        if every is not None and since >= every and event.on != day:
            snapshots.append(book.state(event.on))
            since = 0
        day = event.on
        since += 1
        apply(book, event)
    return snapshots
