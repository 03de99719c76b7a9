"""The open lots of a position with one heap per order in use.

A heap is built when an order is first asked for and holds (key..., lot id). Closed lots stay in it
until they surface: a lot id never comes back, so a look-up tells the stale entries. The keys of a
lot do not change with partial sales; what changes them (splits, returned capital) drops the heaps.
Unit costs are compared exactly: costs and quantities stay below 2**127, so two different ratios
differ by more than 2**-254 and still differ when scaled by 2**256 and cut to an integer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from bursar.ledger.calc.lots.errors import InvalidEvent
from bursar.ledger.calc.lots.events import LotChoice
from bursar.ledger.calc.lots.lot import Lot, LotState
from bursar.ledger.calc.lots.position import Method
from bursar.ledger.calc.lots.shares import add, maybe_share, share

_UNIT_COST_SHIFT = 256
_Key = tuple[int, int, int, int, str]


@dataclass(slots=True)
class Slice:
    """A part of a lot on its way out: `quantity` is a size (> 0), the costs keep the lot's sign."""

    lot: Lot
    quantity: int
    cost: int
    fees: int
    report_cost: int | None


def _unit_cost(lot: Lot) -> int:
    cost, quantity = lot.unit_cost
    return (cost << _UNIT_COST_SHIFT) // quantity


def _oldest_first(lot: Lot) -> _Key:
    day, moment, sequence = lot.rank
    return (0, day, moment, sequence, lot.id)


def _newest_first(lot: Lot) -> _Key:
    day, moment, sequence = lot.rank
    return (0, -day, -moment, -sequence, lot.id)


def _highest_first(lot: Lot) -> _Key:
    day, moment, sequence = lot.rank
    return (-_unit_cost(lot), day, moment, sequence, lot.id)


def _lowest_first(lot: Lot) -> _Key:
    day, moment, sequence = lot.rank
    return (_unit_cost(lot), day, moment, sequence, lot.id)


_KEYS: dict[Method, Callable[[Lot], _Key]] = {
    Method.FIFO: _oldest_first,
    Method.LIFO: _newest_first,
    Method.HIFO: _highest_first,
    Method.LOFO: _lowest_first,
}


def _rank(lot: Lot) -> tuple[int, int, int]:
    return lot.rank


def reduced(lot: Lot, piece: Slice) -> Lot:
    """Return what stays open of a lot after `piece` has left it."""
    size = piece.quantity if lot.remaining > 0 else -piece.quantity
    report_cost = lot.remaining_report_cost
    if report_cost is not None and piece.report_cost is not None:
        report_cost -= piece.report_cost
    return Lot(
        id=lot.id,
        opened_by=lot.opened_by,
        acquired_on=lot.acquired_on,
        acquired_at=lot.acquired_at,
        quantity=lot.quantity,
        remaining=lot.remaining - size,
        cost=lot.cost,
        remaining_cost=lot.remaining_cost - piece.cost,
        remaining_fees=lot.remaining_fees - piece.fees,
        remaining_report_cost=report_cost,
        currency=lot.currency,
        unit_cost=lot.unit_cost,
        rank=lot.rank,
    )


def pooled(pool: Lot, lot: Lot) -> Lot:
    """Merge a lot into the average pool: costs add up, and the oldest date counts."""
    oldest = min(pool, lot, key=_rank)
    cost = pool.remaining_cost + lot.remaining_cost
    remaining = pool.remaining + lot.remaining
    return Lot(
        id=pool.id,
        opened_by=pool.opened_by,
        acquired_on=oldest.acquired_on,
        acquired_at=oldest.acquired_at,
        quantity=pool.quantity + lot.quantity,
        remaining=remaining,
        cost=pool.cost + lot.cost,
        remaining_cost=cost,
        remaining_fees=pool.remaining_fees + lot.remaining_fees,
        remaining_report_cost=add(pool.remaining_report_cost, lot.remaining_report_cost),
        currency=pool.currency,
        unit_cost=(cost, remaining) if remaining > 0 else (-cost, -remaining),
        rank=oldest.rank,
    )


