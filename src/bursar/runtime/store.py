"""Named queries of the runtime."""

import uuid
from dataclasses import dataclass

from pydantic import JsonValue
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

CLAIM = text(
    "SELECT state, input_hash, status, body FROM bursar_claim(:workspace, :operation, :key)"
)


@dataclass(frozen=True, slots=True)
class ClaimedKey:
    """What an idempotency key stands for: new, in_flight, or done with its first answer."""

    state: str
    input_hash: bytes | None
    status: int
    body: JsonValue


async def claim_key(
    session: AsyncSession, workspace_id: uuid.UUID, operation: str, key: str
) -> ClaimedKey:
    """Claim a key until the transaction ends, or learn what became of its first use."""
    row = (
        await session.execute(
            CLAIM, {"workspace": workspace_id, "operation": operation, "key": key}
        )
    ).one()
    return ClaimedKey(row.state, row.input_hash, row.status or 0, row.body)
