"""The leaves of figures: positions, flows, earnings, lots and matches as products of stored facts.

A term is a product: quantity x multiplier x price x rate, or an amount x rate. `side` tells the two
halves of a quotient apart.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

import numpy as np

from bursar.ledger.calc.lots.lot import Lot, Match
from bursar.ledger.calc.lots.position import Method
from bursar.portfolio.calc.arrays import IntArray
from bursar.portfolio.figures import money
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.view.days import EPOCH
from bursar.portfolio.view.exact import positions
from bursar.portfolio.view.lots import Holding
from bursar.portfolio.view.view import BookView, currency_exponent

Kind = Literal["position", "flow", "income", "fee", "tax", "other", "lot", "match", "invested"]
Earned = Literal["income", "fee", "tax", "income_tax", "other"]


@dataclass(frozen=True, slots=True)
class LotFacts:
    """What stands behind a lot's or match's amount, in the currency of the cost.

    `proceeds` is None for an open lot. Rates are into the report currency, of the day the units came
    in and of the day they went; each amount was converted and rounded when it happened.
    """

    currency: str
    acquired_on: dt.date
    cost: Decimal
    cost_rate: Decimal | None
    proceeds: Decimal | None = None
    proceeds_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """One leaf. Its contribution is sign x the product of the factors that are there."""

    kind: Kind
    sign: int
    position: int
    day: int
    quantity: Decimal | None = None
    multiplier: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""
    rate: Decimal | None = None
    rate_day: int | None = None
    activity_id: uuid.UUID | None = None
    lot_id: str | None = None
    until: int | None = None
    side: Literal["top", "bottom"] = "top"
    lot: "LotFacts | None" = None

    @property
    def factors(self) -> tuple[Decimal, ...]:
        """What multiplies to the term, without its sign."""
        found = (
            (self.amount,)
            if self.amount is not None
            else (
                self.quantity,
                self.multiplier,
                self.price,
            )
        )
        return tuple(each for each in (*found, self.rate) if each is not None)


def held_terms(
    view: BookView, figure: FigureId, day: int, *, sign: int = 1, rate_day: int | None = None
) -> list[Term]:
    """Return the positions of a day as products; `rate_day`: convert at another day's rate."""
    found = []
    for each in positions(view, figure.scope, day=day, currency=figure.currency):
        code = view.currency_of[each.index]
        at = day if rate_day is None else rate_day
        found.append(
            Term(
                "position",
                sign,
                each.index,
                day,
                quantity=each.quantity,
                multiplier=view.multipliers[each.index],
                price=None if each.used is None else each.used.price,
                currency=code,
                rate=view.rate(code, figure.currency, at),
                rate_day=at,
            )
        )
    return found


def move_terms(
    view: BookView,
    figure: FigureId,
    places: Iterable[int],
    *,
    kind: Kind,
    sign: int = 1,
    signs: dict[int, int] | None = None,
    rate_day: int | None = None,
) -> list[Term]:
    """Return moves of the figure's period as terms, in order of day."""
    m = view.book.moves
    start = money.start_of(view, figure)
    found = []
    for place in places:
        day, index = int(m.day[place]), int(m.position[place])
        if not start < day <= figure.end:
            continue
        position = view.book.positions[index]
        units = view.book.units[place] * (signs[place] if signs else 1)
        quantity = Decimal(units).scaleb(-position.exponent)
        code = view.currency_of[index]
        used = None if position.is_cash else view.price(index, day)
        at = day if rate_day is None else rate_day
        found.append(
            Term(
                kind,
                sign,
                index,
                day,
                quantity=None if position.is_cash else quantity,
                multiplier=None if position.is_cash else view.multipliers[index],
                price=None if used is None else used.price,
                amount=quantity if position.is_cash else None,
                currency=code,
                rate=view.rate(code, figure.currency, at),
                rate_day=at,
                activity_id=view.book.of_activity(int(m.activity[place])).id,
            )
        )
    found.sort(key=lambda term: (term.day, str(term.activity_id), term.position))
    return found


def flow_terms(
    view: BookView,
    figure: FigureId,
    *,
    sign: int = 1,
    only: Literal["both", "in", "out"] = "both",
    rate_day: int | None = None,
) -> list[Term]:
    """Return the external flows of the figure's scope and period."""
    crossing = view.crossing(figure.scope)
    signs = dict(zip(crossing.place.tolist(), crossing.sign.astype(np.int64).tolist(), strict=True))
    chosen = [
        place
        for place, own in signs.items()
        if only == "both" or (view.book.units[place] * own > 0) == (only == "in")
    ]
    return move_terms(view, figure, chosen, kind="flow", sign=sign, signs=signs, rate_day=rate_day)