class OpenLots:
    """The open lots of one position; all have the same sign."""

    __slots__ = ("_average", "_lots", "_queues", "held", "opened")

    def __init__(self, state: LotState, *, average: bool) -> None:
        self._average = average
        self._lots: dict[str, Lot] = {}
        self._queues: dict[Method, list[_Key]] = {}
        self.held = 0
        self.opened = state.lots_opened
        if average:
            for lot in sorted(state.lots, key=_rank):
                self.add(lot)
        else:
            self._lots = {lot.id: lot for lot in state.lots}
            self.held = sum(lot.remaining for lot in state.lots)

    def snapshot(self) -> tuple[Lot, ...]:
        """Return the open lots in the order in which they were opened here."""
        return tuple(self._lots.values())

    def get(self, lot_id: str) -> Lot | None:
        """Return an open lot by id."""
        return self._lots.get(lot_id)

    def next_sequence(self) -> int:
        """Number the next lot: the last tie-breaker of fifo and lifo."""
        self.opened += 1
        return self.opened

    def add(self, lot: Lot) -> None:
        """Open a lot; under the average method it joins the pool."""
        if lot.id in self._lots:
            msg = f"lot {lot.id} is already open"
            raise InvalidEvent(msg, field="id", hint="Ids of events must be unique.")
        self.held += lot.remaining
        if self._average and self._lots:
            (pool,) = self._lots.values()
            self._lots[pool.id] = pooled(pool, lot)
            return
        self._lots[lot.id] = lot
        for order, queue in self._queues.items():
            heappush(queue, _KEYS[order](lot))

    def replace_all(self, lots: Iterable[Lot]) -> None:
        """Put restated lots in the place of all open ones."""
        self._queues.clear()
        self._lots = {lot.id: lot for lot in lots}
        self.held = sum(lot.remaining for lot in self._lots.values())

    def draw(self, order: Method, quantity: int) -> list[Slice]:
        """Take `quantity` (> 0, at most what is held) out of the lots in the given order."""
        queue = self._queue(order)
        slices = []
        left = quantity
        while left:
            lot = self._lots.get(queue[0][-1])
            if lot is None:
                heappop(queue)
                continue
            size = min(abs(lot.remaining), left)
            slices.append(self._cut(lot, size))
            left -= size
        return slices

    def draw_chosen(self, choice: Iterable[LotChoice]) -> list[Slice]:
        """Take the chosen lots out; the choice has been checked."""
        return [self._cut(self._lots[each.lot_id], each.quantity) for each in choice]

    def draw_all(self) -> list[Slice]:
        """Take every lot out, oldest first."""
        lots = sorted(self._lots.values(), key=_rank)
        self.replace_all(())
        return [
            Slice(
                lot,
                abs(lot.remaining),
                lot.remaining_cost,
                lot.remaining_fees,
                lot.remaining_report_cost,
            )
            for lot in lots
        ]

    def _queue(self, order: Method) -> list[_Key]:
        if order not in _KEYS:  # an average pool is one lot; specific falls back to fifo
            order = Method.FIFO
        queue = self._queues.get(order)
        if queue is None:
            queue = list(map(_KEYS[order], self._lots.values()))
            heapify(queue)
            self._queues[order] = queue
        return queue

    def _cut(self, lot: Lot, size: int) -> Slice:
        whole = abs(lot.remaining)
        if size == whole:
            piece = Slice(
                lot, size, lot.remaining_cost, lot.remaining_fees, lot.remaining_report_cost
            )
            del self._lots[lot.id]
        else:
            piece = Slice(
                lot,
                size,
                share(lot.remaining_cost, size, whole),
                share(lot.remaining_fees, size, whole),
                maybe_share(lot.remaining_report_cost, size, whole),
            )
            self._lots[lot.id] = reduced(lot, piece)
        self.held -= size if lot.remaining > 0 else -size
        return piece
