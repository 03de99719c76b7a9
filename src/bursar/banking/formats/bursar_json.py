"""Bursar's own statement file: the neutral model as JSON, nothing left out.

`{"schema": "bursar.statement/1", "statement": {...}}`. Numbers are decimal strings, so nothing is
rounded on the way. Fields that hold their default are not written; a later version may add fields,
and then counts up.
"""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bursar.banking.formats.draft import refusals
from bursar.banking.formats.problems import FormatError, Problem, refusal
from bursar.banking.formats.statement import BYTES_MAX, Statement

SCHEMA = "bursar.statement/1"
_PREFIX = "bursar.statement/"
_PROBLEMS_SHOWN = 100


class _Head(BaseModel):
    """Only the version, so that a later file is refused for its version and not for its fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(alias="schema")


class _Envelope(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )

    name: str = Field(alias="schema")
    statement: Statement


def dump(statement: Statement) -> bytes:
    """Return the statement as UTF-8 JSON."""
    envelope = _Envelope(name=SCHEMA, statement=statement)
    return envelope.model_dump_json(by_alias=True, exclude_defaults=True, indent=1).encode()


def load(data: bytes) -> Statement:
    """Read what `dump` wrote. Raises FormatError with the path of each bad field."""
    if len(data) > BYTES_MAX:
        message = f"the file is larger than {BYTES_MAX // 1024 // 1024} MiB"
        raise refusal("too_large", message, hint="Split it by date.")
    try:
        name = _Head.model_validate_json(data).name
    except ValidationError as error:
        raise _refused(error, "not_bursar_json") from None
    if name != SCHEMA:
        said = "a later version" if name.startswith(_PREFIX) else "no Bursar statement"
        message = f"the schema {name[:60]!r} is {said}; this program reads {SCHEMA}"
        raise refusal("unsupported_version", message, field="schema")
    try:
        return _Envelope.model_validate_json(data).statement
    except ValidationError as error:
        raise _refused(error, "bad_value") from None


def _refused(error: ValidationError, code: str) -> FormatError:
    found = refusals(error)[:_PROBLEMS_SHOWN]
    return FormatError(
        [Problem(line=None, field=f, code=code, message=f"{f}: {said}") for f, said in found]
    )
