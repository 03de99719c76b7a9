"""The value of one scope on every day, kept so that a change costs only what it touches.

Values stay in each position's currency, one row per position, sorted by currency and cut into
blocks of rows. Rows are summed per block, blocks per currency, currencies times their rate: a
back-dated trade re-sums one row, one block, one currency. All sums run in one fixed order, so an
update gives the same bits as a fresh build.

Quantities and multipliers are the caller's: with quantities in smallest units and the unit folded
into `multiplier`, running quantities are exact up to 2^53 and a closed position is worth exactly 0.
"""

from dataclasses import dataclass

import numpy as np

from bursar.portfolio.calc.arrays import FloatArray, IntArray
from bursar.portfolio.calc.errors import BadSeries
from bursar.portfolio.calc.flows import DailyFlows, ScopeFlows, daily_flows
from bursar.portfolio.calc.prices import SPARE_DAYS, TAIL_DAYS, PriceTable
from bursar.portfolio.calc.quantities import Changes, QuantitySteps


@dataclass(frozen=True, slots=True)
class Positions:
    """Per position: its row in the price table, its currency row, its multiplier."""

    instrument: IntArray
    currency: IntArray
    multiplier: FloatArray

    def __post_init__(self) -> None:
        if len({len(self.instrument), len(self.currency), len(self.multiplier)}) != 1:
            msg = "instrument, currency and multiplier need one length"
            raise BadSeries(msg)


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows first to end (exclusive), all of one currency."""

    first: int
    end: int
    currency: int


class ValueHistory:
    """Value, flows and completeness of one scope by day; see the module for its layout.

    `rates` is currencies x days: report currency per unit, carried forward by the caller.
    """

    def __init__(
        self,
        positions: Positions,
        changes: Changes,
        *,
        prices: PriceTable,
        rates: FloatArray,
        flows: ScopeFlows,
    ) -> None:
        days = prices.days
        _check(positions, changes, prices=prices, rates=rates)
        self._prices = prices
        self._days = days
        self._rates = np.zeros((len(rates), days + SPARE_DAYS))
        self._rates[:, :days] = rates
        self._arrange(positions)
        self._steps = QuantitySteps(changes, positions.multiplier, order=self._position_of_row)
        self._values = np.empty((len(self._position_of_row), days + SPARE_DAYS))
        self._block_sums = np.zeros((len(self._blocks), days + SPARE_DAYS))
        self._currency_sums = np.zeros((len(rates), days + SPARE_DAYS))
        self._total = np.zeros(days + SPARE_DAYS)
        self._unpriced = np.zeros(days + SPARE_DAYS, np.int64)
        self._tail = np.zeros((TAIL_DAYS, len(self._position_of_row) + 1))
        self._spare_sums = np.zeros(len(self._blocks) + 1)
        self._waiting = 0
        self._inflow = np.zeros(days + SPARE_DAYS)
        self._outflow = np.zeros(days + SPARE_DAYS)
        self._value_all()
        daily = daily_flows(flows, rates)
        self._inflow[:days], self._outflow[:days] = daily.inflow, daily.outflow

    @property
    def days(self) -> int:
        """Number of days valued."""
        return self._days

    @property
    def value(self) -> FloatArray:
        """Total value per day in report currency."""
        return self._total[: self._days]

    @property
    def inflow(self) -> FloatArray:
        """External inflow per day in report currency."""
        return self._inflow[: self._days]

    @property
    def outflow(self) -> FloatArray:
        """External outflow per day in report currency."""
        return self._outflow[: self._days]

    @property
    def unpriced(self) -> IntArray:
        """Number of held positions per day whose price is missing or too old."""
        return self._unpriced[: self._days]

    @property
    def value_by_currency(self) -> FloatArray:
        """Value per currency and day, in that currency."""
        return self._currency_sums[:, : self._days]

    def position_value(self, position: int) -> FloatArray:
        """Value of one position per day, in its own currency."""
        self._fold()
        return self._values[self._row_of_position[position], : self._days]

    def replace_position(self, position: int, day: IntArray, quantity: FloatArray) -> None:
        """Replace all quantity changes of one position and re-sum from the first that differs."""
        row = int(self._row_of_position[position])
        if len(day) and (int(day.min()) < 0 or int(day.max()) >= self._days):
            msg = "a quantity change lies outside the days of the history"
            raise BadSeries(msg, field="day")
        start, before = self._steps.replace(row, day, quantity)
        if start is not None:
            self._refresh(row, start, held_before=self._steps.held(before, self._days))

    def refresh_instrument(self, instrument: int, from_day: int) -> None:
        """Re-sum the positions of one instrument after its prices changed from a day on.

        The whole row counts anew which days lack a price.
        """
        rows = np.flatnonzero(self._instrument_of_row == instrument)
        if len(rows) == 0:
            return
        for row in rows.tolist():
            self._refresh(row, from_day, held_before=None)
        self._count_unpriced()

    def refresh_days(self, instruments: IntArray, from_day: int) -> None:
        """Re-sum the days from one on after the prices of many instruments changed there."""
        self._fold()
        rows = np.flatnonzero(np.isin(self._instrument_of_row, instruments))
        if len(rows) == 0 or from_day >= self._days:
            return
        part = slice(from_day, self._days)
        price = self._prices.columns(self._instrument_of_row[rows], from_day)
        level = self._steps.levels_from(rows, from_day, self._days)
        self._values[rows, part] = level * price[:, : level.shape[1]]
        touched = np.unique(self._block_of_row[rows]).tolist()
        for b in touched:
            block = self._blocks[b]
            self._block_sums[b, part] = _sum_rows(self._values[block.first : block.end, part])
        for currency in {self._blocks[b].currency for b in touched}:
            first, end = self._block_range[currency]
            self._currency_sums[currency, part] = _sum_rows(self._block_sums[first:end, part])
        self._sum_total(from_day)
        self._count_unpriced_from(from_day)

    def replace_rates(self, currency: int, rate: FloatArray) -> None:
        """Correct the rates of one currency on all days; flows keep the rates they were given."""
        self._rates[currency, : self._days] = rate
        self._sum_total(0)

    def replace_flows(self, flows: ScopeFlows) -> None:
        """Replace the flows of all days."""
        self._take(daily_flows(flows, self._rates[:, : self._days]), first=0)

    def replace_flows_of_day(self, index: int, flows: ScopeFlows) -> None:
        """Replace the flows of one day; `flows.day` is 0 throughout."""
        self._take(daily_flows(flows, self._rates[:, index : index + 1]), first=index)

    def append_day(self, *, rates: FloatArray, changes: Changes, flows: ScopeFlows) -> None:
        """Value one more day, already in the price table; `day` is 0 in changes and flows."""
        index = self._days
        if self._prices.days <= index:
            msg = "append the day's prices to the price table first"
            raise BadSeries(msg)
        if self._waiting == TAIL_DAYS:
            self._fold()
        if index == len(self._total):
            self._grow()
        self._rates[:, index] = rates
        for k, position in enumerate(changes.position.tolist()):
            delta = float(changes.quantity[k])
            self._steps.append(int(self._row_of_position[position]), index, delta)
        last = self._steps.last
        # The last column of the tail stays 0: it fills up blocks shorter than the others.
        values = self._tail[self._waiting]
        np.multiply(last, self._prices.on_day(index).take(self._instrument_of_row), out=values[:-1])
        self._waiting += 1
        # cumsum adds from left to right, the order in which whole rows are summed.
        self._spare_sums[:-1] = values.take(self._rows_of_block).cumsum(axis=1)[:, -1]
        sums = self._spare_sums.take(self._blocks_of_currency).cumsum(axis=1)[:, -1]
        self._block_sums[:, index] = self._spare_sums[:-1]
        self._currency_sums[:, index] = sums
        self._total[index] = (sums * rates).cumsum()[-1]
        unusable = self._prices.unusable_on_day(index)
        if unusable is not None:
            held = last != 0
            self._unpriced[index] = np.count_nonzero(held & unusable[self._instrument_of_row])
        self._days = index + 1
        if len(flows.day):
            self.replace_flows_of_day(index, flows)

    def _take(self, daily: DailyFlows, *, first: int) -> None:
        end = first + len(daily.inflow)
        self._inflow[first:end] = daily.inflow
        self._outflow[first:end] = daily.outflow

    def _arrange(self, positions: Positions) -> None:
        """Sort rows by currency and cut them into blocks near the square root of their number."""
        order = np.argsort(positions.currency, kind="stable")
        self._position_of_row = order
        self._row_of_position = np.argsort(order, kind="stable")
        self._instrument_of_row = positions.instrument[order]
        size = min(64, max(4, int(np.ceil(len(order) ** 0.5))))
        currency = positions.currency[order]
        edges = np.searchsorted(currency, np.arange(len(self._rates) + 1)).tolist()
        self._blocks = [
            _Block(first, min(first + size, edges[c + 1]), c)
            for c in range(len(self._rates))
            for first in range(edges[c], edges[c + 1], size)
        ]
        self._block_of_row = np.zeros(len(order), np.int64)
        self._rows_of_block = np.full((len(self._blocks), size), len(order))
        for b, block in enumerate(self._blocks):
            self._block_of_row[block.first : block.end] = b
            self._rows_of_block[b, : block.end - block.first] = np.arange(block.first, block.end)
        members = [
            [b for b, block in enumerate(self._blocks) if block.currency == c]
            for c in range(len(self._rates))
        ]
        widest = max((len(m) for m in members), default=0)
        self._blocks_of_currency = np.full((len(members), max(widest, 1)), len(self._blocks))
        for c, blocks in enumerate(members):
            self._blocks_of_currency[c, : len(blocks)] = blocks
        self._block_range = [(m[0], m[-1] + 1) if m else (0, 0) for m in members]

    def _value_all(self) -> None:
        days = self._days
        for b, block in enumerate(self._blocks):
            quantity = self._steps.levels(block.first, block.end, days)
            for row in range(block.first, block.end):
                price = self._prices.row(int(self._instrument_of_row[row]))[:days]
                np.multiply(quantity[row - block.first], price, out=self._values[row, :days])
            self._block_sums[b, :days] = _sum_rows(self._values[block.first : block.end, :days])
        for c, (first, end) in enumerate(self._block_range):
            self._currency_sums[c, :days] = _sum_rows(self._block_sums[first:end, :days])
        self._sum_total(0)
        self._count_unpriced()

    def _refresh(self, row: int, start: int, *, held_before: "FloatArray | None") -> None:
        """Re-value one row from a day on and re-sum what contains it."""
        self._fold()
        days = self._days
        quantity = self._steps.levels(row, row + 1, days)[0]
        instrument = int(self._instrument_of_row[row])
        price = self._prices.row(instrument)
        np.multiply(quantity[start:], price[start:days], out=self._values[row, start:days])
        unusable = self._prices.unusable_row(instrument)
        if unusable is not None and held_before is not None:
            gap = unusable[:days]
            self._unpriced[:days] += (gap & (quantity != 0)).astype(np.int64)
            self._unpriced[:days] -= (gap & (held_before != 0)).astype(np.int64)
        b = int(self._block_of_row[row])
        block = self._blocks[b]
        self._block_sums[b, start:days] = _sum_rows(
            self._values[block.first : block.end, start:days]
        )
        first, end = self._block_range[block.currency]
        self._currency_sums[block.currency, start:days] = _sum_rows(
            self._block_sums[first:end, start:days]
        )
        self._sum_total(start)

    def _sum_total(self, start: int) -> None:
        part = slice(start, self._days)
        self._total[part] = _sum_rows(self._currency_sums[:, part] * self._rates[:, part])

    def _count_unpriced(self) -> None:
        """Count anew, over the few rows whose instrument has a gap."""
        self._unpriced[: self._days] = 0
        for row, instrument in enumerate(self._instrument_of_row.tolist()):
            unusable = self._prices.unusable_row(instrument)
            if unusable is not None:
                held = self._steps.levels(row, row + 1, self._days)[0] != 0
                self._unpriced[: self._days] += unusable[: self._days] & held

    def _count_unpriced_from(self, first: int) -> None:
        """Count anew from a day on."""
        part = slice(first, self._days)
        self._unpriced[part] = 0
        gaps = self._prices.unusable_from(first)
        if gaps is None:
            return
        gap = gaps[self._instrument_of_row, : self._days - first]
        rows = np.flatnonzero(gap.any(axis=1))
        held = self._steps.levels_from(rows, first, self._days) != 0
        self._unpriced[part] = np.count_nonzero(gap[rows] & held, axis=0)

    def _fold(self) -> None:
        """Move the values of appended days into the rows of their positions."""
        if self._waiting == 0:
            return
        first = self._days - self._waiting
        self._values[:, first : self._days] = self._tail[: self._waiting, :-1].T
        self._waiting = 0

    def _grow(self) -> None:
        more = max(SPARE_DAYS, self._days // 4)

        def wider(array: FloatArray) -> FloatArray:
            return np.concatenate((array, np.zeros((*array.shape[:-1], more))), axis=-1)

        self._rates, self._values = wider(self._rates), wider(self._values)
        self._block_sums = wider(self._block_sums)
        self._currency_sums = wider(self._currency_sums)
        self._total, self._inflow = wider(self._total), wider(self._inflow)
        self._outflow = wider(self._outflow)
        self._unpriced = np.concatenate((self._unpriced, np.zeros(more, np.int64)))


def _sum_rows(matrix: FloatArray) -> FloatArray:
    """Sum rows strictly from top to bottom, so that every path adds in the same order."""
    if len(matrix) == 0:
        return np.zeros(matrix.shape[1])
    if matrix.shape[1] == 1:
        # One column would be summed pairwise; cumsum keeps the order.
        return np.asarray(np.cumsum(matrix, axis=0)[-1], dtype=np.float64)
    return np.asarray(np.add.reduce(matrix, axis=0), dtype=np.float64)


def _check(
    positions: Positions, changes: Changes, *, prices: PriceTable, rates: FloatArray
) -> None:
    days = prices.days
    if rates.ndim != 2 or rates.shape[1] != days or len(rates) == 0:  # noqa: PLR2004 - a table
        msg = f"rates need one row per currency and {days} columns"
        raise BadSeries(msg, field="rates")
    for name, index, end in (
        ("instrument", positions.instrument, prices.instruments),
        ("currency", positions.currency, len(rates)),
        ("changes.position", changes.position, len(positions.instrument)),
        ("changes.day", changes.day, days),
    ):
        if len(index) and (int(index.min()) < 0 or int(index.max()) >= end):
            msg = f"{name} must lie between 0 and {end - 1}"
            raise BadSeries(msg, field=name)
