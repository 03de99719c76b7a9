"""The use cases of identity: the only thing other packages call."""

from bursar.identity import tables

__all__ = ["tables"]
