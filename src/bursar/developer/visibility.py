"""Who sees what: an event or an effect is seen by whoever may read the package it belongs to.

An operation's read scope is its scope with `read` for `write`. What only people may do (`admin`,
`approve`) is seen by those who may do it. Of identity's operations a person sees the own ones;
those of others are for admins. What no operation of this version is called is for admins, too.
"""

import uuid

from bursar.runtime.actor import PACKAGES, WRITE_SCOPES, Actor
from bursar.runtime.feed import Wanted
from bursar.runtime.registry import Operation, operations

ADMIN = "admin"
OWN = "identity:read"


def read_scope(operation: Operation) -> str:
    """Return the scope that lets others see that this operation was called."""
    if operation.scope is None or operation.scope.startswith("identity:"):
        return ADMIN
    package, _, right = operation.scope.partition(":")
    return f"{package}:read" if right else operation.scope


def seen_by(actor: Actor) -> tuple[frozenset[str], frozenset[str]]:
    """Return the operations an actor sees whoever called them, and those seen of itself only."""
    known = operations().values()
    everyone = frozenset(o.name for o in known if actor.may(read_scope(o)))
    own = frozenset(o.name for o in known if o.name.startswith("identity.") and actor.may(OWN))
    return everyone, own - everyone


def wanted_by(
    actor: Actor, *, types: tuple[str, ...], objects: tuple[str, ...], refused: bool
) -> Wanted:
    """Return the rule that picks an actor's events out of the journal."""
    everyone, own = seen_by(actor)
    user_id: uuid.UUID | None = actor.user_id if own else None
    return Wanted(
        workspace_id=actor.require_workspace(),
        operations=everyone,
        own_operations=own,
        user_id=user_id,
        types=frozenset(types),
        objects=frozenset(objects),
        refused=refused,
    )


def steering_scope(kind: str) -> str:
    """Return the scope to try an effect again or drop it: that of the writes of its package."""
    scope = f"{kind.partition('.')[0]}:write"
    return scope if scope in WRITE_SCOPES else ADMIN


def readable_packages(actor: Actor) -> frozenset[str]:
    """Return the packages an actor may read: the first part of an effect's kind is one of them."""
    return frozenset(package for package in PACKAGES if actor.may(f"{package}:read"))
