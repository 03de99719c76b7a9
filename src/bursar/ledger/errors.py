"""Why the book refuses.

BursarError
    NotFound
        AccountNotFound       404
        ActivityNotFound      404
    Conflict
        AccountClosed         409  the account was closed before that moment
        AccountNotEmpty       409  only an empty account can be closed
        AccountExists         409  the institution's account number is taken
        NotHeld               409  more would leave than is held
        AlreadyReversed       409  an activity is reversed once
        HoldResolved          409  the hold was captured, voided or expired before
        PartOfPayment         409  a payment's activity is undone by the payment
        AccountOnHold         409  an account with open holds cannot be closed
    InvalidInput
        InvalidActivity       422  a field is missing or contradicts the kind
"""

from bursar.core.errors import Conflict, InvalidInput, NotFound


class AccountNotFound(NotFound):
    """No such account in this workspace."""

    code = "account_not_found"
    default_hint = "List the accounts to find its id."


class ActivityNotFound(NotFound):
    """No such activity in this workspace."""

    code = "activity_not_found"
    default_hint = "Search the activities to find its id."


class AccountClosed(Conflict):
    """The account was closed before the moment of the activity."""

    code = "account_closed"
    default_hint = "Check the account and the date of the activity."


class AccountNotEmpty(Conflict):
    """The account still holds something."""

    code = "account_not_empty"
    default_hint = "Move what is left to another account first."


class AccountExists(Conflict):
    """Another account of this institution has the same number."""

    code = "account_exists"
    default_hint = "Use that account, or leave external_id out."


class NotHeld(Conflict):
    """More would leave an account than it holds."""

    code = "not_held"
    default_hint = (
        "Import older statements or post an opening_balance first; for short sales set allow_short "
        "on the account, for overdrafts unset no_overdraft."
    )


class AlreadyReversed(Conflict):
    """The activity was reversed before, or is a reversal itself."""

    code = "already_reversed"
    default_hint = "Post a new activity with the right figures."


class HoldResolved(Conflict):
    """The hold was captured, voided or expired before."""

    code = "hold_resolved"


class PartOfPayment(Conflict):
    """The activity belongs to a payment, whose state would no longer be true."""

    code = "part_of_payment"
    default_hint = "Refund or reverse the payment instead."


class AccountOnHold(Conflict):
    """Amounts of the account are on hold, or on their way to it."""

    code = "account_on_hold"
    default_hint = "Capture or release the payments that hold them first."


class InvalidActivity(InvalidInput):
    """A field of the activity is missing or contradicts its kind."""

    code = "invalid_activity"
