"""Tables of market: what can be held, what it cost on which day, and what happened to it.

`price` holds the exact figures with their origin, one row a day. `price_year` holds the same
closes as float64 for the portfolio engine, 366 to a row, and carries `xid` so that a reader can
ask what changed since a snapshot. Both are written by `store.prices.write`, nowhere else.
"""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Numeric, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from bursar.runtime.tables import ALL_ROWS, READ_APPEND_CHANGE, Base, Xid8

CURRENT_XID = text("pg_current_xact_id()")


class Instrument(Base):
    """Something that can be held and priced; never deleted, at most made inactive."""

    __tablename__ = "instrument"
    __table_args__ = (
        Index("ix_instrument_workspace_id_id", "workspace_id", "id"),
        Index("ix_instrument_xid", "xid"),
        {"info": READ_APPEND_CHANGE},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"))
    kind: Mapped[str]
    asset_class: Mapped[str]
    name: Mapped[str]
    currency: Mapped[str]
    quantity_exponent: Mapped[int] = mapped_column(SmallInteger())
    multiplier: Mapped[Decimal] = mapped_column(Numeric())
    calendar: Mapped[str | None]
    classification: Mapped[dict[str, Any]]
    active: Mapped[bool]
    created_at: Mapped[dt.datetime]
    xid: Mapped[int] = mapped_column(Xid8(), server_default=CURRENT_XID)


class InstrumentIdentifier(Base):
    """A name an instrument went by, from `valid_from` up to, not including, `valid_to`."""

    __tablename__ = "instrument_identifier"
    __table_args__ = (
        Index(
            "uq_instrument_identifier_open",
            "instrument_id",
            "scheme",
            "value",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
        Index(
            "ix_instrument_identifier_workspace_id_scheme_value",
            "workspace_id",
            "scheme",
            "value",
        ),
        {"info": READ_APPEND_CHANGE},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID]
    instrument_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("instrument.id"))
    scheme: Mapped[str]
    value: Mapped[str]
    valid_from: Mapped[dt.date | None] = mapped_column(Date())
    valid_to: Mapped[dt.date | None] = mapped_column(Date())


class Price(Base):
    """One day's price as received; `as_of` is null when it is the close of the day."""

    __tablename__ = "price"
    __table_args__ = (
        Index("ix_price_not_raw", "instrument_id", "day", postgresql_where=text("basis <> 'raw'")),
        {"info": ALL_ROWS},
    )

    workspace_id: Mapped[uuid.UUID]
    instrument_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date(), primary_key=True)
    open: Mapped[Decimal | None] = mapped_column(Numeric())
    high: Mapped[Decimal | None] = mapped_column(Numeric())
    low: Mapped[Decimal | None] = mapped_column(Numeric())
    close: Mapped[Decimal] = mapped_column(Numeric())
    volume: Mapped[Decimal | None] = mapped_column(Numeric())
    as_of: Mapped[dt.datetime | None]
    fetched_at: Mapped[dt.datetime]
    source: Mapped[str]
    basis: Mapped[str]
    quality: Mapped[str]


class PriceYear(Base):
    """The closes of one instrument and year as 366 float64, derived from `price`."""

    __tablename__ = "price_year"
    __table_args__ = (Index("ix_price_year_xid", "xid"), {"info": ALL_ROWS})

    workspace_id: Mapped[uuid.UUID]
    instrument_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger(), primary_key=True)
    closes: Mapped[bytes] = mapped_column(BYTEA())
    xid: Mapped[int] = mapped_column(Xid8(), server_default=CURRENT_XID)


class FxRate(Base):
    """Units of `quote` that one unit of `base` buys on a day."""

    __tablename__ = "fx_rate"
    __table_args__ = (Index("ix_fx_rate_xid", "xid"), {"info": ALL_ROWS})

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    base: Mapped[str] = mapped_column(primary_key=True)
    quote: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date(), primary_key=True)
    rate: Mapped[Decimal] = mapped_column(Numeric())
    source: Mapped[str]
    fetched_at: Mapped[dt.datetime]
    xid: Mapped[int] = mapped_column(Xid8(), server_default=CURRENT_XID)


class CorporateAction(Base):
    """What a company did to its shares, stated once per instrument, kind and ex-date."""

    __tablename__ = "corporate_action"
    __table_args__ = (
        UniqueConstraint("instrument_id", "kind", "ex_date"),
        Index("ix_corporate_action_workspace_id_ex_date", "workspace_id", "ex_date"),
        Index("ix_corporate_action_xid", "xid"),
        {"info": READ_APPEND_CHANGE},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID]
    instrument_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("instrument.id"))
    kind: Mapped[str]
    ex_date: Mapped[dt.date] = mapped_column(Date())
    pay_date: Mapped[dt.date | None] = mapped_column(Date())
    ratio_numerator: Mapped[int | None]
    ratio_denominator: Mapped[int | None]
    amount: Mapped[Decimal | None] = mapped_column(Numeric())
    currency: Mapped[str | None]
    new_instrument_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("instrument.id"))
    cost_fraction: Mapped[Decimal | None] = mapped_column(Numeric())
    source: Mapped[str]
    recorded_at: Mapped[dt.datetime]
    xid: Mapped[int] = mapped_column(Xid8(), server_default=CURRENT_XID)
