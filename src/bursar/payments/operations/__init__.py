"""The use cases of payments: the only thing other packages call."""

from bursar.payments import tables
from bursar.payments.operations import captures, payments, reading, refunds, transfers

__all__ = ["captures", "payments", "reading", "refunds", "tables", "transfers"]
