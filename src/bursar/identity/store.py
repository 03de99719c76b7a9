"""Named queries of identity."""

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.ids import new_id
from bursar.identity.calc.roles import Role
from bursar.identity.calc.spelling import Credential, CredentialKind
from bursar.identity.tables import (
    ApiToken,
    Membership,
    Password,
    Person,
    SignedInSession,
    SignInLink,
    Workspace,
)

FIRST_OWNER_LOCK = 0x6F776E65  # "owne": two first starts at once make one owner

TOKEN = text(
    "SELECT t.id, t.workspace_id, t.digest, t.name, t.scopes, t.expires_at, t.revoked_at,"
    " t.last_used_at AS seen_at, t.created_by AS person_id, m.role, m.ended_at, p.disabled_at"
    " FROM api_token t JOIN person p ON p.id = t.created_by"
    " JOIN membership m ON m.workspace_id = t.workspace_id AND m.person_id = t.created_by"
    " WHERE t.public_id = :key"
)
SESSION = text(
    "SELECT s.id, s.workspace_id, s.secret_hash AS digest, p.display_name AS name, s.expires_at,"
    " ARRAY[]::text[] AS scopes, s.revoked_at, s.last_seen_at AS seen_at, s.person_id, m.role, m.ended_at, p.disabled_at"
    " FROM session s JOIN person p ON p.id = s.person_id"
    " JOIN membership m ON m.workspace_id = s.workspace_id AND m.person_id = s.person_id"
    " WHERE s.secret_hash = :key"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRow:
    """A stored credential together with its person's standing in the workspace."""

    kind: CredentialKind
    id: uuid.UUID
    workspace_id: uuid.UUID
    person_id: uuid.UUID
    digest: bytes
    name: str
    scopes: Sequence[str]
    role: str
    expires_at: dt.datetime
    seen_at: dt.datetime | None
    revoked_at: dt.datetime | None
    ended_at: dt.datetime | None
    disabled_at: dt.datetime | None


SEE_TOKEN = text(
    "UPDATE api_token SET last_used_at = :now WHERE id = :id"
    " AND (last_used_at IS NULL OR last_used_at <= :before)"
)
SEE_SESSION = text(
    "UPDATE session SET last_seen_at = :now WHERE id = :id AND last_seen_at <= :before"
)


@asynccontextmanager
async def across_workspaces(session: AsyncSession) -> AsyncIterator[None]:
    """Lift the workspace border for a few statements about one person or one secret.

    Only for rows that are found by a secret's hash, or that belong to the caller in all of their
    workspaces. On an error the border stays lifted, and the transaction rolls back anyway.
    """
    await session.flush()
    await session.execute(text("SELECT set_config('bursar.every_workspace', 'on', true)"))
    yield
    await session.flush()
    await session.execute(text("SELECT set_config('bursar.every_workspace', '', true)"))


async def find_credential(
    session: AsyncSession, credential: Credential, digest: bytes
) -> CredentialRow | None:
    """Return an API token (by its public id) or a session (by its hash), in one round trip."""
    is_token = credential.kind is CredentialKind.API_TOKEN
    statement, key = (TOKEN, credential.public_id) if is_token else (SESSION, digest)
    row = (await session.execute(statement, {"key": key})).one_or_none()
    if row is None:
        return None
    return CredentialRow(kind=credential.kind, **row._asdict())


async def find_login(session: AsyncSession, login: str) -> tuple[Person | None, str | None]:
    """Return the person behind a user name or e-mail, and their password hash."""
    wanted = login.strip().lower()
    row = (
        await session.execute(
            select(Person, Password.hash)
            .outerjoin(Password, Password.person_id == Person.id)
            .where(or_(func.lower(Person.username) == wanted, func.lower(Person.email) == wanted))
        )
    ).one_or_none()
    return (None, None) if row is None else (row.Person, row.hash)


async def find_workspaces(session: AsyncSession, person_id: uuid.UUID) -> list[uuid.UUID]:
    """Return the workspaces of a person, the first joined first; needs the border lifted."""
    rows = await session.scalars(
        select(Membership.workspace_id)
        .where(Membership.person_id == person_id, Membership.ended_at.is_(None))
        .order_by(Membership.created_at, Membership.workspace_id)
        .limit(1000)
    )
    return list(rows)


async def find_member(
    session: AsyncSession, workspace_id: uuid.UUID, person_id: uuid.UUID
) -> tuple[Person, Membership] | None:
    """Return a person and their running membership in the workspace."""
    row = (
        await session.execute(
            select(Person, Membership)
            .join(Membership, Membership.person_id == Person.id)
            .where(
                Membership.workspace_id == workspace_id,
                Membership.person_id == person_id,
                Membership.ended_at.is_(None),
            )
        )
    ).one_or_none()
    return None if row is None else (row.Person, row.Membership)


async def find_first_owner(
    session: AsyncSession, username: str
) -> tuple[Person, Membership] | None:
    """Return the owner with this user name, else the earliest owner there is, if any."""
    row = (
        await session.execute(
            select(Person, Membership)
            .join(Membership, Membership.person_id == Person.id)
            .where(
                Membership.role == Role.OWNER.value,
                Membership.ended_at.is_(None),
                Person.disabled_at.is_(None),
            )
            .order_by(func.lower(Person.username) != username.lower(), Membership.created_at)
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else (row.Person, row.Membership)


async def lock_first_owner(session: AsyncSession) -> None:
    """Let one transaction at a time decide whether the first owner is still to be made."""
    await session.execute(text(f"SELECT pg_advisory_xact_lock({FIRST_OWNER_LOCK})"))


async def lock_workspace(session: AsyncSession, workspace_id: uuid.UUID) -> Workspace | None:
    """Return the workspace's row, locked: changes of roles happen one after the other."""
    return await session.get(Workspace, workspace_id, with_for_update=True)


async def count_owners(session: AsyncSession, workspace_id: uuid.UUID) -> int:
    """Return how many people own the workspace now."""
    counted = await session.scalar(
        select(func.count())
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.workspace_id == workspace_id,
            Membership.role == Role.OWNER.value,
            Membership.ended_at.is_(None),
            Person.disabled_at.is_(None),
        )
    )
    return counted or 0


async def put_password(
    session: AsyncSession, person_id: uuid.UUID, password_hash: str, now: dt.datetime
) -> None:
    """Store a person's password hash, replacing the one before."""
    row = insert(Password).values(person_id=person_id, hash=password_hash, changed_at=now)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[Password.person_id],
            set_={"hash": row.excluded.hash, "changed_at": row.excluded.changed_at},
        )
    )


