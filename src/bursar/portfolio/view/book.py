"""The book as positions and moves: what each own balance gained or lost, from whom, and why.

A move is one side of a posted leg that lies in an own account. Quantities are exact integers of
the commodity's smallest unit; the same numbers as float64 feed the arrays. A reversed activity and
its reversal are left out together, since they cancel at the same moment.
"""

import uuid
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate

import numpy as np

from bursar.ledger.operations.legs import (
    AccountFacts,
    ActivityFacts,
    BalanceFacts,
    BookReading,
    LegFacts,
)
from bursar.portfolio.calc.arrays import FloatArray, IntArray

OWN_CLASSES = ("asset", "liability")
# What stands on the other side of a move, when it is no own position.
WORLD, CONVERSION, INCOME, FEES, TAXES, INTEREST_COST, OTHER = range(-1, -8, -1)
NOWHERE = -9
_SIDE_OF_KIND = {
    "fee_cost": FEES,
    "tax_cost": TAXES,
    "interest_cost": INTEREST_COST,
}
_SIDE_OF_CLASS = {
    "world": WORLD,
    "conversion": CONVERSION,
    "income": INCOME,
    "cost": FEES,
    "rounding": OTHER,
}
# Kinds in which two own positions meet across the conversion account.
EXCHANGES = frozenset({"fx_conversion", "spin_off", "merger", "rename", "transfer_out"})


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """One commodity in one own account; `index` is its place in every array of the view."""

    index: int
    account_id: uuid.UUID
    balance_id: int
    code: str
    exponent: int
    kind: str
    instrument_id: uuid.UUID | None

    @property
    def is_cash(self) -> bool:
        """Whether it is a currency rather than an instrument."""
        return self.instrument_id is None


@dataclass(frozen=True, slots=True)
class Moves:
    """All moves as columns. `other` is a position index or one of the negative side codes.

    `activity` indexes the book's activities; `subject` is the position the activity is about (-9:
    none), `partner` the own position it was exchanged with (-9: none).
    """

    activity: IntArray
    day: IntArray
    position: IntArray
    units: FloatArray
    other: IntArray
    subject: IntArray
    partner: IntArray


@dataclass(slots=True)
class _Running:
    """Rising days and the exact units held at the end of each."""

    days: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)


