"""Workspaces, people and their credentials; of a credential's secret only a hash is ever stored."""

import datetime as dt
import uuid

from sqlalchemy import ARRAY, Text
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from bursar.runtime.tables import ALL_ROWS, READ_APPEND_CHANGE, Base


class Workspace(Base):
    """A household or company: the border of everything one book holds."""

    __tablename__ = "workspace"
    __table_args__ = ({"info": READ_APPEND_CHANGE},)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    base_currency: Mapped[str]
    created_at: Mapped[dt.datetime]


class Person(Base):
    """A human being, whatever workspaces they belong to."""

    __tablename__ = "person"
    __table_args__ = ({"info": READ_APPEND_CHANGE},)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    username: Mapped[str]
    email: Mapped[str | None]
    display_name: Mapped[str]
    created_at: Mapped[dt.datetime]
    disabled_at: Mapped[dt.datetime | None]


class Password(Base):
    """A person's Argon2 hash; who only ever used links has no row."""

    __tablename__ = "password"
    __table_args__ = ({"info": READ_APPEND_CHANGE},)

    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    hash: Mapped[str]
    changed_at: Mapped[dt.datetime]


class SignInAttempt(Base):
    """How often signing in failed for one account or one address; the key is a hash of its name."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = ({"info": ALL_ROWS},)

    key: Mapped[bytes] = mapped_column(BYTEA(), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[dt.datetime]
    blocked_until: Mapped[dt.datetime]


class Membership(Base):
    """A person's role in a workspace; it ends, but is never removed, since the past refers to it."""

    __tablename__ = "membership"
    __table_args__ = ({"info": READ_APPEND_CHANGE},)

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    created_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class SignInLink(Base):
    """A secret that signs one person in once."""

    __tablename__ = "sign_in_link"
    __table_args__ = ({"info": READ_APPEND_CHANGE},)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    secret_hash: Mapped[bytes] = mapped_column(BYTEA())
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class Invitation(Base):
    """A secret that lets one new person join a workspace in a stated role."""

    __tablename__ = "invitation"
    __table_args__ = ({"info": READ_APPEND_CHANGE},)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID]
    role: Mapped[str]
    email: Mapped[str | None]
    secret_hash: Mapped[bytes] = mapped_column(BYTEA())
    created_by: Mapped[uuid.UUID]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    used_by: Mapped[uuid.UUID | None]


class SignedInSession(Base):
    """One signed-in browser or client of a person in one workspace."""

    __tablename__ = "session"
    __table_args__ = ({"info": READ_APPEND_CHANGE},)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    secret_hash: Mapped[bytes] = mapped_column(BYTEA())
    way: Mapped[str]
    created_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    user_agent: Mapped[str]
    address: Mapped[str]
    revoked_at: Mapped[dt.datetime | None]


class ApiToken(Base):
    """A named key for programs, no wider than the person who made it."""

    __tablename__ = "api_token"
    __table_args__ = ({"info": READ_APPEND_CHANGE},)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID]
    public_id: Mapped[str]
    digest: Mapped[bytes] = mapped_column(BYTEA())
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    created_by: Mapped[uuid.UUID]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    replaced_by: Mapped[uuid.UUID | None]
