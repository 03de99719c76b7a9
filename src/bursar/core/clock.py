"""Time is UTC and comes from a clock that is handed in, so that tests and replays own it."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Protocol

from pydantic import AfterValidator, AwareDatetime


class Clock(Protocol):
    """Anything that can say what time it is."""

    def now(self) -> datetime:
        """Return the present moment, timezone-aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that reads the machine's clock


class FixedClock:
    """A clock that moves only when told: for tests, simulations and the demo's replay."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            msg = "a clock needs a timezone-aware moment"
            raise ValueError(msg)
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment the clock stands at."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move forward; a clock never goes back."""
        if by < timedelta(0):
            msg = "a clock only goes forward"
            raise ValueError(msg)
        self._at += by


def utc_midnight(day: date) -> datetime:
    """Return the start of `day` in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def utc_day_end(day: date) -> datetime:
    """Return the first moment after `day` in UTC; of the last day there is, its last moment."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return utc_midnight(day + timedelta(days=1))


def within_utc(moment: datetime) -> datetime:
    """Return a moment unchanged; raise ValueError when UTC has no such year (1 to 9999)."""
    if moment.tzinfo is not None:
        try:
            moment.astimezone(UTC)
        except OverflowError:
            msg = "in UTC this moment lies outside the years 1 to 9999"
            raise ValueError(msg) from None
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(within_utc)]
"""A point in time given from outside: with its offset, and one that UTC has."""
