"""In which accounts a plan trades: sales where they cost least tax, purchases where the cash is.

All amounts are report currency. Cash moves between accounts only where a purchase cannot be paid
otherwise, and never out of or into an account with a tax wrapper.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from bursar.portfolio.calc.allocation import ZERO

MOVE_QUANTUM = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Room:
    """An account: `cash` before the plan, whether it trades instruments, whether it is wrapped."""

    id: str
    cash: Decimal
    trades: bool
    wrapped: bool


@dataclass(frozen=True, slots=True)
class Order:
    """What to trade: `quantity` > 0; `unit_value` in report currency; `places` decimals of a lot.

    `held` is the quantity by account. A sale takes the accounts in that order.
    """

    instrument: str
    quantity: Decimal
    unit_value: Decimal
    places: int
    held: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fees:
    """Fee of each trade: a share of its amount and a fixed part."""

    rate: Decimal = ZERO
    fixed: Decimal = ZERO

    def of(self, amount: Decimal) -> Decimal:
        """Return the fee of a trade."""
        return amount * self.rate + self.fixed


@dataclass(frozen=True, slots=True)
class Piece:
    """A trade in one account; `quantity` is negative for a sale."""

    account: str
    instrument: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Move:
    """Cash from one account to another; None is outside: a contribution or a withdrawal."""

    source: str | None
    target: str | None
    amount: Decimal


@dataclass(slots=True)
class Placement:
    """Trades by account, the cash that must move, what is left in each account, what found no room."""

    pieces: list[Piece] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    cash: dict[str, Decimal] = field(default_factory=dict)
    unplaced: dict[str, Decimal] = field(default_factory=dict)


def place(
    rooms: Sequence[Room],
    sales: Sequence[Order],
    purchases: Sequence[Order],
    *,
    contribution: Decimal,
    fees: Fees,
) -> Placement:
    """Place sales, then purchases by size, then what is left of a contribution or a withdrawal."""
    found = Placement(cash={room.id: room.cash for room in rooms})
    for order in sales:
        _sell(found, order, fees)
    pool = max(contribution, ZERO)
    for order in sorted(purchases, key=lambda o: (-o.quantity * o.unit_value, o.instrument)):
        left = _buy_with_own_cash(found, rooms, order, fees)
        if left > 0:
            left, pool = _buy_with_moved_cash(found, rooms, order, left=left, pool=pool, fees=fees)
        if left > 0:
            found.unplaced[order.instrument] = left
    if pool > 0:
        target = _destination(rooms)
        _move(found, Move(None, target, pool))
    if contribution < 0:
        _withdraw(found, rooms, -contribution)
    return found


def _sell(found: Placement, order: Order, fees: Fees) -> None:
    left = order.quantity
    for account, held in order.held.items():
        size = min(left, held)
        if size <= 0:
            continue
        amount = size * order.unit_value
        found.pieces.append(Piece(account, order.instrument, -size))
        found.cash[account] += amount - fees.of(amount)
        left -= size
    if left > 0:
        found.unplaced[order.instrument] = -left


def _buy_with_own_cash(
    found: Placement, rooms: Sequence[Room], order: Order, fees: Fees
) -> Decimal:
    """Buy in accounts that can pay, those that hold the instrument first; return what is left."""
    left = order.quantity
    trading = [room for room in rooms if room.trades]
    trading.sort(key=lambda r: (r.id not in order.held, not r.wrapped, -found.cash[r.id], r.id))
    for room in trading:
        size = min(left, _affordable(found.cash[room.id], order, fees))
        if size > 0:
            _buy(found, room.id, order, size=size, fees=fees)
            left -= size
        if left <= 0:
            break
    return left


def _buy_with_moved_cash(
    found: Placement,
    rooms: Sequence[Room],
    order: Order,
    *,
    left: Decimal,
    pool: Decimal,
    fees: Fees,
) -> tuple[Decimal, Decimal]:
    """Buy in one account with new money and cash of other accounts; return both rests."""
    target = _destination([r for r in rooms if r.id in order.held and r.trades] or rooms)
    if target is None:
        return left, pool
    wrapped = next(room.wrapped for room in rooms if room.id == target)
    sources = [] if wrapped else [r for r in rooms if not r.wrapped and r.id != target]
    sources.sort(key=lambda r: (r.trades, -found.cash[r.id], r.id))
    cash = {room.id: max(found.cash[room.id], ZERO) for room in sources}
    own = max(found.cash[target], ZERO)
    size = min(left, _affordable(own + pool + sum(cash.values(), ZERO), order, fees))
    if size <= 0:
        return left, pool
    amount = size * order.unit_value
    needed = (amount + fees.of(amount) - own).quantize(MOVE_QUANTUM, rounding="ROUND_CEILING")
    fresh = min(max(needed, ZERO), pool)
    if fresh > 0:
        _move(found, Move(None, target, fresh))
    needed -= fresh
    for room in sources:
        part = min(needed, cash[room.id])
        if part > 0:
            _move(found, Move(room.id, target, part))
            needed -= part
    _buy(found, target, order, size=size, fees=fees)
    return left - size, pool - fresh


def _affordable(cash: Decimal, order: Order, fees: Fees) -> Decimal:
    """Return the largest quantity that cash pays for with its fee."""
    spendable = (cash - fees.fixed) / (1 + fees.rate)
    if spendable <= 0:
        return ZERO
    unit = Decimal(1).scaleb(-order.places)
    return (spendable / order.unit_value).quantize(unit, rounding=ROUND_DOWN)


def _buy(found: Placement, account: str, order: Order, *, size: Decimal, fees: Fees) -> None:
    amount = size * order.unit_value
    for at, piece in enumerate(found.pieces):
        if (piece.account, piece.instrument) == (account, order.instrument):
            # One trade, so one fixed fee.
            found.pieces[at] = Piece(account, order.instrument, piece.quantity + size)
            found.cash[account] -= amount + amount * fees.rate
            return
    found.pieces.append(Piece(account, order.instrument, size))
    found.cash[account] -= amount + fees.of(amount)


def _move(found: Placement, move: Move) -> None:
    if move.source is not None:
        found.cash[move.source] -= move.amount
    if move.target is not None:
        found.cash[move.target] += move.amount
    for at, known in enumerate(found.moves):
        if (known.source, known.target) == (move.source, move.target):
            found.moves[at] = Move(move.source, move.target, known.amount + move.amount)
            return
    found.moves.append(move)


def _destination(rooms: Sequence[Room]) -> str | None:
    """Return the account that takes new money: one that trades, without wrapper if there is one."""
    ordered = sorted(rooms, key=lambda r: (not r.trades, r.wrapped, -r.cash, r.id))
    return ordered[0].id if ordered else None


def _withdraw(found: Placement, rooms: Sequence[Room], amount: Decimal) -> None:
    """Take money out, from accounts without wrapper first and the largest cash first."""
    for room in sorted(rooms, key=lambda r: (r.wrapped, -found.cash[r.id], r.id)):
        part = min(amount, max(found.cash[room.id], ZERO))
        if part > 0:
            _move(found, Move(room.id, None, part))
            amount -= part
    if amount > 0:
        found.unplaced["cash"] = amount
