"""The use cases of banking: the only thing other packages call."""

from bursar.banking import tables
from bursar.banking.operations import (
    corporate_actions,
    costs,
    exports,
    import_batches,
    imports,
    mappings,
    transaction_search,
    transactions,
)

__all__ = [
    "corporate_actions",
    "costs",
    "exports",
    "import_batches",
    "imports",
    "mappings",
    "tables",
    "transaction_search",
    "transactions",
]
