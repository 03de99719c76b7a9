"""One metadata for the whole schema, and the runtime's own tables.

A domain declares its tables on `Base`. `grants` in a table's info says what the application role
may do to it; anything not named there is refused by the database itself.
"""

import datetime as dt
import uuid
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Identity, Index, MetaData, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import UserDefinedType


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """Return the type's name in DDL."""
        return "xid8"


class Base(DeclarativeBase):
    """The base of every table; names of constraints follow one convention."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        uuid.UUID: UUID(as_uuid=True),
        dt.datetime: DateTime(timezone=True),
        str: Text(),
        int: BigInteger(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


READ_AND_APPEND = {"grants": ("SELECT", "INSERT")}
READ_APPEND_CHANGE = {"grants": ("SELECT", "INSERT", "UPDATE")}
ALL_ROWS = {"grants": ("SELECT", "INSERT", "UPDATE", "DELETE")}


class Journal(Base):
    """One append-only row for each write: audit trail and event feed at once."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("ix_journal_workspace_seq", "workspace_id", "seq"),
        Index("ix_journal_xid_seq", "xid", "seq"),
        Index("ix_journal_workspace_operation", "workspace_id", "operation", "seq"),
        {"info": READ_AND_APPEND},
    )

    seq: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    xid: Mapped[int] = mapped_column(Xid8(), server_default=text("pg_current_xact_id()"))
    at: Mapped[dt.datetime]
    workspace_id: Mapped[uuid.UUID | None]
    actor_kind: Mapped[str]
    user_id: Mapped[uuid.UUID | None]
    credential_id: Mapped[uuid.UUID | None]
    source: Mapped[str]
    operation: Mapped[str]
    outcome: Mapped[str]
    error_code: Mapped[str | None]
    input_hash: Mapped[bytes] = mapped_column(BYTEA())
    facts: Mapped[list[Any]]
    request_id: Mapped[str]
    idempotency_key: Mapped[str | None]


class Idempotency(Base):
    """The first answer to each idempotency key, kept so that a replay returns it."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("ix_idempotency_expires_at", "expires_at"), {"info": ALL_ROWS})

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    input_hash: Mapped[bytes] = mapped_column(BYTEA())
    status: Mapped[int] = mapped_column(SmallInteger())
    body: Mapped[dict[str, Any]]
    at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]


class Effect(Base):
    """What must still happen outside: one row, carried out once in effect."""

    __tablename__ = "effect"
    __table_args__ = (
        Index("ix_effect_due", "next_at", postgresql_where=text("state IN ('queued', 'running')")),
        Index("ix_effect_workspace", "workspace_id", "created_at"),
        Index(
            "ix_effect_attention",
            "state",
            "created_at",
            postgresql_where=text("state IN ('dead', 'uncertain')"),
        ),
        {"info": READ_APPEND_CHANGE},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(SmallInteger())
    tries_max: Mapped[int] = mapped_column(SmallInteger(), server_default=text("8"))
    in_doubt: Mapped[bool] = mapped_column(server_default=text("false"))
    progress: Mapped[dict[str, Any] | None]
    next_at: Mapped[dt.datetime]
    locked_until: Mapped[dt.datetime | None]
    last_error: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]
    request_id: Mapped[str]
    created_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
