"""The use cases of identity: the only thing other packages call."""

from bursar.identity import tables
from bursar.identity.operations import bootstrap, credentials

__all__ = ["bootstrap", "credentials", "tables"]
