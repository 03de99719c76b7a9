"""A small world for identity's tests: an installation with an owner, and a door like invoke's.

`call` does what `invoke` does around an operation (authenticate, scope, prepare, one
transaction, journal), so that these tests need no interface.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from sqlalchemy import text

from bursar.core.errors import Forbidden, Unauthenticated
from bursar.identity.models import InvitationCreated, SignedIn
from bursar.identity.operations.bootstrap import Bootstrap, ensure_owner
from bursar.identity.operations.credentials import authenticate
from bursar.runtime.actor import NOBODY, UNKNOWN_CLIENT, Actor, Client, Source
from bursar.runtime.context import Context, Fact, PrepareContext
from bursar.runtime.database import EVERY_WORKSPACE
from bursar.runtime.registry import operations
from tests.harness import Harness

PASSWORD = "correct horse battery"


@dataclass
class World:
    harness: Harness
    start: Bootstrap
    owner_token: str
    facts: list[Fact] = field(default_factory=list)

    @property
    def tag(self) -> str:
        """Keeps user names of one test apart from all others: people are global."""
        return self.harness.workspace_id.hex[:20]

    async def authenticate(self, credential: str) -> Actor:
        h = self.harness
        return await authenticate(h.database, h.settings, h.clock, credential)

    async def call(
        self,
        name: str,
        credential: str | None = None,
        /,
        client: Client = UNKNOWN_CLIENT,
        **body: Any,
    ) -> Any:
        h, operation = self.harness, operations()[name]
        actor = NOBODY if credential is None else await self.authenticate(credential)
        if operation.scope is not None:
            if credential is None:
                raise Unauthenticated("needs a token")
            if not actor.may(operation.scope):
                raise Forbidden(f"lacks {operation.scope}")
        parsed = operation.input_model.model_validate(body)
        prepared = None
        if operation.prepare is not None:
            before = PrepareContext(actor, h.clock, h.settings, "test", h.cache, h.database, client)
            prepared = await operation.prepare(before, parsed)
        async with h.database.transaction(
            actor.workspace_id, read_only=not operation.writes
        ) as transaction:
            context = Context(
                session=transaction.session,
                actor=actor,
                clock=h.clock,
                settings=h.settings,
                request_id="test",
                source=Source.REST,
                cache=h.cache,
                prepared=prepared,
                client=client,
            )
            output: BaseModel = await operation.run(context, parsed)
        self.facts.extend(context.facts)
        return output

    async def add(self, role: str, name: str = "") -> SignedIn:
        """Invite and register a person with `role`; their password is PASSWORD."""
        invitation: InvitationCreated = await self.call(
            "identity.invite_person", self.owner_token, role=role
        )
        joined: SignedIn = await self.call(
            "identity.register",
            invitation=invitation.secret,
            username=f"{name or role}-{self.tag}",
            password=PASSWORD,
        )
        return joined

    async def row(self, query: str, **values: Any) -> Any:
        async with self.harness.database.transaction(EVERY_WORKSPACE) as transaction:
            result = await transaction.session.execute(text(query), values)
            return result.one_or_none() if result.returns_rows else None


async def make_world(harness: Harness) -> World:
    """Start as on a fresh machine: nobody owns anything yet; then sign the owner in by the link."""
    async with harness.database.transaction(EVERY_WORKSPACE) as transaction:
        await transaction.session.execute(text("UPDATE membership SET ended_at = created_at"))
    start = await ensure_owner(
        harness.database,
        harness.settings,
        harness.clock,
        workspace_name="Home",
        base_currency="EUR",
        username=f"owner-{harness.workspace_id.hex[:20]}",
    )
    world = World(harness, start, "")
    signed_in = await world.call(
        "identity.use_sign_in_link", secret=start.sign_in_link.get_secret_value()
    )
    world.owner_token = signed_in.token
    return world


async def other_workspace(world: World, role: str = "owner") -> tuple[uuid.UUID, uuid.UUID]:
    """Add another workspace with a person of its own; return both ids."""
    workspace_id, person_id = uuid.uuid4(), uuid.uuid4()
    at = world.harness.clock.now()
    values = {"w": workspace_id, "p": person_id, "at": at, "u": f"s-{person_id.hex}", "r": role}
    await world.row("INSERT INTO workspace VALUES (:w, 'Other', 'USD', :at)", w=workspace_id, at=at)
    await world.row(
        "INSERT INTO person VALUES (:p, :u, NULL, 'Stranger', :at, NULL)",
        p=person_id,
        u=values["u"],
        at=at,
    )
    await world.row(
        "INSERT INTO membership VALUES (:w, :p, :r, :at, NULL)",
        w=workspace_id,
        p=person_id,
        r=role,
        at=at,
    )
    return workspace_id, person_id
