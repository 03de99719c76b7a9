"""One CSV row while it is read: a bad cell is logged with its column, and the row is not taken."""

from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from bursar.banking.formats.csv_table import Row
from bursar.banking.formats.dates import DateOrder, parse_date
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.numbers import DecimalMark, parse_number

_ABSENT = frozenset({"", "-", "--", "n/a", "null", "none", "processing"})


class Cells:
    """Reads typed values from a row; `add` takes the row over unless a cell was bad."""

    def __init__(self, draft: AccountDraft, row: Row) -> None:
        self.draft, self.row = draft, row
        self._errors = draft.log.errors

    @property
    def failed(self) -> bool:
        """Whether a cell of this row could not be read."""
        return self.draft.log.errors > self._errors

    def text(self, *columns: str) -> str:
        """Return the first non-empty text among the columns."""
        return self.row.get(*columns)

    def number(self, *columns: str, mark: DecimalMark | None = ".") -> Decimal | None:
        """Return a number, None for an empty cell; a bad cell is a problem."""
        text = self.row.get(*columns)
        if text.lower() in _ABSENT:
            return None
        try:
            return parse_number(text, mark)
        except ValueError as error:
            self.problem("bad_number", str(error), columns[0])
            return None

    def need(self, *columns: str, mark: DecimalMark | None = ".") -> Decimal:
        """Return a number that the row cannot do without (zero, with a problem, when it is bad)."""
        value = self.number(*columns, mark=mark)
        if value is None:
            if not self.failed:
                self.problem("missing_number", f"the row has no {columns[0]}", columns[0])
            return Decimal(0)
        return value

    def moment(
        self, *columns: str, order: DateOrder = "YMD", zone: tzinfo = UTC
    ) -> tuple[date | datetime, date | None]:
        """Return (moment in UTC or day, local day where it differs); a problem when unreadable."""
        text = self.row.get(*columns)
        try:
            at = parse_date(text, order, zone)
        except ValueError as error:
            message = str(error) if text else "the row has no date"
            self.problem("bad_date" if text else "missing_date", message, columns[0])
            return date(1970, 1, 1), None
        if not isinstance(at, datetime):
            return at, None
        local = at.astimezone(zone).date()
        return at, local if local != at.date() else None

    def problem(self, code: str, message: str, column: str, hint: str | None = None) -> None:
        """Record what is wrong with the row."""
        self.draft.log.add(self.row.line, code, message, field=column, hint=hint)

    def add(self, **fields: Any) -> None:
        """Add an activity, unless a cell of the row was bad."""
        if not self.failed:
            self.draft.add(self.row.line, **fields)
