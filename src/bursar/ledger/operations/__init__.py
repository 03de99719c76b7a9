"""The use cases of ledger: the only thing other packages call."""

from bursar.ledger import tables
from bursar.ledger.operations import (
    accounts,
    activities,
    balances,
    book,
    holds,
    lots,
    search,
    statements,
    verification,
)

__all__ = [
    "accounts",
    "activities",
    "balances",
    "book",
    "holds",
    "lots",
    "search",
    "statements",
    "tables",
    "verification",
]
