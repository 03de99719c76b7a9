"""Which trade of the underlying an exercised or assigned option ended in.

The book holds both as activities of their own, as brokers print them. They belong together when the
account, the day, the underlying and the number of units agree; each trade takes one premium.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

ENDS = frozenset({"option_exercise", "option_assignment"})
TRADES = frozenset({"buy", "sell"})


class Activity(Protocol):
    """What an activity is known by here."""

    @property
    def id(self) -> uuid.UUID:
        """Its id."""

    @property
    def kind(self) -> str:
        """Its kind."""

    @property
    def effective_at(self) -> dt.datetime:
        """When it counts."""

    @property
    def account_id(self) -> uuid.UUID:
        """Its account."""

    @property
    def instrument_id(self) -> uuid.UUID | None:
        """The option, or what was traded."""

    @property
    def quantity(self) -> Decimal | None:
        """Units of it."""

    @property
    def counter_instrument_id(self) -> uuid.UUID | None:
        """The underlying."""

    @property
    def counter_quantity(self) -> Decimal | None:
        """Units of the underlying that the contracts stand for."""


def premiums(activities: Iterable[Activity]) -> dict[uuid.UUID, uuid.UUID]:
    """Return the option's activity for each trade that takes a premium."""
    listed = list(activities)
    ends = [each for each in listed if each.kind in ENDS and each.counter_instrument_id]
    if not ends:
        return {}
    underlyings = {end.counter_instrument_id for end in ends}
    trades: dict[tuple[object, ...], list[Activity]] = defaultdict(list)
    for each in listed:
        if each.kind in TRADES and each.instrument_id in underlyings:
            trades[_key(each, each.instrument_id, each.quantity)].append(each)
    for waiting in trades.values():
        waiting.sort(key=lambda each: (each.effective_at, each.id), reverse=True)
    found: dict[uuid.UUID, uuid.UUID] = {}
    for end in sorted(ends, key=lambda each: (each.effective_at, each.id)):
        fitting = trades.get(_key(end, end.counter_instrument_id, end.counter_quantity))
        if fitting:
            found[fitting.pop().id] = end.id
    return found


def _key(
    activity: Activity, instrument_id: uuid.UUID | None, quantity: Decimal | None
) -> tuple[object, ...]:
    day = activity.effective_at.astimezone(dt.UTC).date()
    return activity.account_id, day, instrument_id, quantity
