"""Prices and rates of the view on every calendar day, each carried forward from its last day.

A price row starts with the prices at which the book itself traded, until the market's first price:
an instrument without any market price is worth what was last paid. A price that is carried over a
split is divided by it, since the units it speaks of were. Nothing else is invented: before its
first price an instrument has none, and a day knows how old the price it uses is.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from bursar.ledger.operations.legs import ActivityFacts
from bursar.market.models.instruments import InstrumentRow
from bursar.portfolio.calc.arrays import BoolArray, FloatArray, IntArray
from bursar.portfolio.calc.prices import FilledPrices, PriceTable, forward_fill

LOOKBACK_DAYS = 31
# The axis runs on beyond the last known day, so that time passing rebuilds nothing for a while.
AHEAD_DAYS = 31
CASH_ROW = 0
NEVER_TOO_OLD = 100
DIGITS = 15
FOREVER = 2**31


def exact(number: float) -> Decimal:
    """Return the decimal that a stored float64 stands for: 15 digits, as many as it can carry."""
    return Decimal(f"{number:.{DIGITS}g}")


@dataclass(frozen=True, slots=True)
class Axis:
    """The calendar days of the arrays: numbers `first` to `last`, both included."""

    first: int
    last: int

    @property
    def days(self) -> int:
        """How many days there are."""
        return self.last - self.first + 1

    def place(self, day: int) -> int:
        """Return the index of a day; days beyond the end read as the last one."""
        return min(day, self.last) - self.first


@dataclass(frozen=True, slots=True)
class BookPrices:
    """What the book says about one instrument's price: trade prices and splits by day."""

    traded: dict[int, Decimal]
    splits: dict[int, tuple[Decimal, Decimal]]


def book_prices(
    activities: Iterable[ActivityFacts], instruments: Mapping[uuid.UUID, InstrumentRow]
) -> dict[uuid.UUID, BookPrices]:
    """Collect trade prices and splits per instrument; the last trade of a day counts."""
    found: dict[uuid.UUID, BookPrices] = {}
    for activity in activities:
        if activity.instrument_id is None:
            continue
        known = found.setdefault(activity.instrument_id, BookPrices({}, {}))
        if activity.kind in ("buy", "sell"):
            price = activity.unit_price
            if price is None and activity.quantity and activity.amount is not None:
                known_as = instruments.get(activity.instrument_id)
                size = Decimal(1) if known_as is None else known_as.multiplier
                price = activity.amount / (activity.quantity * size)
            if price is not None and price > 0:
                known.traded[activity.day] = price
        elif activity.kind == "split" and activity.ratio_numerator and activity.ratio_denominator:
            known.splits[activity.day] = (activity.ratio_numerator, activity.ratio_denominator)
    return found


@dataclass(frozen=True, slots=True)
class UsedPrice:
    """The price a day uses: `day` it was observed, whether the book's own trade gave it."""

    price: Decimal
    day: int
    from_trade: bool


@dataclass(frozen=True, slots=True)
class Carried:
    """Days `first` to `last` that use the observation of day `seen`, or have none at all."""

    first: int
    last: int
    seen: int | None


def _stretches(observed: BoolArray, axis: Axis, age_days_max: int) -> list[Carried]:
    """Return the stretches of days that are missing, or older than the limit; the last is open."""
    days = np.flatnonzero(observed) + axis.first - LOOKBACK_DAYS
    if len(days) == 0:
        return [Carried(axis.first, FOREVER, None)]
    ends = np.append(days[1:], FOREVER)
    found = [Carried(axis.first, int(days[0]) - 1, None)]
    for place in np.flatnonzero(ends - days > age_days_max + 1).tolist():
        seen = int(days[place])
        found.append(Carried(seen + age_days_max + 1, int(ends[place]) - 1, seen))
    return found


def _within(stretches: Iterable[Carried], span: tuple[int, int]) -> list[Carried]:
    """Cut stretches to the days (start, end]."""
    cut = (Carried(max(c.first, span[0] + 1), min(c.last, span[1]), c.seen) for c in stretches)
    return [each for each in cut if each.first <= each.last]


@dataclass(frozen=True, slots=True)
class Tail:
    """Observed prices of some rows from a place of the axis to its end, NaN where there is none."""

    rows: IntArray
    place: int
    closes: FloatArray


