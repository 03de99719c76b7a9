"""What can happen to a position, and the one order in which a day's events count.

Events carry the day in the book's calendar (`on`) and, where known, the moment (`at`). Amounts are
non-negative integers of the cost currency's smallest unit, quantities of the instrument's. `rate`
is report-currency units per cost-currency unit, smallest unit to smallest unit, as a ratio.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bursar.ledger.calc.lots.errors import InvalidEvent
from bursar.ledger.calc.lots.lot import CarriedLot
from bursar.ledger.calc.lots.position import QUANTITY_MAX, Ratio

EVENTS_MAX = 2_000_000
CHOICES_MAX = 10_000
UNTIMED_MICROSECONDS = -(2**62)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a position; `id` is the ledger leg and unique in the position."""

    id: str
    on: date
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LotChoice:
    """Take `quantity` (> 0) units from the lot `lot_id`."""

    lot_id: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade(Event):
    """A buy (quantity > 0) or a sale (quantity < 0) for `gross`, before `fees` and `taxes`.

    `choice` names the lots to close; it counts under the method `specific` only, where a trade
    without one falls back to fifo (26 CFR 1.1012-1(c)). `premium` is the id of the OptionEnd whose
    premium joins the trade.
    """

    quantity: int
    gross: int
    fees: int = 0
    taxes: int = 0
    rate: Ratio | None = None
    choice: tuple[LotChoice, ...] = ()
    premium: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionEnd(Event):
    """Contracts that were exercised (quantity < 0: held ones) or assigned (> 0: written ones).

    Their premium goes to the trade of the underlying that names this event.
    """

    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionExpiry(Event):
    """Contracts, held or written, that ended worth nothing: their lots close at zero."""

    quantity: int
    rate: Ratio | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward(Event):
    """Units received as income (staking, airdrop): a lot at their market `value` on receipt."""

    quantity: int
    value: int
    rate: Ratio | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryIn(Event):
    """Units from outside the book, at a stated `cost` and, where known, their old date."""

    quantity: int
    cost: int
    rate: Ratio | None = None
    acquired_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOut(Event):
    """Units leaving the book: a disposal at `value`, or none at all (a gift) when it is None."""

    quantity: int
    value: int | None = None
    rate: Ratio | None = None
    choice: tuple[LotChoice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferOut(Event):
    """Units moving to another own account: no sale. Lots leave in fifo order under any method.

    `fees` is a cost of the move; it joins the cost of the carried lots in proportion to quantity.
    """

    quantity: int
    fees: int = 0
    rate: Ratio | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferIn(Event):
    """Lots arriving from another own position: `lots` as sent, or `source`, the sending event."""

    lots: tuple[CarriedLot, ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Event):
    """`numerator` new units for each `denominator` old ones; the cost does not change.

    `cash_in_lieu` is what was paid for the fraction below the smallest unit.
    """

    numerator: int
    denominator: int
    cash_in_lieu: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpinOff(Event):
    """A share of each lot's cost moves to new units of another instrument, `ratio` per old unit."""

    cost_share: Ratio
    ratio: Ratio
    cash_in_lieu: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merger(Event):
    """The instrument ends: `ratio` new units per old one, `cash`, or both.

    With both, gain is recognised up to the cash and loss is not (26 USC 356); `stock_value`, the
    market value of the new units, is then required.
    """

    ratio: Ratio | None = None
    cash: int = 0
    stock_value: int | None = None
    cash_in_lieu: int | None = None
    rate: Ratio | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(Event):
    """The instrument goes on under another identity: every lot is carried unchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnOfCapital(Event):
    """`amount` paid out of capital: it lowers the cost, and what exceeds the cost is gain."""

    amount: int
    rate: Ratio | None = None


_ACTION_RANK = 0
_RANKS: dict[type[Event], int] = {
    TransferIn: 1,
    DeliveryIn: 1,
    Reward: 3,
    DeliveryOut: 6,
    TransferOut: 6,
    OptionEnd: 6,
    OptionExpiry: 6,
}
_BUY_RANK = 2
_SALE_RANK = 4
_PHASE_UNTIMED_FIRST, _PHASE_TIMED, _PHASE_UNTIMED_LAST = range(3)


def microseconds(moment: datetime | None) -> int:
    """Return a moment as integer microseconds since 1970, or a number before all when unknown."""
    return UNTIMED_MICROSECONDS if moment is None else (moment - _EPOCH) // _MICROSECOND


def order_key(event: Event) -> tuple[int, int, int, int, str]:
    """Return the place of an event: day, time if known, else by kind, then id.

    Kinds: split and other corporate actions, inflow, buy, income, sale, outflow. Among timed
    events of the same day, untimed ones that add come first and untimed ones that take come last,
    so an import that knows only days never sells what it bought the same day too early.
    """
    if isinstance(event, Trade):
        rank = _BUY_RANK if event.quantity > 0 else _SALE_RANK
    else:
        rank = _RANKS.get(type(event), _ACTION_RANK)
    if event.at is not None:
        return (event.on.toordinal(), _PHASE_TIMED, microseconds(event.at), rank, event.id)
    phase = _PHASE_UNTIMED_LAST if rank >= _SALE_RANK else _PHASE_UNTIMED_FIRST
    return (event.on.toordinal(), phase, UNTIMED_MICROSECONDS, rank, event.id)


def in_order(events: Iterable[Event]) -> list[Event]:
    """Sort events into the order in which they count; the order given does not matter.

    Raises InvalidEvent for a repeated id, a moment without a time zone, or more than EVENTS_MAX.
    """
    found = list(events)
    if len(found) > EVENTS_MAX:
        msg = f"a position has at most {EVENTS_MAX} events"
        raise InvalidEvent(msg, field="events")
    for event in found:
        if event.at is not None and event.at.tzinfo is None:
            msg = f"event {event.id} has a time without a time zone"
            raise InvalidEvent(msg, field="at", hint="Give times in UTC.")
    if len({event.id for event in found}) != len(found):
        msg = "two events of a position have the same id"
        raise InvalidEvent(msg, field="id")
    found.sort(key=order_key)
    return found


def check_ratio(event: Event, ratio: Ratio, field: str) -> None:
    """Refuse a ratio that is not positive or not finite."""
    numerator, denominator = ratio
    if not (0 < numerator <= QUANTITY_MAX and 0 < denominator <= QUANTITY_MAX):
        msg = f"event {event.id}: {field} must be a ratio of two positive integers"
        raise InvalidEvent(msg, field=field)


def check_amount(event: Event, amount: int | None, field: str) -> None:
    """Refuse a negative or oversized amount."""
    if amount is not None and not 0 <= amount <= QUANTITY_MAX:
        msg = f"event {event.id}: {field} must be between 0 and {QUANTITY_MAX}"
        raise InvalidEvent(msg, field=field)


def check_quantity(event: Event, quantity: int) -> None:
    """Refuse a quantity that is zero, negative or oversized."""
    if not 0 < quantity <= QUANTITY_MAX:
        msg = f"event {event.id}: quantity must be between 1 and {QUANTITY_MAX} smallest units"
        raise InvalidEvent(msg, field="quantity")
