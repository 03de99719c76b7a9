"""What rows do to what an account holds, and from which opening they lead to what is stated.

A first statement seldom begins with an empty account. What was held before its first line follows
from what is stated at the end, walked backwards through the rows: a split is undone by its ratio,
everything else by its amount. Where nothing is stated, the least that lets every sale happen is taken.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from bursar.banking.calc.posted_row import PostedRow
from bursar.core.errors import BursarError
from bursar.ledger.calc.leg import SystemAccount
from bursar.ledger.calc.legs import legs_of
from bursar.ledger.calc.posting_order import in_posting_order
from bursar.ledger.models.activities import ActivityKind, InstrumentRef

Commodity = uuid.UUID | str
"""An instrument by its id, or a currency by its code."""


class Movement(NamedTuple):
    """What one row does to one commodity of its account; `ratio` instead for a split of what is held."""

    at: dt.datetime
    commodity: Commodity
    change: Fraction
    ratio: Fraction | None = None


class Refusal(NamedTuple):
    """A row that the book's own rules refuse."""

    row: PostedRow
    error: BursarError


def movements_of(rows: Sequence[PostedRow], currency: str) -> tuple[list[Movement], list[Refusal]]:
    """Return what the rows do, in the order in which they are posted, and those that are refused.

    currency: the account's, where a row names none.
    """
    found: list[Movement] = []
    refused: list[Refusal] = []
    for place in in_posting_order([row.activity for row in rows]):
        row = rows[place]
        try:
            found.extend(_movements(row, currency))
        except BursarError as error:
            refused.append(Refusal(row, error))
    return found, refused


def _movements(row: PostedRow, currency: str) -> Iterable[Movement]:
    activity = row.activity
    if (
        activity.kind is ActivityKind.SPLIT
        and activity.quantity is None
        and activity.ratio is not None
        and activity.instrument is not None
    ):
        ratio = Fraction(*activity.ratio)
        yield Movement(activity.effective_at, activity.instrument.instrument_id, Fraction(0), ratio)
        return
    legs = legs_of(activity, account_currency=currency)
    for leg in legs.moves:
        for holder, sign in ((leg.debit, -1), (leg.credit, 1)):
            if not isinstance(holder, SystemAccount) and holder == activity.account_id:
                change = sign * Fraction(leg.amount)
                yield Movement(activity.effective_at, leg.commodity, change)


def by_commodity(movements: Iterable[Movement]) -> dict[Commodity, list[Movement]]:
    """Return the movements of each commodity, in their order; none for one that does not move."""
    found: dict[Commodity, list[Movement]] = defaultdict(list)
    for move in movements:
        found[move.commodity].append(move)
    return found


def opening_for(
    movements: Sequence[Movement], commodity: Commodity, stated: Decimal, until: dt.datetime
) -> Fraction:
    """Return what must have been held before the first movement for `stated` to be held at `until`.

    Movements after `until` do not count; it is inclusive.
    """
    held = Fraction(stated)
    for move in reversed(movements):
        if move.commodity != commodity or move.at > until:
            continue
        held = held / move.ratio if move.ratio is not None else held - move.change
    return held


def least_opening(movements: Sequence[Movement], commodity: Commodity) -> Fraction:
    """Return the least that must have been held for the holding never to fall below zero."""
    held, factor, least = Fraction(0), Fraction(1), Fraction(0)
    for move in movements:
        if move.commodity != commodity:
            continue
        if move.ratio is not None:
            held, factor = held * move.ratio, factor * move.ratio
        else:
            held += move.change
        least = max(least, -held / factor)
    return least


def units_of(amount: Fraction, exponent: int) -> Decimal:
    """Return an exact decimal with `exponent` places, rounded half to even."""
    return Decimal(round(amount * 10**exponent)).scaleb(-exponent)


def instruments_of(rows: Iterable[PostedRow]) -> dict[uuid.UUID, InstrumentRef]:
    """Return every instrument the rows move, by id."""
    found: dict[uuid.UUID, InstrumentRef] = {}
    for row in rows:
        for instrument in (row.activity.instrument, row.activity.counter_instrument):
            if instrument is not None:
                found.setdefault(instrument.instrument_id, instrument)
    return found
