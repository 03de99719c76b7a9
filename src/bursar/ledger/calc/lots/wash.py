"""Which purchases replace units sold at a loss: a query over matches, which it does not change.

A loss is open to disallowance as far as the same instrument is bought within 30 days before or
after the sale (26 USC 1091). Units replace one another one for one, earliest purchase first, and a
bought unit replaces only one sold unit. The rest of the very lot that was sold is no replacement
(Rev. Rul. 56-602). What the law then does to basis and period is for `tax` to apply.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from bursar.ledger.calc.lots.errors import InvalidEvent
from bursar.ledger.calc.lots.lot import Match, MatchKind
from bursar.ledger.calc.lots.shares import share

WINDOW_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """Units of the instrument bought in any account of the person; `leg_id` opened the lot."""

    leg_id: str
    account: str
    on: date
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """`quantity` units of an acquisition that replace units sold at a loss."""

    leg_id: str
    account: str
    on: date
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WashWindow:
    """A loss, the days in which a purchase replaces it (both inclusive), and what replaced it.

    `disallowed` is the part of the loss that is replaced, >= 0, in smallest currency units.
    """

    match: Match
    starts_on: date
    ends_on: date
    replacements: tuple[Replacement, ...]
    replaced_quantity: int
    disallowed: int


def find_wash_windows(
    matches: Iterable[Match],
    acquisitions: Iterable[Acquisition],
    *,
    window_days: int = WINDOW_DAYS,
) -> tuple[WashWindow, ...]:
    """Return one window for each long sale at a loss of one instrument, oldest first.

    Quantities must be in the same units throughout: restate them first when a split lies between.
    A window without replacements is returned too: a purchase until `ends_on` would fill it.
    """
    bought = sorted(acquisitions, key=lambda each: (each.on, each.leg_id))
    left = [each.quantity for each in bought]
    if any(quantity <= 0 for quantity in left):
        msg = "an acquisition has a positive quantity"
        raise InvalidEvent(msg, field="acquisitions")
    losses = [
        match
        for match in matches
        if match.gain < 0 and match.quantity > 0 and match.kind is not MatchKind.CASH_IN_LIEU
    ]
    losses.sort(key=lambda match: (match.closed_on, match.closing_id, match.lot_id))
    windows = []
    first = 0
    for match in losses:
        starts_on = match.closed_on - timedelta(days=window_days)
        ends_on = match.closed_on + timedelta(days=window_days)
        while first < len(bought) and (bought[first].on < starts_on or left[first] == 0):
            first += 1
        replacements = _replacements(match, bought, left, first=first, ends_on=ends_on)
        replaced = sum(each.quantity for each in replacements)
        windows.append(
            WashWindow(
                match=match,
                starts_on=starts_on,
                ends_on=ends_on,
                replacements=tuple(replacements),
                replaced_quantity=replaced,
                disallowed=share(-match.gain, replaced, match.quantity),
            )
        )
    return tuple(windows)


def _replacements(
    match: Match, bought: list[Acquisition], left: list[int], *, first: int, ends_on: date
) -> list[Replacement]:
    found = []
    open_quantity = match.quantity
    index = first
    while open_quantity and index < len(bought) and bought[index].on <= ends_on:
        each = bought[index]
        if left[index] and each.leg_id != match.opened_by:
            size = min(left[index], open_quantity)
            left[index] -= size
            open_quantity -= size
            found.append(
                Replacement(leg_id=each.leg_id, account=each.account, on=each.on, quantity=size)
            )
        index += 1
    return found
