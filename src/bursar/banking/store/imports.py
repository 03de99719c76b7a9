"""Queries about imported files."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.banking.tables import ImportBatch


async def page(
    session: AsyncSession, workspace_id: uuid.UUID, *, after: uuid.UUID | None, limit: int
) -> Sequence[ImportBatch]:
    """Return imports, newest first."""
    query = select(ImportBatch).where(ImportBatch.workspace_id == workspace_id)
    if after is not None:
        query = query.where(ImportBatch.id < after)
    return (await session.scalars(query.order_by(ImportBatch.id.desc()).limit(limit))).all()


async def one(
    session: AsyncSession, workspace_id: uuid.UUID, import_id: uuid.UUID, *, lock: bool = False
) -> ImportBatch | None:
    """Return one import, or None; `lock` keeps others from undoing it too."""
    query = select(ImportBatch).where(
        ImportBatch.workspace_id == workspace_id, ImportBatch.id == import_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return await session.scalar(query)
