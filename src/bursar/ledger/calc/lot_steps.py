"""What lots need of an activity, in which terms its money counts, and one step from one to events.

A position is (account, instrument). `lot_events` says which events each kind of activity becomes.
"""

import datetime as dt
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from bursar.core.money import round_to_units
from bursar.ledger.calc.currencies import currency
from bursar.ledger.calc.lots.events import Event, TransferIn
from bursar.ledger.calc.lots.position import Ratio

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
class Step:
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
        """Return the position the activity names."""
        return (self.activity.account_id, self.activity.instrument_id)

    @property
    def units(self) -> int:
        """Return its quantity in smallest units."""
        return round_to_units(self.activity.quantity or Decimal(0), self.activity.exponent)

    @property
    def counter_units(self) -> int:
        """Return the quantity received, in smallest units of what was received."""
        quantity = self.activity.counter_quantity or self.activity.quantity or Decimal(0)
        return round_to_units(quantity, self.activity.counter_exponent)

    def money(self, amount: Decimal | None) -> int:
        """Return an amount of it in smallest units of the position's cost currency."""
        return self.terms.money(amount, self.activity, self.here)

    @property
    def rate(self) -> Ratio | None:
        """Return report-currency units per cost unit, if known."""
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
        """Add an event to the position; a priced one tells its cost currency."""
        self.out.events[self.here].append(event)
        if priced and self.activity.currency is not None:
            self.out.currencies[self.here].add(self.activity.currency)

    def arrive(self, there: PositionKey) -> None:
        """Let the lots that leave here arrive in another position."""
        self.out.events[there].append(
            TransferIn(id=f"{self.id}/in", on=self.on, at=self.at, source=self.id)
        )
        self.out.links.append((self.here, there))
