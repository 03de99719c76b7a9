"""Queries about activities: one group, its mirror, and the search."""

import datetime as dt
import uuid

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.ids import new_id
from bursar.ledger.store.posting import Batch
from bursar.ledger.tables import Transfer, TransferGroup

NOT_REVERSIBLE = frozenset({"hold", "capture", "void", "expire"})


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
