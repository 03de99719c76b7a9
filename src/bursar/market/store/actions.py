"""Corporate actions, written and read in bulk."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.market.models.actions import ActionKind, CorporateActionRow, ListCorporateActions
from bursar.market.store.prices import driver
from bursar.market.tables import CorporateAction
from bursar.runtime.context import Context

KEY = ("instrument_id", "kind", "ex_date")
CONTENT = (
    "pay_date",
    "ratio_numerator",
    "ratio_denominator",
    "amount",
    "currency",
    "new_instrument_id",
    "cost_fraction",
    "source",
)


CHANGED = """
SELECT DISTINCT instrument_id FROM corporate_action
WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot)
  AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
"""


async def write(context: Context, rows: Sequence[dict[str, Any]]) -> list[uuid.UUID]:
    """Add or correct actions; return the ids of those that were new or different."""
    if not rows:
        return []
    statement = insert(CorporateAction)
    new = statement.excluded
    changed = or_(*(getattr(CorporateAction, name).is_distinct_from(new[name]) for name in CONTENT))
    result = await context.session.scalars(
        statement.on_conflict_do_update(
            index_elements=list(KEY),
            set_={
                **{name: new[name] for name in (*CONTENT, "recorded_at")},
                "xid": func.pg_current_xact_id(),
            },
            where=changed,
        ).returning(CorporateAction.id),
        list(rows),
    )
    return list(result)


async def page(
    session: AsyncSession,
    body: ListCorporateActions,
    instrument_ids: Iterable[uuid.UUID] | None,
    *,
    after: tuple[dt.date, uuid.UUID] | None,
    limit: int,
) -> list[CorporateActionRow]:
    """Return up to `limit` actions in order of ex-date."""
    query = select(CorporateAction).order_by(CorporateAction.ex_date, CorporateAction.id)
    if instrument_ids is not None:
        query = query.where(CorporateAction.instrument_id == func.any(list(instrument_ids)))
    if body.kind is not None:
        query = query.where(CorporateAction.kind == body.kind.value)
    if body.first_day is not None:
        query = query.where(CorporateAction.ex_date >= body.first_day)
    if body.last_day is not None:
        query = query.where(CorporateAction.ex_date <= body.last_day)
    if after is not None:
        query = query.where(tuple_(CorporateAction.ex_date, CorporateAction.id) > after)
    return [model(row) for row in await session.scalars(query.limit(limit))]


def model(row: CorporateAction) -> CorporateActionRow:
    """Return a stored action as it is shown."""
    return CorporateActionRow(
        id=row.id,
        kind=ActionKind(row.kind),
        instrument_id=row.instrument_id,
        ex_date=row.ex_date,
        **{name: getattr(row, name) for name in CONTENT},
    )


async def changed_since(session: AsyncSession, token: str) -> set[uuid.UUID]:
    """Return the instruments whose actions were written after the snapshot `token`."""
    connection = await driver(session)
    return {record[0] for record in await connection.fetch(CHANGED, token)}
