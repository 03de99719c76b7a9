"""Queries about lots: the activities they come from, and the derived rows."""

import asyncio
import datetime as dt
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TIMESTAMP, UUID
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
       metadata ->> 'acquired_on' AS acquired_on, reverses_id
FROM transfer_group
WHERE workspace_id = :workspace AND instrument_id = ANY (:instruments) AND kind = ANY (:kinds)
ORDER BY effective_at, id
""").bindparams(bindparam("instruments", type_=UUIDS), bindparam("kinds", type_=ARRAY(TEXT)))

_ACTIVITIES_SINCE = text("""
SELECT g.id, g.kind, g.effective_at, g.account_id, g.counter_account_id, g.instrument_id,
       g.counter_instrument_id, g.quantity, g.counter_quantity, g.amount, g.fees, g.taxes,
       g.currency, g.ratio_numerator, g.ratio_denominator, g.lot_choice,
       g.metadata ->> 'stock_value' AS stock_value,
       g.metadata ->> 'acquired_on' AS acquired_on, g.reverses_id
FROM unnest(:instruments, :moments) AS k (instrument_id, moment)
CROSS JOIN LATERAL (
    SELECT * FROM transfer_group g
    WHERE g.workspace_id = :workspace AND g.instrument_id = k.instrument_id
      AND g.effective_at >= k.moment
) g
WHERE g.kind = ANY (:kinds)
ORDER BY g.effective_at, g.id
""").bindparams(
    bindparam("instruments", type_=UUIDS),
    bindparam("moments", type_=ARRAY(TIMESTAMP(timezone=True))),
    bindparam("kinds", type_=ARRAY(TEXT)),
)

_FIRST_MOMENTS = text("""
SELECT instrument_id, date_trunc('day', min(effective_at), 'UTC') AS moment FROM transfer_group
WHERE workspace_id = :workspace AND id = ANY (:added) AND instrument_id IS NOT NULL
GROUP BY instrument_id
""").bindparams(bindparam("added", type_=UUIDS))

_KNOWN = text("""
SELECT k.account_id, k.instrument_id,
       coalesce(
           (SELECT currency FROM tax_lot l WHERE l.account_id = k.account_id
               AND l.instrument_id = k.instrument_id AND l.workspace_id = :workspace LIMIT 1),
           (SELECT currency FROM lot_match m WHERE m.account_id = k.account_id
               AND m.instrument_id = k.instrument_id AND m.workspace_id = :workspace LIMIT 1)
       ) AS currency,
       EXISTS (SELECT FROM lot_problem p WHERE p.account_id = k.account_id
               AND p.instrument_id = k.instrument_id AND p.workspace_id = :workspace) AS problem
FROM unnest(:accounts, :instruments) AS k (account_id, instrument_id)
""").bindparams(bindparam("accounts", type_=UUIDS), bindparam("instruments", type_=UUIDS))

_STATE = """
SELECT l.*, g.effective_at, g.kind AS opening_kind FROM tax_lot l
JOIN transfer_group g ON g.id = l.opened_by
WHERE l.workspace_id = :workspace AND g.workspace_id = :workspace
  AND l.account_id = :account AND l.instrument_id = :instrument
ORDER BY l.acquired_on {order} LIMIT :limit
"""
_STATES = {newest: text(_STATE.format(order="DESC" if newest else "")) for newest in (False, True)}

_ACTED = text("""
SELECT EXISTS (SELECT FROM transfer_group
               WHERE workspace_id = :workspace AND instrument_id = :instrument
                 AND kind = ANY (:kinds))
""").bindparams(bindparam("kinds", type_=ARRAY(TEXT)))

_DELETE_LOTS = text("""
DELETE FROM tax_lot l USING unnest(:accounts, :instruments, :lots) AS k (account, instrument, lot)
WHERE l.workspace_id = :workspace AND l.account_id = k.account
  AND l.instrument_id = k.instrument AND l.lot_id = k.lot
""").bindparams(
    bindparam("accounts", type_=UUIDS),
    bindparam("instruments", type_=UUIDS),
    bindparam("lots", type_=ARRAY(TEXT)),
)

_COUNTS = text("""
SELECT instrument_id, count(*) AS activities FROM transfer_group
WHERE workspace_id = :workspace AND instrument_id = ANY (:instruments)
GROUP BY instrument_id
""").bindparams(bindparam("instruments", type_=UUIDS))

_WHERE = "WHERE workspace_id = :workspace AND instrument_id = ANY (:instruments)"
_DELETE = [
    text(statement + _WHERE).bindparams(bindparam("instruments", type_=UUIDS))
    for statement in ("DELETE FROM tax_lot ", "DELETE FROM lot_match ", "DELETE FROM lot_problem ")
]

_UNDERLYINGS = text("""
SELECT DISTINCT counter_instrument_id FROM transfer_group
WHERE workspace_id = :workspace AND counter_instrument_id = ANY (:instruments)
  AND kind IN ('option_exercise', 'option_assignment')
""").bindparams(bindparam("instruments", type_=UUIDS))

_UNSTATED = text("""
SELECT id FROM transfer_group
WHERE workspace_id = :workspace AND instrument_id IS NOT NULL AND (
  kind IN ('opening_balance', 'delivery_in', 'transfer_in') AND amount IS NULL
    AND counter_account_id IS NULL
  OR kind = 'spin_off' AND ratio_numerator IS NULL)
