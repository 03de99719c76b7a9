"""A row of a file on its way into the book, and what the conversion needs to know about its account.

Every activity keeps the line it came from, so that whatever refuses it later can say where.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from bursar.banking.formats.problems import Problem, Severity
from bursar.ledger.models.activities import InstrumentRef, NewActivity


@dataclass(frozen=True, slots=True)
class Target:
    """Where a statement goes: the account, and the instruments by the keys the file uses.

    split_ratios: ratio of a split whose row does not state it, by the place of the row.
    """

    account_id: uuid.UUID
    currency: str
    import_id: uuid.UUID
    source: str
    instruments: Mapping[str, InstrumentRef]
    split_ratios: Mapping[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PostedRow:
    """An activity and the line of the file it came from (0 when it came from no line)."""

    activity: NewActivity
    line: int


@dataclass(slots=True)
class Conversion:
    """What became of the rows of one account."""

    rows: list[PostedRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: int = 0

    def refuse(self, line: int, code: str, message: str, *, field: str, hint: str = "") -> None:
        """Note a row that cannot be taken over."""
        self.problems.append(
            Problem(line=line or None, field=field, code=code, message=message, hint=hint or None)
        )

    def assume(self, line: int, code: str, message: str, *, field: str) -> None:
        """Note an assumption that loses nothing."""
        self.problems.append(
            Problem(
                line=line or None,
                field=field,
                code=code,
                message=message,
                severity=Severity.WARNING,
            )
        )
