"""From the book's activities to the events that lots are derived from.

Costs are in the currency of the instrument. What was paid in another currency, or came in without a
stated cost, counts at the rate or price of its day. Each event carries the rate of its day into
the report currency.
"""

import datetime as dt
import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from bursar.core.money import round_to_units
from bursar.ledger.calc.lots.events import (
    DeliveryIn,
    DeliveryOut,
    Event,
    LotChoice,
    Merger,
    OptionEnd,
    OptionExpiry,
    Rename,
    ReturnOfCapital,
    Reward,
    SpinOff,
    Split,
    Trade,
    TransferIn,
    TransferOut,
)
from bursar.ledger.calc.lots.position import Ratio
from bursar.ledger.calc.option_ends import premiums
from bursar.ledger.calc.posting_order import is_timed
from bursar.ledger.operations.legs import ActivityFacts
from bursar.portfolio.view.book import NOWHERE
from bursar.portfolio.view.days import date_of
from bursar.portfolio.view.view import ARITHMETIC, BookView, currency_exponent

Events = dict[int, list[Event]]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Turns activities into events; one per report currency."""

    view: BookView
    report: str
    events: Events
    premiums: dict[uuid.UUID, uuid.UUID]

    def money(self, amount: Decimal | None, activity: ActivityFacts, position: int) -> int:
        """Return an amount of the activity in smallest units of the position's currency."""
        own = self.view.currency_of[position]
        if not amount:
            return 0
        if activity.currency is not None and activity.currency != own:
            amount = ARITHMETIC.multiply(amount, self._cross(activity.currency, own, activity.day))
        return round_to_units(amount, currency_exponent(own))

    def worth(self, position: int, units: int, activity: ActivityFacts) -> int:
        """Return the market value of units on the activity's day, in the position's currency."""
        value = self.view.native_value(position, units, activity.day) or Decimal(0)
        return round_to_units(value, currency_exponent(self.view.currency_of[position]))

    def stated(self, activity: ActivityFacts, position: int, units: int) -> int:
        """Return the stated value of a delivery, or what the units were worth that day."""
        if activity.amount is not None:
            return self.money(abs(activity.amount), activity, position)
        return self.worth(position, units, activity)

    def units(self, quantity: Decimal | None, position: int) -> int:
        """Return a quantity in smallest units."""
        exponent = self.view.book.positions[position].exponent
        return 0 if quantity is None else int(quantity.scaleb(exponent))

    def rate(self, activity: ActivityFacts, position: int) -> Ratio | None:
        """Return report units per cost unit that day, smallest to smallest; None when unknown."""
        own = self.view.currency_of[position]
        rate = self.view.rate(own, self.report, activity.day)
        if rate is None:
            return None
        shifted = rate.scaleb(currency_exponent(self.report) - currency_exponent(own))
        return shifted.as_integer_ratio()

    def put(self, position: int, event: Event) -> None:
        """Add an event to a position."""
        if position != NOWHERE:
            self.events.setdefault(position, []).append(event)

    def _cross(self, start: str, end: str, day: int) -> Decimal:
        base = self.view.base_currency
        first, second = self.view.rate(start, base, day), self.view.rate(end, base, day)
        if first is None or second is None:
            return Decimal(1)
        return ARITHMETIC.divide(first, second)


@dataclass(frozen=True, slots=True)
class _Names:
    """The identity every event of an activity shares."""

    id: str
    on: dt.date
    at: dt.datetime | None


Write = Callable[[_Writer, ActivityFacts, _Names, int], None]


def lot_events(view: BookView, activities: Iterable[ActivityFacts], report: str) -> Events:
    """Return the lot events of every holding that the activities touch, by position index."""
    activities = list(activities)
    writer = _Writer(view, report, {}, premiums(activities))
    for activity in activities:
        write = _WRITE.get(activity.kind)
        position = view.book.holding(activity.account_id, activity.instrument_id)
        if write is None or position == NOWHERE:
            continue
        timed = is_timed(activity.effective_at)
        names = _Names(
            str(activity.id), date_of(activity.day), activity.effective_at if timed else None
        )
        write(writer, activity, names, position)
    return writer.events


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


def _trade(sign: int) -> Write:
    def write(writer: _Writer, activity: ActivityFacts, names: _Names, position: int) -> None:
        choice = json.loads(activity.lot_choice) if activity.lot_choice else []
        end = writer.premiums.get(activity.id)
        writer.put(
            position,
            Trade(
                id=names.id,
                on=names.on,
                at=names.at,
                quantity=sign * writer.units(activity.quantity, position),
                gross=writer.money(activity.amount, activity, position),
                fees=writer.money(activity.fees, activity, position),
                taxes=writer.money(activity.taxes, activity, position),
                rate=writer.rate(activity, position),
                choice=tuple(
                    LotChoice(each["lot_id"], writer.units(Decimal(each["quantity"]), position))
                    for each in choice
                ),
                premium=None if end is None else str(end),
            ),
        )

    return write


def _option_end(sign: int) -> Write:
    def write(writer: _Writer, activity: ActivityFacts, names: _Names, position: int) -> None:
        quantity = sign * writer.units(activity.quantity, position)
        event: Event = OptionEnd(id=names.id, on=names.on, at=names.at, quantity=quantity)
        if activity.id not in writer.premiums.values():
            rate = writer.rate(activity, position)
            event = Trade(
                id=names.id, on=names.on, at=names.at, quantity=quantity, gross=0, rate=rate
            )
        writer.put(position, event)

    return write


def _option_expiry(writer: _Writer, activity: ActivityFacts, names: _Names, position: int) -> None:
    units = writer.units(activity.quantity, position)
    rate = writer.rate(activity, position)
    writer.put(
        position, OptionExpiry(id=names.id, on=names.on, at=names.at, quantity=units, rate=rate)
    )