""")

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
  AND (:some IS NULL OR instrument_id = ANY (:some))
""").bindparams(bindparam("some", type_=UUIDS))


async def linked_instruments(
    session: AsyncSession, workspace_id: uuid.UUID
) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return the pairs of instruments that a corporate action joined."""
    rows = await session.execute(_LINKED, {"workspace": workspace_id})
    return [(row[0], row[1]) for row in rows]


async def activities(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    instruments: Collection[uuid.UUID],
    *,
    since: Mapping[uuid.UUID, dt.datetime] | None = None,
) -> list[Any]:
    """Return the activities that make lots of `instruments`, those undone left out.

    `since`: only those from a moment on, for each instrument.
    """
    ordered = sorted(instruments)
    parameters: dict[str, Any] = {
        "workspace": workspace_id,
        "instruments": ordered,
        "kinds": [*LOT_KINDS, "reversal"],
    }
    if since is None:
        rows = list(await session.execute(_ACTIVITIES, parameters))
    else:
        moments = [since[each] for each in ordered]
        rows = list(await session.execute(_ACTIVITIES_SINCE, parameters | {"moments": moments}))
    undone = {row.reverses_id for row in rows if row.reverses_id is not None}
    return [row for row in rows if row.reverses_id is None and row.id not in undone]


async def first_moments(
    session: AsyncSession, workspace_id: uuid.UUID, added: Collection[uuid.UUID]
) -> dict[uuid.UUID, dt.datetime]:
    """Return the start of the earliest UTC day on which some activities touch each instrument."""
    parameters = {"workspace": workspace_id, "added": list(added)}
    rows = await session.execute(_FIRST_MOMENTS, parameters)
    return {row.instrument_id: row.moment for row in rows}


async def positions_stored(
    session: AsyncSession, workspace_id: uuid.UUID, keys: Collection[tuple[uuid.UUID, uuid.UUID]]
) -> dict[tuple[uuid.UUID, uuid.UUID], Any]:
    """Return the currency of each position's stored lots or matches, and whether it is a problem."""
    parameters = {
        "workspace": workspace_id,
        "accounts": [key[0] for key in keys],
        "instruments": [key[1] for key in keys],
    }
    rows = await session.execute(_KNOWN, parameters)
    return {(row.account_id, row.instrument_id): row for row in rows}


async def state(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    key: tuple[uuid.UUID, uuid.UUID],
    *,
    newest_first: bool,
    limit: int,
) -> list[Any]:
    """Return stored open lots of one position by day, with the activity that opened each."""
    parameters = {
        "workspace": workspace_id,
        "account": key[0],
        "instrument": key[1],
        "limit": limit,
    }
    return list(await session.execute(_STATES[newest_first], parameters))


async def was_acted_on(
    session: AsyncSession, workspace_id: uuid.UUID, instrument_id: uuid.UUID, kinds: Sequence[str]
) -> bool:
    """Tell whether an instrument has an activity of one of the kinds."""
    parameters = {"workspace": workspace_id, "instrument": instrument_id, "kinds": list(kinds)}
    return bool(await session.scalar(_ACTED, parameters))


async def replace_some(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    gone: Sequence[tuple[uuid.UUID, uuid.UUID, str]],
    rows: dict[str, list[dict[str, Any]]],
) -> None:
    """Remove some open lots (account, instrument, lot) and add rows."""
    if gone:
        accounts, instruments, lots = zip(*gone, strict=True)
        parameters = {
            "workspace": workspace_id,
            "accounts": list(accounts),
            "instruments": list(instruments),
            "lots": list(lots),
        }
        await session.execute(_DELETE_LOTS, parameters)
    await _add(session, rows)


async def underlyings(
    session: AsyncSession, workspace_id: uuid.UUID, instruments: Collection[uuid.UUID]
) -> list[uuid.UUID]:
    """Return the instruments into which options were exercised or assigned."""
    parameters = {"workspace": workspace_id, "instruments": sorted(instruments)}
    return list(await session.scalars(_UNDERLYINGS, parameters))


async def unstated_costs(session: AsyncSession, workspace_id: uuid.UUID) -> set[str]:
    """Return the activities that brought units without saying what they cost."""
    rows = await session.execute(_UNSTATED, {"workspace": workspace_id})
    return {str(row.id) for row in rows}


async def instruments_known(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    instruments: Collection[uuid.UUID] | None = None,
) -> dict[uuid.UUID, tuple[str, int]]:
    """Return the code and exponent of every instrument in the book, or of some."""
    rows = await session.execute(
        _HELD_INSTRUMENTS,
        {"workspace": workspace_id, "some": None if instruments is None else list(instruments)},
    )
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
    await _add(session, rows)


async def _add(session: AsyncSession, rows: dict[str, list[dict[str, Any]]]) -> None:
    for table, added in rows.items():
        if added:
            # For a large book this is long work: other requests are answered meanwhile.
            document = await asyncio.to_thread(
                json.dumps, added, default=str, separators=(",", ":")
            )
            await session.execute(_INSERT[table], {"rows": document})


async def activity_counts(
    session: AsyncSession, workspace_id: uuid.UUID, instruments: Collection[uuid.UUID]
) -> dict[uuid.UUID, int]:
    """Return how many activities name each instrument."""
    rows = await session.execute(
        _COUNTS, {"workspace": workspace_id, "instruments": sorted(instruments)}
    )
    return {row.instrument_id: row.activities for row in rows}


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
