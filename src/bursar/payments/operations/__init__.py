"""The use cases of payments: the only thing other packages call."""

from bursar.payments import tables

__all__ = ["tables"]
