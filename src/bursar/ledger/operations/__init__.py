"""The use cases of ledger: the only thing other packages call."""

from bursar.ledger import tables
from bursar.ledger.operations import accounts, activities, balances

__all__ = ["accounts", "activities", "balances", "tables"]
