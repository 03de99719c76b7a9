"""The use cases of portfolio: the only thing other packages call."""

from bursar.portfolio.operations import explain, history, performance, positions, summary

__all__ = ["explain", "history", "performance", "positions", "summary"]