class Quotes:
    """The price table of a workspace, one row per instrument; row 0 is cash at 1."""

    def __init__(
        self,
        axis: Axis,
        instruments: Mapping[uuid.UUID, InstrumentRow],
        closes: tuple[Sequence[uuid.UUID], FloatArray],
        book: Mapping[uuid.UUID, BookPrices],
    ) -> None:
        """`closes`: instruments x days from LOOKBACK_DAYS before the axis on, NaN where none.

        `book` has to name the instruments whose first trade comes before their first close, and
        those that were split.
        """
        ids, raw = closes
        self.axis = axis
        self.instruments = dict(instruments)
        self._book = dict(book)
        self.row_of = {each: row for row, each in enumerate(ids, start=1)}
        self._long = axis.days + LOOKBACK_DAYS
        self._observed: BoolArray = np.ones((len(ids) + 1, self._long), np.bool_)
        self._traded: dict[int, set[int]] = {}
        self._gaps: dict[int, tuple[int, list[Carried]]] = {}
        price = np.ones((len(ids) + 1, axis.days))
        np.isnan(raw, out=self._observed[1:])
        np.logical_not(self._observed[1:], out=self._observed[1:])
        price[1:] = _carried(raw, self._observed[1:])[:, LOOKBACK_DAYS:]
        for instrument_id in self._book:
            row = self.row_of[instrument_id]
            price[row] = self._filled(instrument_id, raw[row - 1])
        self.table = PriceTable(
            FilledPrices(price, np.where(price == 0, np.int8(-1), np.int8(0))),
            age_days_max=NEVER_TOO_OLD,
        )

    def correct(
        self, instrument_id: uuid.UUID, closes: FloatArray, book: BookPrices | None
    ) -> int | None:
        """Replace the prices of one instrument; return the first place that differs, or None."""
        if book is not None:
            self._book[instrument_id] = book
        row = self.row_of[instrument_id]
        before = self.table.row(row).copy()
        price = self._filled(instrument_id, closes)
        different = np.flatnonzero(before != price)
        if len(different) == 0:
            return None
        age = np.where(price == 0, np.int8(-1), np.int8(0))
        self.table.replace(row, FilledPrices(price[None, :], age[None, :]))
        return int(different[0])

    def tail(self, ids: Sequence[uuid.UUID], closes: FloatArray) -> tuple[Tail, list[uuid.UUID]]:
        """Cut the closes of the axis's last days (ids x days) down to what is news.

        Also returns the instruments that `correct` has to take whole: the book's own trades or
        splits shape their prices of these days.
        """
        start = self.axis.days - closes.shape[1]
        whole = [each for each in ids if self._told_by_book(each, self.axis.first + start)]
        if whole:
            kept = [n for n, each in enumerate(ids) if each not in set(whole)]
            ids, closes = [ids[n] for n in kept], closes[kept]
        rows = np.fromiter((self.row_of[each] for each in ids), np.int64, len(ids))
        observed = self._observed[rows, LOOKBACK_DAYS + start :]
        # A price stands in the table as it was observed on its own day, whatever is carried on.
        known = np.where(observed, self.table.columns(rows, start), np.nan)
        news = (closes != known) & ~(np.isnan(closes) & ~observed)
        days = news.any(axis=0)
        first = int(days.argmax()) if days.any() else len(days)
        chosen = news.any(axis=1)
        return Tail(rows[chosen], start + first, closes[chosen, first:]), whole

    def take(self, tail: Tail) -> None:
        """Replace the last prices of many instruments, whose earlier ones stand."""
        if len(tail.rows) == 0:
            return
        self._gaps.clear()
        before = self.table.columns(tail.rows, tail.place - 1)[:, :1]
        raw = np.hstack((np.where(before == 0, np.nan, before), tail.closes))
        price = forward_fill(raw, np.arange(raw.shape[1])).price[:, 1:]
        self._observed[tail.rows, LOOKBACK_DAYS + tail.place :] = ~np.isnan(tail.closes)
        age = np.where(price == 0, np.int8(-1), np.int8(0))
        self.table.replace_from(tail.rows, tail.place, FilledPrices(price, age))

    def _told_by_book(self, instrument_id: uuid.UUID, day: int) -> bool:
        """Tell whether trades are the price of an instrument, or splits divide it from a day on."""
        if self.row_of[instrument_id] in self._traded:
            return True
        known = self._book.get(instrument_id)
        return known is not None and any(split >= day for split in known.splits)

    def used(self, instrument_id: uuid.UUID, day: int) -> UsedPrice | None:
        """Return the price that values an instrument on a day, or None before its first one."""
        row = self.row_of[instrument_id]
        place = self.axis.place(day)
        if place < 0:
            return None
        price = float(self.table.row(row)[place])
        if price == 0:
            return None
        seen = np.flatnonzero(self._observed[row, : place + LOOKBACK_DAYS + 1])
        last = int(seen[-1]) - LOOKBACK_DAYS + self.axis.first
        return UsedPrice(exact(price), last, last in self._traded.get(row, ()))

    def newest_days(self, day: int) -> dict[uuid.UUID, int | None]:
        """Return the day of the newest price at or before a day, per instrument."""
        part = self._observed[:, : max(self.axis.place(day), -1) + LOOKBACK_DAYS + 1]
        if part.shape[1] == 0:
            return dict.fromkeys(self.row_of)
        back = part[:, ::-1].argmax(axis=1)
        known = np.asarray(part.any(axis=1), dtype=np.bool_)
        end = self.axis.first - LOOKBACK_DAYS + part.shape[1] - 1
        return {
            each: end - int(back[row]) if known[row] else None for each, row in self.row_of.items()
        }

    def priced_days(self, rows: IntArray, place: int) -> BoolArray:
        """Return the days from a place of the axis on that have a price of one of the rows."""
        chosen = self._observed[rows, LOOKBACK_DAYS + place :]
        return np.asarray(chosen.any(axis=0), dtype=np.bool_)

    def carried(
        self, instrument_id: uuid.UUID, span: tuple[int, int], *, age_days_max: int
    ) -> list["Carried"]:
        """Return the stretches of (start, end] without a price, or with one that is too old."""
        row = self.row_of[instrument_id]
        known = self._gaps.get(row)
        if known is None or known[0] != age_days_max:
            found = _stretches(self._observed[row], self.axis, age_days_max)
            known = self._gaps[row] = (age_days_max, found)
        return _within(known[1], span)

    def _filled(self, instrument_id: uuid.UUID, closes: FloatArray) -> FloatArray:
        """Carry one instrument's prices forward over the axis; 0 before the first."""
        row = self.row_of[instrument_id]
        raw = closes
        known = self._book.get(instrument_id)
        seen = np.flatnonzero(~np.isnan(raw))
        start = self.axis.first - LOOKBACK_DAYS
        self._traded.pop(row, None)
        self._gaps.pop(row, None)
        if known is not None and known.traded:
            first_market = int(seen[0]) if len(seen) else self._long
            early = {d: p for d, p in known.traded.items() if 0 <= d - start < first_market}
            if early:
                raw = raw.copy()
                for day, traded in early.items():
                    raw[day - start] = float(traded)
                self._traded[row] = set(early)
                seen = np.flatnonzero(~np.isnan(raw))
        self._observed[row] = ~np.isnan(raw)
        if len(seen) == 0:
            return np.zeros(self.axis.days)
        runs = np.diff(np.concatenate((seen, [self._long])))
        price = np.concatenate((np.zeros(int(seen[0])), np.repeat(raw[seen], runs)))
        if known is not None:
            for day, (numerator, denominator) in known.splits.items():
                self._carry_over_split(
                    price, seen, at=day - start, factor=float(denominator / numerator)
                )
        return price[LOOKBACK_DAYS:]

    def _carry_over_split(
        self, price: FloatArray, seen: IntArray, *, at: int, factor: float
    ) -> None:
        """Divide the price that is carried over a split, until the next one is observed."""
        if not 0 <= at < self._long:
            return
        later = seen[seen >= at]
        price[at : int(later[0]) if len(later) else self._long] *= factor


