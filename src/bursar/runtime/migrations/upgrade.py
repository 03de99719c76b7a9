"""Bring a database to the newest revision and give the application role its rights."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bursar.runtime.row_security import grants
from bursar.runtime.tables import Base

ADVISORY_LOCK = 0x62757273  # "burs": two starts at once migrate one after the other


def configuration() -> Config:
    """Return Alembic's configuration, which needs no file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


async def migrate(owner_url: str, application_role: str, revision: str = "head") -> None:
    """Upgrade to `revision` and grant the application role what each table states.

    Every domain's tables must be imported before, since the grants are read from them. Raises
    Alembic's CommandError for an unknown revision.
    """
    engine = create_async_engine(_asyncpg(owner_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"SELECT pg_advisory_lock({ADVISORY_LOCK})"))
            await connection.commit()
            await connection.run_sync(_upgrade, revision)
            owner = await connection.scalar(text("SELECT current_user"))
            owns = owner == application_role
            for statement in grants(Base.metadata, application_role, owns=owns):
                await connection.execute(text(statement))
            await connection.commit()
    finally:
        await engine.dispose()


async def revision_of(url: str) -> tuple[str | None, str | None]:
    """Return the revision a database is at, and the newest one this version knows."""
    engine = create_async_engine(_asyncpg(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            current = await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )
    finally:
        await engine.dispose()
    return current, ScriptDirectory.from_config(configuration()).get_current_head()


def _upgrade(connection: Connection, revision: str) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.commit()


def _asyncpg(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)