def _delivery_in(writer: _Writer, activity: ActivityFacts, names: _Names, position: int) -> None:
    units = writer.units(activity.quantity, position)
    cost = writer.stated(activity, position, units)
    rate = writer.rate(activity, position)
    writer.put(
        position,
        DeliveryIn(
            id=names.id,
            on=names.on,
            at=names.at,
            quantity=units,
            cost=cost,
            rate=rate,
            acquired_on=None
            if activity.acquired_on is None
            else dt.date.fromisoformat(activity.acquired_on),
        ),
    )


def _delivery_out(writer: _Writer, activity: ActivityFacts, names: _Names, position: int) -> None:
    units = writer.units(activity.quantity, position)
    value = None if activity.amount is None else writer.money(activity.amount, activity, position)
    writer.put(
        position,
        DeliveryOut(
            id=names.id,
            on=names.on,
            at=names.at,
            quantity=units,
            value=value,
            rate=writer.rate(activity, position),
        ),
    )


def _reward(writer: _Writer, activity: ActivityFacts, names: _Names, position: int) -> None:
    units = writer.units(activity.quantity, position)
    value = writer.stated(activity, position, units)
    rate = writer.rate(activity, position)
    writer.put(
        position,
        Reward(id=names.id, on=names.on, at=names.at, quantity=units, value=value, rate=rate),
    )


def _paid_in_kind(writer: _Writer, activity: ActivityFacts, names: _Names, position: int) -> None:
    if activity.amount is not None or not activity.quantity:
        return
    units = writer.units(activity.quantity, position)
    writer.put(
        position,
        DeliveryOut(
            id=names.id,
            on=names.on,
            at=names.at,
            quantity=units,
            value=writer.worth(position, units, activity),
            rate=writer.rate(activity, position),
        ),
    )


def _transfer(*, out: bool) -> Write:
    def write(writer: _Writer, activity: ActivityFacts, names: _Names, position: int) -> None:
        if activity.counter_account_id is None:
            (_delivery_out if out else _delivery_in)(writer, activity, names, position)
            return
        other = writer.view.book.holding(activity.counter_account_id, activity.instrument_id)
        source, target = (position, other) if out else (other, position)
        units = writer.units(activity.quantity, position)
        writer.put(
            source,
            TransferOut(
                id=names.id,
                on=names.on,
                at=names.at,
                quantity=units,
                rate=writer.rate(activity, position),
            ),
        )
        arrival = TransferIn(id=f"{names.id}.in", on=names.on, at=names.at, source=names.id)
        writer.put(target, arrival)

    return write


def _split(writer: _Writer, activity: ActivityFacts, names: _Names, position: int) -> None:
    cash = None if not activity.amount else writer.money(activity.amount, activity, position)
    writer.put(
        position,
        Split(
            id=names.id,
            on=names.on,
            at=names.at,
            numerator=int(activity.ratio_numerator or 1),
            denominator=int(activity.ratio_denominator or 1),
            cash_in_lieu=cash,
        ),
    )


def _handed_on(writer: _Writer, activity: ActivityFacts, names: _Names, position: int) -> None:
    """Spin-off, merger and rename: lots go to another instrument of the same account."""
    view = writer.view
    target = view.book.holding(activity.account_id, activity.counter_instrument_id)
    before = view.book.units_held(position, activity.day)
    gone = writer.units(activity.quantity, position)
    received = writer.units(activity.counter_quantity, target) if target != NOWHERE else 0
    cash = writer.money(activity.amount, activity, position)
    rate = writer.rate(activity, position)
    event: Event
    if activity.kind == "rename":
        event = Rename(id=names.id, on=names.on, at=names.at)
    elif activity.kind == "spin_off":
        share = (int(activity.ratio_numerator or 0), int(activity.ratio_denominator or 1))
        ratio = (max(received, 1), max(abs(before), 1))
        event = SpinOff(
            id=names.id,
            on=names.on,
            at=names.at,
            cost_share=share,
            ratio=ratio,
            cash_in_lieu=cash or None,
        )
    else:
        stock = writer.worth(target, received, activity) if received else None
        event = Merger(
            id=names.id,
            on=names.on,
            at=names.at,
            ratio=(received, max(gone, 1)) if received else None,
            cash=cash,
            stock_value=stock,
            rate=rate,
        )
    writer.put(position, event)
    if target != NOWHERE:
        arrival = TransferIn(id=f"{names.id}.in", on=names.on, at=names.at, source=names.id)
        writer.put(target, arrival)


def _returned(writer: _Writer, activity: ActivityFacts, names: _Names, position: int) -> None:
    amount = writer.money(activity.amount, activity, position)
    rate = writer.rate(activity, position)
    writer.put(
        position,
        ReturnOfCapital(id=names.id, on=names.on, at=names.at, amount=amount, rate=rate),
    )


_WRITE: dict[str, Write] = {
    "buy": _trade(1),
    "sell": _trade(-1),
    "delivery_in": _delivery_in,
    "opening_balance": _delivery_in,
    "delivery_out": _delivery_out,
    "transfer_in": _transfer(out=False),
    "transfer_out": _transfer(out=True),
    "split": _split,
    "spin_off": _handed_on,
    "merger": _handed_on,
    "rename": _handed_on,
    "return_of_capital": _returned,
    "staking_reward": _reward,
    "fee": _paid_in_kind,
    "tax": _paid_in_kind,
    "interest_charge": _paid_in_kind,
    "withdrawal": _paid_in_kind,
    "option_exercise": _option_end(-1),
    "option_assignment": _option_end(1),
    "option_expiry": _option_expiry,
}
