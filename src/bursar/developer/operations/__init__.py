"""The use cases of developer: the only thing other packages call."""

from bursar.developer import tables
from bursar.developer.operations import effects, events, schedules

__all__ = ["effects", "events", "schedules", "tables"]
