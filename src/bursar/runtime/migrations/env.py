"""Alembic's entry: run on the connection that was handed in, or on the configured owner's.

From Alembic's own command line the whole schema must be known, so `alembic.ini` names the module
that imports every domain (`bursar.load`).
"""

import asyncio
import importlib
from typing import Any

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bursar.runtime.tables import Base, Xid8

ischema_names["xid8"] = Xid8  # so that autogenerate compares this type instead of warning

WRITTEN_IN_SQL = frozenset({"index", "unique_constraint", "foreign_key_constraint"})


def _compared(*facts: Any) -> bool:
    """Leave out what only the database has: indexes and constraints are stated in the SQL."""
    _item, _name, kind, reflected, other = facts
    return not (reflected and other is None and kind in WRITTEN_IN_SQL)


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        include_object=_compared,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run_alone() -> None:
    loader = importlib.import_module(context.config.get_main_option("bursar.load") or "")
    engine = create_async_engine(loader.owner_address(), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


handed_in = context.config.attributes.get("connection")
if handed_in is not None:
    _run(handed_in)
else:
    asyncio.run(_run_alone())
