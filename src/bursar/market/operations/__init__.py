"""The use cases of market: the only thing other packages call."""

from bursar.market.operations import (
    actions,
    instruments,
    price_files,
    prices,
    quality,
    rates,
    refresh,
)

__all__ = ["actions", "instruments", "price_files", "prices", "quality", "rates", "refresh"]
