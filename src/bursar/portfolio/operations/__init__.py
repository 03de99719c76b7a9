"""The use cases of portfolio: the only thing other packages call."""

from bursar.portfolio import tables
from bursar.portfolio.operations import (
    drift,
    explain,
    history,
    income,
    performance,
    positions,
    rebalance,
    recommend,
    scan,
    summary,
    targets,
    what_if,
)

__all__ = [
    "drift",
    "explain",
    "history",
    "income",
    "performance",
    "positions",
    "rebalance",
    "recommend",
    "scan",
    "summary",
    "tables",
    "targets",
    "what_if",
]
