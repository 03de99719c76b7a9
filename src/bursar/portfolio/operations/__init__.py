"""The use cases of portfolio: the only thing other packages call."""

from bursar.portfolio.operations import history, positions, summary

__all__ = ["history", "positions", "summary"]
