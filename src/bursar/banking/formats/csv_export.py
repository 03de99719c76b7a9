"""Activities to CSV, one row each, complete enough that `csv_bursar` reads the same back.

Texts that a spreadsheet would run as a formula (a payee called `=1+1`) get a leading apostrophe,
and so do texts that start with one, which makes taking it away again exact. Stated balances and
positions are not activities: they travel in Bursar's JSON.
"""

import csv
import io
from collections.abc import Iterator

from bursar.banking.formats.statement import Activity, Security, Statement, StatementAccount

SCHEMA = "bursar.csv/1"
ACCOUNT_FIELDS = (
    "external_id",
    "institution",
    "name",
    "kind",
    "currency",
    "period_start",
    "period_end",
)
ACTIVITY_FIELDS = tuple(Activity.model_fields)
SECURITY_FIELDS = tuple(Security.model_fields)
HEADER = (
    "schema",
    "source_format",
    *(f"account_{name}" for name in ACCOUNT_FIELDS),
    *ACTIVITY_FIELDS,
    *(f"security_{name}" for name in SECURITY_FIELDS),
)
TEXT_COLUMNS = frozenset(
    [
        "account_external_id",
        "account_institution",
        "account_name",
        "external_id",
        "group",
        "security",
        "payee",
        "memo",
        "category",
        "reference",
        "counter_account",
        "raw_type",
        "security_key",
        "security_symbol",
        "security_name",
        "security_isin",
        "security_cusip",
        "security_source_id",
    ]
)
_GUARDED = ("=", "+", "-", "@", "'", "\t", "\r")


def dump_csv(statement: Statement) -> bytes:
    """Return the activities of all accounts as UTF-8 CSV, securities and accounts repeated."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEADER, restval="", lineterminator="\n")
    writer.writeheader()
    for account in statement.accounts:
        for row in _rows(account):
            row |= {"schema": SCHEMA, "source_format": statement.format.value}
            writer.writerow({name: _guarded(name, text) for name, text in row.items()})
    return out.getvalue().encode()


def _rows(account: StatementAccount) -> Iterator[dict[str, str]]:
    """Give a row per security, then a row per activity; an empty account is one row."""
    head = _flat(account.model_dump(mode="json", include=set(ACCOUNT_FIELDS)), "account_")
    securities = {s.key: _flat(s.model_dump(mode="json"), "security_") for s in account.securities}
    yield from (head | flat for flat in securities.values())
    if not securities:
        yield dict(head)
    for activity in account.activities:
        yield head | _flat(activity.model_dump(mode="json"), "")


def _flat(values: dict[str, object], prefix: str) -> dict[str, str]:
    return {
        f"{prefix}{name}": "" if value is None else str(value) for name, value in values.items()
    }


def _guarded(column: str, text: str) -> str:
    return f"'{text}" if column in TEXT_COLUMNS and text.startswith(_GUARDED) else text
