"""Queries about credentials: tokens, sessions, one-time links and invitations."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.ids import new_id
from bursar.identity.calc.spelling import Credential, CredentialKind
from bursar.identity.tables import ApiToken, Invitation, SignedInSession, SignInLink

TOKENS = (
    "SELECT t.id, t.workspace_id, t.digest, t.name, t.scopes, t.expires_at, t.revoked_at,"
    " t.last_used_at AS seen_at, t.created_by AS person_id, m.role, m.ended_at, p.disabled_at"
    " FROM api_token t JOIN person p ON p.id = t.created_by"
    " JOIN membership m ON m.workspace_id = t.workspace_id AND m.person_id = t.created_by"
)
TOKEN = text(f"{TOKENS} WHERE t.public_id = :key")
TOKENS_BY_ID = text(f"{TOKENS} WHERE t.id = ANY(:ids)")


SESSIONS = (
    "SELECT s.id, s.workspace_id, s.secret_hash AS digest, p.display_name AS name, s.expires_at,"
    " ARRAY[]::text[] AS scopes, s.revoked_at, s.last_seen_at AS seen_at, s.person_id, m.role, m.ended_at, p.disabled_at"
    " FROM session s JOIN person p ON p.id = s.person_id"
    " JOIN membership m ON m.workspace_id = s.workspace_id AND m.person_id = s.person_id"
)
SESSION = text(f"{SESSIONS} WHERE s.secret_hash = :key")
SESSIONS_BY_ID = text(f"{SESSIONS} WHERE s.id = ANY(:ids)")


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


async def find_credentials(session: AsyncSession, ids: Sequence[uuid.UUID]) -> list[CredentialRow]:
    """Return the API tokens and sessions with these ids."""
    found = []
    for kind, statement in (
        (CredentialKind.API_TOKEN, TOKENS_BY_ID),
        (CredentialKind.SESSION, SESSIONS_BY_ID),
    ):
        rows = await session.execute(statement, {"ids": ids})
        found += [CredentialRow(kind=kind, **row._asdict()) for row in rows]
    return found


async def use_invitation(
    session: AsyncSession, secret_hash: bytes, now: dt.datetime
) -> Invitation | None:
    """Spend an invitation and return it; None when it is unknown, expired or spent."""
    return await session.scalar(
        update(Invitation)
        .where(
            Invitation.secret_hash == secret_hash,
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(used_at=now)
        .returning(Invitation)
    )


async def end_invitations_by(
    session: AsyncSession, *, workspace_id: uuid.UUID, person_id: uuid.UUID, now: dt.datetime
) -> None:
    """End the open invitations a person gave out in the workspace."""
    await session.execute(
        update(Invitation)
        .where(
            Invitation.workspace_id == workspace_id,
            Invitation.created_by == person_id,
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(expires_at=now)
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


async def end_tokens_of(
    session: AsyncSession, *, workspace_id: uuid.UUID, person_id: uuid.UUID, now: dt.datetime
) -> None:
    """Revoke every running token a person has in the workspace."""
    await session.execute(
        update(ApiToken)
        .where(
            ApiToken.workspace_id == workspace_id,
            ApiToken.created_by == person_id,
            ApiToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


async def workspace_of_secret(
    session: AsyncSession, kind: CredentialKind, hashed: bytes, now: dt.datetime
) -> uuid.UUID | None:
    """Return the workspace a usable one-time secret belongs to; needs the border lifted."""
    table = SignInLink if kind is CredentialKind.SIGN_IN_LINK else Invitation
    return await session.scalar(
        select(table.workspace_id).where(
            table.secret_hash == hashed, table.used_at.is_(None), table.expires_at > now
        )
    )
