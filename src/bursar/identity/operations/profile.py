"""The caller's own account: who they are, and their password."""

import uuid
from dataclasses import dataclass

from bursar.core.errors import Conflict, Forbidden, InvalidInput
from bursar.core.model import Nothing
from bursar.identity import store
from bursar.identity.attempts import begin_attempt, forgive_attempt
from bursar.identity.calc.roles import Role
from bursar.identity.hashing import hash_password, verify_password
from bursar.identity.models import ChangePassword, PasswordChanged, Profile, UpdateProfile
from bursar.runtime.actor import Actor, ActorKind
from bursar.runtime.context import Context, PrepareContext
from bursar.runtime.database import EVERY_WORKSPACE
from bursar.runtime.registry import operation


@dataclass(frozen=True, slots=True, repr=False)
class NewPasswordHash:
    """The hash that was checked and the one to put in its place."""

    replaced: str | None
    hash: str


def person_of(actor: Actor) -> uuid.UUID:
    """Return the person behind the call, or refuse: Bursar's own jobs have no account."""
    if actor.user_id is None:
        raise Forbidden("this call is not made for a person")
    return actor.user_id


@operation("identity.get_me", scope="identity:read", http="GET /users/me", command="whoami")
async def get_me(context: Context, body: Nothing) -> Profile:
    """Show who you are, your workspace and role, and what this credential may do."""
    del body
    actor, workspace_id = context.actor, context.workspace_id
    found = None
    if actor.user_id is not None:
        found = await store.find_member(context.session, workspace_id, actor.user_id)
    person, membership = found or (None, None)
    role = None if membership is None else Role(membership.role)
    return Profile(
        person_id=None if person is None else person.id,
        username=None if person is None else person.username,
        email=None if person is None else person.email,
        display_name=actor.name if person is None else person.display_name,
        workspace_id=workspace_id,
        role=role,
        roles=() if role is None else (role,),
        scopes=tuple(sorted(actor.scopes)),
        credential=actor.kind.value,
        has_password=person is not None and await store.has_password(context.session, person.id),
    )


@operation(
    "identity.update_profile",
    scope="identity:write",
    http="PATCH /users/me",
    writes=True,
    tool=None,
)
async def update_profile(context: Context, body: UpdateProfile) -> Profile:
    """Change your display name or e-mail address; what is left out stays."""
    _require_session(context.actor)
    person_id = person_of(context.actor)
    if body.email is not None and await store.is_email_taken(
        context.session, body.email, other_than=person_id
    ):
        raise Conflict("this e-mail address is in use", field="email")
    found = await store.find_member(context.session, context.workspace_id, person_id)
    if found is None:
        raise Forbidden("this account is no member of the workspace")
    person = found[0]
    if body.display_name is not None:
        person.display_name = body.display_name
    if body.email is not None:
        person.email = body.email
    await context.session.flush()
    context.fact(
        "identity.profile_changed", person_id, fields=", ".join(sorted(body.model_fields_set))
    )
    return await get_me(context, Nothing())


async def _hash_new_password(context: PrepareContext, body: ChangePassword) -> NewPasswordHash:
    _require_session(context.actor)
    person_id = person_of(context.actor)
    async with context.database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        stored = await store.find_password(transaction.session, person_id)
        workspaces = await store.find_workspaces(transaction.session, person_id)
    if stored is None:
        # Who signs in by a link of one workspace must not thereby take an account over in another.
        if len(workspaces) > 1:
            raise Forbidden(
                "an account of several workspaces cannot choose its first password here"
            )
    elif body.current_password is None:
        raise InvalidInput("give the current password", field="current_password")
    else:
        attempt = await begin_attempt(context, str(person_id))
        right, _ = await verify_password(body.current_password.get_secret_value(), stored)
        if not right:
            raise InvalidInput("the current password is wrong", field="current_password")
        await forgive_attempt(context, attempt)
    return NewPasswordHash(stored, await hash_password(body.new_password.get_secret_value()))


@operation(
    "identity.change_password",
    scope="identity:write",
    http="POST /users/me/password",
    writes=True,
    status=200,
    tool=None,
    command=None,
    prepare=_hash_new_password,
)
async def change_password(context: Context, body: ChangePassword) -> PasswordChanged:
    """Choose a new password; every other session of yours ends, in all workspaces.

    Needs a session: an API token cannot change a password.
    """
    del body  # both passwords were dealt with before the transaction
    prepared: NewPasswordHash = context.prepared
    person_id = person_of(context.actor)
    replaced = await store.replace_password(
        context.session, person_id, prepared.replaced, prepared.hash, now=context.clock.now()
    )
    if not replaced:
        raise Conflict("the password was changed at the same time; sign in again")
    async with store.across_workspaces(context.session):
        ended = await store.end_sessions(
            context.session, person_id, context.clock.now(), keep=context.actor.credential_id
        )
    context.fact("identity.password_changed", person_id, sessions_ended=ended)
    return PasswordChanged(sessions_ended=ended)


def _require_session(actor: Actor) -> None:
    if actor.kind is not ActorKind.PERSON:
        raise Forbidden("only a signed-in person may do this, not a token", hint="Sign in first.")
