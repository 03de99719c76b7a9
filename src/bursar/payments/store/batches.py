"""The one statement that posts many payments and transfers; see payments_post in migration 0008."""

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.runtime.batch import BatchAnswer, Columns, Outcome

CREATED = 201


class PostingRow(NamedTuple):
    """One item, in the order of the function's parameters. `units` are smallest units."""

    workspace_id: uuid.UUID
    operation: str
    key: str
    input_hash: bytes
    actor_kind: str
    user_id: uuid.UUID | None
    credential_id: uuid.UUID | None
    source: str
    request_id: str
    id: uuid.UUID
    kind: str
    origin: str
    payer_account_id: uuid.UUID
    payee_account_id: uuid.UUID
    currency: str
    exponent: int
    units: int
    amount: Decimal
    payee_name: str | None
    memo: str | None
    reference: str | None
    metadata: str | None
    facts: str
    answer: str


BEFORE_ROWS = 3
_PLACES = ", ".join(f"${n}" for n in range(1, BEFORE_ROWS + len(PostingRow._fields) + 1))
_POST_ONE = f"SELECT outcome, status, body FROM payments_post_one({_PLACES})"  # noqa: S608 - as below
_POST = f"SELECT outcome, status, body FROM payments_post({_PLACES})"  # noqa: S608 - placeholders only
_POST_FREE = f"SELECT outcome, status, body FROM payments_post({_PLACES}, true)"  # noqa: S608 - as above

_CURRENCY = text("SELECT currency FROM account WHERE workspace_id = :workspace AND id = :account")


async def post(
    columns: Columns,
    at: dt.datetime,
    beyond: tuple[str, str],
    rows: Sequence[PostingRow],
    *,
    skip_held: bool = False,
) -> list[BatchAnswer | None]:
    """Post items in one statement and return an answer for each, in their order.

    skip_held: pass over items on balances that others keep locked, and answer None for them.

    beyond: the sentence and the hint for who has too little; name, available, currency and needed
    are filled in where they stand in braces.
    """
    if skip_held:
        found = await columns(_POST_FREE, at, *beyond, *map(list, zip(*rows, strict=True)))
    elif len(rows) == 1:
        found = await columns(_POST_ONE, at, *beyond, *rows[0])
    else:
        found = await columns(_POST, at, *beyond, *map(list, zip(*rows, strict=True)))
    return [
        _answer(row, outcome, status, body)
        for row, (outcome, status, body) in zip(rows, found, strict=True)
    ]


def _answer(
    row: PostingRow, outcome: str, status: int | None, body: str | None
) -> BatchAnswer | None:
    if outcome == Outcome.DONE:
        return BatchAnswer(Outcome.DONE, CREATED, row.answer)
    return (
        None if outcome == Outcome.HELD else BatchAnswer(Outcome(outcome), status or 0, body or "")
    )


async def currency_of_account(
    session: AsyncSession, workspace_id: uuid.UUID, account_id: uuid.UUID
) -> str | None:
    """Return the currency an account was opened in; None when it has none, or is not there."""
    found: str | None = await session.scalar(
        _CURRENCY, {"workspace": workspace_id, "account": account_id}
    )
    return found
