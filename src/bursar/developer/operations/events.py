"""Events by asking for them: the same order, rule and cursor as the live stream."""

from bursar.developer.models.events import (
    FACTS_SHOWN_MAX,
    Event,
    EventActor,
    EventFact,
    Events,
    ListEvents,
)
from bursar.developer.visibility import wanted_by
from bursar.runtime import feed
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

FROM_THE_START = "start"


@operation(
    "developer.list_events",
    scope="developer:read",
    http="GET /events/history",
    command="events list",
)
async def list_events(context: Context, body: ListEvents) -> Events:
    """List what happened: the newest events, or those after a cursor, oldest first.

    Poll with next_cursor: no event is left out, and none comes twice. You see events of the
    packages you may read. GET /events is the same as a live stream.
    """
    wanted = wanted_by(context.actor, types=body.types, objects=body.objects, refused=body.refused)
    if body.cursor is None:
        end = await feed.known_up_to(context.session)
        rows = await feed.newest(context.session, wanted, body.limit)
        last, more = rows[-1].position if rows else end, False
    else:
        start = start_of(body.cursor)
        end = await feed.known_up_to(context.session, start)
        rows = await feed.after(context.session, wanted, (start, end), body.limit + 1)
        more, rows = len(rows) > body.limit, rows[: body.limit]
        # Past rows that do not match, so that the next call need not look at them again.
        last = rows[-1].position if more else end
    return Events(items=tuple(map(event_of, rows)), next_cursor=last.cursor(), more=more)


def start_of(cursor: str) -> feed.Position:
    """Read where a client wants to go on; raise InvalidInput for what is no cursor."""
    return feed.START if cursor == FROM_THE_START else feed.position_of(cursor)


def event_of(row: feed.Row) -> Event:
    """Return a journal row as listeners get it."""
    shown = row.facts[:FACTS_SHOWN_MAX]
    return Event(
        id=str(row.position.seq),
        cursor=row.position.cursor(),
        type=row.operation,
        outcome=row.outcome,
        at=row.at,
        facts=tuple(EventFact(type=kind, object=object_id) for kind, object_id in shown),
        facts_total=len(row.facts),
        accounts=row.accounts[:FACTS_SHOWN_MAX],
        actor=EventActor(kind=row.actor_kind, user_id=row.user_id, source=row.source),
        request_id=row.request_id,
    )
