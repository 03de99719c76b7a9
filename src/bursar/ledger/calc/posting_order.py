"""The order in which activities of one import are posted, so that a day never sells too early.

By day; within a day by time where it is known (midnight means unknown); untimed activities that
add come first and those that take come last; then by kind, then in the order given. Units that move
between own accounts move after the day's purchases and before its sales, so that either account can
sell what it got. For one position it is the order the lots of a day are derived in, but for such
moves, which leave a position last: between two balances only the book needs them early.
"""

import datetime as dt
from collections.abc import Sequence

from bursar.ledger.models.activities import ActivityKind, NewActivity

_RANKS = {
    ActivityKind.SPLIT: 0,
    ActivityKind.SPIN_OFF: 0,
    ActivityKind.MERGER: 0,
    ActivityKind.RENAME: 0,
    ActivityKind.RETURN_OF_CAPITAL: 0,
    ActivityKind.OPENING_BALANCE: 1,
    ActivityKind.DEPOSIT: 1,
    ActivityKind.TRANSFER_IN: 1,
    ActivityKind.DELIVERY_IN: 1,
    ActivityKind.BUY: 2,
    ActivityKind.DIVIDEND: 3,
    ActivityKind.INTEREST: 3,
    ActivityKind.STAKING_REWARD: 3,
    ActivityKind.OTHER_INCOME: 3,
    ActivityKind.TAX_REFUND: 3,
    ActivityKind.SELL: 4,
    ActivityKind.FX_CONVERSION: 4,
    ActivityKind.FEE: 5,
    ActivityKind.TAX: 5,
    ActivityKind.INTEREST_CHARGE: 5,
    ActivityKind.WITHDRAWAL: 6,
    ActivityKind.TRANSFER_OUT: 6,
    ActivityKind.DELIVERY_OUT: 6,
    ActivityKind.OPTION_EXERCISE: 6,
    ActivityKind.OPTION_ASSIGNMENT: 6,
    ActivityKind.OPTION_EXPIRY: 6,
}
_FIRST_THAT_TAKES = 4
_MOVE_RANK = 3
_UNTIMED_FIRST, _TIMED, _UNTIMED_LAST = range(3)


def is_timed(moment: dt.datetime) -> bool:
    """Tell whether the time of day is known: midnight UTC stands for "only the day is"."""
    return moment.astimezone(dt.UTC).time() != dt.time(0)


def in_posting_order(activities: Sequence[NewActivity]) -> list[int]:
    """Return the places of `activities` in the order in which to post them."""

    def key(place: int) -> tuple[dt.date, int, dt.datetime, int, int]:
        activity = activities[place]
        moment = activity.effective_at.astimezone(dt.UTC)
        rank = _MOVE_RANK if _moves_units(activity) else _RANKS[activity.kind]
        if is_timed(moment):
            phase = _TIMED
        else:
            phase = _UNTIMED_LAST if rank >= _FIRST_THAT_TAKES else _UNTIMED_FIRST
        return (moment.date(), phase, moment, rank, place)

    return sorted(range(len(activities)), key=key)


def _moves_units(activity: NewActivity) -> bool:
    return activity.counter_account_id is not None and activity.instrument is not None
