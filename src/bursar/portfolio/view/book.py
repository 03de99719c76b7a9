"""The book as positions and moves: what each own balance gained or lost, from whom, and why.

A move is one side of a posted leg that lies in an own account. Quantities are exact integers of
the commodity's smallest unit; the same numbers as float64 feed the arrays. A reversed activity and
its reversal are left out together, since they cancel at the same moment.
"""

import uuid
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bursar.ledger.operations.legs import (
    NO_ID,
    AccountFacts,
    Activities,
    ActivityFacts,
    BalanceFacts,
    BookReading,
    Legs,
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
UNITS_MAX = 2**62
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

    def behind(self, first: int) -> "Moves":
        """Return the moves from a place on."""
        return Moves(*(column[first:] for column in _columns(self)))


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
        self.positions: list[HeldPosition] = []
        self.activities: Activities = reading.activities
        self.units: list[int] = []
        self.spin_offs: set[int] = set()
        self._number_of: dict[bytes, int] = {}
        self._reversed: set[int] = set()
        self._side_of_balance: dict[int, int] = {}
        self._index_of_holding: dict[bytes, int] = {}
        self._of_instrument: dict[bytes, list[int]] = defaultdict(list)
        self._indexed = 0
        none = np.empty(0, np.int64)
        self.moves = Moves(none, none, none, np.empty(0), none, none, none)
        self._add_accounts(reading)
        self._register(0)
        self._append(0, reading.legs)
        self._running = self._run_all()

    def add(self, reading: BookReading) -> "Growth":
        """Take in what is new; what is known already is skipped. Return what it touches."""
        self._add_accounts(reading)
        first = len(self.activities)
        keys = reading.activities.ids["id"]
        self.activities.extend(
            reading.activities, [n for n, key in enumerate(keys) if key not in self._number_of]
        )
        gone = self._register(first)
        touched = {*gone, *range(first, len(self.activities))}
        positions = self._drop({each for each in gone if each < first})
        place = len(self.units)
        positions |= self._append(first, reading.legs)
        for each in range(place, len(self.units)):
            self._shift(int(self.moves.position[each]), int(self.moves.day[each]), self.units[each])
        return Growth(positions, {self.activities.days[each] for each in touched}, bool(gone))

    def cannot_take(self, reading: BookReading) -> bool:
        """Tell whether a reading has to be a new book: it adds a position, or to an old activity."""
        known = {each.id: each.account_class for each in reading.accounts}
        for balance in reading.balances:
            if balance.id not in self.balances:
                account = self.accounts.get(balance.account_id)
                own = known.get(balance.account_id) or (account and account.account_class)
                if own in OWN_CLASSES:
                    return True
        return not set(reading.activities.ids["id"]).issuperset(reading.legs.activity)

    def _add_accounts(self, reading: BookReading) -> None:
        """Take in accounts and balances; each balance of an own account is a position."""
        for account in reading.accounts:
            self.accounts[account.id] = account
        for balance in reading.balances:
            if balance.id in self.balances:
                continue
            self.balances[balance.id] = balance
            account = self.accounts[balance.account_id]
            if account.account_class not in OWN_CLASSES:
                side = _SIDE_OF_CLASS.get(account.account_class, OTHER)
                self._side_of_balance[balance.id] = _SIDE_OF_KIND.get(account.kind, side)
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
            self._side_of_balance[balance.id] = index
            if balance.instrument_id is not None:
                holding = balance.account_id.bytes + balance.instrument_id.bytes
                self._index_of_holding[holding] = index

    def holding(self, account_id: uuid.UUID, instrument_id: uuid.UUID | None) -> int:
        """Return the position of an instrument in an account, or NOWHERE."""
        if instrument_id is None:
            return NOWHERE
        return self._index_of_holding.get(account_id.bytes + instrument_id.bytes, NOWHERE)

    def units_held(self, position: int, day: int) -> int:
        """Return the exact units held at the end of a day, in smallest units."""
        running = self._running.get(position)
        if running is None:
            return 0
        place = bisect_right(running.days, day)
        return running.held[place - 1] if place else 0

    def held_spans(self, position: int, end: int) -> list[tuple[int, int]]:
        """Return the first and last day of each stretch up to `end` that closes with units held."""
        running = self._running.get(position, _Running())
        until = [*running.days[1:], end + 1]
        return [
            (day, min(last - 1, end))
            for day, last, units in zip(running.days, until, running.held, strict=True)
            if units and day <= end
        ]

    def quantity_held(self, position: int, day: int) -> Decimal:
        """Return the exact quantity held at the end of a day."""
        return Decimal(self.units_held(position, day)).scaleb(-self.positions[position].exponent)

    def of_activity(self, number: int) -> ActivityFacts:
        """Return the activity that `moves.activity` numbers."""
        return self.activities.facts(number)

    def day_of(self, activity_id: uuid.UUID) -> int:
        """Return the day of an activity."""
        return self.activities.days[self._number_of[activity_id.bytes]]

    def counted_kinds(self, kinds: Collection[str]) -> list[ActivityFacts]:
        """Return the activities of some kinds that count."""
        return [
            self.activities.facts(number)
            for number, kind in enumerate(self.activities.kinds)
            if kind in kinds and number not in self._reversed
        ]

    def counted(self) -> list[ActivityFacts]:
        """Return the activities that count: neither reversed nor a reversal."""
        return [
            self.activities.facts(n) for n in range(len(self.activities)) if n not in self._reversed
        ]

    def counted_of(self, instrument_ids: Iterable[uuid.UUID]) -> list[ActivityFacts]:
        """Return the activities that count and name one of the instruments."""
        ids = self.activities.ids
        for number in range(self._indexed, len(self.activities)):
            for name in ("instrument_id", "counter_instrument_id"):
                key = ids[name][number]
                if key != NO_ID:
                    self._of_instrument[key].append(number)
        self._indexed = len(self.activities)
        numbers = dict.fromkeys(
            n for each in instrument_ids for n in self._of_instrument.get(each.bytes, ())
        )
        return [self.activities.facts(n) for n in numbers if n not in self._reversed]

    def telling_prices(self, first_days: Mapping[uuid.UUID, int]) -> list[ActivityFacts]:
        """Return what counts and tells a price: splits, and trades before the market's first day.

        `first_days` is the day of the first close of each instrument that has one.
        """
        first = {each.bytes: day for each, day in first_days.items()}
        a, ids = self.activities, self.activities.ids["instrument_id"]
        return [
            a.facts(n)
            for n, kind in enumerate(a.kinds)
            if (
                kind == "split"
                or (kind in ("buy", "sell") and a.days[n] < first.get(ids[n], a.days[n] + 1))
            )
            and n not in self._reversed
        ]

    def _register(self, first: int) -> set[int]:
        """Number the activities from one on; return those whose reversal is among them."""
        ids = self.activities.ids
        new = range(first, len(self.activities))
        self._number_of.update(zip(ids["id"][first:], new, strict=True))
        gone: set[int] = set()
        for number in new:
            undone = ids["reverses_id"][number]
            if undone != NO_ID:
                gone.add(self._number_of[undone])
                self._reversed |= {number, self._number_of[undone]}
        self.spin_offs |= {n for n in new if self.activities.kinds[n] == "spin_off"}
        return gone

    def _append(self, first: int, legs: Legs) -> set[int]:
        """Lay the legs of the activities from one on out as columns behind the ones before.

        Returns the positions they touch, those of reversed activities among them.
        """
        number_of = self._number_of
        number = np.array([number_of[key] for key in legs.activity], dtype=np.int64)
        order = np.argsort(number, kind="stable")
        order = order[number[order] >= first]
        side = self._sides(legs)[:, order]
        activity = np.repeat(number[order], 2)
        own, other = side.T.ravel(), side[::-1].T.ravel()
        units = _units(legs.amount)[order]
        units = np.stack([-units, units], axis=1).ravel()
        mine = own >= 0
        touched = set(np.unique(own[mine]).tolist())
        if self._reversed:
            mine &= ~np.isin(activity, list(self._reversed))
        activity, own, other, units = activity[mine], own[mine], other[mine], units[mine]
        day = np.array(self.activities.days[first:], dtype=np.int64)[activity - first]
        subject = self._subjects(first)[activity - first]
        partner = self._partners(activity, own=own, other=other, subject=subject)
        self.units += units.tolist()
        fresh = (activity, day, own, units.astype(np.float64), other, subject, partner)
        self.moves = Moves(
            *(np.concatenate(pair) for pair in zip(_columns(self.moves), fresh, strict=True))
        )
        return touched

    def _sides(self, legs: Legs) -> IntArray:
        """Return the position, or code of a system account, that each leg's two balances are."""
        side = self._side_of_balance
        return np.array(
            [[side[each] for each in column.tolist()] for column in (legs.debit, legs.credit)],
            dtype=np.int64,
        )

    def _subjects(self, first: int) -> IntArray:
        """Return the position that each activity from one on is about."""
        ids = self.activities.ids
        pairs = zip(ids["account_id"][first:], ids["instrument_id"][first:], strict=True)
        holding = self._index_of_holding
        found = [holding.get(account + instrument, NOWHERE) for account, instrument in pairs]
        return np.array(found, dtype=np.int64)

    def _partners(
        self, activity: IntArray, *, own: IntArray, other: IntArray, subject: IntArray
    ) -> IntArray:
        """Return, for exchanges, which own position stands across the conversion account."""
        partner = np.full(len(own), NOWHERE)
        kinds = self.activities.kinds
        exchanges = [n for n in np.unique(activity).tolist() if kinds[n] in EXCHANGES]
        for number in exchanges:
            places = np.flatnonzero(activity == number)
            across = {int(own[p]) for p in places.tolist() if other[p] == CONVERSION}
            about = int(subject[places[0]])
            if kinds[number] == "spin_off" and about != NOWHERE:
                across.add(about)
            holdings = sorted(p for p in across if not self.positions[p].is_cash)
            cash = sorted(p for p in across if self.positions[p].is_cash)
            pair = holdings if len(holdings) > 1 else (cash if len(cash) > 1 else [])
            if len(pair) == 2:  # noqa: PLR2004 - a pair
                partner[places[own[places] == pair[0]]] = pair[1]
                partner[places[own[places] == pair[1]]] = pair[0]
        return partner

    def _drop(self, numbers: set[int]) -> set[int]:
        """Take the moves of activities that were reversed out of the columns; return whose."""
        if not numbers:
            return set()
        keep = ~np.isin(self.moves.activity, list(numbers))
        dropped = np.flatnonzero(~keep)
        for place in dropped.tolist():
            day = int(self.moves.day[place])
            self._shift(int(self.moves.position[place]), day, -self.units[place])
        touched = set(self.moves.position[dropped].tolist())
        self.units = [u for u, kept in zip(self.units, keep.tolist(), strict=True) if kept]
        self.moves = Moves(*(column[keep] for column in _columns(self.moves)))
        return touched

    def _run_all(self) -> dict[int, _Running]:
        """Sum the exact units of every position day by day."""
        m = self.moves
        order = np.lexsort((m.day, m.position))
        position, day = m.position[order], m.day[order]
        held = np.cumsum(_units(self.units, summed=True)[order])
        last = np.flatnonzero((np.diff(position, append=-1) != 0) | (np.diff(day, append=-1) != 0))
        position, day, held = position[last], day[last], held[last]
        edges = np.flatnonzero(np.diff(position, prepend=-1))
        # One sum runs through all positions: each takes off what the ones before came to.
        before = [0, *held[edges[1:] - 1].tolist()]
        ends = [*edges[1:].tolist(), len(position)]
        return {
            int(position[start]): _Running(
                day[start:end].tolist(), (held[start:end] - taken).tolist()
            )
            for start, end, taken in zip(edges.tolist(), ends, before, strict=False)
        }

    def _shift(self, position: int, day: int, units: int) -> None:
        """Add units to what a position holds from a day on."""
        running = self._running.setdefault(position, _Running())
        place = bisect_left(running.days, day)
        if place == len(running.days) or running.days[place] != day:
            running.days.insert(place, day)
            running.held.insert(place, running.held[place - 1] if place else 0)
        running.held[place:] = [held + units for held in running.held[place:]]


@dataclass(frozen=True, slots=True)
class Growth:
    """What a reading changed: positions moved, days touched, whether moves were taken back."""

    positions: set[int]
    days: set[int]
    taken_back: bool


def _columns(moves: Moves) -> tuple[NDArray[Any], ...]:
    return tuple(getattr(moves, each.name) for each in fields(moves))


def _units(amounts: list[int], *, summed: bool = False) -> NDArray[Any]:
    """Return exact integers: 64 bits when they (and with `summed` all their sums) fit, else objects."""
    most = sum(map(abs, amounts)) if summed else max(map(abs, amounts), default=0)
    return np.array(amounts, dtype=np.int64 if most < UNITS_MAX else object)
