"""A journal row as the one text that is hashed: every column, in fixed order, with its version.

It is JSON and at the same time exact: PostgreSQL writes it, so the columns of today are spelled as
they were when they were sealed. `facts` stands there as jsonb prints it, numbers with all their
digits. A new column of the journal means a new version; leaves keep the version they were made with.
"""

from typing import Final

VERSION: Final = 1


def _text(column: str) -> str:
    return f"coalesce(to_json({column})::text, 'null')"


def _word(column: str) -> str:
    return f"coalesce('\"' || {column} || '\"', 'null')"


# Field by field: its name and the SQL of its JSON. `j` is the journal.
_VERSION_1: Final = (
    ("seq", "j.seq::text"),
    ("xid", _word("j.xid::text")),
    ("at", _word("to_char(j.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")),
    ("workspace_id", _word("j.workspace_id::text")),
    ("actor_kind", _text("j.actor_kind")),
    ("user_id", _word("j.user_id::text")),
    ("credential_id", _word("j.credential_id::text")),
    ("source", _text("j.source")),
    ("operation", _text("j.operation")),
    ("outcome", _text("j.outcome")),
    ("error_code", _text("j.error_code")),
    ("input_hash", _word("encode(j.input_hash, 'hex')")),
    ("request_id", _text("j.request_id")),
    ("idempotency_key", _text("j.idempotency_key")),
    ("facts", "j.facts::text"),
)
COLUMNS: Final = frozenset(name for name, _ in _VERSION_1)


def _expression() -> str:
    parts = [f"""'{{"v":' || '{VERSION}'"""]  # apart, or it would read as a parameter
    parts += [f"""',"{name}":' || {sql}""" for name, sql in _VERSION_1]
    return " || ".join([*parts, "'}'"])


ROW_TEXT: Final = _expression()
"""The SQL expression of the text of journal row `j`; null when there is no such row."""
