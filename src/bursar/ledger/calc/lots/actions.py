"""Corporate actions: they restate lots and hand them on; only money paid out realises a gain.

A ratio gives whole smallest units for the position as a whole, spread over the lots by the largest
remainder. The fraction left over is reported as a residue and, where cash was paid for it, closed
against that cash with its share of the cost.
"""

from bursar.core.money import split_units
from bursar.ledger.calc.lots.book import Book, Closing
from bursar.ledger.calc.lots.errors import InvalidEvent
from bursar.ledger.calc.lots.events import (
    Event,
    Merger,
    Rename,
    ReturnOfCapital,
    SpinOff,
    Split,
    check_amount,
    check_ratio,
)
from bursar.ledger.calc.lots.lot import Lot, MatchKind, Residue
from bursar.ledger.calc.lots.open_lots import Slice
from bursar.ledger.calc.lots.position import QUANTITY_MAX, Ratio
from bursar.ledger.calc.lots.shares import add, convert, maybe_share, share


def _take_share(piece: Slice, part: int, whole: int) -> Slice:
    """Move part / whole of a slice's costs into a new slice without quantity."""
    moved = Slice(
        piece.lot,
        0,
        share(piece.cost, part, whole),
        share(piece.fees, part, whole),
        maybe_share(piece.report_cost, part, whole),
    )
    piece.cost -= moved.cost
    piece.fees -= moved.fees
    if piece.report_cost is not None and moved.report_cost is not None:
        piece.report_cost -= moved.report_cost
    return moved


def _give(piece: Slice, other: Slice) -> None:
    """Add the costs of a slice that rounds to nothing to another one."""
    piece.cost += other.cost
    piece.fees += other.fees
    piece.report_cost = add(piece.report_cost, other.report_cost)


def _pay_fraction(
    book: Book, slices: list[Slice], event: Event, *, residue: Ratio, scale: int, cash: int | None
) -> None:
    """Report the fraction, and close its share of the cost when cash was paid for it."""
    book.residues.append(Residue(event_id=event.id, on=event.on, fraction=residue, cash=cash))
    if cash is None:
        return
    left = residue[0]
    taken: list[int] = []
    closed: list[Slice] = []
    for piece in slices:  # the oldest lot pays, and the next ones where it is too small
        size = min(left, piece.quantity * scale)
        taken.append(size)
        closed.append(_take_share(piece, size, piece.quantity * scale))
        left -= size
        if left == 0:
            break
    for spent, amount in zip(closed, split_units(cash, taken), strict=True):
        book.match(spent, Closing(event, MatchKind.CASH_IN_LIEU, amount, 0, None), None)


def _check_scale(book: Book, event: Event, ratio: Ratio) -> None:
    """Refuse a ratio that is not positive or makes more units than the book can hold."""
    check_ratio(event, ratio, "ratio")
    numerator, denominator = ratio
    if abs(book.lots.held) * numerator // denominator > QUANTITY_MAX:
        msg = f"event {event.id} makes more than {QUANTITY_MAX} smallest units"
        raise InvalidEvent(msg, field="ratio")


def rescale(
    book: Book, slices: list[Slice], event: Event, *, ratio: Ratio, cash: int | None
) -> list[Slice]:
    """Return the slices in new units (size * numerator / denominator), costs carried along.

    A lot that rounds to nothing leaves its cost to the next one. When no unit is left at all, the
    lots are closed against the cash (none counts as zero): quantity 0, cost 0.
    """
    numerator, denominator = ratio
    total = sum(piece.quantity for piece in slices)
    whole, remainder = divmod(total * numerator, denominator)
    if whole == 0:
        book.residues.append(
            Residue(event_id=event.id, on=event.on, fraction=(remainder, denominator), cash=cash)
        )
        book.close(slices, Closing(event, MatchKind.CASH_IN_LIEU, cash or 0, 0, None))
        return []
    parts = split_units(whole, [piece.quantity for piece in slices])
    if remainder:
        _pay_fraction(
            book, slices, event, residue=(remainder, denominator), scale=numerator, cash=cash
        )
    kept: list[Slice] = []
    orphans: list[Slice] = []
    for piece, part in zip(slices, parts, strict=True):
        if part == 0:
            orphans.append(piece)
            continue
        scaled = Slice(piece.lot, part, piece.cost, piece.fees, piece.report_cost)
        for orphan in orphans:
            _give(scaled, orphan)
        orphans.clear()
        kept.append(scaled)
    for orphan in orphans:
        _give(kept[-1], orphan)
    return kept


def _restated(lot: Lot, piece: Slice, opened: int) -> Lot:
    """Return the lot with the slice's size and costs; what was sold before keeps its cost."""
    size = piece.quantity if lot.remaining > 0 else -piece.quantity
    cost = piece.cost
    return Lot(
        id=lot.id,
        opened_by=lot.opened_by,
        acquired_on=lot.acquired_on,
        acquired_at=lot.acquired_at,
        quantity=opened,
        remaining=size,
        cost=lot.cost - lot.remaining_cost + cost,
        remaining_cost=cost,
        remaining_fees=piece.fees,
        remaining_report_cost=piece.report_cost,
        currency=lot.currency,
        unit_cost=(cost, size) if size > 0 else (-cost, -size),
        rank=lot.rank,
    )


