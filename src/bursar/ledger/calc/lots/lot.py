"""What the engine yields: open lots, matches, carried lots, residues, and the state between days.

All of it is immutable. A reduction replaces the one lot it takes part of, so a snapshot of a
position is a tuple of references and costs next to nothing.
Signs: a short lot has negative quantity and negative cost (what was received for it), so lot
costs always sum to the position's cost. Fees are never negative and are contained in the cost.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bursar.ledger.calc.lots.position import Ratio, Term


class MatchKind(StrEnum):
    """Why a gain was realised."""

    SALE = "sale"
    COVER = "cover"
    DELIVERY = "delivery"
    CASH_IN_LIEU = "cash_in_lieu"
    MERGER_CASH = "merger_cash"
    RETURN_OF_CAPITAL = "return_of_capital"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """An open lot. Quantities in the instrument's smallest unit, costs in the currency's.

    `id` is the id of the opening leg, then one "/event" for each move or action that cut the lot
    from another. `quantity` is what was opened, restated for splits; `cost` is what it cost,
    restated for returned capital and spin-offs. `remaining_fees` (fees and taxes) is part of
    `remaining_cost`. `remaining_report_cost` is in the report currency at the opening rates; None
    when a rate is missing. `unit_cost` orders hifo and lofo, and partial sales leave it alone.
    `rank` orders fifo and lifo: day, microsecond, sequence.
    """

    id: str
    opened_by: str
    acquired_on: date
    acquired_at: datetime | None
    quantity: int
    remaining: int
    cost: int
    remaining_cost: int
    remaining_fees: int
    remaining_report_cost: int | None
    currency: str
    unit_cost: Ratio
    rank: tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A part of a lot closed by one leg; `gain` = `proceeds` - `cost`, both after fees and taxes.

    `quantity` is negative when a short is covered: then `proceeds` is what opening the short
    brought and `cost` what the cover took. It is 0 for amounts that close no unit (cash in lieu
    of a fraction, returned capital above the cost). Report figures are None without rates.
    `forex_gain` is the part of the report gain that the currency made: cost at the closing rate
    less cost at the opening rate.
    """

    lot_id: str
    opened_by: str
    closing_id: str
    kind: MatchKind
    quantity: int
    proceeds: int
    cost: int
    gain: int
    opening_fees: int
    closing_fees: int
    currency: str
    opened_on: date
    closed_on: date
    holding_days: int
    term: Term
    report_proceeds: int | None
    report_cost: int | None
    forex_gain: int | None

    @property
    def gain_before_costs(self) -> int:
        """The gain with fees and taxes left out on both sides, in smallest currency units."""
        return self.gain + self.opening_fees + self.closing_fees

    @property
    def report_gain(self) -> int | None:
        """The gain in the report currency, or None when a rate is missing."""
        if self.report_proceeds is None or self.report_cost is None:
            return None
        return self.report_proceeds - self.report_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedLot:
    """A lot on its way to another account or instrument; it keeps its date and its cost."""

    id: str
    source_lot_id: str
    opened_by: str
    moved_by: str
    moved_on: date
    acquired_on: date
    acquired_at: datetime | None
    quantity: int
    cost: int
    fees: int
    report_cost: int | None
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Residue:
    """What a ratio left below the smallest unit: `fraction` of one unit, paid out as `cash`.

    `cash` is None when the event states none; then the cost stays with the units that are held.
    """

    event_id: str
    on: date
    fraction: Ratio
    cash: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotState:
    """The open lots before the first event of day `before` (None: before any event at all)."""

    before: date | None = None
    lots: tuple[Lot, ...] = ()
    lots_opened: int = 0

    @property
    def quantity(self) -> int:
        """Units held; negative when short."""
        return sum(lot.remaining for lot in self.lots)

    @property
    def cost(self) -> int:
        """Cost of the units held, in smallest currency units; negative when short."""
        return sum(lot.remaining_cost for lot in self.lots)


EMPTY_STATE = LotState()
