"""The engine's working set: a position's open lots and what its events have yielded so far."""

from dataclasses import dataclass, field
from datetime import date, datetime

from bursar.core.money import split_units
from bursar.ledger.calc.lots.events import Event, microseconds
from bursar.ledger.calc.lots.lot import CarriedLot, Lot, LotState, Match, MatchKind, Residue
from bursar.ledger.calc.lots.open_lots import OpenLots, Slice
from bursar.ledger.calc.lots.position import Method, Position, Ratio
from bursar.ledger.calc.lots.shares import convert


@dataclass(frozen=True, slots=True)
class Opening:
    """A lot about to be opened: signed quantity, signed cost with its fees."""

    quantity: int
    cost: int
    fees: int
    report_cost: int | None
    acquired_on: date
    acquired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Closing:
    """One closing leg: `amount` is what a sale brings or a cover takes, after `fees`."""

    event: Event
    kind: MatchKind
    amount: int
    fees: int
    rate: Ratio | None


@dataclass(slots=True)
class Book:
    """One position while its events are applied, in order."""

    position: Position
    lots: OpenLots
    matches: list[Match] = field(default_factory=list)
    carried: list[CarriedLot] = field(default_factory=list)
    residues: list[Residue] = field(default_factory=list)

    @classmethod
    def from_state(cls, position: Position, state: LotState) -> "Book":
        """Take up a position where a state left it."""
        return cls(position, OpenLots(state, average=position.method is Method.AVERAGE))

    def state(self, before: date | None) -> LotState:
        """Freeze the open lots as they stand before the first event of day `before`."""
        return LotState(before=before, lots=self.lots.snapshot(), lots_opened=self.lots.opened)

    def open(self, lot_id: str, opened_by: str, opening: Opening) -> None:
        """Open a lot."""
        quantity, cost = opening.quantity, opening.cost
        day = opening.acquired_on.toordinal()
        self.lots.add(
            Lot(
                id=lot_id,
                opened_by=opened_by,
                acquired_on=opening.acquired_on,
                acquired_at=opening.acquired_at,
                quantity=quantity,
                remaining=quantity,
                cost=cost,
                remaining_cost=cost,
                remaining_fees=opening.fees,
                remaining_report_cost=opening.report_cost,
                currency=self.position.currency,
                unit_cost=(cost, quantity) if quantity > 0 else (-cost, -quantity),
                rank=(day, microseconds(opening.acquired_at), self.lots.next_sequence()),
            )
        )

    def close(self, slices: list[Slice], closing: Closing) -> None:
        """Match slices against a closing leg, sharing its amount and fees by quantity."""
        report_amount = convert(closing.amount, closing.rate)
        if len(slices) == 1:
            self.match(slices[0], closing, report_amount)
            return
        sizes = [piece.quantity for piece in slices]
        amounts = split_units(closing.amount, sizes)
        fees = split_units(closing.fees, sizes) if closing.fees else [0] * len(sizes)
        reports: list[int | None] = (
            [None] * len(sizes) if report_amount is None else [*split_units(report_amount, sizes)]
        )
        for piece, amount, fee, report in zip(slices, amounts, fees, reports, strict=True):
            part = Closing(closing.event, closing.kind, amount, fee, closing.rate)
            self.match(piece, part, report)

    def carry(self, slices: list[Slice], event: Event, *, same_id: bool = False) -> None:
        """Send slices on their way: to another account or instrument, with date and cost."""
        for piece in slices:
            lot = piece.lot
            self.carried.append(
                CarriedLot(
                    id=lot.id if same_id else f"{lot.id}/{event.id}",
                    source_lot_id=lot.id,
                    opened_by=lot.opened_by,
                    moved_by=event.id,
                    moved_on=event.on,
                    acquired_on=lot.acquired_on,
                    acquired_at=lot.acquired_at,
                    quantity=piece.quantity if lot.remaining > 0 else -piece.quantity,
                    cost=piece.cost,
                    fees=piece.fees,
                    report_cost=piece.report_cost,
                    currency=lot.currency,
                )
            )

    def match(self, piece: Slice, closing: Closing, report_amount: int | None) -> None:
        """Record the gain of one slice; `report_amount` is the amount in the report currency."""
        lot, event = piece.lot, closing.event
        report_proceeds: int | None
        report_cost: int | None
        if lot.remaining > 0:
            quantity, proceeds, cost = piece.quantity, closing.amount, piece.cost
            report_proceeds, report_cost = report_amount, piece.report_cost
            opened_side, opened_report = cost, report_cost
        else:
            quantity, proceeds, cost = -piece.quantity, -piece.cost, closing.amount
            report_proceeds = None if piece.report_cost is None else -piece.report_cost
            report_cost = report_amount
            opened_side, opened_report = -proceeds, piece.report_cost
        at_closing_rate = convert(opened_side, closing.rate)
        forex_gain = (
            None
            if at_closing_rate is None or opened_report is None
            else at_closing_rate - opened_report
        )
        self.matches.append(
            Match(
                lot_id=lot.id,
                opened_by=lot.opened_by,
                closing_id=event.id,
                kind=closing.kind,
                quantity=quantity,
                proceeds=proceeds,
                cost=cost,
                gain=proceeds - cost,
                opening_fees=piece.fees,
                closing_fees=closing.fees,
                currency=lot.currency,
                opened_on=lot.acquired_on,
                closed_on=event.on,
                holding_days=(event.on - lot.acquired_on).days,
                term=self.position.term_rule.term(lot.acquired_on, event.on),
                report_proceeds=report_proceeds,
                report_cost=report_cost,
                forex_gain=forex_gain,
            )
        )
