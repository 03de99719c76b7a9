"""Queries about payments, their refunds and their history."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, UUID
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.payments.tables import Payment, PaymentChange, Refund

_COLUMNS = """
       p.id, p.status, p.amount, p.authorized, p.captured, p.released, p.refunded, p.disputed,
       p.capture_method, p.method, p.payer_account_id, p.payee_account_id, p.payee_name,
       p.description, p.reference, p.metadata AS details, p.failure_code, p.expires_at,
       p.created_at, p.changed_at, p.idempotency_key, p.actor_kind, p.user_id, p.credential_id,
       c.code, c.exponent, payer.name AS payer_account_name, payee.name AS payee_account_name
"""
_JOINS = """
JOIN commodity c ON c.id = p.commodity_id
JOIN account payer ON payer.id = p.payer_account_id
LEFT JOIN account payee ON payee.id = p.payee_account_id
"""
_LIST = f"""
SELECT {_COLUMNS}, p.created_at AS moment
FROM payment p {_JOINS}
WHERE p.workspace_id = :workspace{{conditions}}
ORDER BY p.id DESC LIMIT :limit
"""  # noqa: S608 - text of this module
# A payment shares its id with its first group, so each side is read in the order of an index that
# groups have anyway.
_SIDE = f"""
(SELECT {_COLUMNS}, g.effective_at AS moment
 FROM transfer_group g JOIN payment p ON p.workspace_id = :workspace AND p.id = g.id {_JOINS}
 WHERE g.workspace_id = :workspace AND g.{{side}} = :account{{conditions}}
 ORDER BY g.effective_at DESC, g.id DESC LIMIT :limit)
"""  # noqa: S608 - text of this module
_OF_ACCOUNT = f"""
SELECT * FROM ({_SIDE.replace("{side}", "account_id")} UNION ALL
               {_SIDE.replace("{side}", "counter_account_id")}) p
ORDER BY p.moment DESC, p.id DESC LIMIT :limit
"""  # noqa: S608 - text of this module
_CONDITIONS = {
    "id": "p.id = :id",
    "statuses": "p.status = ANY (:statuses)",
    "amount_min": "p.amount >= CAST(:amount_min AS numeric) * power(10::numeric, c.exponent)",
    "amount_max": "p.amount <= CAST(:amount_max AS numeric) * power(10::numeric, c.exponent)",
    "currency": "c.code = :currency",
    "from_at": "p.created_at >= :from_at",
    "to_at": "p.created_at < :to_at",
    "reference": "p.reference = :reference",
    "text": (
        "concat_ws(' ', p.payee_name, p.description, payee.name)"
        " ILIKE '%' || CAST(:text AS text) || '%' ESCAPE '!'"
    ),
}
_AFTER = " AND p.id < :after_id"
_AFTER_IN_ACCOUNT = " AND (g.effective_at, g.id) < (:after_at, :after_id)"

_WORKSPACES_DUE = text("""
SELECT DISTINCT workspace_id FROM pending
WHERE state = 'pending' AND expires_at <= :now LIMIT :limit
""")


async def find(
    session: AsyncSession, workspace_id: uuid.UUID, payment_id: uuid.UUID, *, lock: bool = False
) -> Payment | None:
    """Return one payment, or None; `lock` keeps others from changing it."""
    query = select(Payment).where(Payment.workspace_id == workspace_id, Payment.id == payment_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return await session.scalar(query)


async def lock_all(
    session: AsyncSession, workspace_id: uuid.UUID, payment_ids: Sequence[uuid.UUID]
) -> Sequence[Payment]:
    """Return payments in the order of their ids, locked until the transaction ends."""
    query = (
        select(Payment)
        .where(Payment.workspace_id == workspace_id, Payment.id.in_(payment_ids))
        .order_by(Payment.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).all()


async def search(
    session: AsyncSession,
    workspace_id: uuid.UUID,
    *,
    parameters: dict[str, Any],
    account_id: uuid.UUID | None = None,
    after: tuple[dt.datetime, uuid.UUID] | None = None,
    limit: int,
) -> list[Any]:
    """Return payments newest first; `parameters` holds values of the conditions to apply.

    A row's `moment` and id are its place in the list: `after` is that of the last row seen.
    """
    conditions = "".join(
        f" AND {condition}" for name, condition in _CONDITIONS.items() if name in parameters
    )
    values = parameters | {"workspace": workspace_id, "limit": limit}
    if account_id is not None:
        values["account"] = account_id
    if after is not None:
        conditions += _AFTER if account_id is None else _AFTER_IN_ACCOUNT
        values["after_id"] = after[1]
        if account_id is not None:
            values["after_at"] = after[0]
    query = _LIST if account_id is None else _OF_ACCOUNT
    statement = text(query.format(conditions=conditions))
    typed = [
        bindparam(name, type_=type_)
        for name, type_ in (("statuses", ARRAY(TEXT)), ("after_id", UUID(as_uuid=True)))
        if name in values
    ]
    return list(await session.execute(statement.bindparams(*typed), values))


async def changes(
    session: AsyncSession, workspace_id: uuid.UUID, payment_id: uuid.UUID
) -> Sequence[PaymentChange]:
    """Return what became of a payment after it was made, oldest first."""
    return (
        await session.scalars(
            select(PaymentChange)
            .where(
                PaymentChange.workspace_id == workspace_id, PaymentChange.payment_id == payment_id
            )
            .order_by(PaymentChange.number)
        )
    ).all()


async def last_number(session: AsyncSession, workspace_id: uuid.UUID, payment_id: uuid.UUID) -> int:
    """Return the number of a payment's last change, 0 when there is none."""
    found = await session.scalar(
        select(func.max(PaymentChange.number)).where(
            PaymentChange.workspace_id == workspace_id, PaymentChange.payment_id == payment_id
        )
    )
    return found or 0


async def refunds(
    session: AsyncSession, workspace_id: uuid.UUID, payment_id: uuid.UUID
) -> Sequence[Refund]:
    """Return the refunds of a payment, oldest first."""
    return (
        await session.scalars(
            select(Refund)
            .where(Refund.workspace_id == workspace_id, Refund.payment_id == payment_id)
            .order_by(Refund.id)
        )
    ).all()


async def workspaces_due(session: AsyncSession, now: dt.datetime, limit: int) -> list[uuid.UUID]:
    """Return workspaces with holds whose time has run out."""
    return list(await session.scalars(_WORKSPACES_DUE, {"now": now, "limit": limit}))
