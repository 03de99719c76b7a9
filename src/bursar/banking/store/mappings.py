"""Saved column mappings, found by name or by the header they were saved with."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.banking.tables import ColumnMapping


class Place(NamedTuple):
    """Where to look: a session and the workspace."""

    session: AsyncSession
    workspace_id: uuid.UUID


async def named(place: Place, name: str) -> ColumnMapping | None:
    """Return the mapping of this name, or None."""
    return await place.session.scalar(
        select(ColumnMapping).where(
            ColumnMapping.workspace_id == place.workspace_id, ColumnMapping.name == name
        )
    )


async def with_fingerprints(place: Place, prints: Sequence[bytes]) -> ColumnMapping | None:
    """Return the newest mapping saved for one of these headers, or None."""
    return await place.session.scalar(
        select(ColumnMapping)
        .where(
            ColumnMapping.workspace_id == place.workspace_id,
            ColumnMapping.fingerprint == func.any(list(prints)),
        )
        .order_by(ColumnMapping.changed_at.desc(), ColumnMapping.id.desc())
        .limit(1)
    )


async def every(place: Place) -> Sequence[ColumnMapping]:
    """Return all mappings by name, at most 1,000."""
    found = await place.session.scalars(
        select(ColumnMapping)
        .where(ColumnMapping.workspace_id == place.workspace_id)
        .order_by(ColumnMapping.name)
        .limit(1_000)
    )
    return found.all()
