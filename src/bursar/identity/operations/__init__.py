"""The use cases of identity: the only thing other packages call."""

from bursar.identity import tables
from bursar.identity.operations import (
    bootstrap,
    credentials,
    login,
    people,
    profile,
    registration,
    sessions,
    tokens,
    workspaces,
)

__all__ = [
    "bootstrap",
    "credentials",
    "login",
    "people",
    "profile",
    "registration",
    "sessions",
    "tables",
    "tokens",
    "workspaces",
]
