"""Buying, selling and what works like it: rewards and deliveries from and to the outside.

A trade against the held side closes lots first; what is left of it opens the other side. Every
check runs before the first lot is touched, so a refused event has changed nothing.
"""

from bursar.core.money import format_decimal, from_units
from bursar.ledger.calc.lots.book import Book, Closing, Opening
from bursar.ledger.calc.lots.errors import InvalidLotChoice, QuantityNotHeld
from bursar.ledger.calc.lots.events import (
    CHOICES_MAX,
    DeliveryIn,
    DeliveryOut,
    Event,
    LotChoice,
    Reward,
    Trade,
    check_amount,
    check_quantity,
    check_ratio,
)
from bursar.ledger.calc.lots.lot import MatchKind
from bursar.ledger.calc.lots.open_lots import Slice
from bursar.ledger.calc.lots.position import Method
from bursar.ledger.calc.lots.shares import convert, share


def not_held(book: Book, event: Event, quantity: int) -> QuantityNotHeld:
    """Word the refusal of a reduction by `quantity` units."""
    exponent = book.position.quantity_exponent
    wanted = format_decimal(from_units(quantity, exponent))
    held = format_decimal(from_units(book.lots.held, exponent))
    msg = (
        f"event {event.id} on {event.on} takes {wanted} of {book.position.instrument}, "
        f"but the account holds {held}"
    )
    return QuantityNotHeld(
        msg, field="quantity", details={"event": event.id, "wanted": wanted, "held": held}
    )


def check_choice(book: Book, choice: tuple[LotChoice, ...], quantity: int) -> None:
    """Refuse a choice of lots that are not open, named twice, too small, or off the quantity."""
    if len(choice) > CHOICES_MAX:
        msg = f"a sale names at most {CHOICES_MAX} lots"
        raise InvalidLotChoice(msg, field="choice")
    seen = set()
    for each in choice:
        lot = book.lots.get(each.lot_id)
        if lot is None:
            msg = f"lot {each.lot_id} is not open"
            raise InvalidLotChoice(msg, field="choice", details={"lot": each.lot_id})
        if each.lot_id in seen:
            msg = f"lot {each.lot_id} is named twice"
            raise InvalidLotChoice(msg, field="choice", details={"lot": each.lot_id})
        if not 0 < each.quantity <= abs(lot.remaining):
            msg = f"lot {each.lot_id} has {abs(lot.remaining)} smallest units, not {each.quantity}"
            raise InvalidLotChoice(msg, field="choice", details={"lot": each.lot_id})
        seen.add(each.lot_id)
    total = sum(each.quantity for each in choice)
    if total != quantity:
        msg = f"the chosen lots add up to {total} smallest units, the sale closes {quantity}"
        raise InvalidLotChoice(msg, field="choice")


def _draw(book: Book, quantity: int, choice: tuple[LotChoice, ...]) -> list[Slice]:
    if book.position.method is Method.SPECIFIC and choice:
        return book.lots.draw_chosen(choice)
    return book.lots.draw(book.position.method, quantity)


def apply_trade(book: Book, event: Trade) -> None:
    """Buy or sell: close the other side, then open the rest."""
    size = abs(event.quantity)
    check_quantity(event, size)
    for amount, name in ((event.gross, "gross"), (event.fees, "fees"), (event.taxes, "taxes")):
        check_amount(event, amount, name)
    if event.rate is not None:
        check_ratio(event, event.rate, "rate")
    buying = event.quantity > 0
    against = book.lots.held < 0 if buying else book.lots.held > 0
    closing = min(size, abs(book.lots.held)) if against else 0
    if closing < size and not buying and not book.position.allow_short:
        raise not_held(book, event, size)
    chosen = event.choice if book.position.method is Method.SPECIFIC else ()
    if chosen:
        check_choice(book, chosen, closing)
    fees = event.fees + event.taxes
    closing_gross, closing_fees = share(event.gross, closing, size), share(fees, closing, size)
    if closing:
        amount = closing_gross + closing_fees if buying else closing_gross - closing_fees
        kind = MatchKind.COVER if buying else MatchKind.SALE
        slices = _draw(book, closing, chosen)
        book.close(slices, Closing(event, kind, amount, closing_fees, event.rate))
    if closing < size:
        opening_fees = fees - closing_fees
        gross = event.gross - closing_gross
        cost = (gross if buying else -gross) + opening_fees
        quantity = size - closing if buying else closing - size
        opening = Opening(
            quantity, cost, opening_fees, convert(cost, event.rate), event.on, event.at
        )
        book.open(event.id, event.id, opening)


def apply_reward(book: Book, event: Reward) -> None:
    """Receive units as income: a lot whose cost is their value on receipt."""
    apply_trade(
        book,
        Trade(
            id=event.id,
            on=event.on,
            at=event.at,
            quantity=_inflow(book, event),
            gross=event.value,
            rate=event.rate,
        ),
    )


def _inflow(book: Book, event: Reward | DeliveryIn) -> int:
    check_quantity(event, event.quantity)
    if book.lots.held < 0:
        raise not_held(book, event, event.quantity)
    return event.quantity


def apply_delivery_in(book: Book, event: DeliveryIn) -> None:
    """Receive units from outside the book at a stated cost."""
    quantity = _inflow(book, event)
    check_amount(event, event.cost, "cost")
    if event.rate is not None:
        check_ratio(event, event.rate, "rate")
    known = event.acquired_on is not None
    opening = Opening(
        quantity,
        event.cost,
        0,
        convert(event.cost, event.rate),
        event.acquired_on or event.on,
        None if known else event.at,
    )
    book.open(event.id, event.id, opening)


def apply_delivery_out(book: Book, event: DeliveryOut) -> None:
    """Let units leave the book: a disposal at `value`; without one, the lots leave at cost."""
    check_quantity(event, event.quantity)
    check_amount(event, event.value, "value")
    if event.rate is not None:
        check_ratio(event, event.rate, "rate")
    if book.lots.held < event.quantity:
        raise not_held(book, event, event.quantity)
    chosen = event.choice if book.position.method is Method.SPECIFIC else ()
    if chosen:
        check_choice(book, chosen, event.quantity)
    slices = _draw(book, event.quantity, chosen)
    if event.value is None:
        book.carry(slices, event)
        return
    book.close(slices, Closing(event, MatchKind.DELIVERY, event.value, 0, event.rate))
