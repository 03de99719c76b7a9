"""The states of a payment and the ways between them; the database enforces the same.

A status is never chosen: it follows from what was authorised, captured, released and refunded. What
is authorised and neither captured nor released is on hold.
"""

from dataclasses import dataclass
from enum import StrEnum


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    PARTIALLY_CAPTURED = "partially_captured"
    SUCCEEDED = "succeeded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    REVERSED = "reversed"
    CANCELED = "canceled"
    EXPIRED = "expired"
    FAILED = "failed"


_S = PaymentStatus
_ENDS_BEFORE_PAID = frozenset({_S.REQUIRES_CAPTURE, _S.SUCCEEDED, _S.FAILED, _S.CANCELED})
TRANSITIONS: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _S.CREATED: _ENDS_BEFORE_PAID | {_S.REQUIRES_ACTION, _S.PROCESSING},
    _S.REQUIRES_ACTION: _ENDS_BEFORE_PAID | {_S.PROCESSING},
    _S.PROCESSING: _ENDS_BEFORE_PAID | {_S.REQUIRES_ACTION},
    _S.REQUIRES_CAPTURE: frozenset({_S.PARTIALLY_CAPTURED, _S.SUCCEEDED, _S.CANCELED, _S.EXPIRED}),
    _S.PARTIALLY_CAPTURED: frozenset(
        {_S.PARTIALLY_CAPTURED, _S.SUCCEEDED, _S.PARTIALLY_REFUNDED, _S.REFUNDED}
    ),
    _S.SUCCEEDED: frozenset({_S.PARTIALLY_REFUNDED, _S.REFUNDED, _S.REVERSED}),
    _S.PARTIALLY_REFUNDED: frozenset({_S.PARTIALLY_REFUNDED, _S.REFUNDED}),
    _S.REFUNDED: frozenset(),
    _S.REVERSED: frozenset(),
    _S.CANCELED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.FAILED: frozenset(),
}
"""What each status may become; staying is named where amounts may grow within it."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What became of a payment's amount, in smallest units."""

    authorized: int
    captured: int = 0
    released: int = 0
    refunded: int = 0
    disputed: int = 0

    @property
    def on_hold(self) -> int:
        """Reserved and neither paid nor given back."""
        return self.authorized - self.captured - self.released

    @property
    def refundable(self) -> int:
        """Paid and neither refunded nor disputed."""
        return self.captured - self.refunded - self.disputed


def status_of(amounts: Amounts, *, expired: bool = False) -> PaymentStatus:
    """Return the status that amounts of an authorised payment stand for.

    expired: what was released was given back because its time had run out.
    """
    if amounts.on_hold:
        return _S.PARTIALLY_CAPTURED if amounts.captured else _S.REQUIRES_CAPTURE
    if not amounts.captured:
        return _S.EXPIRED if expired else _S.CANCELED
    if not amounts.refunded:
        return _S.SUCCEEDED
    return _S.REFUNDED if amounts.refunded == amounts.captured else _S.PARTIALLY_REFUNDED
