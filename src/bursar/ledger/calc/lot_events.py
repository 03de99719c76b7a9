"""From activities to the events that lots are derived from, per position.

A position is (account, instrument). An event has the id of its activity; what arrives in another
position of the same activity has that id with "/in". In which money, and what an unstated cost is
worth, is a matter of `Terms`; where nobody knows, it counts as zero and is reported as a problem.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from bursar.core.money import round_to_units
from bursar.ledger.calc.currencies import currency
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
from bursar.ledger.models.activities import ActivityKind

PositionKey = tuple[uuid.UUID, uuid.UUID]
"""Account and instrument."""


class LotActivity(NamedTuple):
    """The part of an activity that lots need; quantities and amounts in major units."""

    id: uuid.UUID
    kind: str
    effective_at: dt.datetime
    account_id: uuid.UUID
    counter_account_id: uuid.UUID | None
    instrument_id: uuid.UUID
    counter_instrument_id: uuid.UUID | None
    quantity: Decimal | None
    counter_quantity: Decimal | None
    amount: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None
    currency: str | None
    ratio: tuple[int, int] | None
    exponent: int
    counter_exponent: int
    choice: tuple[tuple[str, Decimal], ...]
    stock_value: Decimal | None
    acquired_on: dt.date | None = None


class Terms:
    """In which money events are stated: here as the activities state it, and nothing is valued.

    An engine with prices and rates says more. `here` is the position an amount counts for.
    """

    def money(self, amount: Decimal | None, activity: LotActivity, here: PositionKey) -> int:
        """Return an amount of an activity in smallest units of the position's cost currency."""
        del here
        if amount is None or activity.currency is None:
            return 0
        return round_to_units(amount, currency(activity.currency).exponent)

    def worth(self, units: int, activity: LotActivity, here: PositionKey) -> int | None:
        """Return what units of a position were worth that day, or None when that is not known."""
        del units, activity, here
        return None

    def rate(self, activity: LotActivity, here: PositionKey) -> Ratio | None:
        """Return report-currency units per cost unit that day, smallest to smallest, if known."""
        del activity, here
        return None

    def held(self, activity: LotActivity, here: PositionKey) -> int:
        """Return the units held when an activity does not say, or 0 when that is not known."""
        del activity, here
        return 0


STATED = Terms()


