"""Lots as last derived, for each account's own cost method. The book is the truth, not these."""

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import Date, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from bursar.ledger.tables.book import UNITS
from bursar.runtime.tables import ALL_ROWS, Base


class TaxLot(Base):
    """An open lot: quantities in the instrument's smallest unit, costs in the currency's."""

    __tablename__ = "tax_lot"
    __table_args__ = (
        Index("ix_tax_lot_workspace_id", "workspace_id", "instrument_id"),
        {"info": ALL_ROWS},
    )

    account_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    instrument_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"))
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfer_group.id"))
    acquired_on: Mapped[dt.date] = mapped_column(Date())
    quantity: Mapped[Decimal] = mapped_column(UNITS)
    remaining: Mapped[Decimal] = mapped_column(UNITS)
    cost: Mapped[Decimal] = mapped_column(UNITS)
    remaining_cost: Mapped[Decimal] = mapped_column(UNITS)
    remaining_fees: Mapped[Decimal] = mapped_column(UNITS)
    currency: Mapped[str]


class LotMatch(Base):
    """A part of a lot closed by an activity, and the gain of it."""

    __tablename__ = "lot_match"
    __table_args__ = (
        Index("ix_lot_match_account_id", "account_id", "instrument_id"),
        Index("ix_lot_match_workspace_id", "workspace_id", "closed_on"),
        {"info": ALL_ROWS},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"))
    account_id: Mapped[uuid.UUID]
    instrument_id: Mapped[uuid.UUID]
    lot_id: Mapped[str]
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfer_group.id"))
    closed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfer_group.id"))
    kind: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(UNITS)
    proceeds: Mapped[Decimal] = mapped_column(UNITS)
    cost: Mapped[Decimal] = mapped_column(UNITS)
    gain: Mapped[Decimal] = mapped_column(UNITS)
    opening_fees: Mapped[Decimal] = mapped_column(UNITS)
    closing_fees: Mapped[Decimal] = mapped_column(UNITS)
    currency: Mapped[str]
    opened_on: Mapped[dt.date] = mapped_column(Date())
    closed_on: Mapped[dt.date] = mapped_column(Date())
    term: Mapped[str]


class LotProblem(Base):
    """Why a position's lots are missing or incomplete."""

    __tablename__ = "lot_problem"
    __table_args__ = ({"info": ALL_ROWS},)

    account_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    instrument_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"))
    code: Mapped[str]
    message: Mapped[str]
