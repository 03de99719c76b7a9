"""Writing to the book: commodities, balances and the one call that posts."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, INTEGER, NUMERIC, SMALLINT, TEXT, UUID
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.money import format_decimal
from bursar.ledger.calc.leg import Commodity

UUIDS = ARRAY(UUID(as_uuid=True))


class CommodityRow(NamedTuple):
    """A commodity of the book."""

    id: int
    code: str
    exponent: int
    kind: str
    instrument_id: uuid.UUID | None

    @property
    def key(self) -> Commodity:
        """How legs name it: the instrument's id, or the currency's code."""
        return self.code if self.instrument_id is None else self.instrument_id


_FIND_COMMODITIES = text("""
SELECT id, code, exponent, kind, instrument_id FROM commodity
WHERE workspace_id = :workspace AND instrument_id = ANY (:instruments)
UNION ALL
SELECT id, code, exponent, kind, instrument_id FROM commodity
WHERE workspace_id = :workspace AND instrument_id IS NULL AND code = ANY (:codes)
""").bindparams(bindparam("instruments", type_=UUIDS), bindparam("codes", type_=ARRAY(TEXT)))

_ADD_COMMODITIES = text("""
INSERT INTO commodity (workspace_id, code, exponent, kind, instrument_id)
SELECT :workspace, n.code, n.exponent, n.kind, n.instrument_id
FROM unnest(:codes, :exponents, :kinds, :instruments) n (code, exponent, kind, instrument_id)
ORDER BY n.instrument_id, n.code
ON CONFLICT DO NOTHING
""").bindparams(
    bindparam("codes", type_=ARRAY(TEXT)),
    bindparam("exponents", type_=ARRAY(SMALLINT)),
    bindparam("kinds", type_=ARRAY(TEXT)),
    bindparam("instruments", type_=UUIDS),
)

_OPEN_BALANCES = text(
    "SELECT * FROM ledger_open_balances(:workspace, :accounts, :commodities)"
).bindparams(bindparam("accounts", type_=UUIDS), bindparam("commodities", type_=ARRAY(BIGINT)))

_POST = text("""
SELECT ord, status, group_id, balance_id
FROM ledger_post(:workspace, CAST(:groups AS jsonb), :places, :debits, :credits, :amounts, :codes,
                 :partial)
""").bindparams(
    bindparam("places", type_=ARRAY(INTEGER)),
    bindparam("debits", type_=ARRAY(BIGINT)),
    bindparam("credits", type_=ARRAY(BIGINT)),
    bindparam("amounts", type_=ARRAY(NUMERIC)),
    bindparam("codes", type_=ARRAY(SMALLINT)),
)

_BALANCE = text("""
SELECT b.account_id, a.name, c.code, c.exponent, c.kind,
       b.credits_posted - b.debits_posted AS held, b.debits_pending AS on_hold
FROM balance b JOIN account a ON a.id = b.account_id JOIN commodity c ON c.id = b.commodity_id
WHERE b.workspace_id = :workspace AND b.id = :balance
""")


@dataclass(slots=True)
class Batch:
    """What one posting call is given: groups in posting order, and their legs in columns."""

    groups: list[dict[str, Any]]
    places: list[int]
    debits: list[int]
    credits: list[int]
    amounts: list[int]
    codes: list[int]


class Outcome(NamedTuple):
    """The answer for one group: posted, duplicate, insufficient or retry."""

    place: int
    status: str
    group_id: uuid.UUID | None
    balance_id: int | None


class BalanceRow(NamedTuple):
    """A balance with the names a message needs."""

    account_id: uuid.UUID
    account_name: str
    code: str
    exponent: int
    kind: str
    held: Decimal
    on_hold: Decimal


async def commodities(
    session: AsyncSession, workspace_id: uuid.UUID, wanted: dict[Commodity, tuple[str, int, str]]
) -> dict[Commodity, CommodityRow]:
    """Return the commodities of `wanted` (key to code, exponent, kind), adding unknown ones.

    A commodity keeps the exponent it was first added with.
    """
    found = await _find(session, workspace_id, list(wanted))
    new = [key for key in wanted if key not in found]
    if not new:
        return found
    await session.execute(
        _ADD_COMMODITIES,
        {
            "workspace": workspace_id,
            "codes": [wanted[key][0] for key in new],
            "exponents": [wanted[key][1] for key in new],
            "kinds": [wanted[key][2] for key in new],
            "instruments": [None if isinstance(key, str) else key for key in new],
        },
    )
    return found | await _find(session, workspace_id, new)


async def _find(
    session: AsyncSession, workspace_id: uuid.UUID, keys: Sequence[Commodity]
) -> dict[Commodity, CommodityRow]:
    rows = await session.execute(
        _FIND_COMMODITIES,
        {
            "workspace": workspace_id,
            "instruments": [key for key in keys if not isinstance(key, str)],
            "codes": [key for key in keys if isinstance(key, str)],
        },
    )
    found = [CommodityRow._make(row) for row in rows]
    return {commodity.key: commodity for commodity in found}


async def open_balances(
    session: AsyncSession, workspace_id: uuid.UUID, pairs: Sequence[tuple[uuid.UUID, int]]
) -> dict[tuple[uuid.UUID, int], int]:
    """Return the balance id of each (account, commodity id), making those that are new."""
    rows = await session.execute(
        _OPEN_BALANCES,
        {
            "workspace": workspace_id,
            "accounts": [account for account, _ in pairs],
            "commodities": [commodity for _, commodity in pairs],
        },
    )
    return {(row.account_id, row.commodity_id): row.balance_id for row in rows}


async def post(
    session: AsyncSession, workspace_id: uuid.UUID, batch: Batch, *, partial: bool = False
) -> list[Outcome]:
    """Post a batch in one call; see ledger_post in migration 0003 for the outcomes."""
    rows = await session.execute(
        _POST,
        {
            "workspace": workspace_id,
            "groups": json.dumps(batch.groups, default=_json_value, separators=(",", ":")),
            "places": batch.places,
            "debits": batch.debits,
            "credits": batch.credits,
            "amounts": batch.amounts,
            "codes": batch.codes,
            "partial": partial,
        },
    )
    return [Outcome._make(row) for row in rows]


async def balance_named(
    session: AsyncSession, workspace_id: uuid.UUID, balance_id: int
) -> BalanceRow:
    """Return a balance with its account's name and its commodity's code."""
    row = (
        await session.execute(_BALANCE, {"workspace": workspace_id, "balance": balance_id})
    ).one()
    return BalanceRow._make(row)


def _json_value(value: object) -> str:
    if isinstance(value, Decimal):
        return format_decimal(value)
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return str(value)
