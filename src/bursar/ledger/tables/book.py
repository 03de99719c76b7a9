"""Tables of the ledger: what they forbid is in migration 0003; here they are for reading.

`balance` is one commodity held by one account; transfers move amounts between balances.
"""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Boolean,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bursar.runtime.tables import READ_AND_APPEND, READ_APPEND_CHANGE, Base, Xid8

UNITS = Numeric(38, 0)
NOW_XID = text("pg_current_xact_id()")


def _workspace() -> Mapped[uuid.UUID]:
    return mapped_column(ForeignKey("workspace.id"))


def _exact() -> Mapped[Decimal | None]:
    return mapped_column(Numeric())


class Account(Base):
    """An account a person has, or one of the workspace's system accounts."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("id", "workspace_id"),
        Index(
            "uq_account_system",
            "workspace_id",
            "kind",
            unique=True,
            postgresql_where=text("class NOT IN ('asset', 'liability')"),
        ),
        Index(
            "uq_account_external",
            "workspace_id",
            "institution",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_account_workspace_id_name", "workspace_id", "name", "id"),
        {"info": READ_APPEND_CHANGE},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = _workspace()
    name: Mapped[str]
    kind: Mapped[str]
    account_class: Mapped[str] = mapped_column("class")
    institution: Mapped[str | None]
    currency: Mapped[str | None]
    cost_method: Mapped[str]
    tax_wrapper: Mapped[str]
    allow_short: Mapped[bool]
    no_overdraft: Mapped[bool]
    external_id: Mapped[str | None]
    opened_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    xid: Mapped[int] = mapped_column(Xid8(), server_default=NOW_XID)

    balances: Mapped[list["Balance"]] = relationship(back_populates="account", lazy="raise")


class Commodity(Base):
    """What is counted, and how finely."""

    __tablename__ = "commodity"
    __table_args__ = (
        Index(
            "uq_commodity_instrument",
            "workspace_id",
            "instrument_id",
            unique=True,
            postgresql_where=text("instrument_id IS NOT NULL"),
        ),
        Index(
            "uq_commodity_code",
            "workspace_id",
            "code",
            unique=True,
            postgresql_where=text("instrument_id IS NULL"),
        ),
        {"info": READ_AND_APPEND},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    workspace_id: Mapped[uuid.UUID] = _workspace()
    code: Mapped[str]
    exponent: Mapped[int] = mapped_column(SmallInteger())
    kind: Mapped[str]
    instrument_id: Mapped[uuid.UUID | None]


class Balance(Base):
    """One commodity in one account: what transfers debit and credit."""

    __tablename__ = "balance"
    __table_args__ = (
        UniqueConstraint("account_id", "commodity_id"),
        UniqueConstraint("id", "commodity_id", "workspace_id", name="uq_balance_id"),
        ForeignKeyConstraint(
            ["account_id", "workspace_id"],
            ["account.id", "account.workspace_id"],
            name="fk_balance_account_id",
        ),
        Index("ix_balance_workspace_id", "workspace_id", "account_id"),
        {"info": READ_APPEND_CHANGE, "postgresql_with": {"fillfactor": 50}},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    workspace_id: Mapped[uuid.UUID] = _workspace()
    account_id: Mapped[uuid.UUID]
    commodity_id: Mapped[int] = mapped_column(ForeignKey("commodity.id"))
    no_overdraft: Mapped[bool]
    debits_posted: Mapped[Decimal] = mapped_column(UNITS, server_default="0")
    credits_posted: Mapped[Decimal] = mapped_column(UNITS, server_default="0")
    debits_pending: Mapped[Decimal] = mapped_column(UNITS, server_default="0")
    credits_pending: Mapped[Decimal] = mapped_column(UNITS, server_default="0")
    latest_effective_at: Mapped[dt.datetime | None]

    account: Mapped[Account] = relationship(
        back_populates="balances", foreign_keys="Balance.account_id", lazy="raise"
    )
    commodity: Mapped[Commodity] = relationship(lazy="raise")


class TransferGroup(Base):
    """One activity. Never changed: a mistake is reversed by another group."""

    __tablename__ = "transfer_group"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "workspace_id"],
            ["account.id", "account.workspace_id"],
            name="fk_transfer_group_account_id",
        ),
        ForeignKeyConstraint(
            ["counter_account_id", "workspace_id"],
            ["account.id", "account.workspace_id"],
            name="fk_transfer_group_counter_account_id",
        ),
        Index(
            "uq_transfer_group_external",
            "workspace_id",
            "account_id",
            "external_id",
            "attempt",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index(
            "uq_transfer_group_content",
            "workspace_id",
            "account_id",
            "content_hash",
            "attempt",
            unique=True,
            postgresql_where=text("content_hash IS NOT NULL"),
        ),
        Index("ix_transfer_group_workspace_id", "workspace_id", "effective_at", "id"),
        Index("ix_transfer_group_account_id", "account_id", "effective_at", "id"),
        Index(
            "ix_transfer_group_counter",
            "counter_account_id",
            "effective_at",
            "id",
            postgresql_where=text("counter_account_id IS NOT NULL"),
        ),
        Index(
            "ix_transfer_group_instrument",
            "workspace_id",
            "instrument_id",
            "effective_at",
            postgresql_where=text("instrument_id IS NOT NULL"),
        ),
        Index(
            "ix_transfer_group_counter_instrument",
            "workspace_id",
            "counter_instrument_id",
            postgresql_where=text("counter_instrument_id IS NOT NULL"),
        ),
        Index(
            "ix_transfer_group_import",
            "import_id",
            postgresql_where=text("import_id IS NOT NULL"),
        ),
        Index("ix_transfer_group_xid", "workspace_id", "xid"),
        {"info": READ_AND_APPEND},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = _workspace()
    kind: Mapped[str]
    effective_at: Mapped[dt.datetime]
    account_id: Mapped[uuid.UUID]
    counter_account_id: Mapped[uuid.UUID | None]
    instrument_id: Mapped[uuid.UUID | None]
    quantity: Mapped[Decimal | None] = _exact()
    unit_price: Mapped[Decimal | None] = _exact()
    currency: Mapped[str | None]
    amount: Mapped[Decimal | None] = _exact()
    fees: Mapped[Decimal | None] = _exact()
    taxes: Mapped[Decimal | None] = _exact()
    cash_change: Mapped[Decimal | None] = _exact()
    counter_instrument_id: Mapped[uuid.UUID | None]
    counter_quantity: Mapped[Decimal | None] = _exact()
    counter_amount: Mapped[Decimal | None] = _exact()
    counter_currency: Mapped[str | None]
    ratio_numerator: Mapped[Decimal | None] = mapped_column(UNITS)
    ratio_denominator: Mapped[Decimal | None] = mapped_column(UNITS)
    rate_numerator: Mapped[Decimal | None] = mapped_column(UNITS)
    rate_denominator: Mapped[Decimal | None] = mapped_column(UNITS)
    source: Mapped[str]
    external_id: Mapped[str | None]
    import_id: Mapped[uuid.UUID | None]
    content_hash: Mapped[bytes | None] = mapped_column(BYTEA())
    attempt: Mapped[int] = mapped_column(SmallInteger(), server_default="0")
    payee: Mapped[str | None]
    memo: Mapped[str | None]
    category: Mapped[str | None]
    reverses_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("transfer_group.id"), unique=True
    )
    released: Mapped[bool] = mapped_column(Boolean(), server_default="false")
    lot_choice: Mapped[list[Any] | None]
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    xid: Mapped[int] = mapped_column(Xid8(), server_default=NOW_XID)
    created_at: Mapped[dt.datetime]

    transfers: Mapped[list["Transfer"]] = relationship(back_populates="group", lazy="raise")


class Transfer(Base):
    """One amount from one balance to another."""

    __tablename__ = "transfer"
    __table_args__ = (
        ForeignKeyConstraint(
            ["debit_id", "commodity_id", "workspace_id"],
            ["balance.id", "balance.commodity_id", "balance.workspace_id"],
            name="fk_transfer_debit_id",
        ),
        ForeignKeyConstraint(
            ["credit_id", "commodity_id", "workspace_id"],
            ["balance.id", "balance.commodity_id", "balance.workspace_id"],
            name="fk_transfer_credit_id",
        ),
        Index("ix_transfer_group_id", "group_id"),
        Index(
            "ix_transfer_pending_id",
            "pending_id",
            postgresql_where=text("pending_id IS NOT NULL"),
        ),
        Index("ix_transfer_xid", "workspace_id", "xid"),
        {"info": READ_AND_APPEND},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = _workspace()
    group_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfer_group.id"))
    kind: Mapped[str]
    debit_id: Mapped[int]
    credit_id: Mapped[int]
    commodity_id: Mapped[int]
    amount: Mapped[Decimal] = mapped_column(UNITS)
    code: Mapped[int] = mapped_column(SmallInteger())
    pending_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("transfer.id"))
    effective_at: Mapped[dt.datetime]
    xid: Mapped[int] = mapped_column(Xid8(), server_default=NOW_XID)

    group: Mapped[TransferGroup] = relationship(back_populates="transfers", lazy="raise")
    entries: Mapped[list["Entry"]] = relationship(back_populates="transfer", lazy="raise")


class Entry(Base):
    """One side of a transfer, with the balance after it in posting order."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("ix_entry_balance_id", "balance_id", "id"),
        Index(
            "ix_entry_in_order",
            "balance_id",
            "effective_at",
            "id",
            postgresql_where=text("NOT late"),
        ),
        Index("ix_entry_late", "balance_id", "effective_at", "id", postgresql_where=text("late")),
        {"info": READ_AND_APPEND},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    workspace_id: Mapped[uuid.UUID] = _workspace()
    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfer.id"))
    balance_id: Mapped[int] = mapped_column(ForeignKey("balance.id"))
    amount: Mapped[Decimal] = mapped_column(UNITS)
    balance_after: Mapped[Decimal] = mapped_column(UNITS)
    effective_at: Mapped[dt.datetime]
    late: Mapped[bool]

    transfer: Mapped[Transfer] = relationship(back_populates="entries", lazy="raise")


class Pending(Base):
    """What is left of a pending transfer."""

    __tablename__ = "pending"
    __table_args__ = (
        Index(
            "ix_pending_expires_at",
            "workspace_id",
            "expires_at",
            postgresql_where=text("state = 'pending'"),
        ),
        {"info": READ_APPEND_CHANGE},
    )

    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfer.id"), primary_key=True)
    workspace_id: Mapped[uuid.UUID] = _workspace()
    remaining: Mapped[Decimal] = mapped_column(UNITS)
    state: Mapped[str]
    expires_at: Mapped[dt.datetime | None]


class Annotation(Base):
    """What people add to an activity."""

    __tablename__ = "annotation"
    __table_args__ = ({"info": READ_APPEND_CHANGE},)

    group_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfer_group.id"), primary_key=True)
    workspace_id: Mapped[uuid.UUID] = _workspace()
    category: Mapped[str | None]
    note: Mapped[str | None]
    tags: Mapped[list[Any]]
    changed_at: Mapped[dt.datetime]
    xid: Mapped[int] = mapped_column(Xid8(), server_default=NOW_XID)
