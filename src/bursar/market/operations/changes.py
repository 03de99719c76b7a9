"""What changed in market since a snapshot, for engines that keep prices in memory."""

import uuid
from dataclasses import dataclass

from bursar.market.store import changes as store
from bursar.runtime.context import Context


@dataclass(frozen=True, slots=True)
class MarketChanges:
    """Instruments with new or corrected prices or splits, changed instruments, and rates.

    `prices` gives for each instrument the first calendar year that may differ; 0 means any.
    """

    prices: dict[uuid.UUID, int]
    instruments: frozenset[uuid.UUID]
    rates: bool

    def __bool__(self) -> bool:
        return bool(self.prices or self.instruments or self.rates)


async def changes_since(context: Context, snapshot: str) -> MarketChanges:
    """Return what was committed after `snapshot`, a token of `read_prices` or `read_legs`."""
    prices: dict[uuid.UUID, int] = {}
    instruments: set[uuid.UUID] = set()
    rates = False
    for what, instrument_id, year in await store.since(context.session, snapshot):
        if what == "rate":
            rates = True
        elif what == "instrument":
            instruments.add(instrument_id)
        else:
            prices[instrument_id] = min(year, prices.get(instrument_id, year))
    return MarketChanges(prices, frozenset(instruments), rates)
