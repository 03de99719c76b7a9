"""Which instrument a set of identifiers means on a day.

The most telling identifier that is known decides, weaker ones and the currency narrow the choice.
An instrument that carries another value of a stronger scheme is another instrument, so a reused
ticker never captures it.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Scheme(StrEnum):
    """Who gave an identifier, from the most to the least telling."""

    ISIN = "isin"
    FIGI = "figi"
    CUSIP = "cusip"
    EXCHANGE = "exchange"
    PROVIDER = "provider"
    TICKER = "ticker"


CASE_KEPT = frozenset({Scheme.PROVIDER})
WORLDWIDE = frozenset({Scheme.ISIN, Scheme.FIGI, Scheme.CUSIP})


def normal(scheme: Scheme, value: str) -> str:
    """Return an identifier as it is stored: trimmed, upper case but for provider names."""
    text = value.strip()
    return text if scheme in CASE_KEPT else text.upper()


@dataclass(frozen=True, slots=True)
class Known:
    """An identifier on record."""

    instrument_id: uuid.UUID
    scheme: Scheme
    value: str
    valid_from: dt.date | None
    valid_to: dt.date | None

    def holds(self, day: dt.date) -> bool:
        """Tell whether the identifier was in force on `day`."""
        after_start = self.valid_from is None or self.valid_from <= day
        return after_start and (self.valid_to is None or day < self.valid_to)


def candidates(
    wanted: Mapping[Scheme, str], known: Iterable[Known], day: dt.date
) -> list[uuid.UUID]:
    """Return the instruments that the identifiers can mean, the currency not yet looked at."""
    matched: dict[Scheme, set[uuid.UUID]] = {}
    for name in known:
        if wanted.get(name.scheme) == name.value and name.holds(day):
            matched.setdefault(name.scheme, set()).add(name.instrument_id)
    chosen: set[uuid.UUID] = set()
    for scheme in Scheme:
        found = matched.get(scheme, set())
        chosen = (chosen & found) or chosen if chosen else set(found)
    return sorted(chosen)


def contradicts(held: Mapping[Scheme, str | None], wanted: Mapping[Scheme, str]) -> bool:
    """Tell whether an instrument carries another worldwide identifier than the wanted one."""
    pairs = [(wanted[scheme], held.get(scheme)) for scheme in WORLDWIDE & set(wanted)]
    agreed = any(asked == have for asked, have in pairs)
    return not agreed and any(have is not None and have != asked for asked, have in pairs)
