"""Internal rate of return, act/365, with every root: a single rate is stated only when it is unique.

With x = ln(1 + r) the present value is f(x) = sum a_k exp(-x t_k). For x < 0 the flows are read
backwards, f(x) exp(x T) = sum a_k exp(-y (T - t_k)) with y = -x, so that no term ever exceeds its
flow. On a grid over y, f, f' and the bound B >= |f''| decide each cell of width h:

    same sign and min |f| > B h^2 / 8          no root
    sign change and |f'| kept from 0 by B h    exactly one root, found by brentq
    otherwise                                  split, down to roots that only touch zero

The scan is two matrix products: days are written as 64 q + s, and exp(-y t) as the product of two
tables that depend on the grid alone.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyxirr

from bursar.portfolio.calc.arrays import BoolArray, FloatArray, IntArray
from bursar.portfolio.calc.errors import BadSeries
from bursar.portfolio.calc.undefined import Figure, Reason

DAYS_PER_YEAR = 365.0
RATE_MAX = 10_000.0
X_MAX = float(np.log1p(RATE_MAX))
# Below this, 1 + r has no digits left in float64: r would read as -1.
X_MIN = float(np.log(np.finfo(np.float64).eps / 2))
# The two halves of the grid meet beside zero, because a rate of exactly 0 is common.
MEETING_POINT = -0.0013
SPAN_DAYS_MAX = 200 * 366
BLOCK_DAYS = 64
SPLIT = 8
CELL_WIDTH_MIN = 1e-6
CELLS_MAX = 4096
TOUCH_TOLERANCE = 1e-11
CANCEL_TOLERANCE = 1e-12
RESIDUAL_TOLERANCE = 1e-9
TABLE_BLOCKS_CACHED_MAX = 512
# Larger products wake OpenBLAS's threads, and waiting for a busy core costs more than the product.
PRODUCT_SIZE_MAX = 200_000


@dataclass(frozen=True, slots=True)
class InternalRate:
    """The annual effective rate, or null with a reason; `roots` lists every rate found, rising."""

    figure: Figure
    roots: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Flows:
    """Flows summed per day: offsets in days from the first flow, rising; amounts without zeros."""

    offset: IntArray
    amount: FloatArray


@dataclass(frozen=True, slots=True)
class _Cells:
    """Neighbouring grid points: f and f' at both ends, and the bound of |f''| between them."""

    left: FloatArray
    right: FloatArray
    value_left: FloatArray
    value_right: FloatArray
    slope_left: FloatArray
    slope_right: FloatArray
    bound: FloatArray

    def where(self, keep: BoolArray) -> "_Cells":
        return _Cells(
            self.left[keep],
            self.right[keep],
            self.value_left[keep],
            self.value_right[keep],
            self.slope_left[keep],
            self.slope_right[keep],
            self.bound[keep],
        )


def internal_rate(day: IntArray, amount: FloatArray) -> InternalRate:
    """Return the XIRR of dated flows (`xirr.v1`): money paid in is negative, any input order.

    Rates lie in (-1, 10000). Undefined: `no_flows`, `no_root`, `several_roots` (all are listed).
    Raises BadSeries for arrays that do not fit or a span over 200 years.
    """
    flows = _sum_per_day(day, amount)
    if len(flows.amount) == 0:
        return InternalRate(Figure.undefined(Reason.NO_FLOWS), ())
    positive = flows.amount > 0
    changes = int(np.count_nonzero(positive[1:] != positive[:-1]))
    if changes == 0:
        return InternalRate(Figure.undefined(Reason.NO_ROOT), ())
    if changes == 1:
        rate = _unique_rate(flows)
        if rate is not None:
            return InternalRate(Figure.of(rate), (rate,))
    roots = all_rates(flows.offset, flows.amount)
    if not roots:
        return InternalRate(Figure.undefined(Reason.NO_ROOT), ())
    if len(roots) > 1:
        return InternalRate(Figure.undefined(Reason.SEVERAL_ROOTS), roots)
    return InternalRate(Figure.of(roots[0]), roots)


def period_rate(
    day: IntArray, value: FloatArray, inflow: FloatArray, outflow: FloatArray
) -> InternalRate:
    """Return the XIRR of a period: opening value paid in at its start, closing value paid out.

    Index 0 is the start day, whose flows are in the opening value. An opening value of zero adds
    no flow, so the count of days never starts before the first flow.
    """
    amount = outflow - inflow
    amount[0] = -value[0]
    amount[-1] += value[-1] if len(value) > 1 else 0.0
    return internal_rate(day, amount)


def net_present_value(day: IntArray, amount: FloatArray, *, rate: float) -> float:
    """Return the present value at the first day, act/365, in the unit of the amounts."""
    years = (day - day.min()) / DAYS_PER_YEAR
    return float(amount @ np.exp(-np.log1p(rate) * years))


