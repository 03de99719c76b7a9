"""Why a position's events cannot be turned into lots.

BursarError
    Conflict
        QuantityNotHeld     409  more would leave than is held, or the held side is the wrong one
        TransferUnresolved  409  lots arrive from a side that has not sent them
    InvalidInput
        InvalidEvent        422  an event contradicts itself or its position
        InvalidLotChoice    422  the lots named on a sale are not there, or do not add up
"""

from bursar.core.errors import Conflict, InvalidInput


class QuantityNotHeld(Conflict):
    """More would leave the position than it holds."""

    code = "quantity_not_held"
    default_hint = (
        "Check for a missing purchase or transfer in, or the order of events on that day."
    )


class TransferUnresolved(Conflict):
    """A transfer's arriving side names lots that no other side has sent."""

    code = "transfer_unresolved"
    default_hint = "Add the sending side, state the cost, or give both sides of the day a time."


class InvalidEvent(InvalidInput):
    """An event contradicts itself or the position it belongs to."""

    code = "invalid_lot_event"


class InvalidLotChoice(InvalidInput):
    """The lots named on a sale do not exist or do not add up to it."""

    code = "invalid_lot_choice"
    default_hint = "List the open lots as of that day and choose from them."
