"""API tokens: keys for programs, each no wider than whoever makes it, and shown once."""

import datetime as dt
import uuid
from typing import Final

from sqlalchemy import func, select

from bursar.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from bursar.core.ids import new_id
from bursar.identity import models, store
from bursar.identity.calc.roles import PEOPLE_ONLY, uncovered
from bursar.identity.calc.spelling import CredentialKind, prefix
from bursar.identity.hashing import new_credential, token_digest
from bursar.identity.keyring import key_ring
from bursar.identity.models import (
    ApiTokenCreated,
    ApiTokenId,
    CreateApiToken,
    ListApiTokens,
    RotateApiToken,
)
from bursar.identity.operations.profile import person_of
from bursar.identity.tables import ApiToken
from bursar.runtime.actor import SCOPES, ActorKind
from bursar.runtime.context import Context
from bursar.runtime.pages import Page
from bursar.runtime.registry import operation

RUNNING_TOKENS_MAX: Final = 100


@operation(
    "identity.create_api_token",
    scope="identity:write",
    http="POST /api-tokens",
    writes=True,
    tool=None,
    command="token create",
    positional=("name",),
)
async def create_api_token(context: Context, body: CreateApiToken) -> ApiTokenCreated:
    """Make an API token that acts for you; its secret is shown this once.

    It gets at most your own scopes, never admin or approve, and loses what your role loses. Made
    with another token, it does not outlive that one.
    """
    person_id = person_of(context.actor)
    scopes = _checked_scopes(context, body.scopes)
    running = await context.session.scalar(
        select(func.count())
        .select_from(ApiToken)
        .where(
            ApiToken.workspace_id == context.workspace_id,
            ApiToken.created_by == person_id,
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > context.clock.now(),
        )
    )
    if (running or 0) >= RUNNING_TOKENS_MAX:
        raise Conflict(
            f"a person has at most {RUNNING_TOKENS_MAX} running tokens",
            hint="Revoke those that are no longer used.",
        )
    created = await _add(context, body.name, scopes, dt.timedelta(days=body.days))
    context.fact("identity.token_created", created.id, name=created.name, scopes=list(scopes))
    return created


@operation(
    "identity.list_api_tokens",
    scope="identity:read",
    http="GET /api-tokens",
    tool=None,
    command="token list",
)
async def list_api_tokens(context: Context, body: ListApiTokens) -> Page[models.ApiToken]:
    """List API tokens, newest first, without their secrets: yours, or everyone's for admins."""
    query = select(ApiToken).where(ApiToken.workspace_id == context.workspace_id)
    if not body.everyone:
        query = query.where(ApiToken.created_by == person_of(context.actor))
    elif not context.actor.may("admin"):
        raise Forbidden("only admins see other people's tokens", field="everyone")
    rows = await context.session.scalars(store.newest_first(query, ApiToken.id, body))
    return store.page([_shown(row) for row in rows], body, lambda token: token.id)


@operation(
    "identity.revoke_api_token",
    scope="identity:write",
    http="DELETE /api-tokens/{token_id}",
    writes=True,
    destructive=True,
    tool=None,
    command="token revoke",
    positional=("token_id",),
)
async def revoke_api_token(context: Context, body: ApiTokenId) -> models.ApiToken:
    """Revoke an API token for ever, your own or as an admin anyone's; twice is no error."""
    row = await _lock(context, body.token_id, or_admin=True)
    if row.revoked_at is None:
        row.revoked_at = context.clock.now()
        context.fact("identity.token_revoked", row.id, name=row.name)
    return _shown(row)


@operation(
    "identity.rotate_api_token",
    scope="identity:write",
    http="POST /api-tokens/{token_id}/rotate",
    writes=True,
    tool=None,
    command="token rotate",
    positional=("token_id",),
)
async def rotate_api_token(context: Context, body: RotateApiToken) -> ApiTokenCreated:
    """Replace one of your API tokens by a new one with the same name, scopes and life.

    The old one works for overlap_minutes more, so that programs can change over.
    """
    row = await _lock(context, body.token_id, or_admin=False)
    now = context.clock.now()
    if row.revoked_at is not None or row.expires_at <= now or row.replaced_by is not None:
        raise Conflict(
            "this token was revoked, has expired or was rotated before", field="token_id"
        )
    scopes = _checked_scopes(context, row.scopes)
    created = await _add(context, row.name, scopes, row.expires_at - row.created_at)
    row.replaced_by = created.id
    if body.overlap_minutes:
        end = now + dt.timedelta(minutes=body.overlap_minutes)
        row.expires_at = min(row.expires_at, end)
    else:
        row.revoked_at = now
    context.fact("identity.token_rotated", row.id, name=row.name, replaced_by=str(created.id))
    return created


def _checked_scopes(context: Context, wanted: tuple[str, ...] | list[str]) -> list[str]:
    """Return the scopes, sorted, or refuse those that do not exist or that the caller lacks."""
    unknown = sorted(set(wanted) - SCOPES)
    if unknown:
        raise InvalidInput(
            f"there is no scope {unknown[0]!r}",
            field="scopes",
            hint=f"Scopes are {', '.join(sorted(SCOPES - PEOPLE_ONLY))}.",
        )
    personal = sorted(set(wanted) & PEOPLE_ONLY)
    if personal:
        raise InvalidInput(
            f"a token never carries the scope {personal[0]!r}; it belongs to people",
            field="scopes",
        )
    missing = uncovered(context.actor.scopes, wanted)
    if missing:
        raise Forbidden(
            f"you do not hold the scope {missing[0]} yourself",
            field="scopes",
            details={"missing": list(missing)},
        )
    return sorted(set(wanted))


async def _add(
    context: Context, name: str, scopes: list[str], life: dt.timedelta
) -> ApiTokenCreated:
    credential = new_credential(CredentialKind.API_TOKEN)
    now = context.clock.now()
    row = ApiToken(
        id=new_id(),
        workspace_id=context.workspace_id,
        public_id=credential.public_id,
        digest=token_digest(key_ring(context.settings), credential),
        name=name,
        scopes=scopes,
        created_by=person_of(context.actor),
        created_at=now,
        expires_at=min(now + life, await _end_of_maker(context)),
        last_used_at=None,
        revoked_at=None,
        replaced_by=None,
    )
    context.session.add(row)
    await context.session.flush()
    return ApiTokenCreated(**_shown(row).model_dump(), token=credential.text())


async def _end_of_maker(context: Context) -> dt.datetime:
    """A token cannot prolong itself through tokens it makes; a person can."""
    if context.actor.kind is ActorKind.PERSON:
        return dt.datetime.max.replace(tzinfo=dt.UTC)
    end = await context.session.scalar(
        select(ApiToken.expires_at).where(ApiToken.id == context.actor.credential_id)
    )
    if end is None:
        raise Forbidden("only people and their tokens make tokens")
    return end


async def _lock(context: Context, token_id: uuid.UUID, *, or_admin: bool) -> ApiToken:
    query = select(ApiToken).where(
        ApiToken.id == token_id, ApiToken.workspace_id == context.workspace_id
    )
    if not (or_admin and context.actor.may("admin")):
        query = query.where(ApiToken.created_by == person_of(context.actor))
    row = await context.session.scalar(query.with_for_update())
    if row is None:
        raise NotFound("there is no token with this id", field="token_id")
    return row


def _shown(row: ApiToken) -> models.ApiToken:
    return models.ApiToken(
        id=row.id,
        prefix=prefix(CredentialKind.API_TOKEN, row.public_id),
        name=row.name,
        scopes=tuple(row.scopes),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
