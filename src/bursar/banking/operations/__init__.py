"""The use cases of banking: the only thing other packages call."""

from bursar.banking import tables
from bursar.banking.operations import imports

__all__ = ["imports", "tables"]
