"""Out of which lots a planned sale would be taken, and which wash-sale windows a plan would hit.

Everything is a preview by the ledger's own lot engine, so a booked sale cannot disagree with it.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from bursar.ledger.calc.lots.events import DeliveryIn, LotChoice, Reward, Trade
from bursar.ledger.calc.lots.lot import Lot, LotState, Match
from bursar.ledger.calc.lots.position import Method, Position, Ratio, Term
from bursar.ledger.calc.lots.select import TradePreview, preview_trade
from bursar.ledger.calc.lots.wash import Acquisition, WashWindow, find_wash_windows
from bursar.portfolio.calc.tax_estimate import TaxRates
from bursar.portfolio.planning.errors import CannotPlan
from bursar.portfolio.view.days import date_of
from bursar.portfolio.view.lot_events import lot_events
from bursar.portfolio.view.lots import lots
from bursar.portfolio.view.view import BookView

LOWEST_TAX = "lowest_tax"
PLAN = "plan"


@dataclass(frozen=True, slots=True)
class SaleRules:
    """Day of the sale, report currency, how lots are chosen (None: by the account's method)."""

    day: int
    currency: str
    method: str | None
    rates: TaxRates | None


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale of `units` smallest units of a position for `gross`, smallest currency units."""

    index: int
    units: int
    gross: int
    fees: int
    rate: Ratio


def preview_sale(view: BookView, sale: Sale, rules: SaleRules) -> TradePreview:
    """Return the lots and gains of a sale. Raises CannotPlan when the position has no lots."""
    holding = lots(view, method=None, currency=rules.currency, day=rules.day).get(sale.index)
    if holding is None or holding.rebuilt is None:
        held = view.book.positions[sale.index]
        why = holding.problem if holding is not None else "nothing was bought"
        raise CannotPlan(
            f"{held.code} has no lots to sell: {why}",
            hint="Correct its activities, or name it in no_sell.",
        )
    position = holding.rebuilt.position
    # The day may hold trades already; the sale comes after them.
    state = replace(holding.rebuilt.state, before=None)
    trade = Trade(
        id=f"{PLAN}.{position.account}",
        on=date_of(rules.day),
        quantity=-sale.units,
        gross=sale.gross,
        fees=sale.fees,
        rate=sale.rate,
    )
    if rules.method is None or (rules.method == LOWEST_TAX and position.method is Method.AVERAGE):
        return preview_trade(position, state, trade)
    if rules.method != LOWEST_TAX:
        return preview_trade(position, state, trade, method=Method(rules.method))
    chosen = replace(trade, choice=_cheapest(position, state, trade, rules.rates))
    return preview_trade(position, state, chosen, method=Method.SPECIFIC)


def _cheapest(
    position: Position, state: LotState, trade: Trade, rates: TaxRates | None
) -> tuple[LotChoice, ...]:
    """Choose lots by tax per unit, lowest first: losses, then long-term gains, then short ones."""
    proceeds = Fraction(trade.gross - trade.fees, -trade.quantity)

    def tax(lot: Lot) -> tuple[Fraction, int, str]:
        gain = proceeds - Fraction(lot.remaining_cost, lot.remaining)
        term = position.term_rule.term(lot.acquired_on, trade.on)
        rate = Decimal(1)
        if rates is not None:
            rate = rates.short if term is Term.SHORT else rates.long
        return gain * Fraction(rate), lot.acquired_on.toordinal(), lot.id

    left = -trade.quantity
    chosen = []
    for lot in sorted(state.lots, key=tax):
        size = min(left, lot.remaining)
        if size <= 0:
            break
        chosen.append(LotChoice(lot.id, size))
        left -= size
    return tuple(chosen)


@dataclass(frozen=True, slots=True)
class PlannedBuy:
    """Units that the plan buys in an account."""

    account: uuid.UUID
    units: int


def wash_windows(
    view: BookView,
    instrument_id: uuid.UUID,
    *,
    planned: Sequence[Match],
    buys: Iterable[PlannedBuy],
    rules: SaleRules,
    window_days: int,
) -> tuple[WashWindow, ...]:
    """Return the windows of losses that the plan's trades fill, over all accounts.

    Quantities are those of the trades; a split inside the window is not restated.
    """
    first = rules.day - window_days
    places = {
        p.index: str(p.account_id) for p in view.book.positions if p.instrument_id == instrument_id
    }
    recent = [
        a
        for a in view.book.counted()
        if a.instrument_id == instrument_id and first <= a.day <= rules.day
    ]
    events = lot_events(view, recent, rules.currency)
    bought = [
        Acquisition(leg_id=e.id, account=places[index], on=e.on, quantity=e.quantity)
        for index, own in events.items()
        if index in places
        for e in own
        if isinstance(e, Trade | Reward | DeliveryIn) and e.quantity > 0
    ]
    on = date_of(rules.day)
    bought += [
        Acquisition(leg_id=f"{PLAN}.{b.account}", account=str(b.account), on=on, quantity=b.units)
        for b in buys
    ]
    derived = lots(view, method=None, currency=rules.currency, day=rules.day)
    past = _recent_losses(
        [found.rebuilt.matches for i in places if (found := derived.get(i)) and found.rebuilt],
        date_of(first),
    )
    windows = find_wash_windows([*past, *planned], bought, window_days=window_days)
    return tuple(
        w
        for w in windows
        if w.replaced_quantity
        and (is_planned(w.match) or any(r.leg_id.startswith(PLAN) for r in w.replacements))
    )


def is_planned(match: Match) -> bool:
    """Whether a match is of the plan rather than of the book."""
    return match.closing_id.startswith(PLAN)


def _recent_losses(all_matches: Iterable[Sequence[Match]], first: dt.date) -> list[Match]:
    return [
        match
        for matches in all_matches
        for match in matches
        if match.closed_on >= first and match.gain < 0
    ]
