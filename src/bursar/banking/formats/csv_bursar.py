"""Bursar's own CSV back into activities: the inverse of `csv_export`."""

from datetime import date

from bursar.banking.formats.csv_export import (
    ACCOUNT_FIELDS,
    ACTIVITY_FIELDS,
    SCHEMA,
    SECURITY_FIELDS,
    TEXT_COLUMNS,
)
from bursar.banking.formats.csv_table import Row, Table
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.problems import ProblemLog, refusal
from bursar.banking.formats.statement import AccountKind

COLUMNS = frozenset({"schema", "source_format", "account_external_id", "effective_at", "kind"})


def read(table: Table, log: ProblemLog, filename: str) -> list[AccountDraft]:
    """Read a CSV that Bursar wrote. Raises FormatError for a schema this version does not know."""
    del filename
    drafts: dict[tuple[str, ...], AccountDraft] = {}
    for row in table.rows:
        schema = row.get("schema")
        if schema != SCHEMA:
            message = f"the schema {schema[:40]!r} is not {SCHEMA}"
            raise refusal("unsupported_version", message, line=row.line, field="schema")
        head = tuple(_cell(row, f"account_{name}") for name in ACCOUNT_FIELDS)
        draft = drafts.get(head)
        if draft is None:
            draft = drafts[head] = _account(log, row)
        _read_row(draft, row)
    return list(drafts.values())


def source_of(table: Table) -> str:
    """Return the format of the file from which the rows once came."""
    return table.rows[0].get("source_format") if table.rows else ""


def _account(log: ProblemLog, row: Row) -> AccountDraft:
    known = {kind.value: kind for kind in AccountKind}
    draft = AccountDraft(
        log,
        external_id=_cell(row, "account_external_id"),
        institution=_cell(row, "account_institution") or None,
        name=_cell(row, "account_name") or None,
        kind=known.get(row.get("account_kind"), AccountKind.UNKNOWN),
        currency=row.get("account_currency") or None,
    )
    draft.period_start = _day(log, row, "account_period_start")
    draft.period_end = _day(log, row, "account_period_end")
    return draft


def _day(log: ProblemLog, row: Row, column: str) -> date | None:
    text = row.get(column)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        log.add(row.line, "bad_date", f"{text[:40]!r} is not a day (YYYY-MM-DD)", field=column)
        return None


def _read_row(draft: AccountDraft, row: Row) -> None:
    key = _cell(row, "security_key")
    if key:
        fields = {name: _cell(row, f"security_{name}") for name in SECURITY_FIELDS if name != "key"}
        draft.hold(row.line, key, **{name: text for name, text in fields.items() if text})
    if row.get("kind"):
        fields = {name: _cell(row, name) for name in ACTIVITY_FIELDS}
        draft.add(row.line, **{name: text for name, text in fields.items() if text})


def _cell(row: Row, column: str) -> str:
    text = row.get(column)
    return text.removeprefix("'") if column in TEXT_COLUMNS else text
