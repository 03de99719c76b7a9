"""The ledger's lot events of the book in memory, with what prices and rates add to them.

Costs are in the currency of the instrument. What was paid in another currency, or came in without a
stated cost, counts at the rate or price of its day. Each event carries the rate of its day into
the report currency.
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from bursar.core.money import round_to_units
from bursar.ledger.calc.lot_events import lot_events_of
from bursar.ledger.calc.lot_steps import LotActivity, PositionKey, Terms
from bursar.ledger.calc.lots.events import Event
from bursar.ledger.calc.lots.position import Ratio
from bursar.ledger.operations.legs import ActivityFacts
from bursar.portfolio.view.book import NOWHERE
from bursar.portfolio.view.days import number_of
from bursar.portfolio.view.view import ARITHMETIC, BookView, currency_exponent

Events = dict[int, list[Event]]


class _Valued(Terms):
    """Amounts in each position's currency, by the view's prices and rates."""

    def __init__(self, view: BookView, report: str) -> None:
        self._view = view
        self._report = report
        self._rates: dict[tuple[str, int], Ratio | None] = {}

    def money(self, amount: Decimal | None, activity: LotActivity, here: PositionKey) -> int:
        own = self._currency(here)
        if not amount:
            return 0
        if activity.currency is not None and activity.currency != own:
            rate = self._cross(activity.currency, own, _day(activity))
            amount = ARITHMETIC.multiply(amount, rate)
        return round_to_units(amount, currency_exponent(own))

    def worth(self, units: int, activity: LotActivity, here: PositionKey) -> int | None:
        position = self._view.book.holding(*here)
        value = self._view.native_value(position, units, _day(activity)) or Decimal(0)
        return round_to_units(value, currency_exponent(self._currency(here)))

    def rate(self, activity: LotActivity, here: PositionKey) -> Ratio | None:
        key = (self._currency(here), _day(activity))
        if key not in self._rates:
            self._rates[key] = self._smallest(*key)
        return self._rates[key]

    def held(self, activity: LotActivity, here: PositionKey) -> int:
        return abs(self._view.book.units_held(self._view.book.holding(*here), _day(activity)))

    def _currency(self, here: PositionKey) -> str:
        return self._view.currency_of[self._view.book.holding(*here)]

    def _smallest(self, own: str, day: int) -> Ratio | None:
        """Return report units per unit of a currency, smallest to smallest."""
        rate = self._view.rate(own, self._report, day)
        if rate is None:
            return None
        shift = currency_exponent(self._report) - currency_exponent(own)
        return rate.scaleb(shift).as_integer_ratio()

    def _cross(self, start: str, end: str, day: int) -> Decimal:
        base = self._view.base_currency
        first, second = self._view.rate(start, base, day), self._view.rate(end, base, day)
        if first is None or second is None:
            return Decimal(1)
        return ARITHMETIC.divide(first, second)


def _day(activity: LotActivity) -> int:
    return number_of(activity.effective_at.date())


def lot_events(view: BookView, activities: Iterable[ActivityFacts], report: str) -> Events:
    """Return the lot events of every holding that the activities touch, by position index."""
    found = lot_events_of(_stated(view, activities), _Valued(view, report))
    placed = {view.book.holding(*key): own for key, own in found.events.items()}
    placed.pop(NOWHERE, None)
    return placed


def _stated(view: BookView, activities: Iterable[ActivityFacts]) -> Iterator[LotActivity]:
    """Return the activities of holdings in the ledger's terms."""
    positions, holding = view.book.positions, view.book.holding
    for activity in activities:
        own = holding(activity.account_id, activity.instrument_id)
        if own == NOWHERE or activity.instrument_id is None:
            continue
        received = holding(activity.account_id, activity.counter_instrument_id)
        numerator, denominator = activity.ratio_numerator, activity.ratio_denominator
        choice = json.loads(activity.lot_choice) if activity.lot_choice else ()
        yield LotActivity(
            id=activity.id,
            kind=activity.kind,
            effective_at=activity.effective_at,
            account_id=activity.account_id,
            counter_account_id=activity.counter_account_id,
            instrument_id=activity.instrument_id,
            counter_instrument_id=None if received == NOWHERE else activity.counter_instrument_id,
            quantity=activity.quantity,
            counter_quantity=activity.counter_quantity,
            amount=activity.amount,
            fees=activity.fees,
            taxes=activity.taxes,
            currency=activity.currency,
            ratio=(int(numerator), int(denominator)) if numerator and denominator else None,
            exponent=positions[own].exponent,
            counter_exponent=0 if received == NOWHERE else positions[received].exponent,
            choice=tuple((each["lot_id"], Decimal(each["quantity"])) for each in choice),
            stock_value=None,
            acquired_on=None
            if activity.acquired_on is None
            else dt.date.fromisoformat(activity.acquired_on),
        )


def linked(activities: Iterable[ActivityFacts], view: BookView) -> dict[int, frozenset[int]]:
    """Return, for each position that hands lots on, all positions it is linked with."""
    joined: dict[int, set[int]] = defaultdict(set)
    for activity in activities:
        if activity.instrument_id is None or (
            activity.counter_account_id is None and activity.counter_instrument_id is None
        ):
            continue
        own = view.book.holding(activity.account_id, activity.instrument_id)
        others = [
            view.book.holding(activity.account_id, activity.counter_instrument_id),
            view.book.holding(activity.counter_account_id, activity.instrument_id)
            if activity.counter_account_id is not None
            else NOWHERE,
        ]
        for other in others:
            if NOWHERE not in (own, other) and own != other:
                group = joined[own] | joined[other] | {own, other}
                for each in group:
                    joined[each] = group
    return {each: frozenset(group) for each, group in joined.items()}