def all_rates(day: IntArray, amount: FloatArray) -> tuple[float, ...]:
    """Return every annual rate in (-1, 10000) at which the present value is zero, rising."""
    flows = _sum_per_day(day, amount)
    if len(flows.amount) == 0:
        return ()
    above = _roots_on(flows, grid=_grid(MEETING_POINT, X_MAX))
    last = int(flows.offset[-1])
    backwards = _Flows((last - flows.offset)[::-1], flows.amount[::-1])
    below = [-y for y in _roots_on(backwards, grid=_grid(-MEETING_POINT, -X_MIN))]
    merged: list[float] = []
    for x in sorted(above + below):
        if not merged or x - merged[-1] > 4 * CELL_WIDTH_MIN:
            merged.append(x)
    return tuple(float(np.expm1(x)) for x in merged)


def _sum_per_day(day: IntArray, amount: FloatArray) -> _Flows:
    if len(day) != len(amount):
        msg = f"{len(day)} days do not fit {len(amount)} amounts"
        raise BadSeries(msg)
    if len(day) == 0:
        return _Flows(np.empty(0, np.int64), np.empty(0))
    size = np.abs(amount)
    if not np.isfinite(size.sum()):
        msg = "flows must be finite numbers"
        raise BadSeries(msg, field="amount")
    offset = day - day.min()
    if int(offset.max()) > SPAN_DAYS_MAX:
        msg = "flows span more than 200 years"
        raise BadSeries(msg, field="day")
    total = np.asarray(np.bincount(offset, weights=amount), dtype=np.float64)
    kept = np.flatnonzero(np.abs(total) > CANCEL_TOLERANCE * np.bincount(offset, weights=size))
    if len(kept) == 0:
        return _Flows(np.empty(0, np.int64), np.empty(0))
    return _Flows(kept - kept[0], total[kept])


def _unique_rate(flows: _Flows) -> float | None:
    """Return pyxirr's rate where one sign change proves it unique, if it checks out; else None."""
    rate = pyxirr.xirr(flows.offset.astype("datetime64[D]"), flows.amount)
    if rate is None or not -1 < rate < RATE_MAX:
        return None
    # pyxirr stops at about nine digits; two Newton steps bring the rest and check the residual.
    x, years = float(np.log1p(rate)), flows.offset / DAYS_PER_YEAR
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(2):
            terms = flows.amount * np.exp(-x * years)
            residual, scale = float(terms.sum()), float(np.abs(terms).sum())
            if not abs(residual) <= RESIDUAL_TOLERANCE * scale:
                return None
            x += residual / float(terms @ years)
    return float(np.expm1(x)) if np.isfinite(x) else None


@lru_cache(maxsize=4)
def _grid(start: float, end: float) -> FloatArray:
    """Return grid points from start to end: even steps up to y = 1, then steps in proportion to y.

    The bound of |f''| falls as 1 / y^2 beyond the history's length, so cells may widen with y.
    """
    even = np.linspace(start, 1.0, 101)
    growing = np.geomspace(1.0, end, 1 + int(np.ceil(np.log(end) / 0.04)))
    grid = np.concatenate((even, growing[1:]))
    grid.setflags(write=False)
    return grid


@lru_cache(maxsize=8)
def _tables(start: float, end: float, blocks: int) -> tuple[FloatArray, FloatArray]:
    """Return exp(-y s / 365) for s < 64 and exp(-y 64 q / 365) for q < blocks, over the grid."""
    grid = _grid(start, end)
    within = np.exp(np.outer(np.arange(BLOCK_DAYS) / -DAYS_PER_YEAR, grid))
    across = np.exp(np.outer(np.arange(blocks) * (BLOCK_DAYS / -DAYS_PER_YEAR), grid))
    return within, across


