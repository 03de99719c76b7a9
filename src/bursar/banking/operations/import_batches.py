"""Imports that were made: listed, shown, and undone by reversing everything they added."""

import uuid

from sqlalchemy import delete, update

from bursar.banking.errors import ImportNotFound, ImportUndone
from bursar.banking.formats.problems import Problem
from bursar.banking.models.imports import ImportReference, ImportRow, ListImports, UndoneImport
from bursar.banking.store import imports as store
from bursar.banking.tables import ImportBatch, Opening
from bursar.core.errors import InvalidInput
from bursar.ledger.models import ActivityFilter
from bursar.ledger.operations.reversals import reverse_activities
from bursar.ledger.operations.search import search_activities
from bursar.runtime.context import Context
from bursar.runtime.pages import PAGE_ROWS_MAX, Page, decode_cursor, encode_cursor
from bursar.runtime.registry import operation

PAGES_MAX = 2_100


@operation("banking.list_imports", scope="banking:read", http="GET /imports")
async def list_imports(context: Context, body: ListImports) -> Page[ImportRow]:
    """List imported files, newest first: what they were and what they added."""
    after = None
    if body.cursor is not None:
        try:
            after = uuid.UUID(str(decode_cursor(body.cursor, 1)[0]))
        except ValueError:
            raise InvalidInput("this cursor is not one of ours", field="cursor") from None
    rows = await store.page(
        context.session, context.workspace_id, after=after, limit=body.limit + 1
    )
    more = len(rows) > body.limit
    rows = rows[: body.limit]
    return Page(
        items=tuple(_model(row) for row in rows),
        next_cursor=encode_cursor([str(rows[-1].id)]) if more else None,
    )


@operation(
    "banking.get_import",
    scope="banking:read",
    http="GET /imports/{import_id}",
    positional=("import_id",),
)
async def get_import(context: Context, body: ImportReference) -> ImportRow:
    """Show one import with the rows it refused and what it assumed."""
    return _model(await _existing(context, body.import_id))


@operation(
    "banking.undo_import",
    scope="banking:write",
    http="POST /imports/{import_id}/undo",
    positional=("import_id",),
    writes=True,
    destructive=True,
    status=200,
)
async def undo_import(context: Context, body: ImportReference) -> UndoneImport:
    """Undo an import by reversing every activity it added; the file can then be imported again.

    Accounts and instruments it opened stay. Refused while later activities need what it brought.
    """
    row = await _existing(context, body.import_id, lock=True)
    if row.undone_at is not None:
        raise ImportUndone(f"the import was undone on {row.undone_at.date()}", field="import_id")
    found: list[uuid.UUID] = []
    wanted = ActivityFilter(import_id=body.import_id)
    cursor: str | None = None
    for _ in range(PAGES_MAX):
        page = await search_activities(context, wanted, limit=PAGE_ROWS_MAX, cursor=cursor)
        found.extend(activity.id for activity in page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    await reverse_activities(
        context, found, f"import of {row.filename or row.format} undone", release=True
    )
    await context.session.execute(
        delete(Opening).where(
            Opening.workspace_id == context.workspace_id, Opening.activity_id.in_(found)
        )
    )
    await context.session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == row.id, ImportBatch.workspace_id == context.workspace_id)
        .values(undone_at=context.clock.now())
    )
    context.fact("banking.import_undone", row.id, reversed=len(found))
    return UndoneImport(import_id=row.id, reversed=len(found))


async def _existing(context: Context, import_id: uuid.UUID, *, lock: bool = False) -> ImportBatch:
    row = await store.one(context.session, context.workspace_id, import_id, lock=lock)
    if row is None:
        raise ImportNotFound(f"there is no import {import_id}", field="import_id")
    return row


def _model(row: ImportBatch) -> ImportRow:
    return ImportRow(
        import_id=row.id,
        filename=row.filename,
        format=row.format,
        sha256=row.sha256.hex(),
        size_bytes=row.size_bytes,
        added=row.added,
        duplicates=row.duplicates,
        refused=row.refused,
        account_ids=tuple(uuid.UUID(each) for each in row.accounts),
        problems=tuple(Problem.model_validate(each) for each in row.problems),
        imported_at=row.imported_at,
        imported_by=row.imported_by,
        undone_at=row.undone_at,
    )
