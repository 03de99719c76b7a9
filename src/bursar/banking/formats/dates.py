"""Dates as people and banks write them; which number is the month is decided over a whole column.

01/02/2024 alone is undecidable, and a guess would put a year of transactions on wrong days without
anyone noticing. So the order of day and month is taken from the dates that allow only one reading
(25/02/2024); when none does, the reader asks for `date_format` instead of guessing.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Literal

from bursar.banking.formats.problems import refusal

DateOrder = Literal["YMD", "MDY", "DMY"]
ORDERS: tuple[DateOrder, ...] = ("YMD", "MDY", "DMY")

_TEXT_MAX = 64
_SAMPLE_MAX = 10_000
_PIVOT = 70
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero gennaio",
            "feb february februar fevrier février febrero febbraio",
            "mar march märz maerz mars marzo mär",
            "apr april avril abril aprile avr",
            "may mai mayo maggio",
            "jun june juni juin junio giugno",
            "jul july juli juillet julio luglio",
            "aug august août aout agosto",
            "sep sept september septembre septiembre settembre",
            "oct october oktober octobre octubre ottobre okt",
            "nov november novembre noviembre",
            "dec december dezember decembre décembre diciembre dicembre dez",
        ),
        start=1,
    )
    for name in names.split()
}
_NUMERIC = re.compile(r"^(\d{1,4})\s*([/.\-' ])\s*(\d{1,2})\s*([/.\-' ])\s*(\d{1,4})(?!\d)")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?!\d)")
_DAY_NAMED = re.compile(
    r"^(\d{1,2})(?:st|nd|rd|th)?[\s./-]+([^\W\d_]{3,9})[.,]?[\s./-]+(\d{2,4})(?!\d)"
)
_NAMED_DAY = re.compile(
    r"^([^\W\d_]{3,9})[.]?[\s./-]+(\d{1,2})(?:st|nd|rd|th)?[\s,./-]+(\d{2,4})(?!\d)"
)
_TIME = re.compile(
    r"^[T;, ]*(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[-+]\d{2}:?\d{2}|)$"
)
_NOON = 12


def parse_date(text: str, order: DateOrder, zone: tzinfo = UTC) -> date | datetime:
    """Read a day, or a moment in UTC when a time is given (`zone` is meant where none is written).

    Raises ValueError with a sentence for the user.
    """
    bare = " ".join(text.split())
    try:
        day, rest = _day(bare, order)
        if not rest:
            return day
        return _moment(day, rest, zone)
    except (ValueError, OverflowError):
        msg = f"{text[:40]!r} is not a date (read as {order})"
        raise ValueError(msg) from None


def _day(text: str, order: DateOrder) -> tuple[date, str]:
    if len(text) > _TEXT_MAX:
        raise ValueError
    if compact := _COMPACT.match(text):
        year, month, day = (int(part) for part in compact.groups())
        return date(year, month, day), text[compact.end() :]
    if named := _DAY_NAMED.match(text):
        day, month, year = int(named[1]), _month(named[2]), _year(named[3])
        return date(year, month, day), text[named.end() :]
    if named := _NAMED_DAY.match(text):
        month, day, year = _month(named[1]), int(named[2]), _year(named[3])
        return date(year, month, day), text[named.end() :]
    match = _NUMERIC.match(text)
    if match is None:
        raise ValueError
    first, _, second, mark, third = match.groups()
    is_year_first = len(first) > len("31")
    if is_year_first != (order == "YMD") or (is_year_first and len(third) > len("31")):
        raise ValueError
    if is_year_first:
        parsed = date(int(first), int(second), int(third))
    else:
        day_text, month_text = (first, second) if order == "DMY" else (second, first)
        parsed = date(_year(third, since_2000=mark == "'"), int(month_text), int(day_text))
    return parsed, text[match.end() :]


def _month(name: str) -> int:
    found = _MONTHS.get(name.lower())
    if found is None:
        raise ValueError
    return found


def _year(text: str, *, since_2000: bool = False) -> int:
    """Two digits mean 1970 to 2069; after an apostrophe (Quicken's way) 2000 to 2099."""
    year = int(text)
    if len(text) > len("99"):
        if len(text) != len("1999"):
            raise ValueError
        return year
    return 2000 + year if since_2000 or year < _PIVOT else 1900 + year


def _moment(day: date, text: str, zone: tzinfo) -> datetime:
    match = _TIME.match(text)
    if match is None:
        raise ValueError
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= _NOON:
            raise ValueError
        hour = hour % _NOON + (_NOON if match["half"][0] in "Pp" else 0)
    micro = int((match["fraction"] or "")[:6].ljust(6, "0"))
    written = match["zone"]
    if written in {"Z", "UTC", "GMT"}:
        zone = UTC
    elif written:
        size = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
        zone = timezone(-size if written[0] == "-" else size)
    local = datetime(
        day.year, day.month, day.day, hour, int(match["minute"]), int(match["second"] or 0), micro,
        tzinfo=zone,
    )  # fmt: skip
    return local.astimezone(UTC)


def orders_of(texts: Iterable[str]) -> tuple[DateOrder, ...]:
    """Return the orders in which every date of a column can be read, preferred one first.

    One: decided. None: not dates, or two orders mixed. Several that read every date alike count as
    decided, so only the first is returned.
    """
    distinct = {text for text in texts if text.strip()}
    possible: list[DateOrder] = []
    readings: list[list[date | datetime]] = []
    ordered = sorted(distinct)
    for order in ORDERS:
        try:
            reading = [parse_date(text, order) for text in ordered]
        except ValueError:
            continue
        possible.append(order)
        readings.append(reading)
    if possible and all(reading == readings[0] for reading in readings):
        return (possible[0],)
    return tuple(possible)


def decide_order(texts: Iterable[str]) -> DateOrder:
    """Return the one order of a column of dates. Raises FormatError when nothing decides it.

    A damaged column (no order reads every date) takes the order that reads most of them; the rest
    become problems of their rows.
    """
    column = [text for text in texts if text.strip()]
    orders = orders_of(column)
    if len(orders) == 1:
        return orders[0]
    counts = dict.fromkeys(ORDERS, 0)
    if not orders:
        for text in sorted(set(column))[:_SAMPLE_MAX]:
            for order in orders_of([text]):
                counts[order] += 1
    best = max(ORDERS, key=lambda order: counts[order])
    if orders or (counts[best] and counts["MDY"] == counts["DMY"] == counts[best]):
        raise refusal(
            "ambiguous_dates",
            f"the dates can be read in two ways ({column[0][:20]!r}: month/day or day/month)",
            field="date_format",
            hint="Say which it is: date_format MDY or DMY.",
        )
    return best
