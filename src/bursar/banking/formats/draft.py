"""An account while it is being read: rows are checked one by one, and a bad one becomes a problem.

Every reader adds its rows here, so that no value that the model refuses (a date in the year 0012,
a memo of a megabyte, a number of a hundred digits) can end a whole file with a strange error.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bursar.banking.formats.problems import ProblemLog, refusal
from bursar.banking.formats.statement import (
    ACCOUNTS_MAX,
    NOTES_MAX,
    ROWS_MAX,
    SECURITIES_MAX,
    AccountKind,
    Activity,
    Balance,
    Format,
    Position,
    Security,
    Statement,
    StatementAccount,
    clean_key,
)

M = TypeVar("M", bound=BaseModel)


def refusals(error: ValidationError) -> list[tuple[str, str]]:
    """Return (field, sentence) for each thing a model refused."""
    found = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(str(part) for part in item["loc"]) or "row"
        found.append((name, item["msg"].removeprefix("Value error, ")))
    return found


@dataclass
class AccountDraft:
    """Collects one account's rows; `build` gives the frozen account."""

    log: ProblemLog
    external_id: str = ""
    institution: str | None = None
    name: str | None = None
    kind: AccountKind = AccountKind.UNKNOWN
    currency: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    activities: list[Activity] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    securities: dict[str, Security] = field(default_factory=dict)

    def add(self, line: int, /, **fields: Any) -> bool:
        """Add an activity; False and a problem when the model refuses it."""
        if len(self.activities) >= ROWS_MAX:
            code, message = "too_many_rows", f"a file has at most {ROWS_MAX} rows"
            raise refusal(code, message, line=line, hint="Split it by date.")
        made = self._make(Activity, line, {"line": line, **fields})
        if made is not None:
            self.activities.append(made)
        return made is not None

    def add_balance(self, line: int, **fields: Any) -> None:
        """Add a stated cash balance."""
        made = self._make(Balance, line, fields)
        if made is not None and len(self.balances) < SECURITIES_MAX:
            self.balances.append(made)

    def add_position(self, line: int, **fields: Any) -> None:
        """Add a stated holding."""
        made = self._make(Position, line, fields)
        if made is not None and len(self.positions) < SECURITIES_MAX:
            self.positions.append(made)

    def hold(self, line: int, key: str, **fields: Any) -> str | None:
        """Make sure the security is listed, and return its key; a later mention fills gaps."""
        key = str(clean_key(key[:200]))
        if not key:
            return None
        known = self.securities.get(key)
        if known is not None:
            gaps = {k: v for k, v in fields.items() if v and not getattr(known, k)}
            if not gaps:
                return key
            fields = known.model_dump() | gaps
            del fields["key"]
        elif len(self.securities) >= SECURITIES_MAX:
            code, message = "too_many_securities", f"a file names at most {SECURITIES_MAX}"
            raise refusal(code, message, line=line)
        made = self._make(Security, line, {"key": key, **fields})
        if made is None:
            return None
        self.securities[key] = made
        return made.key

    def _make(self, model: type[M], line: int, fields: dict[str, Any]) -> M | None:
        try:
            return model.model_validate(fields)
        except ValidationError as error:
            for name, sentence in refusals(error):
                self.log.add(line, "bad_value", f"{name}: {sentence}", field=name)
            return None

    def build(self) -> StatementAccount | None:
        """Return the frozen account, or None and a problem when its own fields are refused."""
        self._warn_about_ids()
        fields: dict[str, Any] = {
            "external_id": self.external_id,
            "institution": self.institution or None,
            "name": self.name or None,
            "kind": self.kind,
            "currency": self.currency,
            "period_start": self.period_start,
            "period_end": self.period_end,
            "activities": tuple(self.activities),
            "balances": tuple(self.balances),
            "stated_positions": tuple(self.positions),
            "securities": tuple(self.securities.values()),
        }
        return self._make(StatementAccount, 0, fields)

    def _warn_about_ids(self) -> None:
        """An id that comes twice is the source's mistake: say which rows it concerns."""
        first: dict[str, Activity] = {}
        for activity in self.activities:
            if not activity.external_id:
                continue
            earlier = first.setdefault(activity.external_id, activity)
            if earlier is activity:
                continue
            same = earlier.model_copy(update={"line": activity.line}) == activity
            said = "is repeated" if same else "is used for another activity too"
            self.log.assume(
                activity.line,
                "repeated_id",
                f"the id {activity.external_id[:60]!r} of line {earlier.line} {said}",
                hint="It is taken once." if same else "Both are taken, known by their content.",
            )


def assemble(
    file_format: Format, drafts: Sequence[AccountDraft], notes: Sequence[str] = ()
) -> Statement:
    """Build the accounts and the statement. Raises FormatError for too many accounts."""
    if len(drafts) > ACCOUNTS_MAX:
        message = f"the file has {len(drafts)} accounts; the limit is {ACCOUNTS_MAX}"
        hint = "Check that the account column is one."
        raise refusal("too_many_accounts", message, field="account", hint=hint)
    accounts = tuple(made for draft in drafts if (made := draft.build()) is not None)
    return Statement(format=file_format, accounts=accounts, notes=tuple(notes[:NOTES_MAX]))
