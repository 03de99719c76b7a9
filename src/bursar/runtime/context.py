"""The context: all an operation may touch, handed in, so that nothing is global.

`session` is inside the one transaction that `invoke` owns. `fact()` adds a named event to the
journal row of this call; `effect()` asks for work outside after commit. Both are written in the
same transaction as the operation's own rows.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.clock import Clock
from bursar.core.errors import BursarError
from bursar.core.ids import new_id
from bursar.runtime.actor import UNKNOWN_CLIENT, Actor, Client, Source
from bursar.runtime.cache import Cache
from bursar.runtime.database import Database, transaction_open
from bursar.settings import Settings

FACTS_MAX = 10_000
EFFECTS_MAX = 10_000


class NetworkInTransactionError(RuntimeError):
    """A provider was called while a transaction was open: a defect in the caller."""


def refuse_open_transaction(what: str) -> None:
    """Stop a network call that would hold a transaction open; providers call this first."""
    if transaction_open.get():
        msg = f"{what} was called inside a transaction; ask for it with context.effect()"
        raise NetworkInTransactionError(msg)


@dataclass(frozen=True, slots=True)
class Fact:
    """A named event of the journal row: what happened to which object."""

    kind: str
    object_id: str
    data: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class EffectRequest:
    """Work that must happen outside after commit."""

    id: uuid.UUID
    kind: str
    payload: dict[str, JsonValue]


@dataclass(slots=True)
class PrepareContext:
    """What `prepare` may use: no session, because no transaction is open yet."""

    actor: Actor
    clock: Clock
    settings: Settings
    request_id: str
    cache: Cache
    database: Database
    client: Client = UNKNOWN_CLIENT


@dataclass(slots=True)
class Context:
    """One call of one operation."""

    session: AsyncSession
    actor: Actor
    clock: Clock
    settings: Settings
    request_id: str
    source: Source
    cache: Cache
    dry_run: bool = False
    prepared: Any = None
    facts: list[Fact] = field(default_factory=list)
    effects: list[EffectRequest] = field(default_factory=list)
    due_again: list[uuid.UUID] = field(default_factory=list)
    client: Client = UNKNOWN_CLIENT
    idempotency_key: str | None = None
    input_hash: bytes = b""

    @property
    def workspace_id(self) -> uuid.UUID:
        """The caller's workspace; refuses a credential that belongs to none."""
        return self.actor.require_workspace()

    async def enter_workspace(self, actor: Actor) -> None:
        """Go on as `actor`: for sign-in, which learns the workspace inside its transaction."""
        await self.session.execute(
            text("SELECT set_config('bursar.workspace_id', :workspace, true)"),
            {"workspace": str(actor.require_workspace())},
        )
        self.actor = actor

    def fact(self, kind: str, object_id: object, /, **data: JsonValue) -> None:
        """Record a named event, such as "account.opened", in the journal row of this call."""
        if len(self.facts) >= FACTS_MAX:
            raise BursarError(
                f"one call can record at most {FACTS_MAX} facts",
                hint="Split the request into smaller ones.",
            )
        self.facts.append(Fact(kind, str(object_id), data))

    def effect(self, kind: str, payload: dict[str, JsonValue]) -> uuid.UUID:
        """Ask for work outside after commit; return its id, the provider's idempotency key."""
        if len(self.effects) >= EFFECTS_MAX:
            raise BursarError(
                f"one call can ask for at most {EFFECTS_MAX} effects",
                hint="Split the request into smaller ones.",
            )
        request = EffectRequest(new_id(), kind, payload)
        self.effects.append(request)
        return request.id

    def carry_out_soon(self, effect_id: uuid.UUID) -> None:
        """Have a stored effect, whose time was just set to now, tried right after the commit."""
        self.due_again.append(effect_id)
