"""Rows that are two halves of one thing: the old and the new security of a merger or a renaming.

Institutions print what leaves and what arrives as two rows. The book wants one activity, or the
cost of what was held would be lost. Two rows belong together when their group says so, or when the
same day has exactly one row out and one row in of the same kind.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from bursar.banking.formats.statement import Activity, ActivityKind

PAIRED = frozenset({ActivityKind.MERGER, ActivityKind.RENAME, ActivityKind.SPLIT})


def pairs_of(activities: Sequence[Activity]) -> dict[int, int]:
    """Return the place of the row that arrives by the place of the row that leaves."""
    groups: dict[tuple[ActivityKind, date, str], list[int]] = defaultdict(list)
    for place, activity in enumerate(activities):
        if activity.kind in PAIRED and activity.quantity:
            groups[activity.kind, activity.day, activity.group or ""].append(place)
    found: dict[int, int] = {}
    for places in groups.values():
        out = [p for p in places if (activities[p].quantity or 0) < 0]
        into = [p for p in places if (activities[p].quantity or 0) > 0]
        if len(out) == 1 and len(into) == 1:
            found[out[0]] = into[0]
    return found


def exchange_values(activities: Sequence[Activity]) -> dict[str, Decimal]:
    """Return what the two halves of an exchange were worth, by group: one figure for both."""
    values: dict[str, Decimal] = {}
    for kind in (ActivityKind.EXCHANGE_IN, ActivityKind.EXCHANGE_OUT):
        for activity in activities:
            if activity.kind is kind and activity.group and activity.value is not None:
                values[activity.group] = activity.value.copy_abs()
    return values