def earned_terms(view: BookView, figure: FigureId, kinds: dict[Earned, int]) -> list[Term]:
    """Return income, fees, taxes and other of a scope, each with a sign on its booked amount.

    income_tax: only the taxes of activities that paid income.
    """
    earned = view.earned(figure.scope)
    by_kind: dict[Earned, tuple[Kind, IntArray]] = {
        "income": ("income", earned.income),
        "fee": ("fee", earned.fees),
        "tax": ("tax", earned.taxes),
        "income_tax": ("tax", earned.income_taxes),
        "other": ("other", earned.other),
    }
    return [
        term
        for kind, sign in kinds.items()
        for term in move_terms(
            view, figure, by_kind[kind][1].tolist(), kind=by_kind[kind][0], sign=sign
        )
    ]


def lot_terms(view: BookView, figure: FigureId, *, sign: int = 1) -> list[Term]:
    """Return the open lots of a figure's day with their cost in report currency."""
    exponent = currency_exponent(figure.currency)
    found = []
    for index, holding in money.scoped_lots(view, figure).items():
        units = -view.book.positions[index].exponent
        for lot in [] if holding.rebuilt is None else holding.rebuilt.state.lots:
            cost = lot.remaining_report_cost
            found.append(
                Term(
                    "lot",
                    sign,
                    index,
                    lot.acquired_on.toordinal() - EPOCH,
                    quantity=Decimal(lot.remaining).scaleb(units),
                    amount=None if cost is None else Decimal(cost).scaleb(-exponent),
                    currency=figure.currency,
                    activity_id=_activity(lot),
                    lot_id=lot.id,
                    lot=LotFacts(
                        lot.currency,
                        lot.acquired_on,
                        _major(lot.remaining_cost, lot.currency),
                        _rate_then(view, figure, lot, holding=holding),
                    ),
                )
            )
    return found


def match_terms(
    view: BookView,
    figure: FigureId,
    holdings: dict[int, Holding],
    *,
    before_costs: bool,
    sign: int = 1,
    rebased_on: int = 0,
) -> list[Term]:
    """Return the gains that lots realised in the period, and the costs put back.

    `rebased_on`: the day whose market value older lots count from.
    """
    exponent = currency_exponent(figure.currency)
    start = money.start_of(view, figure)
    found = []
    for index, holding in holdings.items():
        code = view.currency_of[index]
        for match in [] if holding.rebuilt is None else holding.rebuilt.matches:
            day = match.closed_on.toordinal() - EPOCH
            if not start < day <= figure.end or match.report_gain is None:
                continue
            base = Term(
                "match",
                sign,
                index,
                day,
                quantity=Decimal(match.quantity).scaleb(-view.book.positions[index].exponent),
                amount=Decimal(match.report_gain).scaleb(-exponent),
                currency=figure.currency,
                activity_id=uuid.UUID(match.closing_id.partition("/")[0]),
                lot_id=match.lot_id,
                lot=LotFacts(
                    match.currency,
                    match.opened_on,
                    _major(match.cost, match.currency),
                    _rate_then(view, figure, match, holding=holding, since=rebased_on),
                    _major(match.proceeds, match.currency),
                    view.rate(match.currency, figure.currency, day),
                ),
            )
            found.append(base)
            fees = match.opening_fees + match.closing_fees
            if before_costs and fees:
                amount = Decimal(fees).scaleb(-currency_exponent(code))
                rate = view.rate(code, figure.currency, day)
                found.append(
                    replace(
                        base,
                        kind="fee",
                        amount=amount,
                        currency=code,
                        rate=rate,
                        rate_day=day,
                        lot=None,
                    )
                )
    return found


def _activity(part: Lot | Match) -> uuid.UUID:
    return uuid.UUID(part.opened_by.partition("/")[0])


def _major(units: int, currency: str) -> Decimal:
    return Decimal(units).scaleb(-currency_exponent(currency))


def _rate_then(
    view: BookView, figure: FigureId, part: Lot | Match, *, holding: Holding, since: int = 0
) -> Decimal | None:
    """Return the rate of the day the units came into the book, or of the day they were re-based.

    None for an average pool: its cost came together on several days.
    """
    if holding.rebuilt is None or holding.rebuilt.position.method is Method.AVERAGE:
        return None
    day = max(view.book.day_of(_activity(part)), since)
    return view.rate(part.currency, figure.currency, day)
