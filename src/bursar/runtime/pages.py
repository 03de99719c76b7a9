"""Lists come in pages with an opaque cursor, and every page has a limit."""

import base64
import binascii
import datetime as dt
import json
from typing import Generic, TypeVar

from pydantic import Field, JsonValue

from bursar.core.errors import InvalidInput
from bursar.core.model import Model

PAGE_ROWS_DEFAULT = 25
PAGE_ROWS_MAX = 500
CURSOR_CHARACTERS_MAX = 512
NUMBER_MAX = 2**63 - 1

Row = TypeVar("Row", bound=Model)


class PageRequest(Model):
    """The part of a list's input that asks for one page."""

    limit: int = Field(
        PAGE_ROWS_DEFAULT, ge=1, le=PAGE_ROWS_MAX, description="Rows to return, at most 500."
    )
    cursor: str | None = Field(
        None,
        max_length=CURSOR_CHARACTERS_MAX,
        description="Where to go on: next_cursor of the previous page.",
    )


class Page(Model, Generic[Row]):
    """One page of a list."""

    items: tuple[Row, ...] = Field(description="The rows of this page.")
    next_cursor: str | None = Field(description="Cursor of the next page; null on the last page.")


def encode_cursor(position: list[JsonValue]) -> str:
    """Turn the sort key of a page's last row into an opaque cursor."""
    text = json.dumps(position, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[JsonValue]:
    """Read a cursor back; raise InvalidInput when it was not made by `encode_cursor`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position = json.loads(base64.urlsafe_b64decode(padded.encode()))
    except (binascii.Error, ValueError):
        position = None
    if (
        not isinstance(position, list)
        or len(position) != length
        or any(isinstance(part, str) and not _is_storable(part) for part in position)
    ):
        raise wrong_cursor()
    return position


def _is_storable(text: str) -> bool:
    """Tell whether the database can compare with a text: no NUL, no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def cursor_moment(part: JsonValue) -> dt.datetime:
    """Read a moment of a cursor's position; raise InvalidInput for one that UTC does not have."""
    try:
        return dt.datetime.fromisoformat(str(part)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise wrong_cursor() from None


def cursor_number(part: JsonValue) -> int:
    """Read a number of a cursor's position; raise InvalidInput for one that no row can have."""
    if not isinstance(part, int) or isinstance(part, bool) or not 0 <= part <= NUMBER_MAX:
        raise wrong_cursor()
    return part


def wrong_cursor() -> InvalidInput:
    """Return the error for a cursor that somebody else made."""
    return InvalidInput(
        "this cursor is not one of ours",
        field="cursor",
        hint="Pass next_cursor of the previous page unchanged, or leave it out.",
    )
