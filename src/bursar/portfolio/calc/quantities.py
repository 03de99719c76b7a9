"""Quantities as steps: the level of a position changes on few days, so only those are stored."""

from dataclasses import dataclass

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray, IntArray
from bursar.portfolio.calc.errors import BadSeries


@dataclass(frozen=True, slots=True)
class Changes:
    """Quantity changes: position, day index, signed quantity; any order."""

    position: IntArray
    day: IntArray
    quantity: FloatArray

    def __post_init__(self) -> None:
        if len({len(self.position), len(self.day), len(self.quantity)}) != 1:
            msg = "position, day and quantity need one length"
            raise BadSeries(msg)


def no_changes() -> Changes:
    """Return an empty list of changes."""
    none = np.empty(0, np.int64)
    return Changes(none, none, np.empty(0))


@dataclass(frozen=True, slots=True)
class _Steps:
    """Days on which a level starts, rising, and the level (quantity times multiplier)."""

    day: IntArray
    level: FloatArray


class QuantitySteps:
    """The levels of all rows: one sorted list from the build, and rows replaced since."""

    def __init__(self, changes: Changes, multiplier: FloatArray, *, order: IntArray) -> None:
        rows = len(order)
        row_of_position = np.argsort(order, kind="stable")
        row = row_of_position[changes.position]
        # Days are far below 2^32, so one key sorts by row, then day, and keeps the given order.
        sequence = np.argsort((row << 32) | changes.day, kind="stable")
        row, day = row[sequence], changes.day[sequence]
        self._multiplier = multiplier[order]
        self._starts = np.searchsorted(row, np.arange(rows + 1))
        quantity = _running(changes.quantity[sequence], self._starts)
        self._day, self._level = day, quantity * self._multiplier[row]
        self._replaced: dict[int, _Steps] = {}
        self.last = np.zeros(rows)
        used = self._starts[1:] > self._starts[:-1]
        self.last[used] = self._level[self._starts[1:][used] - 1]
        self._last_day = np.full(rows, -1)
        self._last_day[used] = day[self._starts[1:][used] - 1]
        self._quantity_last = np.zeros(rows)
        self._quantity_last[used] = quantity[self._starts[1:][used] - 1]

    def levels(self, first: int, end: int, days: int) -> FloatArray:
        """Return the level of rows `first` to `end` (exclusive) on every day."""
        if end - first == 1:
            return self.held(self._of(first), days)[None, :]
        parts = [self._of(row) for row in range(first, end)]
        # Each row starts at 0 on day 0; several changes of one day leave runs of length 0.
        counts = [len(p.day) for p in parts]
        edges = np.cumsum([0, *(c + 1 for c in counts)])
        start = np.zeros(int(edges[-1]), np.int64)
        level = np.zeros(int(edges[-1]))
        for k, part in enumerate(parts):
            at = int(edges[k])
            start[at] = k * days
            start[at + 1 : at + 1 + counts[k]] = part.day + k * days
            level[at + 1 : at + 1 + counts[k]] = part.level
        runs = np.diff(np.append(start, (end - first) * days))
        return np.repeat(level, runs).reshape(end - first, days)

    def levels_from(self, rows: IntArray, first: int, days: int) -> FloatArray:
        """Return the level of some rows on every day from `first` on."""
        found = np.repeat(self.last[rows][:, None], days - first, axis=1)
        for place in np.flatnonzero(self._last_day[rows] > first).tolist():
            found[place] = self.held(self._of(int(rows[place])), days)[first:]
        return found

    def held(self, steps: _Steps, days: int) -> FloatArray:
        """Return the level of one row on every day."""
        runs = np.diff(np.concatenate(([0], steps.day, [days])))
        return np.repeat(np.concatenate(([0.0], steps.level)), runs)

    def replace(self, row: int, day: IntArray, quantity: FloatArray) -> tuple[int | None, _Steps]:
        """Replace a row's changes; return the first day that differs, or None, and the old steps."""
        sequence = np.argsort(day, kind="stable")
        running = np.cumsum(quantity[sequence])
        new = _Steps(day[sequence], running * self._multiplier[row])
        old = self._of(row)
        self._replaced[row] = new
        self.last[row] = new.level[-1] if len(new.level) else 0.0
        self._last_day[row] = new.day[-1] if len(new.day) else -1
        self._quantity_last[row] = running[-1] if len(running) else 0.0
        shared = min(len(old.day), len(new.day))
        same = (old.day[:shared] == new.day[:shared]) & (old.level[:shared] == new.level[:shared])
        at = shared if bool(same.all()) else int(np.argmin(same))
        starts = [int(s.day[at]) for s in (old, new) if at < len(s.day)]
        return (min(starts) if starts else None), old

    def append(self, row: int, day: int, quantity: float) -> None:
        """Add a change on a day after all others."""
        old = self._of(row)
        self._last_day[row] = day
        self._quantity_last[row] += quantity
        self.last[row] = self._quantity_last[row] * self._multiplier[row]
        self._replaced[row] = _Steps(np.append(old.day, day), np.append(old.level, self.last[row]))

    def _of(self, row: int) -> _Steps:
        if row in self._replaced:
            return self._replaced[row]
        part = slice(int(self._starts[row]), int(self._starts[row + 1]))
        return _Steps(self._day[part], self._level[part])


def _running(quantity: FloatArray, starts: IntArray) -> FloatArray:
    """Return running sums inside each row, adding strictly in order.

    Works through whichever is fewer: rows, or the changes of the busiest row.
    """
    running = quantity.copy()
    counts = np.diff(starts)
    busiest = int(counts.max()) if len(counts) else 0
    if busiest > len(counts):
        for first, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            np.cumsum(quantity[first:end], out=running[first:end])
        return running
    by_count = np.argsort(-counts, kind="stable")
    first = starts[:-1][by_count]
    descending = -counts[by_count]
    for step in range(1, busiest):
        at = first[: np.searchsorted(descending, -step, side="left")] + step
        running[at] += running[at - 1]
    return running
