"""Rows into the book, in blocks; a refusal is told with the line of the file that caused it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from bursar.banking.calc.posted_row import PostedRow
from bursar.banking.calc.statement_rows import OWN_ID
from bursar.banking.formats.problems import Problem, Severity
from bursar.core.errors import BursarError
from bursar.ledger.calc.posting_order import in_posting_order
from bursar.ledger.errors import InvalidActivity
from bursar.ledger.models import ActivityFilter, ActivityKind
from bursar.ledger.operations.activities import post_activities
from bursar.ledger.operations.search import search_activities
from bursar.runtime.context import Context

ROWS_PER_POSTING = 1_000
REFUSALS_MAX = 50
IDS_PER_SEARCH = 500
UUID_CHARACTERS = 36


@dataclass(slots=True)
class Posted:
    """What became of rows: ids of what was added, how many were known, which were refused."""

    added: list[tuple[PostedRow, uuid.UUID]] = field(default_factory=list)
    duplicates: int = 0
    refused: list[Problem] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)


async def post_rows(
    context: Context, rows: Sequence[PostedRow], done: Posted, *, partial: bool
) -> None:
    """Post rows in the book's order and add to `done` what became of them. Without `partial` the first refusal ends it, as a problem.

    With it, a refused row is left out and the rest is posted, up to 50 refusals.
    """
    order = in_posting_order([row.activity for row in rows])
    for start in range(0, len(order), ROWS_PER_POSTING):
        block = [rows[place] for place in order[start : start + ROWS_PER_POSTING]]
        while block:
            try:
                answers = await post_activities(context, [row.activity for row in block])
            except BursarError as error:
                place = _place_of(error)
                if place is None:
                    raise
                row = block.pop(place)
                if _splits_nothing(row, error):
                    done.left_out.append(_nothing_held(row))
                    continue
                done.refused.append(problem_of(row, error))
                if not partial or len(done.refused) >= REFUSALS_MAX:
                    return
                continue
            for row, answer in zip(block, answers, strict=True):
                if answer.duplicate_of is None:
                    done.added.append((row, answer.id))
                else:
                    done.duplicates += 1
            break


async def own_rows(context: Context, rows: Sequence[PostedRow]) -> set[int]:
    """Return the `id()` of rows that this workspace itself exported, by the id they carry."""
    by_activity: dict[uuid.UUID, list[int]] = {}
    for row in rows:
        name = row.activity.external_id or ""
        if name.startswith(OWN_ID):
            try:
                own_id = uuid.UUID(name.removeprefix(OWN_ID)[:UUID_CHARACTERS])
            except ValueError:
                continue
            by_activity.setdefault(own_id, []).append(id(row))
    ids = list(by_activity)
    found: set[int] = set()
    for start in range(0, len(ids), IDS_PER_SEARCH):
        wanted = ActivityFilter(ids=tuple(ids[start : start + IDS_PER_SEARCH]), with_reversed=True)
        page = await search_activities(context, wanted, limit=IDS_PER_SEARCH)
        found.update(place for activity in page.items for place in by_activity[activity.id])
    return found


def problem_of(row: PostedRow, error: BursarError) -> Problem:
    """Return the book's refusal of a row as a problem of the file."""
    return Problem(
        line=row.line or None,
        field=error.field,
        code=error.code,
        message=error.message,
        hint=error.hint,
    )


def _splits_nothing(row: PostedRow, error: BursarError) -> bool:
    """Tell whether a split was refused because nothing is held: its other faults came up before."""
    activity = row.activity
    is_computed = activity.kind is ActivityKind.SPLIT and activity.quantity is None
    return is_computed and isinstance(error, InvalidActivity) and error.field == "amount"


def _nothing_held(row: PostedRow) -> Problem:
    return Problem(
        line=row.line or None,
        field="quantity",
        code="nothing_held",
        message="nothing was held when the split happened, so it was left out",
        severity=Severity.WARNING,
    )


def _place_of(error: BursarError) -> int | None:
    place = (error.details or {}).get("activity")
    return place if isinstance(place, int) else None