class Book:
    """The ledger's facts of one workspace in memory; grows by readings of what is new."""

    def __init__(self, reading: BookReading) -> None:
        self.accounts: dict[uuid.UUID, AccountFacts] = {}
        self.balances: dict[int, BalanceFacts] = {}
        self.activities: dict[uuid.UUID, ActivityFacts] = {}
        self.legs: dict[uuid.UUID, list[LegFacts]] = defaultdict(list)
        self.positions: list[HeldPosition] = []
        self._index_of_balance: dict[int, int] = {}
        self._index_of_holding: dict[tuple[uuid.UUID, uuid.UUID], int] = {}
        self._running: dict[int, _Running] = {}
        self._reversed: set[uuid.UUID] = set()
        self._ordered: list[ActivityFacts] = []
        self.spin_offs: set[int] = set()
        self.of_instrument: dict[uuid.UUID, list[ActivityFacts]] = defaultdict(list)
        self.units: list[int] = []
        none = np.empty(0, np.int64)
        self.moves = Moves(none, none, none, np.empty(0), none, none, none)
        self.add(reading)

    def add(self, reading: BookReading) -> "Growth":
        """Take in what is new; what is known already is skipped. Return what it touches."""
        for account in reading.accounts:
            self.accounts[account.id] = account
        grown = self._add_balances(reading)
        if not self.activities:
            return self._first(reading, grown=grown)
        new = [a for a in reading.activities if a.id not in self.activities]
        fresh = {a.id for a in new}
        for activity in new:
            self.activities[activity.id] = activity
        for leg in reading.legs:
            if leg.activity_id in fresh:
                self.legs[leg.activity_id].append(leg)
        touched = set(fresh)
        for activity in new:
            if activity.reverses_id is not None:
                self._reversed |= {activity.id, activity.reverses_id}
                touched.add(activity.reverses_id)
        positions = {
            self._index_of_balance[side]
            for activity_id in touched
            for leg in self.legs[activity_id]
            for side in (leg.debit, leg.credit)
            if side in self._index_of_balance
        }
        gone = [a.reverses_id for a in new if a.reverses_id is not None]
        self._drop({each for each in gone if each not in fresh})
        first = len(self.units)
        self._append([a for a in new if a.id not in self._reversed])
        m = self.moves
        for place in range(first, len(self.units)):
            self._shift(int(m.position[place]), int(m.day[place]), self.units[place])
        return Growth(grown, positions, {self.activities[a].day for a in touched})

    def _first(self, reading: BookReading, *, grown: bool) -> "Growth":
        """Take in a whole book; its activities come in order of time."""
        self.activities = {a.id: a for a in reading.activities}
        for leg in reading.legs:
            self.legs[leg.activity_id].append(leg)
        for activity in reading.activities:
            if activity.reverses_id is not None:
                self._reversed |= {activity.id, activity.reverses_id}
        gone = self._reversed
        self._append([a for a in reading.activities if not gone or a.id not in gone])
        self._run_all()
        days = {a.day for a in reading.activities}
        return Growth(grown, set(range(len(self.positions))), days)

    def adds_positions(self, reading: BookReading) -> bool:
        """Tell whether a reading holds an own balance that is not known yet."""
        classes = {each.id: each.account_class for each in reading.accounts}
        for balance in reading.balances:
            if balance.id not in self.balances:
                known = self.accounts.get(balance.account_id)
                own = classes.get(balance.account_id) or (known and known.account_class)
                if own in OWN_CLASSES:
                    return True
        return False

    def _add_balances(self, reading: BookReading) -> bool:
        grown = False
        for balance in reading.balances:
            if balance.id in self.balances:
                continue
            self.balances[balance.id] = balance
            if self.accounts[balance.account_id].account_class not in OWN_CLASSES:
                continue
            index = len(self.positions)
            self.positions.append(
                HeldPosition(
                    index=index,
                    account_id=balance.account_id,
                    balance_id=balance.id,
                    code=balance.code,
                    exponent=balance.exponent,
                    kind=balance.kind,
                    instrument_id=balance.instrument_id,
                )
            )
            self._index_of_balance[balance.id] = index
            if balance.instrument_id is not None:
                self._index_of_holding[balance.account_id, balance.instrument_id] = index
            grown = True
        return grown

    def holding(self, account_id: uuid.UUID, instrument_id: uuid.UUID | None) -> int:
        """Return the position of an instrument in an account, or NOWHERE."""
        if instrument_id is None:
            return NOWHERE
        return self._index_of_holding.get((account_id, instrument_id), NOWHERE)

    def side(self, balance_id: int) -> int:
        """Return the position of a balance, or the code of a system account."""
        own = self._index_of_balance.get(balance_id)
        if own is not None:
            return own
        account = self.accounts[self.balances[balance_id].account_id]
        return _SIDE_OF_KIND.get(account.kind, _SIDE_OF_CLASS.get(account.account_class, OTHER))

    def units_held(self, position: int, day: int) -> int:
        """Return the exact units held at the end of a day, in smallest units."""
        running = self._running.get(position)
        if running is None:
            return 0
        place = bisect_right(running.days, day)
        return running.held[place - 1] if place else 0

    def quantity_held(self, position: int, day: int) -> Decimal:
        """Return the exact quantity held at the end of a day."""
        return Decimal(self.units_held(position, day)).scaleb(-self.positions[position].exponent)

    def of_activity(self, number: int) -> ActivityFacts:
        """Return the activity that `moves.activity` numbers."""
        return self._ordered[number]

    def counted(self) -> list[ActivityFacts]:
        """Return the activities that count: neither reversed nor a reversal."""
        if not self._reversed:
            return self._ordered
        return [a for a in self._ordered if a.id not in self._reversed]

    def counted_of(self, instrument_ids: Iterable[uuid.UUID]) -> list[ActivityFacts]:
        """Return the activities that count and name one of the instruments."""
        found = {
            a.id: a
            for each in instrument_ids
            for a in self.of_instrument.get(each, ())
            if a.id not in self._reversed
        }
        return list(found.values())

    def _append(self, activities: list[ActivityFacts]) -> None:
        """Lay new activities out as columns behind the ones before."""
        side = {balance_id: self.side(balance_id) for balance_id in self.balances}
        columns: list[tuple[int, int, int, int, int, int]] = []
        units: list[int] = []
        for activity in activities:
            number = len(self._ordered)
            self._ordered.append(activity)
            if activity.instrument_id is not None:
                self.of_instrument[activity.instrument_id].append(activity)
            if activity.counter_instrument_id is not None:
                self.of_instrument[activity.counter_instrument_id].append(activity)
            if activity.kind == "spin_off":
                self.spin_offs.add(number)
            legs = self.legs.get(activity.id, [])
            subject = self.holding(activity.account_id, activity.instrument_id)
            partners = self._partners(activity, legs, side)
            for leg in legs:
                debit, credit = side[leg.debit], side[leg.credit]
                for own, other, change in (
                    (debit, credit, -leg.amount),
                    (credit, debit, leg.amount),
                ):
                    if own >= 0:
                        partner = partners.get(own, NOWHERE)
                        columns.append((number, activity.day, own, other, subject, partner))
                        units.append(change)
        self.units += units
        numbers = np.array(columns, dtype=np.int64).reshape(-1, 6)
        fresh = (*numbers.T[:3], np.array(units, dtype=np.float64), *numbers.T[3:])
        old = self.moves
        before = (
            old.activity,
            old.day,
            old.position,
            old.units,
            old.other,
            old.subject,
            old.partner,
        )
        self.moves = Moves(*(np.concatenate(pair) for pair in zip(before, fresh, strict=True)))

    def _drop(self, activity_ids: set[uuid.UUID]) -> None:
        """Take the moves of activities that were reversed out of the columns."""
        if not activity_ids:
            return
        gone = [n for n, a in enumerate(self._ordered) if a.id in activity_ids]
        keep = ~np.isin(self.moves.activity, gone)
        for place in np.flatnonzero(~keep).tolist():
            day = int(self.moves.day[place])
            self._shift(int(self.moves.position[place]), day, -self.units[place])
        self.units = [u for u, kept in zip(self.units, keep.tolist(), strict=True) if kept]
        m = self.moves
        self.moves = Moves(
            m.activity[keep],
            m.day[keep],
            m.position[keep],
            m.units[keep],
            m.other[keep],
            m.subject[keep],
            m.partner[keep],
        )

    def _run_all(self) -> None:
        """Sum the exact units of every position day by day."""
        by_position: dict[int, dict[int, int]] = defaultdict(dict)
        m = self.moves
        order = np.argsort(m.day, kind="stable").tolist()
        own, days, units = m.position.tolist(), m.day.tolist(), self.units
        for place in order:
            by_day, day = by_position[own[place]], days[place]
            by_day[day] = by_day.get(day, 0) + units[place]
        self._running = {
            position: _Running(list(by_day), list(accumulate(by_day.values())))
            for position, by_day in by_position.items()
        }

    def _shift(self, position: int, day: int, units: int) -> None:
        """Add units to what a position holds from a day on."""
        running = self._running.setdefault(position, _Running())
        place = bisect_left(running.days, day)
        if place == len(running.days) or running.days[place] != day:
            running.days.insert(place, day)
            running.held.insert(place, running.held[place - 1] if place else 0)
        running.held[place:] = [held + units for held in running.held[place:]]

    def _partners(
        self, activity: ActivityFacts, legs: list[LegFacts], side: dict[int, int]
    ) -> dict[int, int]:
        """Return, for exchanges, which own position stands across the conversion account."""
        if activity.kind not in EXCHANGES:
            return {}
        across = {
            own
            for leg in legs
            for own, other in (
                (side[leg.debit], side[leg.credit]),
                (side[leg.credit], side[leg.debit]),
            )
            if own >= 0 and other == CONVERSION
        }
        subject = self.holding(activity.account_id, activity.instrument_id)
        if activity.kind == "spin_off" and subject != NOWHERE:
            across.add(subject)
        holdings = sorted(p for p in across if not self.positions[p].is_cash)
        cash = sorted(p for p in across if self.positions[p].is_cash)
        pair = holdings if len(holdings) > 1 else (cash if len(cash) > 1 else [])
        return {pair[0]: pair[1], pair[1]: pair[0]} if len(pair) == 2 else {}  # noqa: PLR2004 - a pair


@dataclass(frozen=True, slots=True)
class Growth:
    """What a reading changed: whether positions were added, positions moved, days touched."""

    positions_added: bool
    positions: set[int]
    days: set[int]
