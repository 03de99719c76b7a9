"""The log of activities, in the order in which they were posted."""

import uuid
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, UUID
from sqlalchemy.ext.asyncio import AsyncSession

_LOG = """
SELECT g.id, g.kind, g.effective_at, g.account_id, g.counter_account_id, g.instrument_id,
       g.quantity, g.unit_price, g.currency, g.amount, g.fees, g.taxes, g.counter_instrument_id,
       g.counter_quantity, g.counter_amount, g.counter_currency, g.ratio_numerator,
       g.ratio_denominator, g.source, g.external_id, g.content_hash, g.import_id, g.payee, g.memo,
       g.category, g.lot_choice, g.metadata, a.category AS own_category, a.note, a.tags
FROM transfer_group g
LEFT JOIN annotation a ON a.group_id = g.id
WHERE g.workspace_id = :workspace AND g.id > :after AND g.kind = ANY (:kinds)
  AND g.reverses_id IS NULL
  AND NOT EXISTS (SELECT FROM transfer_group r WHERE r.reverses_id = g.id){conditions}
ORDER BY g.id
LIMIT :limit
"""
_CONDITIONS = {
    "account": "(g.account_id = :account OR g.counter_account_id = :account)",
    "from_at": "g.effective_at >= :from_at",
    "to_at": "g.effective_at < :to_at",
}


async def page(
    session: AsyncSession, workspace_id: uuid.UUID, parameters: dict[str, Any]
) -> list[Any]:
    """Return activities that stand, by id; `parameters` holds after, kinds, limit and conditions."""
    conditions = "".join(
        f" AND {condition}" for name, condition in _CONDITIONS.items() if name in parameters
    )
    statement = text(_LOG.format(conditions=conditions)).bindparams(
        bindparam("kinds", type_=ARRAY(TEXT)), bindparam("after", type_=UUID(as_uuid=True))
    )
    values = parameters | {"workspace": workspace_id}
    return list(await session.execute(statement, values))