def apply_split(book: Book, event: Split) -> None:
    """Restate every lot in new units at the same cost."""
    ratio = (event.numerator, event.denominator)
    _check_scale(book, event, ratio)
    check_amount(event, event.cash_in_lieu, "cash_in_lieu")
    if book.lots.held == 0:
        return
    lots = []
    slices = book.lots.draw_all()
    for piece in rescale(book, slices, event, ratio=ratio, cash=event.cash_in_lieu):
        lot = piece.lot
        size = piece.quantity if lot.remaining > 0 else -piece.quantity
        sold = lot.quantity - lot.remaining
        lots.append(_restated(lot, piece, size + sold * event.numerator // event.denominator))
    book.lots.replace_all(lots)


def apply_spin_off(book: Book, event: SpinOff) -> None:
    """Move a share of each lot's cost to new units of another instrument, which are carried."""
    _check_scale(book, event, event.ratio)
    check_amount(event, event.cash_in_lieu, "cash_in_lieu")
    part, whole = event.cost_share
    if not 0 <= part <= whole or whole <= 0:
        msg = f"event {event.id}: cost_share must lie between 0 and 1"
        raise InvalidEvent(msg, field="cost_share")
    if book.lots.held == 0:
        return
    slices = book.lots.draw_all()
    moved = []
    for piece in slices:
        spun = _take_share(piece, part, whole)
        spun.quantity = piece.quantity
        moved.append(spun)
    book.lots.replace_all(_restated(piece.lot, piece, piece.lot.quantity) for piece in slices)
    book.carry(rescale(book, moved, event, ratio=event.ratio, cash=event.cash_in_lieu), event)


def apply_merger(book: Book, event: Merger) -> None:
    """End the instrument: lots are sold for cash, carried into new units, or both."""
    if event.ratio is not None:
        _check_scale(book, event, event.ratio)
    if event.rate is not None:
        check_ratio(event, event.rate, "rate")
    for amount, name in (
        (event.cash, "cash"),
        (event.stock_value, "stock_value"),
        (event.cash_in_lieu, "cash_in_lieu"),
    ):
        check_amount(event, amount, name)
    if event.ratio is not None and event.cash and event.stock_value is None:
        msg = f"merger {event.id} pays stock and cash, so it needs stock_value"
        raise InvalidEvent(msg, field="stock_value", hint="Give the market value of the new units.")
    if book.lots.held == 0:
        return
    if event.ratio is not None and event.cash and book.lots.held < 0:
        msg = f"merger {event.id} pays stock and cash on a short position"
        raise InvalidEvent(msg, field="cash", hint="Cover the short with a trade on that day.")
    slices = book.lots.draw_all()
    if event.ratio is None:
        book.close(slices, Closing(event, MatchKind.MERGER_CASH, event.cash, 0, event.rate))
        return
    if event.cash:
        _pay_boot(book, slices, event)
    book.carry(rescale(book, slices, event, ratio=event.ratio, cash=event.cash_in_lieu), event)


def _pay_boot(book: Book, slices: list[Slice], event: Merger) -> None:
    """Recognise gain up to the cash, never loss; the rest of the cash lowers the cost."""
    sizes = [piece.quantity for piece in slices]
    cash_parts = split_units(event.cash, sizes)
    value_parts = split_units(event.stock_value or 0, sizes)
    for piece, cash, value in zip(slices, cash_parts, value_parts, strict=True):
        recognised = max(0, min(cash, cash + value - piece.cost))
        returned = cash - recognised
        report_returned = convert(returned, event.rate)
        closed = Slice(piece.lot, 0, returned, 0, report_returned)
        piece.cost -= returned
        piece.report_cost = (
            None
            if piece.report_cost is None or report_returned is None
            else piece.report_cost - report_returned
        )
        closing = Closing(event, MatchKind.MERGER_CASH, cash, 0, event.rate)
        book.match(closed, closing, convert(cash, event.rate))


def apply_rename(book: Book, event: Rename) -> None:
    """Carry every lot unchanged, under its own id."""
    if book.lots.held:
        book.carry(book.lots.draw_all(), event, same_id=True)


def apply_return_of_capital(book: Book, event: ReturnOfCapital) -> None:
    """Lower the cost of each lot by its share; what exceeds the cost of a lot is gain."""
    check_amount(event, event.amount, "amount")
    if event.rate is not None:
        check_ratio(event, event.rate, "rate")
    if book.lots.held == 0:
        msg = f"event {event.id} returns capital on {event.on}, but nothing is held"
        raise InvalidEvent(msg, field="amount", hint="Book it as income, or add the purchase.")
    slices = book.lots.draw_all()
    sign = 1 if slices[0].lot.remaining > 0 else -1
    parts = split_units(event.amount, [piece.quantity for piece in slices])
    for piece, amount in zip(slices, parts, strict=True):
        used = min(amount, max(0, sign * piece.cost))
        excess = amount - used
        if excess:
            closed = Slice(piece.lot, 0, 0, 0, 0)
            closing = Closing(event, MatchKind.RETURN_OF_CAPITAL, excess, 0, event.rate)
            book.match(closed, closing, convert(excess, event.rate))
        report_used = convert(used, event.rate)
        piece.cost -= sign * used
        piece.report_cost = (
            None
            if piece.report_cost is None or report_used is None
            else piece.report_cost - sign * report_used
        )
    book.lots.replace_all(_restated(piece.lot, piece, piece.lot.quantity) for piece in slices)
