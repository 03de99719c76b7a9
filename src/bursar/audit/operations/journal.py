"""The journal for people: who did what to which object, newest first."""

from typing import Any

from bursar.audit.models import JournalQuery, JournalRow
from bursar.audit.store import reading as store
from bursar.core.errors import InvalidInput
from bursar.runtime.context import Context
from bursar.runtime.pages import Page, decode_cursor, encode_cursor
from bursar.runtime.registry import operation


@operation(
    "audit.search_journal",
    scope="audit:read",
    http="GET /audit/journal",
    command="audit search",
)
async def search_journal(context: Context, query: JournalQuery) -> Page[JournalRow]:
    """Search the audit trail by operation, actor, object, outcome and time; newest first.

    Every write is there, every refused attempt, and what agents read.
    """
    conditions = query.model_dump(exclude={"cursor", "limit"})
    conditions["limit"] = query.limit + 1
    conditions["before"] = None if query.cursor is None else _position(query.cursor)
    found = await store.journal(context.session, context.workspace_id, conditions)
    rows = [_model(row) for row in found[: query.limit]]
    more = len(found) > query.limit
    return Page[JournalRow](
        items=tuple(rows), next_cursor=encode_cursor([rows[-1].seq]) if more else None
    )


def _model(row: Any) -> JournalRow:
    fields = row._asdict()
    facts, input_hash = fields.pop("facts"), fields.pop("input_hash")
    return JournalRow(**fields, facts=tuple(facts), input_hash=input_hash.hex())


def _position(cursor: str) -> int:
    [seq] = decode_cursor(cursor, 1)
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 < seq < 2**63:
        raise InvalidInput("this cursor is not one of ours", field="cursor")
    return seq
