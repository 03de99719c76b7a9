"""An estimate of tax on realised gains from two stored rates; no law is applied beyond netting."""

from dataclasses import dataclass
from decimal import Decimal

from bursar.portfolio.calc.allocation import ZERO


@dataclass(frozen=True, slots=True)
class TaxRates:
    """Shares of a gain: `short` and `long` by holding period."""

    short: Decimal
    long: Decimal


def estimate_tax(short: Decimal, long: Decimal, rates: TaxRates) -> Decimal:
    """Return tax on net gains: a loss of one term first lowers the gain of the other; never below 0."""
    if short < 0 < long:
        short, long = ZERO, max(long + short, ZERO)
    elif long < 0 < short:
        short, long = max(short + long, ZERO), ZERO
    return max(short, ZERO) * rates.short + max(long, ZERO) * rates.long