async def add_link(  # the facts of one row
    session: AsyncSession,
    *,
    workspace_id: uuid.UUID,
    person_id: uuid.UUID,
    secret_hash: bytes,
    created_by: uuid.UUID | None,
    now: dt.datetime,
    expires_at: dt.datetime,
) -> None:
    """Store a one-time link; earlier unused ones of this person in this workspace end."""
    await session.execute(
        update(SignInLink)
        .where(
            SignInLink.workspace_id == workspace_id,
            SignInLink.person_id == person_id,
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .values(expires_at=now)
    )
    session.add(
        SignInLink(
            id=new_id(),
            workspace_id=workspace_id,
            person_id=person_id,
            secret_hash=secret_hash,
            created_by=created_by,
            created_at=now,
            expires_at=expires_at,
            used_at=None,
        )
    )


async def use_link(session: AsyncSession, secret_hash: bytes, now: dt.datetime) -> uuid.UUID | None:
    """Spend a link and return its person; None when it is unknown, expired or spent.

    One statement, so that of two callers at once exactly one gets the person.
    """
    return await session.scalar(
        update(SignInLink)
        .where(
            SignInLink.secret_hash == secret_hash,
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(SignInLink.person_id)
    )


async def end_sessions(
    session: AsyncSession,
    person_id: uuid.UUID,
    now: dt.datetime,
    *,
    keep: uuid.UUID | None = None,
) -> int:
    """End a person's sessions but `keep`, and their open links; return how many sessions ended."""
    ended = await session.scalars(
        update(SignedInSession)
        .where(SignedInSession.person_id == person_id, SignedInSession.revoked_at.is_(None))
        .where(SignedInSession.expires_at > now)
        .where(SignedInSession.id != keep if keep is not None else text("true"))
        .values(revoked_at=now)
        .returning(SignedInSession.id)
    )
    await session.execute(
        update(SignInLink)
        .where(SignInLink.person_id == person_id, SignInLink.used_at.is_(None))
        .where(SignInLink.expires_at > now)
        .values(expires_at=now)
    )
    return len(ended.all())


async def end_tokens_named(
    session: AsyncSession, *, workspace_id: uuid.UUID, name: str, now: dt.datetime
) -> None:
    """Revoke every running token of this name in the workspace."""
    await session.execute(
        update(ApiToken)
        .where(
            ApiToken.workspace_id == workspace_id,
            ApiToken.name == name,
            ApiToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
