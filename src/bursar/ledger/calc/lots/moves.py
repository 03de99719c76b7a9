"""Moves between own accounts are no sales: the lots themselves travel, oldest first."""

from bursar.core.money import split_units
from bursar.ledger.calc.lots.book import Book, Opening
from bursar.ledger.calc.lots.errors import InvalidEvent, QuantityNotHeld, TransferUnresolved
from bursar.ledger.calc.lots.events import (
    TransferIn,
    TransferOut,
    check_amount,
    check_quantity,
    check_ratio,
)
from bursar.ledger.calc.lots.position import Method
from bursar.ledger.calc.lots.shares import add, convert
from bursar.ledger.calc.lots.trades import not_held


def apply_transfer_out(book: Book, event: TransferOut) -> None:
    """Send the oldest lots, whatever the method; `fees` of the move join their cost."""
    check_quantity(event, event.quantity)
    check_amount(event, event.fees, "fees")
    if event.rate is not None:
        check_ratio(event, event.rate, "rate")
    if abs(book.lots.held) < event.quantity:
        raise not_held(book, event, event.quantity)
    slices = book.lots.draw(Method.FIFO, event.quantity)
    if event.fees:
        parts = split_units(event.fees, [piece.quantity for piece in slices])
        for piece, fee in zip(slices, parts, strict=True):
            piece.cost += fee
            piece.fees += fee
            piece.report_cost = add(piece.report_cost, convert(fee, event.rate))
    book.carry(slices, event)


def apply_transfer_in(book: Book, event: TransferIn) -> None:
    """Receive carried lots: dates and costs stay what they were."""
    if not event.lots:
        msg = f"transfer {event.id} on {event.on} has no lots from its sending side"
        raise TransferUnresolved(msg, field="lots", details={"source": event.source})
    seen = set()
    sign = book.lots.held
    for lot in event.lots:
        if lot.currency != book.position.currency:
            msg = f"lot {lot.id} has its cost in {lot.currency}, not {book.position.currency}"
            raise InvalidEvent(msg, field="lots", hint="Deliver it at a stated cost instead.")
        if lot.id in seen or book.lots.get(lot.id) is not None:
            msg = f"lot {lot.id} arrives twice"
            raise InvalidEvent(msg, field="lots")
        if lot.quantity == 0 or lot.quantity * sign < 0:
            msg = f"lot {lot.id} cannot join a position of the other sign"
            raise QuantityNotHeld(msg, field="lots", hint="Close the short with a trade first.")
        seen.add(lot.id)
        sign = sign or lot.quantity
    for lot in event.lots:
        opening = Opening(
            lot.quantity, lot.cost, lot.fees, lot.report_cost, lot.acquired_on, lot.acquired_at
        )
        book.open(lot.id, lot.opened_by, opening)
