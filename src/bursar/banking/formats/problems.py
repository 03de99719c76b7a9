"""What is wrong with a file, told so that a person can fix it: line, field, reason, what to do.

A file-level failure (not the format it claims to be, too large, a bank's error answer) raises
`FormatError`. A row that cannot be read becomes an `error` problem and the other rows are still
returned, so the caller decides whether a file goes in whole or in part. A `warning` loses nothing
but says what was assumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue

from bursar.core.errors import InvalidInput

PROBLEMS_MAX = 1_000
_DETAILS_MAX = 20


class Severity(StrEnum):
    """`error`: something in the file was not taken over. `warning`: taken over, on an assumption."""

    ERROR = "error"
    WARNING = "warning"


class Problem(BaseModel):
    """One thing wrong in a file. `line` is the 1-based line of the file, where there is one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line: int | None
    field: str | None
    code: str
    message: str
    hint: str | None = None
    severity: Severity = Severity.ERROR


class FormatError(InvalidInput):
    """The file as a whole cannot be read; `problems` names the reasons, the first one decides."""

    code: ClassVar[str] = "unreadable_file"

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        self.problems = tuple(problems)
        shown: list[JsonValue] = [p.model_dump(mode="json") for p in problems[:_DETAILS_MAX]]
        super().__init__(
            first.message, hint=first.hint, field=first.field, details={"problems": shown}
        )


def refusal(
    code: str,
    message: str,
    *,
    line: int | None = None,
    field: str | None = None,
    hint: str | None = None,
) -> FormatError:
    """Return the error for a file that is refused as a whole, ready to raise."""
    return FormatError([Problem(line=line, field=field, code=code, message=message, hint=hint)])


@dataclass
class ProblemLog:
    """Collects problems up to `PROBLEMS_MAX` and counts the rest.

    `errors` counts every error, listed or not: a reader that sees it grow while it reads a row
    does not take that row over.
    """

    items: list[Problem] = field(default_factory=list)
    left_out: int = 0
    errors: int = 0

    def add(
        self,
        line: int | None,
        code: str,
        message: str,
        *,
        field: str | None = None,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Record one problem; past the limit only the count grows."""
        if severity is Severity.ERROR:
            self.errors += 1
        if len(self.items) >= PROBLEMS_MAX:
            self.left_out += 1
            return
        self.items.append(
            Problem(
                line=line, field=field, code=code, message=message, hint=hint, severity=severity
            )
        )

    def assume(
        self,
        line: int | None,
        code: str,
        message: str,
        *,
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Record an assumption that loses nothing."""
        self.add(line, code, message, field=field, hint=hint, severity=Severity.WARNING)

    def done(self) -> tuple[Problem, ...]:
        """Return what was collected; one last entry says how many more there were."""
        if self.left_out == 0:
            return tuple(self.items)
        more = Problem(
            line=None,
            field=None,
            code="more_problems",
            message=f"{self.left_out} more problems are not listed",
            hint="Mend the listed ones and read the file again.",
        )
        return (*self.items, more)
