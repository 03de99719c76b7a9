"""Signing in. Every way of proving who one is ends in `finish_login`, the only place that opens a session.

A later factor, single sign-on or OAuth proves a person and then calls it; a policy that demands a
second factor belongs at its head, where no way can pass it by.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from bursar.core.ids import new_id
from bursar.identity import store
from bursar.identity.attempts import begin_attempt, forgive_attempt
from bursar.identity.calc.roles import SCOPES_OF_ROLE, Role
from bursar.identity.calc.spelling import CredentialKind, parse
from bursar.identity.errors import WrongSignIn
from bursar.identity.hashing import new_credential, secret_hash, verify_password
from bursar.identity.models import SignedIn, SignIn, UseSignInLink
from bursar.identity.tables import SignedInSession
from bursar.runtime.actor import Actor, ActorKind
from bursar.runtime.context import Context, PrepareContext
from bursar.runtime.database import EVERY_WORKSPACE
from bursar.runtime.registry import operation

USER_AGENT_CHARACTERS_MAX: Final = 300
ADDRESS_CHARACTERS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Proven:
    """A person who proved who they are, and the workspace they want to work in."""

    person_id: uuid.UUID
    workspace_id: uuid.UUID
    renewed_hash: str | None = None


@dataclass(frozen=True, slots=True)
class OneTimeSecret:
    """A link's or an invitation's hash, and the workspace it was made in."""

    hash: bytes
    workspace_id: uuid.UUID


async def finish_login(context: Context, proven: Proven, way: str) -> SignedIn:
    """Open a session for a proven person; the call goes on as that person in their workspace.

    Raises WrongSignIn when the person is switched off or is no member of the workspace.
    """
    await context.enter_workspace(
        Actor(ActorKind.PERSON, workspace_id=proven.workspace_id, user_id=proven.person_id)
    )
    found = await store.find_member(context.session, proven.workspace_id, proven.person_id)
    workspace = await store.find_workspace(context.session, proven.workspace_id)
    if found is None or workspace is None or found[0].disabled_at is not None:
        raise _refusal()
    person, membership = found
    now = context.clock.now()
    credential = new_credential(CredentialKind.SESSION)
    row = SignedInSession(
        id=new_id(),
        workspace_id=proven.workspace_id,
        person_id=person.id,
        secret_hash=secret_hash(credential),
        way=way,
        created_at=now,
        last_seen_at=now,
        expires_at=now + dt.timedelta(hours=context.settings.session_absolute_hours),
        user_agent=_clean(context.client.user_agent, USER_AGENT_CHARACTERS_MAX),
        address=_clean(context.client.address, ADDRESS_CHARACTERS_MAX),
        revoked_at=None,
    )
    context.session.add(row)
    role = Role(membership.role)
    context.actor = Actor(
        ActorKind.PERSON,
        workspace_id=proven.workspace_id,
        user_id=person.id,
        credential_id=row.id,
        name=person.display_name,
        scopes=SCOPES_OF_ROLE[role],
    )
    context.fact("identity.signed_in", person.id, session=str(row.id), way=way)
    return SignedIn(
        token=credential.text(),
        token_type="bearer",  # noqa: S106 - the scheme's name
        session_id=row.id,
        expires_at=row.expires_at,
        workspace_id=workspace.id,
        workspace_name=workspace.name,
        person_id=person.id,
        username=person.username,
        role=role,
        has_password=await store.has_password(context.session, person.id),
    )


async def _prove_password(context: PrepareContext, body: SignIn) -> Proven:
    """Check the password before the transaction: Argon2 would hold a connection all the while."""
    async with context.database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        person, stored = await store.find_login(transaction.session, body.username)
        workspaces = (
            [] if person is None else await store.find_workspaces(transaction.session, person.id)
        )
    account = body.username if person is None else str(person.id)
    attempt = await begin_attempt(context, account)
    right, renewed = await verify_password(body.password.get_secret_value(), stored)
    wanted = body.workspace_id or (workspaces[0] if workspaces else None)
    if not right or person is None or person.disabled_at is not None or wanted not in workspaces:
        raise _refusal()
    await forgive_attempt(context, attempt)
    return Proven(person.id, wanted, renewed)


@operation(
    "identity.sign_in",
    scope=None,
    http="POST /auth/login",
    writes=True,
    status=200,
    tool=None,
    command=None,
    prepare=_prove_password,
)
async def sign_in(context: Context, body: SignIn) -> SignedIn:
    """Sign in with user name or e-mail and password.

    A wrong account and a wrong password get the same answer in the same time. After five failures
    in a row each further one doubles the wait, up to 15 minutes.
    """
    del body  # the password was verified before the transaction
    proven: Proven = context.prepared
    signed_in = await finish_login(context, proven, "password")
    if proven.renewed_hash is not None:
        now = context.clock.now()
        await store.put_password(context.session, proven.person_id, proven.renewed_hash, now)
    return signed_in


async def find_one_time_secret(
    context: PrepareContext, text: str, kind: CredentialKind
) -> OneTimeSecret:
    """Find the workspace of a link or invitation, so that its transaction can be confined to it.

    Counts as an attempt from the caller's network unless it succeeds. Raises WrongSignIn for an
    unknown one; whether it was used or has expired is decided where it is spent.
    """
    attempt = await begin_attempt(context, None)
    credential = parse(text)
    if credential is None or credential.kind is not kind:
        raise _refusal()
    hashed = secret_hash(credential)
    async with context.database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        workspace_id = await store.workspace_of_secret(
            transaction.session, kind, hashed, context.clock.now()
        )
    if workspace_id is None:
        raise _refusal()
    await forgive_attempt(context, attempt)
    return OneTimeSecret(hashed, workspace_id)


async def _find_link(context: PrepareContext, body: UseSignInLink) -> OneTimeSecret:
    return await find_one_time_secret(
        context, body.secret.get_secret_value(), CredentialKind.SIGN_IN_LINK
    )


@operation(
    "identity.use_sign_in_link",
    scope=None,
    http="POST /auth/link",
    writes=True,
    status=200,
    tool=None,
    command=None,
    prepare=_find_link,
)
async def use_sign_in_link(context: Context, body: UseSignInLink) -> SignedIn:
    """Sign in with a one-time link; it works once, and used, expired or unknown links answer alike."""
    del body  # its secret was turned into a hash before the transaction
    link: OneTimeSecret = context.prepared
    await context.enter_workspace(Actor(ActorKind.NOBODY, workspace_id=link.workspace_id))
    person_id = await store.use_link(context.session, link.hash, context.clock.now())
    if person_id is None:
        raise _refusal()
    return await finish_login(context, Proven(person_id, link.workspace_id), "link")


def _clean(text: str, characters_max: int) -> str:
    """Keep what a client says of itself short and on one line."""
    return "".join(c if c.isprintable() else " " for c in text[:characters_max])


def _refusal() -> WrongSignIn:
    return WrongSignIn("signing in was refused")
