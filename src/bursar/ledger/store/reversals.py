"""The mirrors of many activities at once: undoing an import is one posting call for each block."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.ids import new_id
from bursar.ledger.store.activities import NOT_REVERSIBLE
from bursar.ledger.store.posting import Batch
from bursar.ledger.tables import Transfer, TransferGroup

MIRRORED = (
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
)


async def reversible(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    group_ids: Sequence[uuid.UUID],
    *,
    refused: Collection[str] = NOT_REVERSIBLE,
) -> dict[uuid.UUID, TransferGroup]:
    """Return the activities of `group_ids` that can be undone and were not, by id."""
    undone = select(TransferGroup.reverses_id).where(
        TransferGroup.workspace_id == workspace_id, TransferGroup.reverses_id.in_(group_ids)
    )
    rows = await session.scalars(
        select(TransferGroup).where(
            TransferGroup.workspace_id == workspace_id,
            TransferGroup.id.in_(group_ids),
            TransferGroup.id.not_in(undone),
            TransferGroup.reverses_id.is_(None),
            TransferGroup.kind.not_in(refused),
        )
    )
    return {row.id: row for row in rows}


async def mirrors_of(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    originals: Sequence[TransferGroup],
    *,
    reason: str,
    at: dt.datetime,
    release: bool,
) -> Batch:
    """Return the batch that undoes activities in the order given, each with its last leg first."""
    legs: dict[uuid.UUID, list[Any]] = defaultdict(list)
    rows = await session.execute(
        select(
            Transfer.group_id, Transfer.debit_id, Transfer.credit_id, Transfer.amount, Transfer.code
        )
        .where(
            Transfer.workspace_id == workspace_id,
            Transfer.group_id.in_([original.id for original in originals]),
        )
        .order_by(Transfer.id.desc())
    )
    for row in rows:
        legs[row.group_id].append(row)
    batch = Batch([], [], [], [], [], [])
    for place, original in enumerate(originals, start=1):
        batch.groups.append(
            _mirror(original, reason) | {"released": release, "created_at": at.isoformat()}
        )
        for leg in legs[original.id]:
            batch.places.append(place)
            batch.debits.append(leg.credit_id)
            batch.credits.append(leg.debit_id)
            batch.amounts.append(int(leg.amount))
            batch.codes.append(leg.code)
    return batch


def _mirror(original: TransferGroup, reason: str) -> dict[str, Any]:
    """Return a reversal's row: it counts at the moment of what it undoes, so the past comes right."""
    row: dict[str, Any] = {name: getattr(original, name) for name in MIRRORED}
    row["cash_change"] = None if original.cash_change is None else -original.cash_change
    return {name: value for name, value in row.items() if value is not None} | {
        "id": new_id(),
        "kind": "reversal",
        "effective_at": original.effective_at.isoformat(),
        "source": "reversal",
        "memo": reason,
        "reverses_id": original.id,
        "metadata": {"reverses_kind": original.kind},
    }
