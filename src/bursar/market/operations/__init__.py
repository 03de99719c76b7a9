"""The use cases of market: the only thing other packages call."""

from bursar.market.operations import instruments, price_files, prices, rates

__all__ = ["instruments", "price_files", "prices", "rates"]
