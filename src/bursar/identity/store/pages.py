"""Lists by page: ids are sorted by time, so the last id shown is where the next page begins."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from bursar.core.errors import InvalidInput
from bursar.core.model import Model
from bursar.runtime.pages import Page, PageRequest, decode_cursor, encode_cursor

Item = TypeVar("Item", bound=Model)
Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


def newest_first(
    query: Query, key: InstrumentedAttribute[uuid.UUID], request: PageRequest
) -> Query:
    """Cut a query to one page by its time-ordered id, newest first, with one row to look ahead."""
    if request.cursor is not None:
        query = query.where(key < _id_of(request.cursor))
    return query.order_by(key.desc()).limit(request.limit + 1)


def page(
    items: Sequence[Item], request: PageRequest, key: Callable[[Item], uuid.UUID]
) -> Page[Item]:
    """Make a page of rows read with one to look ahead."""
    shown = tuple(items[: request.limit])
    more = len(items) > request.limit
    return Page(
        items=shown, next_cursor=encode_cursor([str(key(shown[-1]))]) if more and shown else None
    )


def _id_of(cursor: str) -> uuid.UUID:
    try:
        return uuid.UUID(str(decode_cursor(cursor, 1)[0]))
    except ValueError:
        raise InvalidInput("this cursor is not one of ours", field="cursor") from None
