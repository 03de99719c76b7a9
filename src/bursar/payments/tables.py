"""Tables of payments: what they forbid is in migration 0007; here they are for reading.

A payment shares its id with its first transfer group, and with its pending transfer when it began
with a hold; a refund shares its id with the group that gives the amount back.
"""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Numeric, SmallInteger, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bursar.runtime.tables import READ_AND_APPEND, READ_APPEND_CHANGE, Base

UNITS = Numeric(38, 0)


def _account(column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        [column, "workspace_id"],
        ["account.id", "account.workspace_id"],
        name=f"fk_payment_{column}",
    )


def _counted() -> Mapped[Decimal]:
    return mapped_column(UNITS, server_default="0")


class Payment(Base):
    """An amount from one account to another, or to somebody outside; never removed.

    Smallest units: authorized <= amount was reserved or paid; captured of it was paid; released of
    it was given back unpaid; refunded of captured went back.
    """

    __tablename__ = "payment"
    __table_args__ = (
        _account("payer_account_id"),
        _account("payee_account_id"),
        Index(
            "uq_payment_idempotency_key",
            "workspace_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index(
            "uq_payment_provider_ref",
            "provider",
            "provider_ref",
            "workspace_id",
            unique=True,
            postgresql_where=text("provider_ref IS NOT NULL"),
        ),
        Index(
            "ix_payment_reference",
            "workspace_id",
            "reference",
            postgresql_where=text("reference IS NOT NULL"),
        ),
        {"info": READ_APPEND_CHANGE, "postgresql_with": {"fillfactor": 90}},
    )

    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    payer_account_id: Mapped[uuid.UUID]
    payee_account_id: Mapped[uuid.UUID | None]
    payee_name: Mapped[str | None]
    commodity_id: Mapped[int] = mapped_column(ForeignKey("commodity.id"))
    amount: Mapped[Decimal] = mapped_column(UNITS)
    authorized: Mapped[Decimal] = _counted()
    captured: Mapped[Decimal] = _counted()
    released: Mapped[Decimal] = _counted()
    refunded: Mapped[Decimal] = _counted()
    disputed: Mapped[Decimal] = _counted()
    status: Mapped[str]
    capture_method: Mapped[str] = mapped_column(server_default="automatic")
    method: Mapped[str] = mapped_column(server_default="balance")
    provider: Mapped[str | None]
    provider_ref: Mapped[str | None]
    failure_code: Mapped[str | None]
    description: Mapped[str | None]
    reference: Mapped[str | None]
    details: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    expires_at: Mapped[dt.datetime | None]
    idempotency_key: Mapped[str | None]
    request_hash: Mapped[bytes | None] = mapped_column(BYTEA())
    created_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime]
    actor_kind: Mapped[str]
    user_id: Mapped[uuid.UUID | None]
    credential_id: Mapped[uuid.UUID | None]


class Refund(Base):
    """An amount of a payment given back, wholly or in part; never removed."""

    __tablename__ = "refund"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "payment_id"],
            ["payment.workspace_id", "payment.id"],
            name="fk_refund_payment_id",
        ),
        Index("ix_refund_payment_id", "workspace_id", "payment_id", "id"),
        {"info": READ_APPEND_CHANGE},
    )

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[uuid.UUID]
    amount: Mapped[Decimal] = mapped_column(UNITS)
    status: Mapped[str] = mapped_column(server_default="succeeded")
    reason: Mapped[str | None]
    provider_ref: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    actor_kind: Mapped[str]
    user_id: Mapped[uuid.UUID | None]
    credential_id: Mapped[uuid.UUID | None]


class PaymentChange(Base):
    """One change of a payment after it was made, from number 1. Rows are never changed."""

    __tablename__ = "payment_change"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "payment_id"],
            ["payment.workspace_id", "payment.id"],
            name="fk_payment_change_payment_id",
        ),
        {"info": READ_AND_APPEND},
    )

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger(), primary_key=True)
    at: Mapped[dt.datetime]
    kind: Mapped[str]
    status: Mapped[str]
    amount: Mapped[Decimal | None] = mapped_column(UNITS)
    group_id: Mapped[uuid.UUID | None]
    reason: Mapped[str | None]
    actor_kind: Mapped[str]
    user_id: Mapped[uuid.UUID | None]
    credential_id: Mapped[uuid.UUID | None]
