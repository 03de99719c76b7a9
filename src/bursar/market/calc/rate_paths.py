"""From stored rates to a wanted rate: direct, inverse, or across one pivot currency.

The path is part of the answer. A path within the age limit beats one beyond it, then fewer legs
beat more, then younger beats older; so a fresh cross replaces a direct rate gone stale.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

DIGITS = 28
ARITHMETIC = Context(prec=DIGITS)


@dataclass(frozen=True, slots=True)
class StoredRate:
    """A rate on record: one unit of base buys `rate` of quote."""

    base: str
    quote: str
    day: dt.date
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Leg:
    """A stored rate and the direction it is used in."""

    stored: StoredRate
    inverted: bool

    @property
    def factor(self) -> Decimal:
        """Return what one unit becomes on this leg."""
        return (
            ARITHMETIC.divide(Decimal(1), self.stored.rate) if self.inverted else self.stored.rate
        )


@dataclass(frozen=True, slots=True)
class Path:
    """A way from one currency to another."""

    legs: tuple[Leg, ...]

    @property
    def rate(self) -> Decimal:
        """Return the product of the legs."""
        rate = self.legs[0].factor
        for leg in self.legs[1:]:
            rate = ARITHMETIC.multiply(rate, leg.factor)
        return rate

    @property
    def day(self) -> dt.date:
        """Return the day of the oldest leg."""
        return min(leg.stored.day for leg in self.legs)


def best_path(
    base: str, quote: str, rates: Iterable[StoredRate], *, day: dt.date, age_days_max: int
) -> Path | None:
    """Return the best path on `day`, or None; `rates` holds the newest of each pair by then."""
    legs: dict[tuple[str, str], Leg] = {}
    for stored in rates:
        for inverted in (False, True):
            ends = (stored.quote, stored.base) if inverted else (stored.base, stored.quote)
            known = legs.get(ends)
            # at the same age the rate as quoted beats its inverse
            if known is None or (stored.day, not inverted) > (known.stored.day, not known.inverted):
                legs[ends] = Leg(stored, inverted)
    paths: list[Path] = []
    if (base, quote) in legs:
        paths.append(Path((legs[base, quote],)))
    for start, pivot in sorted(legs):
        if start == base and pivot != quote and (pivot, quote) in legs:
            paths.append(Path((legs[base, pivot], legs[pivot, quote])))
    return _best(paths, day, age_days_max)


def _best(paths: Sequence[Path], day: dt.date, age_days_max: int) -> Path | None:
    def rank(path: Path) -> tuple[bool, int, int]:
        age = (day - path.day).days
        return (age > age_days_max, len(path.legs), age)

    return min(paths, key=rank, default=None)