def first_days(ids: Sequence[uuid.UUID], axis: Axis, raw: FloatArray) -> dict[uuid.UUID, int]:
    """Return the day of each instrument's first close; those without any are left out."""
    seen = ~np.isnan(raw)
    first = seen.argmax(axis=1) + axis.first - LOOKBACK_DAYS
    known: BoolArray = np.asarray(seen.any(axis=1), dtype=np.bool_)
    return {each: int(first[n]) for n, each in enumerate(ids) if known[n]}


def _carried(raw: FloatArray, observed: BoolArray) -> FloatArray:
    """Carry every row forward at once; 0 before its first number."""
    # Each row starts a run of its own on its first day, of 0 when nothing is observed there.
    seen = observed.copy()
    seen[:, 0] = True
    level = raw[seen]
    level[np.isnan(level)] = 0.0
    runs = np.diff(np.flatnonzero(seen), append=seen.size)
    return np.repeat(level, runs).reshape(raw.shape)


class Rates:
    """Report currency per unit of each currency on every day of the axis; 0 where unknown."""

    def __init__(self, currencies: tuple[str, ...], axis: Axis, raw: FloatArray) -> None:
        """`raw`: currencies x days from LOOKBACK_DAYS before the axis on, NaN where none."""
        self.currencies = currencies
        self.axis = axis
        self.row_of = {currency: row for row, currency in enumerate(currencies)}
        self._observed = ~np.isnan(raw)
        self.matrix = np.zeros((len(currencies), axis.days))
        for row in range(len(currencies)):
            seen = np.flatnonzero(self._observed[row])
            if len(seen):
                runs = np.diff(np.append(seen, raw.shape[1]))
                filled = np.concatenate((np.zeros(int(seen[0])), np.repeat(raw[row, seen], runs)))
                self.matrix[row] = filled[LOOKBACK_DAYS:]

    def on(self, currency: str, day: int) -> Decimal | None:
        """Return the rate that a day uses, or None when there is none."""
        place = self.axis.place(day)
        number = float(self.matrix[self.row_of[currency], place]) if place >= 0 else 0.0
        return None if number == 0 else exact(number)

    def observed_day(self, currency: str, day: int) -> int | None:
        """Return the day whose rate a day uses, or None."""
        part = self._observed[self.row_of[currency], : self.axis.place(day) + LOOKBACK_DAYS + 1]
        seen = np.flatnonzero(part)
        return int(seen[-1]) - LOOKBACK_DAYS + self.axis.first if len(seen) else None

    def carried(self, currency: str, span: tuple[int, int], *, age_days_max: int) -> list[Carried]:
        """Return the stretches of (start, end] without a rate, or with one that is too old."""
        observed = self._observed[self.row_of[currency]]
        return _within(_stretches(observed, self.axis, age_days_max), span)
