"""The use cases of developer: the only thing other packages call."""

from bursar.developer.operations import events

__all__ = ["events"]
