"""The one list of domains: importing it fills the registry and the schema's metadata."""

import importlib

DOMAINS = (
    "bursar.runtime.tables",
    "bursar.identity.operations",
    "bursar.audit.operations",
    "bursar.developer.operations",
    "bursar.ledger.operations",
    "bursar.market.operations",
    "bursar.banking.operations",
    "bursar.payments.operations",
    "bursar.portfolio.operations",
    "bursar.interfaces.jobs",
)

EFFECTS = ("bursar.market.effects",)


def load() -> None:
    """Import every domain's operations, so that the registry and the metadata are complete."""
    for module in DOMAINS:
        importlib.import_module(module)


def load_effects() -> None:
    """Import every domain's effect handlers: for processes that carry effects out."""
    for module in EFFECTS:
        importlib.import_module(module)
