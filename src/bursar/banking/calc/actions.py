"""From a corporate action and what an account held before it to the activity that carries it out."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bursar.banking.calc.amounts import EXACT
from bursar.ledger.calc.currencies import currency
from bursar.ledger.models.activities import ActivityKind, InstrumentRef

DAYS_APART_MAX = 3
"""Days between a statement's row and the ex-date within which both are the same action."""

CASH_KINDS = {
    "dividend": ActivityKind.DIVIDEND,
    "special_dividend": ActivityKind.DIVIDEND,
    "return_of_capital": ActivityKind.RETURN_OF_CAPITAL,
}
UNIT_KINDS = {
    "split": ActivityKind.SPLIT,
    "stock_dividend": ActivityKind.SPLIT,
    "spin_off": ActivityKind.SPIN_OFF,
    "merger": ActivityKind.MERGER,
    "rename": ActivityKind.RENAME,
}


@dataclass(frozen=True, slots=True)
class ActionTerms:
    """What one action gives for each unit held. amount: cash per unit in `currency`."""

    kind: str
    ex_date: dt.date
    pay_date: dt.date | None
    ratio: Fraction | None
    amount: Decimal | None
    currency: str | None
    cost_fraction: Decimal | None

    @property
    def multiplier(self) -> Fraction | None:
        """Units of the same instrument after the action for each unit before; None for other kinds."""
        return self.ratio if self.kind in ("split", "stock_dividend") else None


def carried_out(
    terms: ActionTerms,
    held: Decimal,
    instrument: InstrumentRef,
    successor: InstrumentRef | None,
) -> dict[str, Any] | None:
    """Return the activity's fields that depend on the action; None when it moves nothing.

    held: units just before the ex-date, negative when short.
    """
    kind = UNIT_KINDS.get(terms.kind) or CASH_KINDS.get(terms.kind)
    if kind is None or not held:
        return None
    fields: dict[str, Any] = {"kind": kind, "instrument": instrument}
    if kind is ActivityKind.SPLIT:
        ratio = terms.multiplier
        if ratio is None or ratio == 1:
            return None
        return fields | {"ratio": (ratio.numerator, ratio.denominator)}
    if held < 0:
        return None  # what a short seller owes for these is told by the broker, not computed
    if kind in (ActivityKind.DIVIDEND, ActivityKind.RETURN_OF_CAPITAL):
        return _cash(fields, terms, held)
    if successor is None and kind is not ActivityKind.MERGER:
        return None
    fields["quantity"] = held
    if successor is not None:
        received = _floored(Fraction(held) * (terms.ratio or Fraction(1)), successor.exponent)
        fields |= {"counter_instrument": successor, "counter_quantity": received}
    if terms.amount is not None and terms.currency is not None:
        fields |= {"amount": _money(held, terms), "currency": terms.currency}
    if kind is ActivityKind.SPIN_OFF and terms.cost_fraction:
        share = Fraction(terms.cost_fraction)
        fields["ratio"] = (share.numerator, share.denominator)
    return fields


def _cash(fields: dict[str, Any], terms: ActionTerms, held: Decimal) -> dict[str, Any] | None:
    if terms.amount is None or terms.currency is None:
        return None
    return fields | {"amount": _money(held, terms), "currency": terms.currency, "quantity": held}


def _money(held: Decimal, terms: ActionTerms) -> Decimal:
    step = Decimal(1).scaleb(-currency(terms.currency or "").exponent)
    return EXACT.multiply(held, terms.amount or Decimal(0)).quantize(step, context=EXACT)


def _floored(units: Fraction, exponent: int) -> Decimal:
    whole = units * 10**exponent
    return Decimal(whole.numerator // whole.denominator).scaleb(-exponent)


def change_of(terms: ActionTerms, held: Decimal, exponent: int) -> Decimal | None:
    """Return the units that a split adds (or takes, negative), as the book computes them."""
    ratio = terms.multiplier
    if ratio is None:
        return None
    after = _floored(abs(Fraction(held)) * ratio, exponent)
    return (after if held > 0 else -after) - held


def same_kind(stated: str, terms: ActionTerms) -> bool:
    """Tell whether an activity of the kind `stated` can be what the action is about."""
    wanted = UNIT_KINDS.get(terms.kind) or CASH_KINDS.get(terms.kind)
    return wanted is not None and stated == wanted.value


def key_of(terms: ActionTerms, successor: InstrumentRef | None) -> dict[str, str]:
    """Return the terms in a form that is stored and compared: another key means a correction."""
    found: dict[str, object] = {
        "kind": terms.kind,
        "ex_date": terms.ex_date,
        "ratio": terms.ratio,
        "amount": None if terms.amount is None else terms.amount.normalize(),
        "currency": terms.currency,
        "cost_fraction": None if terms.cost_fraction is None else terms.cost_fraction.normalize(),
        "successor": None if successor is None else successor.instrument_id,
    }
    return {name: str(value) for name, value in found.items() if value is not None}
