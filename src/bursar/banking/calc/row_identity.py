"""How a row is known again, and what of it no column of the book holds."""

import datetime as dt
import hashlib
from typing import Any

from pydantic import JsonValue

from bursar.banking.formats.statement import Activity
from bursar.core.clock import utc_midnight
from bursar.ledger.models.activities import NAME_CHARACTERS_MAX, ActivityKind


def moment_of(activity: Activity) -> dt.datetime:
    """Return the moment that falls on the institution's calendar day; midnight when only the day is.

    A time whose UTC day is another day is dropped: balances and prices are kept by the day.
    """
    at = activity.effective_at
    if isinstance(at, dt.datetime) and at.date() == activity.day:
        return at
    return utc_midnight(activity.day)


def identity_of(key: str) -> dict[str, Any]:
    """Return the field by which the book knows a row again: the source's own id, or a hash.

    key: as `formats.statement.activity_keys` gives it, with `:suffix` for a second activity of a row.
    """
    name, _, rest = key.partition(":")
    if name == "id" and len(rest) <= NAME_CHARACTERS_MAX:
        return {"external_id": rest}
    if name == "sha256" and ":" not in rest:
        return {"content_hash": bytes.fromhex(rest)}
    return {"content_hash": hashlib.sha256(key.encode()).digest()}


def metadata_of(stated: Activity, kind: ActivityKind, *, rounded: bool) -> dict[str, JsonValue]:
    """Keep what the source said and no column of the book holds."""
    kept: dict[str, object] = {
        "type": stated.raw_type or None,
        "reference": stated.reference,
        "counter_account": stated.counter_account,
        "settles_on": stated.settles_on,
        "group": stated.group,
        "exchange_rate": stated.exchange_rate,
        "stated_kind": stated.kind.value if stated.kind.value != kind.value else None,
        "stated_amount": stated.amount if rounded else None,
        "stated_at": stated.effective_at if moment_of(stated) != stated.effective_at else None,
    }
    if not isinstance(stated.effective_at, dt.datetime):
        del kept["stated_at"]
    return {name: str(value) for name, value in kept.items() if value is not None}
