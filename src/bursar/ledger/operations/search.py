"""Finding activities, and what people add to them."""

import json
import uuid

from bursar.core.errors import InvalidInput
from bursar.ledger.errors import ActivityNotFound
from bursar.ledger.models import Activity, ActivityFilter, AnnotateActivity, Annotation
from bursar.ledger.store import activities as store
from bursar.runtime.context import Context
from bursar.runtime.pages import PAGE_ROWS_MAX, Page, cursor_moment, decode_cursor, encode_cursor
from bursar.runtime.registry import operation


async def search_activities(
    context: Context, wanted: ActivityFilter, *, limit: int = 25, cursor: str | None = None
) -> Page[Activity]:
    """Return activities newest first, one page at a time, at most 500 rows."""
    limit = max(1, min(limit, PAGE_ROWS_MAX))
    values: dict[str, object] = {
        "ids": list(wanted.ids),
        "accounts": list(wanted.account_ids),
        "kinds": [kind.value for kind in wanted.kinds],
        "instruments": list(wanted.instrument_ids),
        "from_at": wanted.from_at,
        "to_at": wanted.to_at,
        "text": None if wanted.text is None else _pattern(wanted.text),
        "amount_min": wanted.amount_min,
        "amount_max": wanted.amount_max,
        "category": wanted.category,
        "import_id": wanted.import_id,
    }
    parameters = {name: value for name, value in values.items() if value not in (None, [])}
    if cursor is not None:
        parameters |= _after(cursor)
    rows = await store.search(
        context.session,
        context.workspace_id,
        parameters=parameters,
        with_reversed=wanted.with_reversed,
        limit=limit + 1,
    )
    items = tuple(Activity(**{**row._asdict(), "tags": tuple(row.tags)}) for row in rows[:limit])
    more = len(rows) > limit
    return Page(
        items=items,
        next_cursor=(
            encode_cursor([items[-1].effective_at.isoformat(), str(items[-1].id)]) if more else None
        ),
    )


@operation(
    "ledger.annotate_activity",
    scope="ledger:write",
    http="PATCH /activities/{activity_id}/annotation",
    command="activity annotate",
    positional=("activity_id",),
    writes=True,
)
async def annotate_activity(context: Context, body: AnnotateActivity) -> Annotation:
    """Set category, note and tags of an activity; the activity itself never changes."""
    if await store.group(context.session, context.workspace_id, body.activity_id) is None:
        raise ActivityNotFound(f"there is no activity {body.activity_id}", field="activity_id")
    category, note, tags = await store.annotate(
        context.session,
        {
            "group": body.activity_id,
            "workspace": context.workspace_id,
            "category": body.category,
            "note": body.note,
            "tags": None if body.tags is None else json.dumps(body.tags),
            "at": context.clock.now(),
        },
    )
    context.fact("activity.annotated", body.activity_id)
    return Annotation(category=category, note=note, tags=tuple(tags))


def _pattern(value: str) -> str:
    return value.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _after(cursor: str) -> dict[str, object]:
    moment, activity_id = decode_cursor(cursor, 2)
    try:
        return {
            "after_at": cursor_moment(moment),
            "after_id": uuid.UUID(str(activity_id)),
        }
    except ValueError:
        raise InvalidInput(
            "this cursor is not one of ours",
            field="cursor",
            hint="Pass next_cursor of the previous page unchanged, or leave it out.",
        ) from None
