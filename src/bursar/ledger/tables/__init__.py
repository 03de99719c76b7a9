"""Tables of the ledger: what they forbid is in migration 0003; here they are for reading."""

from bursar.ledger.tables.book import (
    Account,
    Annotation,
    Balance,
    Commodity,
    Entry,
    Pending,
    Transfer,
    TransferGroup,
)
from bursar.ledger.tables.lots import LotMatch, LotProblem, TaxLot

__all__ = [
    "Account",
    "Annotation",
    "Balance",
    "Commodity",
    "Entry",
    "LotMatch",
    "LotProblem",
    "Pending",
    "TaxLot",
    "Transfer",
    "TransferGroup",
]
