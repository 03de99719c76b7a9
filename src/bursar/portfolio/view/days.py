"""Day numbers: whole UTC days since 1970-01-01, the number numpy's datetime64[D] holds."""

import datetime as dt

EPOCH = dt.date(1970, 1, 1).toordinal()


def number_of(day: dt.date) -> int:
    """Return the day number of a date."""
    return day.toordinal() - EPOCH


def date_of(number: int) -> dt.date:
    """Return the date of a day number."""
    return dt.date.fromordinal(number + EPOCH)
