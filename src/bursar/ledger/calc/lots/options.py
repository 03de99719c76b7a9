"""Options that end in a trade of the underlying: the premium joins that trade, and no gain is made.

A long option's cost adds to what the shares cost, or is taken off what they bring; what a short one
brought does the opposite. So the gain shows when the shares are sold (or were, for a sale).
"""

from collections.abc import Sequence
from dataclasses import replace

from bursar.ledger.calc.lots.book import Book
from bursar.ledger.calc.lots.events import OptionEnd, OptionExpiry, Trade, check_quantity
from bursar.ledger.calc.lots.lot import CarriedLot
from bursar.ledger.calc.lots.trades import apply_trade, not_held


def apply_option_end(book: Book, event: OptionEnd) -> None:
    """Take the lots of the contracts that ended, with their premium on its way."""
    size = abs(event.quantity)
    check_quantity(event, size)
    if book.lots.held * event.quantity >= 0 or abs(book.lots.held) < size:
        raise not_held(book, event, size)
    book.carry(book.lots.draw(book.position.method, size), event)


def apply_option_expiry(book: Book, event: OptionExpiry) -> None:
    """Close lots at zero: what was paid is lost, what was received is kept."""
    check_quantity(event, event.quantity)
    if abs(book.lots.held) < event.quantity:
        raise not_held(book, event, event.quantity)
    way = -1 if book.lots.held > 0 else 1
    apply_trade(
        book,
        Trade(
            id=event.id,
            on=event.on,
            at=event.at,
            quantity=way * event.quantity,
            gross=0,
            rate=event.rate,
        ),
    )


def with_premium(trade: Trade, premium: Sequence[CarriedLot]) -> Trade:
    """Return the trade of the underlying at its price and the premium; fees stay fees."""
    fees = sum(lot.fees for lot in premium)
    gross = sum(lot.cost for lot in premium) - fees
    return replace(
        trade,
        gross=trade.gross + (gross if trade.quantity > 0 else -gross),
        fees=trade.fees + fees,
        premium=None,
    )
