"""The people of a workspace: who belongs to it, as what, and how new ones join."""

import datetime as dt
import uuid

from sqlalchemy import select

from bursar.core.errors import Conflict, Forbidden, NotFound
from bursar.core.ids import new_id
from bursar.core.model import Nothing
from bursar.identity import store
from bursar.identity.calc.roles import Role, may_act_on
from bursar.identity.calc.spelling import CredentialKind
from bursar.identity.hashing import new_credential, secret_hash
from bursar.identity.models import (
    ChangeRole,
    CreateSignInLink,
    InvitationCreated,
    InvitePerson,
    Member,
    PersonId,
    SignInLinkCreated,
)
from bursar.identity.operations.profile import person_of
from bursar.identity.tables import Invitation, Membership, Person
from bursar.runtime.context import Context
from bursar.runtime.pages import Page, PageRequest
from bursar.runtime.registry import operation


@operation("identity.list_people", scope="admin", http="GET /people", tool=None)
async def list_people(context: Context, body: PageRequest) -> Page[Member]:
    """List the people of this workspace with their roles, newest account first."""
    query = (
        select(Person, Membership)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.workspace_id == context.workspace_id, Membership.ended_at.is_(None))
    )
    rows = (await context.session.execute(store.newest_first(query, Person.id, body))).all()
    members = [_member(row.Person, row.Membership) for row in rows]
    return store.page(members, body, lambda member: member.person_id)


@operation(
    "identity.change_role",
    scope="admin",
    http="PATCH /people/{person_id}",
    writes=True,
    tool=None,
    positional=("person_id", "role"),
)
async def change_role(context: Context, body: ChangeRole) -> Member:
    """Give a person another role; only an owner makes or unmakes owners, and one always remains."""
    caller, person, membership = await _lock_other(context, body.person_id)
    _check_reach(caller, body.role)
    before, membership.role = membership.role, body.role.value
    await _after_change(context, body.person_id)
    context.fact("identity.role_changed", person.id, before=before, after=body.role.value)
    return _member(person, membership)


@operation(
    "identity.remove_person",
    scope="admin",
    http="DELETE /people/{person_id}",
    writes=True,
    destructive=True,
    tool=None,
    positional=("person_id",),
)
async def remove_person(context: Context, body: PersonId) -> Nothing:
    """Take a person out of this workspace; their sessions and tokens here stop within seconds."""
    _, person, membership = await _lock_other(context, body.person_id)
    now = context.clock.now()
    membership.ended_at = now
    await _after_change(context, body.person_id)
    await store.end_sessions(context.session, person.id, now)
    await store.end_tokens_of(
        context.session, workspace_id=context.workspace_id, person_id=person.id, now=now
    )
    context.fact("identity.person_removed", person.id)
    return Nothing()


@operation(
    "identity.invite_person", scope="admin", http="POST /people/invitations", writes=True, tool=None
)
async def invite_person(context: Context, body: InvitePerson) -> InvitationCreated:
    """Make an invitation that registers one new person in the given role; the secret is shown once."""
    caller = await _role_of_caller(context)
    _check_reach(caller, body.role)
    credential = new_credential(CredentialKind.INVITATION)
    now = context.clock.now()
    row = Invitation(
        id=new_id(),
        workspace_id=context.workspace_id,
        role=body.role.value,
        email=body.email,
        secret_hash=secret_hash(credential),
        created_by=person_of(context.actor),
        created_at=now,
        expires_at=now + dt.timedelta(hours=body.hours),
        used_at=None,
        used_by=None,
    )
    context.session.add(row)
    context.fact("identity.person_invited", row.id, role=row.role)
    return InvitationCreated(
        invitation_id=row.id, secret=credential.text(), expires_at=row.expires_at
    )


@operation(
    "identity.create_sign_in_link", scope="admin", http="POST /auth/links", writes=True, tool=None
)
async def create_sign_in_link(context: Context, body: CreateSignInLink) -> SignInLinkCreated:
    """Make a link that signs one person of this workspace in, once; earlier unused links of theirs end.

    Only an owner makes links for owners.
    """
    _, person, _ = await _lock_other(context, body.person_id)
    if person.disabled_at is not None:
        raise Conflict("this account is switched off", field="person_id")
    link = new_credential(CredentialKind.SIGN_IN_LINK)
    now = context.clock.now()
    expires_at = now + dt.timedelta(hours=body.hours)
    await store.add_link(
        context.session,
        workspace_id=context.workspace_id,
        person_id=person.id,
        secret_hash=secret_hash(link),
        created_by=person_of(context.actor),
        now=now,
        expires_at=expires_at,
    )
    context.fact("identity.sign_in_link_created", person.id)
    return SignInLinkCreated(secret=link.text(), expires_at=expires_at)


async def _lock_other(context: Context, person_id: uuid.UUID) -> tuple[Role, Person, Membership]:
    """Lock the workspace's roles and return the caller's role and the other person.

    Raises NotFound for a person of no or another workspace, Forbidden when the caller's role does
    not reach theirs.
    """
    await store.lock_workspace(context.session, context.workspace_id)
    caller = await _role_of_caller(context)
    found = await store.find_member(context.session, context.workspace_id, person_id)
    if found is None:
        raise NotFound("there is no person with this id", field="person_id")
    person, membership = found
    _check_reach(caller, Role(membership.role))
    return caller, person, membership


async def _role_of_caller(context: Context) -> Role:
    caller = await store.find_member(
        context.session, context.workspace_id, person_of(context.actor)
    )
    if caller is None:
        raise Forbidden("this account is no member of the workspace")
    return Role(caller[1].role)


def _check_reach(caller: Role, other: Role) -> None:
    if not may_act_on(caller, other):
        raise Forbidden(
            f"a person with the role {caller.value} cannot act on the role {other.value}",
            hint="Ask an owner of the workspace.",
        )


async def _after_change(context: Context, person_id: uuid.UUID) -> None:
    """Keep an owner, and end what the person gave out under the role they had."""
    await context.session.flush()
    if await store.count_owners(context.session, context.workspace_id) == 0:
        raise Conflict(
            "a workspace keeps at least one owner",
            hint="Make somebody else an owner first.",
            field="person_id",
        )
    await store.end_invitations_by(
        context.session,
        workspace_id=context.workspace_id,
        person_id=person_id,
        now=context.clock.now(),
    )


def _member(person: Person, membership: Membership) -> Member:
    return Member(
        person_id=person.id,
        username=person.username,
        email=person.email,
        display_name=person.display_name,
        role=Role(membership.role),
        joined_at=membership.created_at,
        disabled=person.disabled_at is not None,
    )
