"""Trading calendars: which days an instrument can have a price.

Calendars come from exchange_calendars, loaded on first use and kept; an instrument without one
trades every day.
"""

import datetime as dt
import warnings
from functools import lru_cache

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.market.calc.price_years import Days

SEARCH_DAYS_MAX = 30
CALENDARS_KEPT_MAX = 32
# one range for nearly every request, so that a calendar is built once (half a second)
FIRST_YEAR = 1970
LAST_YEAR = 2049


@lru_cache(maxsize=CALENDARS_KEPT_MAX)
def _sessions(name: str, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> Days:
    import exchange_calendars  # noqa: PLC0415 - heavy, loaded on first use

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it still uses what pandas 3 deprecates
            calendar = exchange_calendars.get_calendar(
                name, start=f"{first_year}-01-01", end=f"{last_year}-12-31"
            )
    except exchange_calendars.errors.InvalidCalendarName:
        raise InvalidInput(
            f"{name!r} is no known exchange calendar",
            field="calendar",
            hint="Use a code such as XNYS, XNAS, XLON, XETR or XTKS; blank means every day.",
        ) from None
    sessions: Days = calendar.sessions.to_numpy().astype("datetime64[D]")
    return sessions


def check_name(name: str) -> None:
    """Refuse a calendar that does not exist. Raises InvalidInput."""
    _sessions(name)


def trading_days(name: str | None, first: dt.date, last: dt.date) -> Days:
    """Return the trading days from `first` to `last`; every day without a calendar."""
    low, high = np.datetime64(first, "D"), np.datetime64(last, "D")
    if name is None:
        return np.arange(low, high + 1)
    sessions = _sessions(name, min(first.year, FIRST_YEAR), max(last.year, LAST_YEAR))
    return sessions[(sessions >= low) & (sessions <= high)]


def next_trading_day(name: str | None, day: dt.date) -> dt.date:
    """Return the first trading day after `day`."""
    following = day + dt.timedelta(days=1)
    days = trading_days(name, following, day + dt.timedelta(days=SEARCH_DAYS_MAX))
    found: dt.date = days[0].item() if len(days) else following
    return found
