"""Queries about activities: one group, its mirror, and the search."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import bindparam, exists, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, UUID
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.ids import new_id
from bursar.ledger.store.posting import Batch
from bursar.ledger.tables import Transfer, TransferGroup

PAYMENT_KINDS = frozenset({"payment", "capture", "refund"})
NOT_REVERSIBLE = PAYMENT_KINDS | {"hold", "void", "expire"}


async def group(
    session: AsyncSession, workspace_id: uuid.UUID, group_id: uuid.UUID
) -> TransferGroup | None:
    """Return one activity, or None."""
    return await session.scalar(
        select(TransferGroup).where(
            TransferGroup.workspace_id == workspace_id, TransferGroup.id == group_id
        )
    )


async def mirror_of(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    original: TransferGroup,
    *,
    reason: str,
    at: dt.datetime,
    release: bool,
) -> Batch | None:
    """Return the batch that undoes a group, last leg first; None when it cannot be undone (again).

    The reversal counts at the same moment as what it undoes, so past balances come right too.
    """
    reversal_of = select(TransferGroup.id).where(TransferGroup.reverses_id == original.id)
    if original.reverses_id is not None or original.kind in NOT_REVERSIBLE:
        return None
    if await session.scalar(select(exists(reversal_of))):
        return None
    rows = (
        await session.execute(
            select(Transfer.debit_id, Transfer.credit_id, Transfer.amount, Transfer.code)
            .where(Transfer.workspace_id == workspace_id, Transfer.group_id == original.id)
            .order_by(Transfer.id.desc())
        )
    ).all()
    names = [
        "account_id",
        "counter_account_id",
        "instrument_id",
        "quantity",
        "unit_price",
        "currency",
        "amount",
        "fees",
        "taxes",
        "counter_instrument_id",
        "counter_quantity",
        "counter_amount",
        "counter_currency",
        "payee",
        "category",
    ]
    mirrored = {name: getattr(original, name) for name in names}
    mirrored["cash_change"] = None if original.cash_change is None else -original.cash_change
    return Batch(
        groups=[
            {name: value for name, value in mirrored.items() if value is not None}
            | {
                "id": new_id(),
                "kind": "reversal",
                "effective_at": original.effective_at.isoformat(),
                "source": "reversal",
                "memo": reason,
                "reverses_id": original.id,
                "released": release,
                "metadata": {"reverses_kind": original.kind},
                "created_at": at.isoformat(),
            }
        ],
        places=[1] * len(rows),
        debits=[row.credit_id for row in rows],
        credits=[row.debit_id for row in rows],
        amounts=[int(row.amount) for row in rows],
        codes=[row.code for row in rows],
    )


_SEARCH = """
SELECT g.id, g.kind, g.effective_at, g.account_id, g.counter_account_id, g.instrument_id,
       g.quantity, g.unit_price, g.currency, g.amount, g.fees, g.taxes, g.cash_change,
       g.counter_instrument_id, g.counter_quantity, g.counter_amount, g.counter_currency,
       g.source, g.external_id, g.import_id, g.payee, g.memo,
       coalesce(a.category, g.category) AS category, a.note, coalesce(a.tags, '[]') AS tags,
       g.reverses_id, r.id AS reversed_by_id
FROM transfer_group g
LEFT JOIN annotation a ON a.group_id = g.id
LEFT JOIN transfer_group r ON r.reverses_id = g.id
WHERE g.workspace_id = :workspace{conditions}
ORDER BY g.effective_at DESC, g.id DESC
LIMIT :limit
"""

_CONDITIONS = {
    "ids": "g.id = ANY (:ids)",
    "accounts": "(g.account_id = ANY (:accounts) OR g.counter_account_id = ANY (:accounts))",
    "kinds": "g.kind = ANY (:kinds)",
    "instruments": (
        "(g.instrument_id = ANY (:instruments) OR g.counter_instrument_id = ANY (:instruments))"
    ),
    "from_at": "g.effective_at >= :from_at",
    "to_at": "g.effective_at < :to_at",
    "text": (
        "concat_ws(' ', g.payee, g.memo, g.category, a.category, a.note)"
        " ILIKE '%' || CAST(:text AS text) || '%' ESCAPE '!'"
    ),
    "amount_min": "abs(g.cash_change) >= :amount_min",
    "amount_max": "abs(g.cash_change) <= :amount_max",
    "category": "lower(coalesce(a.category, g.category)) = lower(:category)",
    "import_id": "g.import_id = :import_id",
    "after_at": "(g.effective_at, g.id) < (:after_at, CAST(:after_id AS uuid))",
}
_UUIDS = ARRAY(UUID(as_uuid=True))
_ARRAYS: dict[str, ARRAY[Any]] = {
    "ids": _UUIDS,
    "accounts": _UUIDS,
    "instruments": _UUIDS,
    "kinds": ARRAY(TEXT),
}


async def search(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    *,
    parameters: dict[str, Any],
    with_reversed: bool,
    limit: int,
) -> list[Any]:
    """Return activities, newest first; `parameters` holds values of the conditions to apply."""
    conditions = "".join(
        f" AND {condition}" for name, condition in _CONDITIONS.items() if name in parameters
    )
    if not with_reversed:
        conditions += " AND g.reverses_id IS NULL AND r.id IS NULL"
    statement = text(_SEARCH.format(conditions=conditions)).bindparams(
        *(bindparam(name, type_=type_) for name, type_ in _ARRAYS.items() if name in parameters)
    )
    values = parameters | {"workspace": workspace_id, "limit": limit}
    return list(await session.execute(statement, values))


_ANNOTATE = text("""
INSERT INTO annotation (group_id, workspace_id, category, note, tags, changed_at)
VALUES (:group, :workspace, nullif(CAST(:category AS text), ''), nullif(CAST(:note AS text), ''),
        coalesce(CAST(:tags AS jsonb), '[]'), :at)
ON CONFLICT (group_id) DO UPDATE SET
    category = CASE WHEN CAST(:category AS text) IS NULL THEN annotation.category
                    ELSE nullif(CAST(:category AS text), '') END,
    note = CASE WHEN CAST(:note AS text) IS NULL THEN annotation.note ELSE nullif(CAST(:note AS text), '') END,
    tags = coalesce(CAST(:tags AS jsonb), annotation.tags),
    changed_at = :at, xid = pg_current_xact_id()
RETURNING category, note, tags
""")


async def annotate(session: AsyncSession, parameters: dict[str, Any]) -> Any:
    """Write an annotation, keeping what is None; return category, note and tags."""
    return (await session.execute(_ANNOTATE, parameters)).one()