@dataclass(slots=True)
class LotEvents:
    """Events by position, the cost currencies seen there, which positions are linked, problems."""

    events: dict[PositionKey, list[Event]] = field(default_factory=lambda: defaultdict(list))
    currencies: dict[PositionKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    links: list[tuple[PositionKey, PositionKey]] = field(default_factory=list)
    problems: dict[PositionKey, tuple[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Step:
    """One activity being turned into events."""

    activity: LotActivity
    out: LotEvents
    terms: Terms
    id: str
    on: dt.date
    at: dt.datetime | None
    premiums: dict[uuid.UUID, uuid.UUID]

    @property
    def here(self) -> PositionKey:
        return (self.activity.account_id, self.activity.instrument_id)

    @property
    def units(self) -> int:
        return round_to_units(self.activity.quantity or Decimal(0), self.activity.exponent)

    @property
    def counter_units(self) -> int:
        quantity = self.activity.counter_quantity or self.activity.quantity or Decimal(0)
        return round_to_units(quantity, self.activity.counter_exponent)

    def money(self, amount: Decimal | None) -> int:
        return self.terms.money(amount, self.activity, self.here)

    @property
    def rate(self) -> Ratio | None:
        return self.terms.rate(self.activity, self.here)

    def cost(self, *, in_kind: bool = True) -> int:
        """Return the amount; when none was stated what came in was worth, or zero and a problem."""
        stated = self.activity.amount
        if stated is not None:
            return self.money(stated)
        worth = self.terms.worth(self.units, self.activity, self.here) if in_kind else None
        if worth is None:
            self.out.problems[self.here] = (
                "cost_unknown",
                f"the {self.activity.kind} of {self.on} states no cost; gains on its units are not known",
            )
        return worth or 0

    def add(self, event: Event, *, priced: bool = False) -> None:
        self.out.events[self.here].append(event)
        if priced and self.activity.currency is not None:
            self.out.currencies[self.here].add(self.activity.currency)

    def arrive(self, there: PositionKey) -> None:
        self.out.events[there].append(
            TransferIn(id=f"{self.id}/in", on=self.on, at=self.at, source=self.id)
        )
        self.out.links.append((self.here, there))


def lot_events_of(activities: Iterable[LotActivity], terms: Terms = STATED) -> LotEvents:
    """Return the events of every position that the activities touch."""
    out = LotEvents()
    activities = list(activities)
    joined = premiums(activities)
    for activity in activities:
        moment = activity.effective_at.astimezone(dt.UTC)
        step = _Step(
            activity,
            out,
            terms,
            str(activity.id),
            moment.date(),
            moment if is_timed(moment) else None,
            joined,
        )
        build = _BUILD.get(activity.kind)
        if build is not None:
            build(step)
    return out


def _trade(sign: int) -> Callable[[_Step], None]:
    def build(step: _Step) -> None:
        activity = step.activity
        end = step.premiums.get(activity.id)
        step.add(
            Trade(
                id=step.id,
                on=step.on,
                at=step.at,
                quantity=sign * step.units,
                gross=step.cost(in_kind=False),
                fees=step.money(activity.fees),
                taxes=step.money(activity.taxes),
                rate=step.rate,
                choice=tuple(
                    LotChoice(lot, round_to_units(quantity, activity.exponent))
                    for lot, quantity in activity.choice
                ),
                premium=None if end is None else str(end),
            ),
            priced=True,
        )

    return build


def _option_expiry(step: _Step) -> None:
    step.add(OptionExpiry(id=step.id, on=step.on, at=step.at, quantity=step.units, rate=step.rate))


def _option_end(sign: int) -> Callable[[_Step], None]:
    def build(step: _Step) -> None:
        quantity = sign * step.units
        if step.activity.id not in step.premiums.values():
            step.add(
                Trade(
                    id=step.id, on=step.on, at=step.at, quantity=quantity, gross=0, rate=step.rate
                )
            )
            return
        step.add(OptionEnd(id=step.id, on=step.on, at=step.at, quantity=quantity))
        there = _there(step)
        if there is not None:
            step.out.links.append((step.here, there))

    return build


def _delivery_in(step: _Step) -> None:
    event = DeliveryIn(
        id=step.id,
        on=step.on,
        at=step.at,
        quantity=step.units,
        cost=step.cost(),
        rate=step.rate,
        acquired_on=step.activity.acquired_on,
    )
    step.add(event, priced=True)


def _delivery_out(step: _Step) -> None:
    value = None if step.activity.amount is None else step.money(step.activity.amount)
    _sent(step, value)


def _sent(step: _Step, value: int | None) -> None:
    event = DeliveryOut(
        id=step.id, on=step.on, at=step.at, quantity=step.units, value=value, rate=step.rate
    )
    step.add(event, priced=value is not None)


def _reward(step: _Step) -> None:
    event = Reward(
        id=step.id,
        on=step.on,
        at=step.at,
        quantity=step.units,
        value=step.cost(),
        rate=step.rate,
    )
    step.add(event, priced=True)


def _paid_in_kind(step: _Step) -> None:
    """Handle a cost paid in units; a cost in cash that only names the instrument moves none."""
    if step.activity.amount is None and step.activity.quantity:
        _sent(step, step.terms.worth(step.units, step.activity, step.here))


def _transfer_out(step: _Step) -> None:
    other = step.activity.counter_account_id
    if other is None:
        _delivery_out(step)
        return
    step.add(
        TransferOut(
            id=step.id,
            on=step.on,
            at=step.at,
            quantity=step.units,
            fees=step.money(step.activity.fees),
            rate=step.rate,
        )
    )
    step.arrive((other, step.activity.instrument_id))


def _transfer_in(step: _Step) -> None:
    other = step.activity.counter_account_id
    if other is None:
        _delivery_in(step)
        return
    there = (other, step.activity.instrument_id)
    step.out.events[there].append(
        TransferOut(id=step.id, on=step.on, at=step.at, quantity=step.units, rate=step.rate)
    )
    step.out.events[step.here].append(
        TransferIn(id=f"{step.id}/in", on=step.on, at=step.at, source=step.id)
    )
    step.out.links.append((there, step.here))


def _split(step: _Step) -> None:
    if step.activity.ratio is None:
        return
    numerator, denominator = step.activity.ratio
    cash = None if not step.activity.amount else step.money(step.activity.amount)
    step.add(
        Split(
            id=step.id,
            on=step.on,
            at=step.at,
            numerator=numerator,
            denominator=denominator,
            cash_in_lieu=cash,
        )
    )


def _there(step: _Step) -> PositionKey | None:
    received = step.activity.counter_instrument_id
    return None if received is None else (step.activity.account_id, received)


def _spin_off(step: _Step) -> None:
    there = _there(step)
    if there is None:
        return
    held = step.units or step.terms.held(step.activity, step.here)
    if step.activity.ratio is None or not held:
        step.out.problems[there] = (
            "cost_unknown",
            f"the spin_off of {step.on} does not say which share of the cost moves",
        )
        step.out.events[there].append(
            DeliveryIn(id=step.id, on=step.on, at=step.at, quantity=step.counter_units, cost=0)
        )
        return
    step.add(
        SpinOff(
            id=step.id,
            on=step.on,
            at=step.at,
            cost_share=step.activity.ratio,
            ratio=(step.counter_units, held),
            cash_in_lieu=step.money(step.activity.amount) or None,
        )
    )
    step.arrive(there)


def _merger(step: _Step) -> None:
    there = _there(step)
    stated = step.activity.stock_value
    value = None if stated is None else step.money(stated)
    if value is None and there is not None:
        value = step.terms.worth(step.counter_units, step.activity, there)
    step.add(
        Merger(
            id=step.id,
            on=step.on,
            at=step.at,
            ratio=None if there is None else (step.counter_units, step.units),
            cash=step.money(step.activity.amount),
            stock_value=value,
            rate=step.rate,
        )
    )
    if there is not None:
        step.arrive(there)


def _rename(step: _Step) -> None:
    there = _there(step)
    if there is None:
        return
    if step.counter_units == step.units:
        step.add(Rename(id=step.id, on=step.on, at=step.at))
    else:
        ratio = (step.counter_units, step.units)
        step.add(Merger(id=step.id, on=step.on, at=step.at, ratio=ratio))
    step.arrive(there)


def _return_of_capital(step: _Step) -> None:
    event = ReturnOfCapital(
        id=step.id,
        on=step.on,
        at=step.at,
        amount=step.money(step.activity.amount),
        rate=step.rate,
    )
    step.add(event, priced=True)


_BUILD: dict[str, Callable[[_Step], None]] = {
    ActivityKind.BUY: _trade(1),
    ActivityKind.SELL: _trade(-1),
    ActivityKind.TRANSFER_IN: _transfer_in,
    ActivityKind.TRANSFER_OUT: _transfer_out,
    ActivityKind.STAKING_REWARD: _reward,
    ActivityKind.DELIVERY_IN: _delivery_in,
    ActivityKind.OPENING_BALANCE: _delivery_in,
    ActivityKind.DELIVERY_OUT: _delivery_out,
    ActivityKind.WITHDRAWAL: _paid_in_kind,
    ActivityKind.FEE: _paid_in_kind,
    ActivityKind.TAX: _paid_in_kind,
    ActivityKind.INTEREST_CHARGE: _paid_in_kind,
    ActivityKind.SPLIT: _split,
    ActivityKind.SPIN_OFF: _spin_off,
    ActivityKind.MERGER: _merger,
    ActivityKind.RENAME: _rename,
    ActivityKind.RETURN_OF_CAPITAL: _return_of_capital,
    ActivityKind.OPTION_EXERCISE: _option_end(-1),
    ActivityKind.OPTION_ASSIGNMENT: _option_end(1),
    ActivityKind.OPTION_EXPIRY: _option_expiry,
}
LOT_KINDS = tuple(_BUILD)
