"""What a trade would close, and with what gain, without changing anything.

A preview is a rebuild of one trade on a state, so it cannot disagree with the booking later.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from bursar.ledger.calc.lots.book import Book
from bursar.ledger.calc.lots.events import LotChoice, Trade
from bursar.ledger.calc.lots.lot import LotState, Match
from bursar.ledger.calc.lots.position import Method, Position, Term
from bursar.ledger.calc.lots.rebuild import rebuild
from bursar.ledger.calc.lots.trades import check_choice


@dataclass(frozen=True, slots=True, kw_only=True)
class LotPick:
    """A lot the trade would close. `days_until_long` is 0 once a gain on it is long-term."""

    match: Match
    long_from: date
    days_until_long: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePreview:
    """The effect of a trade under `method`: gains in smallest currency units, state after it."""

    method: Method
    picks: tuple[LotPick, ...]
    proceeds: int
    cost: int
    gain: int
    gain_short_term: int
    gain_long_term: int
    state: LotState


def preview_trade(
    position: Position, state: LotState, trade: Trade, *, method: Method | None = None
) -> TradePreview:
    """Return what `trade` would close out of `state`, by the position's method or another one.

    Another method needs a state that keeps lots apart: one rebuilt under `average` has one lot.
    Raises what the booking itself would raise (QuantityNotHeld, InvalidLotChoice, InvalidEvent).
    """
    viewed = position if method is None else replace(position, method=method)
    result = rebuild(viewed, [trade], state=state)
    matches = result.matches
    picks = []
    for match in matches:
        long_from = position.term_rule.long_from(match.opened_on)
        days = max(0, (long_from - trade.on).days)
        picks.append(LotPick(match=match, long_from=long_from, days_until_long=days))
    return TradePreview(
        method=viewed.method,
        picks=tuple(picks),
        proceeds=sum(match.proceeds for match in matches),
        cost=sum(match.cost for match in matches),
        gain=result.gain,
        gain_short_term=sum(match.gain for match in matches if match.term is Term.SHORT),
        gain_long_term=sum(match.gain for match in matches if match.term is Term.LONG),
        state=result.state,
    )


def compare_methods(
    position: Position,
    state: LotState,
    trade: Trade,
    *,
    methods: Iterable[Method] = (
        Method.FIFO,
        Method.LIFO,
        Method.HIFO,
        Method.LOFO,
        Method.AVERAGE,
    ),
) -> dict[Method, TradePreview]:
    """Preview the same trade under several methods."""
    return {method: preview_trade(position, state, trade, method=method) for method in methods}


def validate_choice(
    position: Position, state: LotState, choice: tuple[LotChoice, ...], *, quantity: int
) -> None:
    """Check lots named for a sale of `quantity` (> 0) units before the sale is stored.

    Raises InvalidLotChoice: a lot is not open, named twice, too small, or the sum is off.
    """
    check_choice(
        Book.from_state(replace(position, method=Method.SPECIFIC), state), choice, quantity
    )
