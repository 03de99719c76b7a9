"""The one list of domains: importing it fills the registry and the schema's metadata."""

import importlib

DOMAINS = (
    "bursar.runtime.tables",
    "bursar.identity.operations",
    "bursar.ledger.operations",
    "bursar.market.operations",
    "bursar.banking.operations",
    "bursar.portfolio.operations",
)


def load() -> None:
    """Import every domain's operations, so that the registry and the metadata are complete."""
    for module in DOMAINS:
        importlib.import_module(module)
