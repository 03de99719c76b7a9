"""The whole book, or what changed in it, in packed columns: one row per query, no row objects.

Each column is the concatenation of fixed-width binary values (big-endian), which numpy reads in
place; 20,000 trades come over as a few megabytes instead of half a million Python objects.
"""

import uuid
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.ext.asyncio import AsyncSession

SNAPSHOT = text("SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned() IS NOT NULL")

_ACCOUNTS = text("""
SELECT id, name, kind, class, currency, cost_method, tax_wrapper, closed_at FROM account
WHERE workspace_id = :workspace ORDER BY id
""")

_COMMODITIES = text("""
SELECT id, code, exponent, kind, instrument_id FROM commodity
WHERE workspace_id = :workspace ORDER BY id
""")

_BALANCES = text("""
SELECT string_agg(int8send(b.id), ''), string_agg(uuid_send(b.account_id), ''),
       string_agg(int8send(b.commodity_id), '')
FROM (SELECT * FROM balance WHERE workspace_id = :workspace ORDER BY id) b
""")

# What the reader's snapshot could not see yet; and, within a writing transaction, not what others
# commit between two of our statements, but our own rows.
_CHANGED = """
 AND {row}.xid >= pg_snapshot_xmin(CAST(CAST(:since AS text) AS pg_snapshot))
 AND NOT pg_visible_in_snapshot({row}.xid, CAST(CAST(:since AS text) AS pg_snapshot))"""
_VISIBLE = """
 AND (pg_visible_in_snapshot({row}.xid, CAST(CAST(:now AS text) AS pg_snapshot))
      OR {row}.xid = pg_current_xact_id_if_assigned())"""

_GROUPS = """
SELECT string_agg(uuid_send(id), '') AS ids,
       string_agg(int2send(coalesce(array_position(:kinds, kind), 0)::int2), '') AS kinds,
       string_agg(int8send((extract(epoch FROM effective_at) * 1000000)::int8), '') AS moments,
       string_agg(uuid_send(account_id), '') AS accounts,
       string_agg(uuid_send(coalesce(counter_account_id, :none)), '') AS counter_accounts,
       string_agg(uuid_send(coalesce(instrument_id, :none)), '') AS instruments,
       string_agg(uuid_send(coalesce(counter_instrument_id, :none)), '') AS counter_instruments,
       string_agg(uuid_send(coalesce(reverses_id, :none)), '') AS reverses
FROM (SELECT * FROM transfer_group x WHERE x.workspace_id = :workspace{changed}
      ORDER BY x.effective_at, x.id) g
"""

# Joined to their groups by the reader: a plan made while the tables were small would be quadratic.
_MOVES = """
SELECT string_agg(uuid_send(group_id), '') AS groups,
       string_agg(int8send(debit_id), '') AS debits,
       string_agg(int8send(credit_id), '') AS credits,
       string_agg(int2send(code), '') AS codes,
       string_agg(int8send(CASE WHEN amount < 9223372036854775807 THEN amount::int8 ELSE -1 END),
                  '') AS amounts,
       array_agg(amount::text) FILTER (WHERE amount >= 9223372036854775807) AS large_amounts
FROM (SELECT * FROM transfer x WHERE x.workspace_id = :workspace
        AND x.kind IN ('single', 'post', 'reversal'){changed}
      ORDER BY x.id) t
"""


def _changed(query: str, *, since: bool) -> str:
    condition = (_CHANGED if since else "") + _VISIBLE
    return query.format(changed=condition.format(row="x"))


_QUERIES = {
    since: (
        text(_changed(_GROUPS, since=since)).bindparams(bindparam("kinds", type_=ARRAY(TEXT))),
        text(_changed(_MOVES, since=since)),
    )
    for since in (False, True)
}
NO_ID = uuid.UUID(int=0)


async def snapshot(session: AsyncSession) -> tuple[str, bool]:
    """Return the present snapshot as text, and whether this transaction has written anything."""
    row = (await session.execute(SNAPSHOT)).one()
    return row[0], row[1]


async def accounts(session: AsyncSession, workspace_id: uuid.UUID) -> list[Any]:
    """Return every account, system accounts included, by id."""
    return list(await session.execute(_ACCOUNTS, {"workspace": workspace_id}))


async def commodities(session: AsyncSession, workspace_id: uuid.UUID) -> list[Any]:
    """Return every commodity by id."""
    return list(await session.execute(_COMMODITIES, {"workspace": workspace_id}))


async def balances(session: AsyncSession, workspace_id: uuid.UUID) -> Any:
    """Return packed columns: balance id, account id, commodity id, by balance id."""
    return (await session.execute(_BALANCES, {"workspace": workspace_id})).one()


async def movements(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    *,
    kinds: list[str],
    now: str,
    since: str | None,
) -> tuple[Any, Any]:
    """Return packed columns of groups by (effective_at, id), and of moves in posting order."""
    groups_query, moves_query = _QUERIES[since is not None]
    parameters = {"workspace": workspace_id, "now": now}
    if since is not None:
        parameters["since"] = since
    groups = await session.execute(groups_query, parameters | {"kinds": kinds, "none": NO_ID})
    moves = await session.execute(moves_query, parameters)
    return groups.one(), moves.one()
