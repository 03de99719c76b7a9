"""The book that payments are measured on: 10,000 customers and 1,000 merchants of one workspace."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg

from bursar.core.ids import new_id

CUSTOMERS = 10_000
MERCHANTS = 1_000
UNITS_EACH = 10**12


@dataclass(frozen=True)
class Book:
    workspace_id: uuid.UUID
    commodity_id: int
    customers: list[uuid.UUID]
    merchants: list[uuid.UUID]


async def _seed(owner_url: str, workspace_id: uuid.UUID | None) -> Book:
    connection: Any = await asyncpg.connect(owner_url)
    now = datetime.now(UTC)
    try:
        await connection.execute("SET bursar.every_workspace = 'on'")
        if workspace_id is None:
            workspace_id = await connection.fetchval("SELECT id FROM workspace LIMIT 1")
        assert workspace_id is not None
        commodity_id = await connection.fetchval(
            "INSERT INTO commodity (workspace_id, code, exponent, kind)"
            " VALUES ($1, 'USD', 2, 'fiat') RETURNING id",
            workspace_id,
        )
        accounts = [new_id() for _ in range(CUSTOMERS + MERCHANTS)]
        await connection.execute(
            "INSERT INTO account (id, workspace_id, name, kind, class, currency, cost_method,"
            " tax_wrapper, allow_short, no_overdraft, opened_at, created_at)"
            " SELECT a, $1, a::text, 'checking', 'asset', 'USD', 'fifo', 'taxable', false, true,"
            " $3, $3 FROM unnest($2::uuid[]) a",
            workspace_id,
            accounts,
            now,
        )
        await connection.execute(
            "INSERT INTO balance (workspace_id, account_id, commodity_id, no_overdraft,"
            " credits_posted) SELECT $1, a, $2, true, $4 FROM unnest($3::uuid[]) a",
            workspace_id,
            commodity_id,
            accounts,
            UNITS_EACH,
        )
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return Book(workspace_id, commodity_id, accounts[:CUSTOMERS], accounts[CUSTOMERS:])


def seed(owner_url: str, workspace_id: uuid.UUID | None = None) -> Book:
    """Open the accounts with money in them; what they hold was never posted, which verify would say."""
    return asyncio.run(_seed(owner_url, workspace_id))
