"""Named queries of portfolio: target policies by name and version."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.portfolio.models.targets import TARGETS_MAX, VERSIONS_MAX
from bursar.portfolio.tables import TargetPolicyVersion


async def lock_policy(session: AsyncSession, workspace_id: uuid.UUID, name: str) -> int:
    """Let one writer at a time add a version; return the newest version, 0 when there is none."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": f"target_policy {workspace_id} {name}"},
    )
    row = TargetPolicyVersion
    newest = await session.scalar(
        select(func.max(row.version)).where(row.workspace_id == workspace_id, row.name == name)
    )
    return newest or 0


async def policies(
    session: AsyncSession, workspace_id: uuid.UUID, *, name: str | None, history: bool
) -> Sequence[TargetPolicyVersion]:
    """Return the newest version of each policy, or with `history` older ones too."""
    row = TargetPolicyVersion
    statement = select(row).where(row.workspace_id == workspace_id)
    if name is not None:
        statement = statement.where(row.name == name)
    statement = statement.order_by(row.name, row.version.desc())
    if not history:
        statement = statement.ext(distinct_on(row.name))
    return (await session.scalars(statement.limit(VERSIONS_MAX if history else TARGETS_MAX))).all()
