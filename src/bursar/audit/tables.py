"""Leaves, checkpoints and keys: written by the sealer as the schema's owner, read by all."""

import datetime as dt
import uuid

from sqlalchemy import Identity, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from bursar.runtime.tables import Base, Xid8

READ_ONLY = {"grants": ("SELECT",), "owner_grants": ("SELECT", "INSERT")}


class JournalLeaf(Base):
    """The place of one journal row in the Merkle tree of its log."""

    __tablename__ = "journal_leaf"
    __table_args__ = (UniqueConstraint("seq"), {"info": READ_ONLY})

    log_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    version: Mapped[int] = mapped_column(SmallInteger())
    hash: Mapped[bytes] = mapped_column(BYTEA())
    subtrees: Mapped[bytes] = mapped_column(BYTEA())


class JournalKey(Base):
    """A public key that checkpoints are verified with."""

    __tablename__ = "journal_key"
    __table_args__ = ({"info": READ_ONLY},)

    id: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(Identity(always=True))
    public_key: Mapped[bytes] = mapped_column(BYTEA())
    created_at: Mapped[dt.datetime]
    previous_id: Mapped[str | None]
    endorsement: Mapped[bytes] = mapped_column(BYTEA())


class JournalCheckpoint(Base):
    """A signed tree head of one log, and how far the whole journal was sealed by then."""

    __tablename__ = "journal_checkpoint"
    __table_args__ = (UniqueConstraint("log_id", "size"), {"info": READ_ONLY})

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    log_id: Mapped[uuid.UUID]
    size: Mapped[int]
    root: Mapped[bytes] = mapped_column(BYTEA())
    at: Mapped[dt.datetime]
    key_id: Mapped[str]
    signature: Mapped[bytes] = mapped_column(BYTEA())
    cluster: Mapped[int]
    sealed_xid: Mapped[int] = mapped_column(Xid8())
    sealed_seq: Mapped[int]
