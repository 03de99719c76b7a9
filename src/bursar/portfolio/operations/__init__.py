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
    "summary",
    "tables",
    "targets",
    "what_if",
]
