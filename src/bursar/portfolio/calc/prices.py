"""One dense price table per instrument group, shared by every scope that is valued with it.

Rows are instruments, columns are days: a back-dated change touches one contiguous row. New days
arrive as whole columns, which would touch every row, so they wait in a day-major tail and are
folded in together.
"""

from dataclasses import dataclass

import numpy as np

from bursar.portfolio.calc.arrays import BoolArray, FloatArray, IntArray
from bursar.portfolio.calc.errors import BadSeries

TAIL_DAYS = 64
# Room for two years of new days; the system hands out its pages only when they are written.
SPARE_DAYS = 512


@dataclass(frozen=True, slots=True)
class FilledPrices:
    """Prices carried forward: 0 where there is none yet, and the age of each in days.

    `age_days` is -1 where there is no price yet.
    """

    price: FloatArray
    age_days: IntArray


def forward_fill(raw: FloatArray, day: IntArray) -> FilledPrices:
    """Carry the last observation forward along each row of `raw` (instruments x days).

    NaN marks a day without observation. Ages are calendar days since the observation.
    """
    if raw.ndim != 2 or raw.shape[1] != len(day):  # noqa: PLR2004 - instruments x days
        msg = "prices need one row per instrument and one column per day"
        raise BadSeries(msg, field="raw")
    observed = ~np.isnan(raw)
    column = np.where(observed, np.arange(raw.shape[1]), -1)
    last = np.maximum.accumulate(column, axis=1)
    known = last >= 0
    source = np.maximum(last, 0)
    price = np.where(known, np.take_along_axis(raw, source, axis=1), 0.0)
    if not bool(np.isfinite(price).all()):
        msg = "prices must be finite or missing (NaN)"
        raise BadSeries(msg, field="raw")
    age = np.where(known, day[None, :] - day[source], -1)
    return FilledPrices(price, age)


class PriceTable:
    """Filled prices of a group of instruments by day, in each instrument's currency.

    `unusable` marks prices that are missing or older than the limit; a position held then makes
    the day incomplete. Grows a day at a time with `append`.
    """

    def __init__(self, filled: FilledPrices, *, age_days_max: int) -> None:
        self._age_days_max = age_days_max
        rows, days = filled.price.shape
        self._folded = int(days)
        self._grid: FloatArray = np.zeros((rows, days + SPARE_DAYS))
        self._grid[:, :days] = filled.price
        self._unusable: BoolArray = np.zeros((rows, days + SPARE_DAYS), np.bool_)
        self._unusable[:, :days] = self._judge(filled.age_days)
        self._has_gap: BoolArray = np.asarray(self._unusable.any(axis=1), dtype=np.bool_)
        self._any_gap = bool(self._has_gap.any())
        self._tail: FloatArray = np.zeros((TAIL_DAYS, rows))
        self._tail_unusable: BoolArray = np.zeros((TAIL_DAYS, rows), np.bool_)
        self._waiting = 0

    @property
    def days(self) -> int:
        """Number of days held."""
        return self._folded + self._waiting

    @property
    def instruments(self) -> int:
        """Number of instruments held."""
        return len(self._grid)

    def append(self, price: FloatArray, age_days: IntArray) -> None:
        """Add one day: a filled price and its age for every instrument."""
        if len(price) != self.instruments or len(age_days) != self.instruments:
            msg = "a new day needs one price and one age per instrument"
            raise BadSeries(msg, field="price")
        if self._waiting == TAIL_DAYS:
            self._fold()
        self._tail[self._waiting] = price
        unusable = self._judge(age_days)
        if unusable.any():
            self._has_gap |= unusable
            self._any_gap = True
            self._tail_unusable[self._waiting] = unusable
        self._waiting += 1

    def on_day(self, index: int) -> FloatArray:
        """Return the prices of all instruments on one day."""
        part = self._tail[index - self._folded] if index >= self._folded else self._grid[:, index]
        return np.asarray(part, dtype=np.float64)

    def unusable_on_day(self, index: int) -> BoolArray | None:
        """Return which instruments lack a usable price on one day, or None when no day ever does."""
        if not self._any_gap:
            return None
        if index >= self._folded:
            return np.asarray(self._tail_unusable[index - self._folded], dtype=np.bool_)
        return np.asarray(self._unusable[:, index], dtype=np.bool_)

    def row(self, instrument: int) -> FloatArray:
        """Return the prices of one instrument on all days."""
        self._fold()
        return self._grid[instrument, : self._folded]

    def unusable_row(self, instrument: int) -> BoolArray | None:
        """Return the days without usable price, or None when every day has one."""
        if not self._has_gap[instrument]:
            return None
        self._fold()
        return self._unusable[instrument, : self._folded]

    def replace(self, instrument: int, filled: FilledPrices) -> None:
        """Correct the prices of one instrument; scopes then refresh their positions in it."""
        self._fold()
        if filled.price.shape != (1, self._folded):
            msg = f"a correction needs one row of {self._folded} days"
            raise BadSeries(msg, field="price")
        self._grid[instrument, : self._folded] = filled.price[0]
        unusable = self._judge(filled.age_days[0])
        self._unusable[instrument, : self._folded] = unusable
        self._has_gap[instrument] = bool(unusable.any())
        self._any_gap = bool(self._has_gap.any())

    def unusable_from(self, first: int) -> BoolArray | None:
        """Return which instruments lack a usable price on the days from one on, or None."""
        self._fold()
        part = self._unusable[:, first : self._folded]
        return np.asarray(part, dtype=np.bool_) if self._any_gap and part.any() else None

    def columns(self, instruments: IntArray, first: int) -> FloatArray:
        """Return a copy of the prices of some instruments from a day to the last."""
        self._fold()
        return np.asarray(self._grid[instruments, first : self._folded], dtype=np.float64)

    def replace_from(self, instruments: IntArray, first: int, filled: FilledPrices) -> None:
        """Correct the prices of some instruments from a day to the last; see `replace`."""
        self._fold()
        if filled.price.shape != (len(instruments), self._folded - first):
            msg = f"a correction needs {len(instruments)} rows of {self._folded - first} days"
            raise BadSeries(msg, field="price")
        self._grid[instruments, first : self._folded] = filled.price
        unusable = self._judge(filled.age_days)
        if not self._any_gap and not unusable.any():
            return
        self._unusable[instruments, first : self._folded] = unusable
        self._has_gap[instruments] = self._unusable[instruments, : self._folded].any(axis=1)
        self._any_gap = bool(self._has_gap.any())

    def _judge(self, age_days: IntArray) -> BoolArray:
        return np.asarray((age_days < 0) | (age_days > self._age_days_max), dtype=np.bool_)

    def _fold(self) -> None:
        if self._waiting == 0:
            return
        end = self._folded + self._waiting
        if end > self._grid.shape[1]:
            # Grow by a quarter, so that folding stays cheap per day.
            more = np.zeros((self.instruments, max(SPARE_DAYS, end // 4)))
            self._grid = np.hstack((self._grid, more))
            self._unusable = np.hstack((self._unusable, more.astype(np.bool_)))
        self._grid[:, self._folded : end] = self._tail[: self._waiting].T
        self._unusable[:, self._folded : end] = self._tail_unusable[: self._waiting].T
        self._tail_unusable[:] = False
        self._folded, self._waiting = end, 0
