"""The tables in Python and the migration say the same."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.runtime.tables import Base, Xid8
from tests.harness import TestDatabase

LEDGER_TABLES = {
    "account",
    "commodity",
    "balance",
    "transfer_group",
    "transfer",
    "entry",
    "pending",
    "annotation",
    "tax_lot",
    "lot_match",
    "lot_problem",
}


def table_of(item: object, kind: str, reflected: object) -> str | None:
    return item.name if kind == "table" else getattr(getattr(item, "table", None), "name", None)


@pytest.mark.requirement("DB.06", "DB.02")
async def test_autogenerate_sees_no_difference(
    test_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ischema_names, "xid8", Xid8)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda item, name, kind, reflected, other: (
                    table_of(item, kind, reflected) in LEDGER_TABLES
                ),
            },
        )
        return list(compare_metadata(context, Base.metadata))

    engine = create_async_engine(test_database.owner_url.replace("://", "+asyncpg://", 1))
    try:
        async with engine.connect() as connection:
            found = await connection.run_sync(differences)
    finally:
        await engine.dispose()
    assert found == []
