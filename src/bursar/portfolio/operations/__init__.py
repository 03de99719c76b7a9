"""The use cases of portfolio: the only thing other packages call."""

from bursar.portfolio.operations import explain, history, income, performance, positions, summary

__all__ = ["explain", "history", "income", "performance", "positions", "summary"]
