"""The lifting of the workspace border, for the few statements that need it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@asynccontextmanager
async def across_workspaces(session: AsyncSession) -> AsyncIterator[None]:
    """Lift the workspace border for a few statements about one person or one secret.

    Only for rows that are found by a secret's hash, or that belong to the caller in all of their
    workspaces. On an error the border stays lifted, and the transaction rolls back anyway.
    """
    await session.flush()
    await session.execute(text("SELECT set_config('bursar.every_workspace', 'on', true)"))
    yield
    await session.flush()
    await session.execute(text("SELECT set_config('bursar.every_workspace', '', true)"))
