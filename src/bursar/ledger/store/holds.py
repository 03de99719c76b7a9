"""Queries about holds."""

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.ledger.tables import Pending, Transfer, TransferGroup

_HOLD = text(
    "SELECT ledger_hold(:workspace, :group, :hold, :debit, :credit, :amount, :at, :expires_at)"
)
_RESOLVE = text("SELECT ledger_resolve(:workspace, :group, :hold, :kind, :amount, :at)")


class HoldRow(NamedTuple):
    """A hold with what its resolutions need."""

    account_id: uuid.UUID
    counter_account_id: uuid.UUID | None
    currency: str
    payee: str | None
    memo: str | None
    remaining: Decimal
    state: str


class HoldOrder(NamedTuple):
    """A hold to make: amounts in smallest units."""

    group: uuid.UUID
    hold: uuid.UUID
    debit: int
    credit: int
    amount: int
    at: dt.datetime
    expires_at: dt.datetime | None


async def hold(session: AsyncSession, workspace_id: uuid.UUID, order: HoldOrder) -> int | None:
    """Make a hold; return the balance that forbids it, or None."""
    found: int | None = await session.scalar(_HOLD, {"workspace": workspace_id, **order._asdict()})
    return found


async def resolve(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    hold_id: uuid.UUID,
    *,
    group: TransferGroup,
    kind: str,
    amount: int | None,
) -> str:
    """Post, void or expire a hold; see ledger_resolve for the answers."""
    session.add(group)
    await session.flush()
    return str(
        await session.scalar(
            _RESOLVE,
            {
                "workspace": workspace_id,
                "group": group.id,
                "hold": hold_id,
                "kind": kind,
                "amount": amount,
                "at": group.effective_at,
            },
        )
    )


async def find(
    session: AsyncSession, workspace_id: uuid.UUID, hold_id: uuid.UUID
) -> HoldRow | None:
    """Return a hold as it stands, or None."""
    row = (
        await session.execute(
            select(
                TransferGroup.account_id,
                TransferGroup.counter_account_id,
                TransferGroup.currency,
                TransferGroup.payee,
                TransferGroup.memo,
                Pending.remaining,
                Pending.state,
            )
            .join(Transfer, Transfer.id == Pending.transfer_id)
            .join(TransferGroup, TransferGroup.id == Transfer.group_id)
            .where(Pending.workspace_id == workspace_id, Pending.transfer_id == hold_id)
        )
    ).one_or_none()
    return None if row is None else HoldRow._make(row)


async def balances(
    session: AsyncSession, workspace_id: uuid.UUID, hold_ids: Sequence[uuid.UUID]
) -> list[int]:
    """Return the balances that holds are between."""
    rows = await session.execute(
        select(Transfer.debit_id, Transfer.credit_id).where(
            Transfer.workspace_id == workspace_id, Transfer.id.in_(hold_ids)
        )
    )
    return sorted({side for row in rows for side in row})


async def due(
    session: AsyncSession, workspace_id: uuid.UUID, now: dt.datetime, limit: int
) -> list[uuid.UUID]:
    """Return holds whose time has run out."""
    query = (
        select(Pending.transfer_id)
        .where(
            Pending.workspace_id == workspace_id,
            Pending.state == "pending",
            Pending.expires_at <= now,
        )
        .order_by(Pending.expires_at)
        .limit(limit)
    )
    return list(await session.scalars(query))
