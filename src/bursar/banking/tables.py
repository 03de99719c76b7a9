"""Tables of banking: what came in with which file, and what its columns meant.

The money itself is in the ledger. A row here says where it came from, so that an import can be
shown, checked and undone; and which corporate action was carried out in which account.
"""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from bursar.runtime.tables import ALL_ROWS, READ_APPEND_CHANGE, Base


class ImportBatch(Base):
    """One file that was imported; never deleted, at most undone."""

    __tablename__ = "import_batch"
    __table_args__ = (
        Index("ix_import_batch_workspace_id_id", "workspace_id", "id"),
        {"info": READ_APPEND_CHANGE},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"))
    filename: Mapped[str]
    sha256: Mapped[bytes] = mapped_column(BYTEA())
    size_bytes: Mapped[int]
    format: Mapped[str]
    added: Mapped[int]
    duplicates: Mapped[int]
    refused: Mapped[int]
    accounts: Mapped[list[Any]]
    problems: Mapped[list[Any]]
    imported_at: Mapped[dt.datetime]
    imported_by: Mapped[str]
    user_id: Mapped[uuid.UUID | None]
    undone_at: Mapped[dt.datetime | None]


class ColumnMapping(Base):
    """What the columns of one source's CSV mean, found again by its header."""

    __tablename__ = "column_mapping"
    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        Index("ix_column_mapping_workspace_id_fingerprint", "workspace_id", "fingerprint"),
        {"info": ALL_ROWS},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str]
    fingerprint: Mapped[bytes | None] = mapped_column(BYTEA())
    mapping: Mapped[dict[str, Any]]
    changed_at: Mapped[dt.datetime]


class Opening(Base):
    """An opening balance that an import worked out; older statements replace it."""

    __tablename__ = "opening"
    __table_args__ = (UniqueConstraint("account_id", "commodity"), {"info": ALL_ROWS})

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"))
    account_id: Mapped[uuid.UUID]
    commodity: Mapped[str]
    activity_id: Mapped[uuid.UUID]
    amount: Mapped[Decimal] = mapped_column(Numeric())
    effective_at: Mapped[dt.datetime]


class ActionPosting(Base):
    """How one corporate action was carried out in one account: once, whatever happens twice."""

    __tablename__ = "action_posting"
    __table_args__ = ({"info": ALL_ROWS},)

    action_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id"))
    activity_id: Mapped[uuid.UUID]
    brought_by_statement: Mapped[bool]
    terms: Mapped[dict[str, Any]]
    quantity: Mapped[Decimal | None] = mapped_column(Numeric())
    posted_at: Mapped[dt.datetime]
