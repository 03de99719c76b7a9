"""What each role may do: one table, the only place where a role becomes scopes.

`identity:read` and `identity:write` concern the caller's own profile and credentials, so every
role holds them; what concerns other people is `admin`. A credential never carries more than its
person's role does at the moment of the call.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """A person's part in a workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    TRADER = "trader"
    ANALYST = "analyst"
    DEVELOPER = "developer"
    AUDITOR = "auditor"
    VIEWER = "viewer"


OWN_ACCOUNT: Final = frozenset({"identity:read", "identity:write"})
READ_BOOK: Final = frozenset(
    {
        "ledger:read",
        "market:read",
        "banking:read",
        "payments:read",
        "portfolio:read",
        "developer:read",
    }
)
WRITE_BOOK: Final = frozenset({"ledger:write", "market:write", "banking:write", "portfolio:write"})
READ_JOURNAL: Final = frozenset({"audit:read"})
STEER: Final = frozenset({"developer:write"})
MOVE_MONEY: Final = frozenset({"payments:write"})
PEOPLE_ONLY: Final = frozenset({"approve", "admin"})

SCOPES_OF_ROLE: Final = {
    Role.OWNER: OWN_ACCOUNT
    | READ_BOOK
    | WRITE_BOOK
    | MOVE_MONEY
    | STEER
    | READ_JOURNAL
    | PEOPLE_ONLY,
    Role.ADMIN: OWN_ACCOUNT
    | READ_BOOK
    | WRITE_BOOK
    | MOVE_MONEY
    | STEER
    | READ_JOURNAL
    | PEOPLE_ONLY,
    Role.TRADER: OWN_ACCOUNT | READ_BOOK | WRITE_BOOK | {"approve"},
    Role.ANALYST: OWN_ACCOUNT | READ_BOOK | {"market:write", "portfolio:write"},
    Role.DEVELOPER: OWN_ACCOUNT | READ_BOOK | STEER,
    Role.AUDITOR: OWN_ACCOUNT | READ_BOOK | READ_JOURNAL,
    Role.VIEWER: OWN_ACCOUNT | READ_BOOK,
}


def covers(held: Iterable[str], wanted: str) -> bool:
    """Tell whether the scopes `held` include `wanted`; a package's write includes its read."""
    scopes = frozenset(held)
    if wanted in scopes:
        return True
    return wanted.endswith(":read") and wanted.removesuffix("read") + "write" in scopes


def uncovered(held: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Return the scopes of `wanted` that `held` does not include, sorted."""
    scopes = frozenset(held)
    return sorted(scope for scope in wanted if not covers(scopes, scope))


def effective_scopes(role: Role, token_scopes: Iterable[str]) -> frozenset[str]:
    """Return what a token may do now: its scopes, cut to its person's role, never people's own."""
    of_role = SCOPES_OF_ROLE[role] - PEOPLE_ONLY
    effective = set()
    for scope in token_scopes:
        if covers(of_role, scope):
            effective.add(scope)
        elif scope.endswith(":write") and scope.removesuffix("write") + "read" in of_role:
            effective.add(scope.removesuffix("write") + "read")
    return frozenset(effective)


def may_act_on(actor_role: Role, other_role: Role) -> bool:
    """Tell whether someone who manages people may grant, take or sign in as `other_role`.

    Only an owner acts on owners; otherwise the other role must not exceed one's own.
    """
    if Role.OWNER in {actor_role, other_role}:
        return actor_role is Role.OWNER
    return SCOPES_OF_ROLE[other_role] <= SCOPES_OF_ROLE[actor_role]
