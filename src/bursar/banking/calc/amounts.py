"""Signed cash effects, as statements give them, to the gross amounts and costs the book takes.

A statement's amount is what the account's cash gained, costs already taken off. The book wants the
gross amount and the costs beside it, none of them negative, in whole smallest units. The net is
what the institution booked, so the net is rounded first and the gross follows from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from bursar.banking.formats.statement import Activity
from bursar.ledger.calc.currencies import currency

ZERO = Decimal(0)
# Enough digits that no sum of amounts (38 digits at most) is rounded but where it is asked for.
EXACT = Context(prec=100)


@dataclass(frozen=True, slots=True)
class Cash:
    """A cash effect in whole smallest units: `net` signed, `fees` and `taxes` never negative."""

    net: Decimal
    fees: Decimal
    taxes: Decimal
    rounded: bool

    @property
    def gross_in(self) -> Decimal:
        """What came in before costs."""
        return self.net + self.fees + self.taxes

    @property
    def gross_out(self) -> Decimal:
        """What went out beside the costs."""
        return -self.net - self.fees - self.taxes


def cash_of(activity: Activity, code: str) -> Cash | None:
    """Return the cash effect of an activity, None when it has none. Raises ValueError: currency."""
    if activity.amount is None:
        return None
    step = Decimal(1).scaleb(-currency(code).exponent)
    net = activity.amount.quantize(step, context=EXACT)
    fees = max(activity.fees, ZERO).quantize(step, context=EXACT)
    taxes = max(activity.taxes, ZERO).quantize(step, context=EXACT)
    return Cash(net, fees, taxes, rounded=net != activity.amount)


def rounded(amount: Decimal, code: str) -> Decimal:
    """Round a computed amount half to even to the currency's smallest unit. Raises ValueError."""
    return amount.quantize(Decimal(1).scaleb(-currency(code).exponent), context=EXACT)


def worth(activity: Activity, code: str) -> Decimal | None:
    """Return what units moved without cash were worth, if the source says so."""
    if activity.value is not None:
        return rounded(activity.value.copy_abs(), code)
    if activity.unit_price is not None and activity.quantity is not None:
        return rounded(EXACT.multiply(activity.unit_price, activity.quantity).copy_abs(), code)
    return None


def worth_of(activity: Activity, code: str, sizes: Mapping[str, Decimal]) -> Decimal | None:
    """Return the same with contracts at the units they stand for, by the key of the security."""
    found = worth(activity, code)
    if found is None or activity.value is not None:
        return found
    size = sizes.get(activity.security or "", Decimal(1))
    return rounded(EXACT.multiply(found, size), code)
