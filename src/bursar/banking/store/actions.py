"""Which corporate actions were carried out in which accounts."""

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.banking.tables import ActionPosting

Key = tuple[uuid.UUID, uuid.UUID]
"""Action and account."""


async def postings(
    session: AsyncSession, workspace_id: uuid.UUID, action_ids: Iterable[uuid.UUID]
) -> dict[Key, ActionPosting]:
    """Return how the actions were carried out so far, by action and account."""
    rows = await session.scalars(
        select(ActionPosting)
        .where(
            ActionPosting.workspace_id == workspace_id,
            ActionPosting.action_id.in_(list(action_ids)),
        )
        .execution_options(populate_existing=True)
    )
    return {(row.action_id, row.account_id): row for row in rows}


async def remember(session: AsyncSession, row: dict[str, Any]) -> None:
    """Write down how an action was carried out in an account, in place of what was there."""
    statement = insert(ActionPosting).values(row)
    new = statement.excluded
    names = ("activity_id", "brought_by_statement", "terms", "quantity", "posted_at")
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["action_id", "account_id"],
            set_={name: new[name] for name in names},
        )
    )


async def forget(session: AsyncSession, workspace_id: uuid.UUID, key: Key) -> None:
    """Take back that an action was carried out in an account."""
    await session.execute(
        delete(ActionPosting).where(
            ActionPosting.workspace_id == workspace_id,
            ActionPosting.action_id == key[0],
            ActionPosting.account_id == key[1],
        )
    )
