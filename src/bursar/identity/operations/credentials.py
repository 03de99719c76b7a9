"""From a credential to an actor: the check every call passes first.

Everything that can be wrong with a credential gets one answer, so that nobody learns which part
was right.
"""

import contextlib
import datetime as dt
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Collection
from typing import Final

from bursar.core.clock import Clock
from bursar.core.errors import Unauthenticated, Unavailable
from bursar.identity import store
from bursar.identity.calc.roles import SCOPES_OF_ROLE, Role, effective_scopes
from bursar.identity.calc.spelling import CredentialKind, parse
from bursar.identity.hashing import secret_hash, token_digest
from bursar.identity.keyring import key_ring
from bursar.runtime.actor import Actor, ActorKind
from bursar.runtime.database import EVERY_WORKSPACE, Database
from bursar.settings import Settings

SEEN_EVERY: Final = dt.timedelta(minutes=1)
CUTS_RIGHTS: Final = frozenset(
    {
        "identity.password_changed",
        "identity.person_removed",
        "identity.role_changed",
        "identity.session_ended",
        "identity.token_revoked",
        "identity.token_rotated",
    }
)
"""Facts after which an actor kept from an earlier check may hold rights that are gone."""
NO_DIGEST: Final = secrets.token_bytes(32)


def credential_fingerprint(credential: str) -> bytes:
    """Return the SHA-256 of a credential, to key a cache with; the credential itself is not kept."""
    return hashlib.sha256(credential.encode("utf-8", "surrogatepass")).digest()


async def authenticate(
    database: Database, settings: Settings, clock: Clock, credential: str
) -> Actor:
    """Return the actor behind an API token or a session secret.

    The actor's rights are what the person's role allows now; a token's are cut to its scopes.
    Raises Unauthenticated, with one message, for anything wrong: misspelled, unknown, expired,
    revoked, idle too long, its person disabled or no longer a member.
    """
    now = clock.now()
    row = await _check(database, settings, credential, now)
    if row is None:
        raise Unauthenticated("this credential is not valid")
    is_token = row.kind is CredentialKind.API_TOKEN
    if row.seen_at is None or row.seen_at <= now - SEEN_EVERY:
        await _note_use(database, row.id, is_token=is_token, now=now)
    return Actor(
        ActorKind.TOKEN if is_token else ActorKind.PERSON,
        workspace_id=row.workspace_id,
        user_id=row.person_id,
        credential_id=row.id,
        name=row.name,
        scopes=_scopes(row),
    )


async def standing(
    database: Database, settings: Settings, clock: Clock, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, frozenset[str]]:
    """Return the scopes of those of these tokens and sessions that are still accepted.

    For streams, which live longer than a check: one look for all of them, and no use is noted, so
    that a page left open does not keep its session alive.
    """
    now = clock.now()
    async with database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        rows = await store.find_credentials(transaction.session, list(ids))
    return {row.id: _scopes(row) for row in rows if _accepted(row, settings, now)}


def _scopes(row: store.CredentialRow) -> frozenset[str]:
    role = Role(row.role)
    is_token = row.kind is CredentialKind.API_TOKEN
    return effective_scopes(role, row.scopes) if is_token else SCOPES_OF_ROLE[role]


async def is_valid_at(
    database: Database, settings: Settings, credential: str, moment: dt.datetime
) -> bool:
    """Tell whether a credential, as things stand, will be accepted at `moment`; no use is noted."""
    return await _check(database, settings, credential, moment) is not None


async def _check(
    database: Database, settings: Settings, credential: str, moment: dt.datetime
) -> store.CredentialRow | None:
    parsed = parse(credential)
    if parsed is None or parsed.kind not in {CredentialKind.API_TOKEN, CredentialKind.SESSION}:
        return None
    is_token = parsed.kind is CredentialKind.API_TOKEN
    digest = token_digest(key_ring(settings), parsed) if is_token else secret_hash(parsed)
    async with database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        row = await store.find_credential(transaction.session, parsed, digest)
    same = hmac.compare_digest(digest, NO_DIGEST if row is None else row.digest)
    return row if row is not None and same and _accepted(row, settings, moment) else None


def _accepted(row: store.CredentialRow, settings: Settings, now: dt.datetime) -> bool:
    idle_max = dt.timedelta(minutes=settings.session_idle_minutes)
    idle = row.kind is CredentialKind.SESSION and (row.seen_at or now) + idle_max <= now
    return (
        not idle
        and row.expires_at > now
        and (row.revoked_at is None or row.revoked_at > now)
        and row.disabled_at is None
        and row.ended_at is None
    )


async def _note_use(
    database: Database, credential_id: uuid.UUID, *, is_token: bool, now: dt.datetime
) -> None:
    """Write down that a credential was used, at most once a minute; a full pool is no reason to refuse."""
    statement = store.SEE_TOKEN if is_token else store.SEE_SESSION
    values = {"id": credential_id, "now": now, "before": now - SEEN_EVERY}
    with contextlib.suppress(Unavailable):
        async with database.transaction(EVERY_WORKSPACE) as transaction:
            await transaction.session.execute(statement, values)
