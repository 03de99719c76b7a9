"""The use cases of payments: the only thing other packages call."""

from bursar.ledger.operations.verification import add_checks
from bursar.payments import tables
from bursar.payments.operations import captures, payments, reading, refunds, transfers
from bursar.payments.store.verification import CHECKS

add_checks(*CHECKS)

__all__ = ["captures", "payments", "reading", "refunds", "tables", "transfers"]
