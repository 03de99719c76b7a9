"""The use cases of portfolio: the only thing other packages call."""

from bursar.portfolio import tables
from bursar.portfolio.operations import (
    drift,
    history,
    positions,
    rebalance,
    summary,
    targets,
)

__all__ = ["drift", "history", "positions", "rebalance", "summary", "tables", "targets"]
