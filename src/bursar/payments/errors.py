"""Why a payment is refused.

BursarError
    NotFound
        PaymentNotFound         404
        TransferNotFound        404
    Conflict
        InsufficientFunds       409  the payer has less to spend than is asked
        WrongCurrency           409  an account is not kept in that currency
        NotOnHold               409  the payment never held anything to capture or release
        AlreadyCaptured         409  nothing is left on hold: it was captured
        AlreadyReleased         409  nothing is left on hold: it was released
        PaymentExpired          409  the hold's time has run out; it is released
        AboveHeld               409  more than is left on hold
        AlreadyRefunded         409  nothing is left to refund
        AboveCaptured           409  more than was captured and not refunded
        NotCaptured             409  nothing was captured that could be refunded or reversed
        AlreadyReversed         409  the payment was reversed
        TooManyChanges          409  a payment changes at most 1000 times
    InvalidInput
        SameAccount             422  payer and payee are one account

What a caller is told about amounts (`details`) is in major units, as decimal strings.
"""

from bursar.core.errors import Conflict, InvalidInput, NotFound


class PaymentNotFound(NotFound):
    """No such payment in this workspace."""

    code = "payment_not_found"
    default_hint = "List the payments to find its id."


class TransferNotFound(NotFound):
    """No such transfer in this workspace."""

    code = "transfer_not_found"
    default_hint = "Search the transactions to find its id."


class InsufficientFunds(Conflict):
    """The paying account has less to spend than is asked."""

    code = "insufficient_funds"
    default_hint = "Pay less, add money to the account, or release what is on hold."


class WrongCurrency(Conflict):
    """An account is not kept in the payment's currency."""

    code = "wrong_currency"
    default_hint = "Pay in the account's currency, or convert first with a transfer."


class NotOnHold(Conflict):
    """The payment was paid at once: there never was a hold."""

    code = "not_on_hold"
    default_hint = "A payment with capture_method manual holds its amount first."


class AlreadyCaptured(Conflict):
    """Nothing is left on hold, because it was captured."""

    code = "already_captured"
    default_hint = "Refund the payment to give the amount back."


class AlreadyReleased(Conflict):
    """Nothing is left on hold, because it was released."""

    code = "already_released"
    default_hint = "Make a new payment."


class PaymentExpired(Conflict):
    """The hold's time has run out; what was left of it is released."""

    code = "payment_expired"
    default_hint = "Make a new payment."


class AboveHeld(Conflict):
    """More than is left on hold."""

    code = "above_held"
    default_hint = "Capture at most what is left, or leave the amount out to capture all of it."


class AlreadyRefunded(Conflict):
    """Nothing is left to refund."""

    code = "already_refunded"


class AboveCaptured(Conflict):
    """More than was captured and not refunded yet."""

    code = "above_captured"
    default_hint = "Refund at most what is left, or leave the amount out to refund all of it."


class NotCaptured(Conflict):
    """Nothing was captured that could be refunded or reversed."""

    code = "not_captured"
    default_hint = "Release the payment if it is on hold."


class AlreadyReversed(Conflict):
    """The payment was reversed: for the book it never happened."""

    code = "payment_reversed"


class TooManyChanges(Conflict):
    """A payment changes at most a thousand times."""

    code = "too_many_changes"
    default_hint = "Capture or refund the rest in one step."


class SameAccount(InvalidInput):
    """Payer and payee are one account."""

    code = "same_account"
    default_hint = "Name two different accounts."
