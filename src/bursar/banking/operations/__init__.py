"""The use cases of banking: the only thing other packages call."""

from bursar.banking import tables
from bursar.banking.operations import import_batches, imports, mappings

__all__ = ["import_batches", "imports", "mappings", "tables"]