def _on_grid(flows: _Flows, grid: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return f, f' and the bound of |f''| at each grid point by two table products."""
    blocks = int(flows.offset[-1]) // BLOCK_DAYS + 1
    # Rounded up so that a growing history finds its tables again.
    cached = -(-blocks // 16) * 16
    build = _tables if cached <= TABLE_BLOCKS_CACHED_MAX else _tables.__wrapped__
    within, across = build(float(grid[0]), float(grid[-1]), cached)
    years = flows.offset / DAYS_PER_YEAR
    dense = np.zeros((3, blocks * BLOCK_DAYS))
    dense[0, flows.offset] = flows.amount
    slope = flows.amount * years
    dense[1, flows.offset] = -slope
    dense[2, flows.offset] = np.abs(slope) * years
    rows = dense.reshape(3 * blocks, BLOCK_DAYS)
    partial = np.empty((len(rows), len(grid)))
    chunk = max(1, PRODUCT_SIZE_MAX // within.size)
    for first in range(0, len(rows), chunk):
        np.matmul(rows[first : first + chunk], within, out=partial[first : first + chunk])
    sums = np.einsum("kqg,qg->kg", partial.reshape(3, blocks, -1), across[:blocks])
    return sums[0], sums[1], sums[2]


def _directly(flows: _Flows, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the same three sums at a few points, without tables."""
    years = flows.offset / DAYS_PER_YEAR
    weights = np.exp(np.outer(points, -years))
    slope = flows.amount * years
    terms = np.stack((flows.amount, -slope, np.abs(slope) * years))
    # einsum rather than @, for the same reason as PRODUCT_SIZE_MAX.
    sums = np.einsum("kn,pn->kp", terms, weights)
    return sums[0], sums[1], sums[2]


def _between(points: FloatArray, sums: tuple[FloatArray, FloatArray, FloatArray]) -> _Cells:
    """Return the cells between neighbouring points along the last axis, flattened."""
    value, slope, bound = sums
    return _Cells(
        points[..., :-1].ravel(),
        points[..., 1:].ravel(),
        value[..., :-1].ravel(),
        value[..., 1:].ravel(),
        slope[..., :-1].ravel(),
        slope[..., 1:].ravel(),
        bound[..., :-1].ravel(),
    )


def _roots_on(flows: _Flows, *, grid: FloatArray) -> list[float]:
    """Return the roots of f over the grid's range of y."""
    cells = _between(grid, _on_grid(flows, grid))
    roots: list[float] = []
    solver = _Solver(flows.offset / -DAYS_PER_YEAR, flows.amount)
    seen = 0
    while len(cells.left):
        width = cells.right - cells.left
        crosses = (cells.value_left >= 0) != (cells.value_right >= 0)
        low = np.minimum(np.abs(cells.value_left), np.abs(cells.value_right))
        empty = ~crosses & (low > cells.bound * width**2 / 8)
        steep = (cells.slope_left > 0) == (cells.slope_right > 0)
        steep &= np.abs(cells.slope_left) + np.abs(cells.slope_right) > cells.bound * width
        single = crosses & steep
        roots += [solver.crossing(cells.left[i], cells.right[i]) for i in np.flatnonzero(single)]
        cells = cells.where(~empty & ~single)
        seen += len(cells.left)
        small = cells.right - cells.left <= CELL_WIDTH_MIN
        if seen > CELLS_MAX:
            small = np.ones_like(small)
        roots += _in_small_cells(cells.where(small), solver)
        cells = cells.where(~small)
        if len(cells.left):
            steps = np.linspace(0.0, 1.0, SPLIT + 1)
            points = cells.left[:, None] + (cells.right - cells.left)[:, None] * steps
            value, slope, bound = _directly(flows, points.ravel())
            shape = points.shape
            split = (value.reshape(shape), slope.reshape(shape), bound.reshape(shape))
            cells = _between(points, split)
    return roots


@dataclass(frozen=True, slots=True)
class _Solver:
    """Refines a bracket in y to a root of f, or to the extremum where f touches zero."""

    exponent: FloatArray
    amount: FloatArray

    def crossing(self, left: float, right: float) -> float:
        return self._root(self.amount, left, right)

    def touching(self, left: float, right: float) -> float | None:
        """Return the extremum in or beside the cell, or None when there is none."""
        slope = self.amount * self.exponent
        wide_left, wide_right = 2 * left - right, 2 * right - left
        ends = [float(slope @ np.exp(y * self.exponent)) for y in (wide_left, wide_right)]
        if (ends[0] > 0) == (ends[1] > 0):
            return None
        return self._root(slope, wide_left, wide_right)

    def nearly_zero(self, y: float, value: float) -> bool:
        scale = float(np.abs(self.amount) @ np.exp(y * self.exponent))
        return abs(value) <= TOUCH_TOLERANCE * scale

    def _root(self, weights: FloatArray, left: float, right: float) -> float:
        from scipy.optimize import brentq  # noqa: PLC0415 - heavy, loaded on first use

        def value(y: float) -> float:
            return float(weights @ np.exp(y * self.exponent))

        at_left, at_right = value(left), value(right)
        if (at_left > 0) == (at_right > 0):
            # The table products saw a crossing within rounding of zero: the end is the root.
            return left if abs(at_left) < abs(at_right) else right
        return float(brentq(value, left, right, xtol=1e-14, rtol=1e-14))


def _in_small_cells(cells: _Cells, solver: _Solver) -> list[float]:
    """Return crossings and touching points of cells that are not split further."""
    found: list[float] = []
    for i in range(len(cells.left)):
        left, right = float(cells.left[i]), float(cells.right[i])
        at_left, at_right = float(cells.value_left[i]), float(cells.value_right[i])
        touching = None
        if right - left <= CELL_WIDTH_MIN and solver.nearly_zero(
            left, min(at_left, at_right, key=abs)
        ):
            touching = solver.touching(left, right)
        # Beside a touching root rounding shows crossings that are not there.
        if touching is not None:
            found.append(touching)
        elif (at_left >= 0) != (at_right >= 0):
            found.append(solver.crossing(left, right))
    return found
