"""Joining: the very first person makes a workspace, everyone else needs an invitation."""

from dataclasses import dataclass

from bursar.core.errors import Conflict, Forbidden
from bursar.identity import store
from bursar.identity.attempts import begin_attempt, forgive_attempt
from bursar.identity.calc.spelling import CredentialKind
from bursar.identity.errors import WrongSignIn
from bursar.identity.hashing import hash_password
from bursar.identity.models import Register, SignedIn
from bursar.identity.operations.bootstrap import add_owner
from bursar.identity.operations.login import (
    OneTimeSecret,
    Proven,
    find_one_time_secret,
    finish_login,
)
from bursar.identity.tables import Membership
from bursar.runtime.actor import Actor, ActorKind
from bursar.runtime.context import Context, PrepareContext
from bursar.runtime.database import EVERY_WORKSPACE
from bursar.runtime.registry import operation


@dataclass(frozen=True, slots=True, repr=False)
class Applicant:
    """A new person's password hash, and the invitation they came with."""

    password_hash: str
    invitation: OneTimeSecret | None


async def _admit(context: PrepareContext, body: Register) -> Applicant:
    """Turn strangers away before Argon2 costs anything."""
    invitation = None
    if body.invitation is not None:
        invitation = await find_one_time_secret(
            context, body.invitation.get_secret_value(), CredentialKind.INVITATION
        )
    else:
        attempt = await begin_attempt(context, None)
        async with context.database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
            if await store.find_first_owner(transaction.session, "") is not None:
                raise _closed()
        await forgive_attempt(context, attempt)
    return Applicant(await hash_password(body.password.get_secret_value()), invitation)


@operation(
    "identity.register",
    scope=None,
    http="POST /auth/register",
    writes=True,
    tool=None,
    command=None,
    prepare=_admit,
)
async def register(context: Context, body: Register) -> SignedIn:
    """Create an account and sign in to it.

    Open to the very first person of a server, who becomes owner of a new workspace, and to those
    who were invited.
    """
    applicant: Applicant = context.prepared
    proven = (
        await _join_first(context, body)
        if applicant.invitation is None
        else await _join_invited(context, body, applicant.invitation)
    )
    now = context.clock.now()
    await store.put_password(context.session, proven.person_id, applicant.password_hash, now)
    signed_in = await finish_login(context, proven, "registration")
    context.fact("identity.registered", proven.person_id, role=signed_in.role.value)
    return signed_in


async def _join_first(context: Context, body: Register) -> Proven:
    async with store.across_workspaces(context.session):
        await store.lock_first_owner(context.session)
        if await store.find_first_owner(context.session, "") is not None:
            raise _closed()
        person, membership = await add_owner(
            context.session,
            username=body.username,
            display_name=body.display_name or body.username,
            email=body.email,
            workspace_name=body.workspace_name,
            base_currency=body.base_currency,
            now=context.clock.now(),
        )
    return Proven(person.id, membership.workspace_id)


async def _join_invited(context: Context, body: Register, secret: OneTimeSecret) -> Proven:
    session, now = context.session, context.clock.now()
    await context.enter_workspace(Actor(ActorKind.NOBODY, workspace_id=secret.workspace_id))
    invitation = await store.use_invitation(session, secret.hash, now)
    if invitation is None:
        raise WrongSignIn("this invitation is not valid")
    if invitation.email is not None and body.email not in {None, invitation.email}:
        raise Conflict("the invitation is for another e-mail address", field="email")
    person = await store.add_person(
        session,
        username=body.username,
        display_name=body.display_name or body.username,
        email=body.email or invitation.email,
        now=now,
    )
    invitation.used_by = person.id
    session.add(
        Membership(
            workspace_id=secret.workspace_id,
            person_id=person.id,
            role=invitation.role,
            created_at=now,
            ended_at=None,
        )
    )
    await session.flush()
    return Proven(person.id, secret.workspace_id)


def _closed() -> Forbidden:
    return Forbidden(
        "registration is by invitation",
        hint="Ask an administrator of the workspace for an invitation.",
    )
