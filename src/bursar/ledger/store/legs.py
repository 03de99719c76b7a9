"""The book in bulk: activities and posted legs as packed columns, whole or only what is new.

Everything comes in one statement, so that a reading is one round trip of one snapshot. A column is
one value: fixed-width binary one after another, or texts joined by SEPARATOR. Twenty thousand
trades are then a dozen values instead of half a million objects to decode.
"""

import uuid
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

SEPARATOR = "\x1f"
NO_ID = "'00000000-0000-0000-0000-000000000000'::uuid"
ID_COLUMNS = (
    "id",
    "account_id",
    "counter_account_id",
    "instrument_id",
    "counter_instrument_id",
    "reverses_id",
)
TEXT_COLUMNS = (
    "kind",
    "quantity",
    "unit_price",
    "currency",
    "amount",
    "fees",
    "taxes",
    "counter_quantity",
    "counter_amount",
    "counter_currency",
    "ratio_numerator",
    "ratio_denominator",
)
# The upper bound is always true. It makes the condition a range, of which the planner expects few
# rows even where it has no statistics yet; of an open end it expects a third of the table.
NEW = """
  AND {0}.xid >= pg_snapshot_xmin($2::text::pg_snapshot) AND {0}.xid < '18446744073709551615'::xid8
  AND NOT pg_visible_in_snapshot({0}.xid, $2::text::pg_snapshot)
"""
POSTED = "t.kind IN ('single', 'post', 'reversal')"
SNAPSHOT = """
SELECT pg_snapshot_xmax(s) >= pg_snapshot_xmax($2::text::pg_snapshot)
   AND NOT EXISTS (SELECT FROM pg_snapshot_xip(s) x
                   WHERE pg_visible_in_snapshot(x, $2::text::pg_snapshot)) AS newer,
       s::text AS token, current_setting('transaction_read_only') = 'on' AS read_only
FROM (SELECT pg_current_snapshot() AS s) n
"""
ANYTHING = f"""
SELECT s.*, EXISTS (SELECT FROM transfer_group g WHERE g.workspace_id = $1 {NEW.format("g")})
         OR EXISTS (SELECT FROM account a WHERE a.workspace_id = $1 {NEW.format("a")}) AS news
FROM ({SNAPSHOT}) s
"""  # noqa: S608 - text from above
ACCOUNTS = """
SELECT ARRAY(SELECT ROW(a.id, a.name, a.kind, a.class, a.currency, a.cost_method, a.allow_short,
                        a.institution, a.tax_wrapper)
             FROM account a WHERE a.workspace_id = $1 {new}) AS accounts
"""
BALANCES = """
SELECT ARRAY(SELECT ROW(b.id, b.account_id, c.id, c.code, c.exponent, c.kind, c.instrument_id)
             FROM balance b JOIN commodity c ON c.id = b.commodity_id
             WHERE b.workspace_id = $1 {those} ORDER BY b.id) AS balances
"""
THOSE = """
  AND b.id IN (SELECT unnest(ARRAY[t.debit_id, t.credit_id]) FROM transfer t
               WHERE t.workspace_id = $1 {new})
"""


def _ids(name: str) -> str:
    return f"string_agg(uuid_send(coalesce({name}, {NO_ID})), '') AS {name}s"


def _texts(name: str, column: str = "") -> str:
    column = column or f"coalesce({name}::text, '')"
    return f"string_agg({column}, E'\\x1f') AS {name}_texts"


ACTIVITIES = f"""
SELECT count(*) AS activities, string_agg(timestamptz_send(effective_at), '') AS moments,
       {", ".join(map(_ids, ID_COLUMNS))}, {", ".join(map(_texts, TEXT_COLUMNS))},
       array_agg(ROW(n - 1, lot_choice::text)) FILTER (WHERE lot_choice IS NOT NULL) AS choices,
       array_agg(ROW(n - 1, metadata ->> 'acquired_on'))
         FILTER (WHERE jsonb_exists(metadata, 'acquired_on')) AS acquired
FROM (SELECT *, row_number() OVER (ORDER BY effective_at, id) AS n FROM transfer_group g
      WHERE g.workspace_id = $1 {{new}} ORDER BY effective_at, id) g
"""  # noqa: S608 - names from the lists above
LEGS = f"""
SELECT count(*) AS legs, string_agg(uuid_send(group_id), '') AS groups,
       string_agg(int8send(debit_id), '') AS debits, string_agg(int8send(credit_id), '') AS credits,
       {_texts("moved", "amount::text")}
FROM (SELECT * FROM transfer t WHERE t.workspace_id = $1 AND {POSTED} {{new}} ORDER BY t.id) t
"""  # noqa: S608 - names from above


def _statement(*, since: bool) -> str:
    new = {row: NEW.format(row) if since else "" for row in "agt"}
    those = THOSE.format(new=new["t"]) if since else ""
    return (
        f"SELECT s.*, g.*, t.*, a.*, b.* FROM ({SNAPSHOT}) s, ({ACTIVITIES.format(new=new['g'])}) g,"  # noqa: S608 - text from above
        f" ({LEGS.format(new=new['t'])}) t, ({ACCOUNTS.format(new=new['a'])}) a,"
        f" ({BALANCES.format(those=those)}) b"
    )


STATEMENTS = {since: _statement(since=since) for since in (False, True)}


async def driver(session: AsyncSession) -> Any:
    """Return asyncpg's connection inside the session's transaction."""
    connection = await session.connection()
    return (await connection.get_raw_connection()).driver_connection


async def anything_new(session: AsyncSession, workspace_id: uuid.UUID, since: str) -> Any:
    """Return (newer, token, read_only, news): this snapshot, and whether there is news."""
    return await (await driver(session)).fetchrow(ANYTHING, workspace_id, since)


async def book(session: AsyncSession, workspace_id: uuid.UUID, since: str | None) -> Any:
    """Return one row: the snapshot, activities and legs as columns, accounts, balances.

    With `since` only what that snapshot could not see, and the balances that the new legs move.
    """
    statement = STATEMENTS[since is not None]
    return await (await driver(session)).fetchrow(statement, workspace_id, since or "1:1:")
