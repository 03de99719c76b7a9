"""The actor: who calls, for whom, with which rights, through which door.

Interfaces build it from a credential; operations only read it. Rights are a flat set of scopes
`<package>:read` and `<package>:write`, plus `approve` and `admin`, which only people can hold.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from bursar.core.errors import Forbidden


class ActorKind(StrEnum):
    """What kind of caller this is."""

    PERSON = "person"
    TOKEN = "token"  # noqa: S105 - a kind of caller, not a secret
    AGENT = "agent"
    SYSTEM = "system"
    NOBODY = "nobody"


class Source(StrEnum):
    """The door a call came through."""

    REST = "rest"
    MCP = "mcp"
    CLI = "cli"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Client:
    """Where a call came from, as far as the interface knows: for sign-in limits and session lists.

    address: the IP address, already taken from a trusted proxy's header where there is one.
    """

    address: str = ""
    user_agent: str = ""


UNKNOWN_CLIENT = Client()

PACKAGES = (
    "identity",
    "audit",
    "developer",
    "ledger",
    "market",
    "banking",
    "payments",
    "portfolio",
)
READ_SCOPES = frozenset(f"{package}:read" for package in PACKAGES)
# The journal is written by every operation and by none of its own.
ONLY_READ = frozenset({"audit"})
WRITE_SCOPES = frozenset(f"{package}:write" for package in PACKAGES if package not in ONLY_READ)
PEOPLE_SCOPES = frozenset({"approve", "admin"})
SCOPES = READ_SCOPES | WRITE_SCOPES | PEOPLE_SCOPES


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller and its rights inside one workspace."""

    kind: ActorKind
    workspace_id: uuid.UUID | None = None
    user_id: uuid.UUID | None = None
    credential_id: uuid.UUID | None = None
    name: str = ""
    scopes: frozenset[str] = frozenset()

    def may(self, scope: str) -> bool:
        """Tell whether the actor holds `scope`; holding a package's write includes its read."""
        if scope in self.scopes:
            return True
        return scope.endswith(":read") and scope.removesuffix("read") + "write" in self.scopes

    def require_workspace(self) -> uuid.UUID:
        """Return the workspace, or refuse: this credential belongs to none."""
        if self.workspace_id is None:
            raise Forbidden("this credential belongs to no workspace")
        return self.workspace_id


NOBODY = Actor(ActorKind.NOBODY)


def system_actor(workspace_id: uuid.UUID | None) -> Actor:
    """Return Bursar itself, acting on its own schedule inside a workspace."""
    return Actor(
        ActorKind.SYSTEM,
        workspace_id=workspace_id,
        name="bursar",
        scopes=READ_SCOPES | WRITE_SCOPES,
    )
