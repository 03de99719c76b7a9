"""The first start: one owner, one workspace, a one-time link to sign in and a token to go on with."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Final

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.clock import Clock
from bursar.core.ids import new_id
from bursar.identity import store
from bursar.identity.calc.roles import Role
from bursar.identity.calc.spelling import CredentialKind
from bursar.identity.hashing import new_credential, secret_hash, token_digest
from bursar.identity.keyring import key_ring
from bursar.identity.operations.credentials import is_valid_at
from bursar.identity.tables import ApiToken, Membership, Person, Workspace
from bursar.runtime.actor import READ_SCOPES, WRITE_SCOPES, Source, system_actor
from bursar.runtime.context import Fact
from bursar.runtime.database import EVERY_WORKSPACE, Database
from bursar.runtime.journal import Entry
from bursar.settings import Settings

LINK_LIFE: Final = dt.timedelta(hours=24)
TOKEN_LIFE: Final = dt.timedelta(days=90)
TOKEN_RENEWED_BEFORE_END: Final = dt.timedelta(days=14)
COMMAND_LINE: Final = "command line of this machine"


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """What a start found or made; the secrets are hidden in its repr and stored nowhere.

    api_token: None when the token handed in is still good; otherwise the caller keeps it.
    """

    owner_created: bool
    workspace_id: uuid.UUID
    person_id: uuid.UUID
    username: str
    sign_in_link: SecretStr
    sign_in_link_expires_at: dt.datetime
    api_token: SecretStr | None
    facts: tuple[Fact, ...] = field(default=(), repr=False)


async def ensure_owner(  # the whole of a first start
    database: Database,
    settings: Settings,
    clock: Clock,
    *,
    workspace_name: str,
    base_currency: str,
    username: str,
    api_token: str | None = None,
) -> Bootstrap:
    """Make the first owner and workspace unless one exists, and a fresh one-time link for them.

    api_token: what the caller kept from an earlier start. When it is missing, no longer valid or
    within two weeks of its end, a new one is returned and the old one ends. Two starts at once
    make one owner. base_currency: three letters of ISO 4217.
    """
    soon = clock.now() + TOKEN_RENEWED_BEFORE_END
    keeps_token = bool(api_token) and await is_valid_at(database, settings, api_token or "", soon)
    async with database.transaction(EVERY_WORKSPACE) as transaction:
        session = transaction.session
        await store.lock_first_owner(session)
        found = await store.find_first_owner(session, username)
        owner_created = found is None
        if found is None:
            found = await add_owner(
                session,
                username=username,
                display_name=username,
                email=None,
                workspace_name=workspace_name,
                base_currency=base_currency,
                now=clock.now(),
            )
        done = await _add_credentials(
            session,
            settings,
            found,
            now=clock.now(),
            owner_created=owner_created,
            with_token=owner_created or not keeps_token,
        )
        entry = Entry(
            at=clock.now(),
            actor=system_actor(done.workspace_id),
            source=Source.JOB,
            operation="identity.ensure_owner",
            request_id=str(new_id()),
            input_hash=b"",
            outcome="done",
            facts=done.facts,
        )
        transaction.before_commit.append(entry.statement())
    return done


async def add_owner(  # the facts of a first owner
    session: AsyncSession,
    *,
    username: str,
    display_name: str,
    email: str | None,
    workspace_name: str,
    base_currency: str,
    now: dt.datetime,
) -> tuple[Person, Membership]:
    """Add a workspace and the person who owns it."""
    workspace = Workspace(
        id=new_id(), name=workspace_name, base_currency=base_currency, created_at=now
    )
    session.add(workspace)
    person = await store.add_person(
        session, username=username, display_name=display_name, email=email, now=now
    )
    membership = Membership(
        workspace_id=workspace.id,
        person_id=person.id,
        role=Role.OWNER.value,
        created_at=now,
        ended_at=None,
    )
    session.add(membership)
    await session.flush()
    return person, membership


async def _add_credentials(
    session: AsyncSession,
    settings: Settings,
    owner: tuple[Person, Membership],
    *,
    now: dt.datetime,
    owner_created: bool,
    with_token: bool,
) -> Bootstrap:
    person, membership = owner
    link = new_credential(CredentialKind.SIGN_IN_LINK)
    await store.add_link(
        session,
        workspace_id=membership.workspace_id,
        person_id=person.id,
        secret_hash=secret_hash(link),
        created_by=None,
        now=now,
        expires_at=now + LINK_LIFE,
    )
    facts = [Fact("identity.sign_in_link_created", str(person.id), {})]
    if owner_created:
        facts.insert(
            0, Fact("identity.owner_created", str(person.id), {"username": person.username})
        )
    token = new_credential(CredentialKind.API_TOKEN) if with_token else None
    if token is not None:
        await store.end_tokens_named(
            session,
            workspace_id=membership.workspace_id,
            name=COMMAND_LINE,
            now=now,
        )
        row = ApiToken(
            id=new_id(),
            workspace_id=membership.workspace_id,
            public_id=token.public_id,
            digest=token_digest(key_ring(settings), token),
            name=COMMAND_LINE,
            scopes=sorted(READ_SCOPES | WRITE_SCOPES),
            created_by=person.id,
            created_at=now,
            expires_at=now + TOKEN_LIFE,
            last_used_at=None,
            revoked_at=None,
            replaced_by=None,
        )
        session.add(row)
        facts.append(Fact("identity.token_created", str(row.id), {"name": row.name}))
    return Bootstrap(
        owner_created=owner_created,
        workspace_id=membership.workspace_id,
        person_id=person.id,
        username=person.username,
        sign_in_link=SecretStr(link.text()),
        sign_in_link_expires_at=now + LINK_LIFE,
        api_token=None if token is None else SecretStr(token.text()),
        facts=tuple(facts),
    )
