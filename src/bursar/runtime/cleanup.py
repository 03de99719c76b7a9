"""Delete what has expired and nobody will read again; never a row of the book or the journal."""

from sqlalchemy import text

from bursar.core.clock import Clock
from bursar.runtime.database import EVERY_WORKSPACE, Database

DELETE_KEYS = text("DELETE FROM idempotency WHERE expires_at < :now")


async def delete_expired(database: Database, clock: Clock) -> int:
    """Delete idempotency keys past their 30 days; return how many rows went."""
    async with database.transaction(EVERY_WORKSPACE) as transaction:
        result = await transaction.session.execute(DELETE_KEYS, {"now": clock.now()})
        return int(result.rowcount)  # type: ignore[attr-defined]
