"""The use cases of portfolio: the only thing other packages call."""

from bursar.portfolio.operations import history, performance, positions, summary

__all__ = ["history", "performance", "positions", "summary"]
