"""Queries about lots: the activities they come from, and the derived rows."""

import json
import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, UUID
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.ledger.calc.lot_events import LOT_KINDS

UUIDS = ARRAY(UUID(as_uuid=True))

_LINKED = text("""
SELECT DISTINCT instrument_id, counter_instrument_id FROM transfer_group
WHERE workspace_id = :workspace AND counter_instrument_id IS NOT NULL
  AND instrument_id IS NOT NULL
""")

_ACTIVITIES = text("""
SELECT id, kind, effective_at, account_id, counter_account_id, instrument_id,
       counter_instrument_id, quantity, counter_quantity, amount, fees, taxes, currency,
       ratio_numerator, ratio_denominator, lot_choice, metadata ->> 'stock_value' AS stock_value,
       reverses_id
FROM transfer_group
WHERE workspace_id = :workspace AND instrument_id = ANY (:instruments) AND kind = ANY (:kinds)
ORDER BY effective_at, id
""").bindparams(bindparam("instruments", type_=UUIDS), bindparam("kinds", type_=ARRAY(TEXT)))

_WHERE = "WHERE workspace_id = :workspace AND instrument_id = ANY (:instruments)"
_DELETE = [
    text(statement + _WHERE).bindparams(bindparam("instruments", type_=UUIDS))
    for statement in ("DELETE FROM tax_lot ", "DELETE FROM lot_match ", "DELETE FROM lot_problem ")
]

_LOT = (
    "workspace_id account_id instrument_id lot_id opened_by acquired_on quantity remaining cost "
    "remaining_cost remaining_fees currency"
)
_MATCH = (
    "workspace_id account_id instrument_id lot_id opened_by closed_by kind quantity proceeds cost "
    "gain opening_fees closing_fees currency opened_on closed_on term"
)
_PROBLEM = "workspace_id account_id instrument_id code message"


def _insert(table: str, columns: str) -> Any:
    names = ", ".join(columns.split())
    return text(
        f"INSERT INTO {table} ({names}) SELECT {names}"  # noqa: S608 - names from above
        f" FROM jsonb_populate_recordset(NULL::{table}, CAST(:rows AS jsonb))"
    )


_INSERT = {
    "tax_lot": _insert("tax_lot", _LOT),
    "lot_match": _insert("lot_match", _MATCH),
    "lot_problem": _insert("lot_problem", _PROBLEM),
}

_READ_LOTS = text("""
SELECT * FROM tax_lot
WHERE workspace_id = :workspace
  AND (CAST(:account AS uuid) IS NULL OR account_id = :account)
  AND (CAST(:instrument AS uuid) IS NULL OR instrument_id = :instrument)
ORDER BY account_id, instrument_id, acquired_on, lot_id
LIMIT :limit OFFSET :offset
""")
_READ_MATCHES = text("""
SELECT * FROM lot_match
WHERE workspace_id = :workspace
  AND (CAST(:account AS uuid) IS NULL OR account_id = :account)
  AND (CAST(:instrument AS uuid) IS NULL OR instrument_id = :instrument)
  AND (CAST(:from_on AS date) IS NULL OR closed_on >= :from_on)
  AND (CAST(:to_on AS date) IS NULL OR closed_on <= :to_on)
ORDER BY closed_on, id
LIMIT :limit
""")
_READ_PROBLEMS = text("""
SELECT * FROM lot_problem
WHERE workspace_id = :workspace
  AND (CAST(:account AS uuid) IS NULL OR account_id = :account)
  AND (CAST(:instrument AS uuid) IS NULL OR instrument_id = :instrument)
ORDER BY account_id, instrument_id
LIMIT 1000
""")
_HELD_INSTRUMENTS = text("""
SELECT instrument_id, code, exponent FROM commodity
WHERE workspace_id = :workspace AND instrument_id IS NOT NULL
""")


async def linked_instruments(
    session: AsyncSession, workspace_id: uuid.UUID
) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return the pairs of instruments that a corporate action joined."""
    rows = await session.execute(_LINKED, {"workspace": workspace_id})
    return [(row[0], row[1]) for row in rows]


async def activities(
    session: AsyncSession, workspace_id: uuid.UUID, instruments: Collection[uuid.UUID]
) -> list[Any]:
    """Return the activities that make lots of `instruments`, those undone left out."""
    rows = list(
        await session.execute(
            _ACTIVITIES,
            {
                "workspace": workspace_id,
                "instruments": sorted(instruments),
                "kinds": [*LOT_KINDS, "reversal"],
            },
        )
    )
    undone = {row.reverses_id for row in rows if row.reverses_id is not None}
    return [row for row in rows if row.reverses_id is None and row.id not in undone]


async def instruments_known(
    session: AsyncSession, workspace_id: uuid.UUID
) -> dict[uuid.UUID, tuple[str, int]]:
    """Return the code and exponent of every instrument in the book."""
    rows = await session.execute(_HELD_INSTRUMENTS, {"workspace": workspace_id})
    return {row.instrument_id: (row.code, row.exponent) for row in rows}


async def replace(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    instruments: Collection[uuid.UUID],
    rows: dict[str, list[dict[str, Any]]],
) -> None:
    """Replace the derived rows of `instruments` in every account."""
    for statement in _DELETE:
        await session.execute(
            statement, {"workspace": workspace_id, "instruments": sorted(instruments)}
        )
    for table, added in rows.items():
        if added:
            document = json.dumps(added, default=str, separators=(",", ":"))
            await session.execute(_INSERT[table], {"rows": document})


async def lots(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    *,
    account_id: uuid.UUID | None,
    instrument_id: uuid.UUID | None,
    limit: int,
    offset: int,
) -> list[Any]:
    """Return stored open lots."""
    return list(
        await session.execute(
            _READ_LOTS,
            {
                "workspace": workspace_id,
                "account": account_id,
                "instrument": instrument_id,
                "limit": limit,
                "offset": offset,
            },
        )
    )


async def matches(session: AsyncSession, parameters: dict[str, Any]) -> list[Any]:
    """Return stored matches by day of disposal."""
    return list(await session.execute(_READ_MATCHES, parameters))


async def problems(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    *,
    account_id: uuid.UUID | None,
    instrument_id: uuid.UUID | None,
) -> list[Any]:
    """Return the positions whose lots are missing or incomplete."""
    parameters = {"workspace": workspace_id, "account": account_id, "instrument": instrument_id}
    return list(await session.execute(_READ_PROBLEMS, parameters))


_UNITS = text("""
SELECT b.account_id, c.instrument_id, b.credits_posted - b.debits_posted AS units
FROM balance b JOIN commodity c ON c.id = b.commodity_id JOIN account a ON a.id = b.account_id
WHERE b.workspace_id = :workspace AND c.workspace_id = :workspace
  AND c.instrument_id = ANY (:instruments) AND a.class IN ('asset', 'liability')
""").bindparams(bindparam("instruments", type_=UUIDS))


async def units_held(
    session: AsyncSession, workspace_id: uuid.UUID, instruments: Collection[uuid.UUID]
) -> dict[tuple[uuid.UUID, uuid.UUID], int]:
    """Return what the book says own accounts hold of `instruments`, in smallest units."""
    rows = await session.execute(
        _UNITS, {"workspace": workspace_id, "instruments": sorted(instruments)}
    )
    return {(row.account_id, row.instrument_id): int(row.units) for row in rows}
