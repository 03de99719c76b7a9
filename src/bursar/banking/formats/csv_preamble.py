"""Balances above the header of a bank's CSV: `Kontostand vom 30.04.2024:;1.234,56 EUR`.

Only one that names its day is taken: a balance of an unknown day proves nothing.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from bursar.banking.formats.csv_table import Line
from bursar.banking.formats.dates import DateOrder, parse_date
from bursar.banking.formats.numbers import DecimalMark, parse_number

LABEL = re.compile(
    r"(?:neuer |aktueller |new |closing |ending |account )*"
    r"(?:kontostand|saldo|endsaldo|balance)\s*(?:vom|am|per|zum|on|as of|at)?\s*"
    r"(?P<day>\d[\d./-]{5,9}\d)?\s*:?",
    re.IGNORECASE,
)
_DAY = re.compile(r"\s*(?:vom|am|per|zum|on|as of|at)?\s*(\d[\d./-]{5,9}\d)\s*", re.IGNORECASE)
_CODE = re.compile(r"\b([A-Z]{3})\b")
_SIGNS = {"€": "EUR", "£": "GBP"}


class StatedBalance(NamedTuple):
    """A balance that the preamble states for the end of a day."""

    line: int
    as_of: date
    amount: Decimal
    currency: str | None


def stated_balances(
    preamble: Iterable[Line], order: DateOrder, mark: DecimalMark
) -> Iterator[StatedBalance]:
    """Yield the balances above the header; what cannot be read as one is not a balance."""
    for line in preamble:
        cells = [cell.strip() for cell in line.cells if cell.strip()]
        label = LABEL.fullmatch(cells[0]) if len(cells) > 1 else None
        if label is None:
            continue
        days = [label["day"], *(m[1] for cell in cells[1:] if (m := _DAY.fullmatch(cell)))]
        written = next((day for day in days if day), None)
        amounts = [cell for cell in cells[1:] if not _DAY.fullmatch(cell)]
        if written is None or not amounts:
            continue
        try:
            day = parse_date(written, order)
            amount = parse_number(_CODE.sub("", amounts[0]), mark)
        except ValueError:
            continue
        code = next((m[1] for cell in amounts if (m := _CODE.search(cell))), None)
        sign = next((_SIGNS[c] for cell in amounts for c in cell if c in _SIGNS), None)
        yield StatedBalance(line.number, _day_of(day), amount, code or sign)


def _day_of(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
