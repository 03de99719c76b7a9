"""OFX dates and amounts: `20120908190849.317[-4:EDT]`, eight digits for a day, comma decimals.

A time without a zone is UTC by the standard. The offset in brackets wins over the zone's name; the
name decides where the offset is missing (`[-:EST]`). The institution's own calendar day is kept,
because 20:20 in New York is already tomorrow in UTC.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import NamedTuple

from bursar.banking.formats.numbers import parse_number
from bursar.banking.formats.ofx.tree import Node
from bursar.banking.formats.problems import ProblemLog

_STAMP = re.compile(
    r"^(?P<day>\d{8})(?:(?P<time>\d{4}(?:\d{2})?)(?:[.:,](?P<fraction>\d{1,6}))?)?"
    r"\s*(?:\[(?P<offset>[-+]?\d{0,2}(?:[.:]\d{1,2})?|[-+])(?::(?P<zone>[A-Za-z/_]{1,20}))?\])?$"
)
_ZONE_HOURS = {
    "GMT": 0, "UTC": 0, "WET": 0, "CET": 1, "CEST": 2, "EET": 2, "EST": -5, "EDT": -4, "CST": -6,
    "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AEST": 10, "AEDT": 11, "JST": 9,
}  # fmt: skip
_HOURS_MAX = 14


class Stamp(NamedTuple):
    """A day or a moment in UTC, and the institution's calendar day where it is another one."""

    at: date | datetime
    local_day: date | None


def parse_stamp(text: str) -> Stamp:
    """Read an OFX date. Raises ValueError with a sentence for the user."""
    match = _STAMP.match(text.strip())
    if match is None:
        msg = f"{text[:40]!r} is not an OFX date (YYYYMMDD or YYYYMMDDHHMMSS)"
        raise ValueError(msg)
    digits = match["day"]
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
        if not match["time"]:
            return Stamp(day, None)
        time = match["time"].ljust(6, "0")
        fraction = (match["fraction"] or "").ljust(6, "0")
        zone = timezone(_offset(match["offset"], match["zone"]))
        local = datetime(
            day.year, day.month, day.day, int(time[:2]), int(time[2:4]), min(int(time[4:6]), 59),
            int(fraction), tzinfo=zone,
        )  # fmt: skip
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        msg = f"{text[:40]!r} is not a date of the calendar"
        raise ValueError(msg) from None
    return Stamp(moment, day if day != moment.date() else None)


def _offset(offset: str | None, zone: str | None) -> timedelta:
    bare = (offset or "").lstrip("+-")
    if not bare:
        return timedelta(hours=_ZONE_HOURS.get((zone or "UTC").upper(), 0))
    hours, _, rest = bare.replace(":", ".").partition(".")
    # A fraction is of an hour (5.5 is half past), except that .30 and .45 are minutes.
    minutes = int(rest) if len(rest) > 1 else int(rest or 0) * 6
    size = timedelta(hours=min(int(hours or 0), _HOURS_MAX), minutes=min(minutes, 59))
    return -size if (offset or "").startswith("-") else size


def stamp(node: Node, tags: tuple[str, ...], log: ProblemLog) -> Stamp | None:
    """Return the first readable date among the tags; a problem when none is."""
    for tag in tags:
        found = node.find(tag)
        if found is None or not found.text:
            continue
        try:
            return parse_stamp(found.text)
        except ValueError as error:
            log.add(found.line, "bad_date", str(error), field=tag)
            return None
    log.add(node.line, "missing_date", f"<{node.tag}> has no date", field=tags[0])
    return None


def day_of(node: Node, *path: str) -> date | None:
    """Return the calendar day at a path, or None where it is missing or unreadable."""
    try:
        at, local = parse_stamp(node.get(*path))
    except ValueError:
        return None
    return local or (at.date() if isinstance(at, datetime) else at)


def number(node: Node, tag: str, log: ProblemLog) -> Decimal | None:
    """Return the number in a leaf: None where it is missing or empty, a problem where it is bad."""
    found = node.find(tag)
    if found is None or not found.text:
        return None
    try:
        return parse_number(found.text)
    except ValueError as error:
        log.add(found.line, "bad_number", f"{tag}: {error}", field=tag)
        return None
