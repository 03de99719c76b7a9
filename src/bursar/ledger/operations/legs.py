"""Reading the whole book for engines above: accounts, activities and their posted legs.

A reading names the database snapshot it was taken in. The next one, given that snapshot, holds
only what was committed since; rows of activities and legs never change, so the two add up.
"""

import asyncio
import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from bursar.ledger.store import legs as store
from bursar.runtime.context import Context


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account, one of the workspace's system accounts included (their kind says which)."""

    id: uuid.UUID
    name: str
    kind: str
    account_class: str
    currency: str | None
    cost_method: str
    allow_short: bool
    institution: str | None
    tax_wrapper: str


@dataclass(frozen=True, slots=True)
class BalanceFacts:
    """One commodity in one account; `instrument_id` is None for currencies."""

    id: int
    account_id: uuid.UUID
    commodity_id: int
    code: str
    exponent: int
    kind: str
    instrument_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    """An activity; `day` counts UTC days since 1970-01-01, amounts are in major units."""

    id: uuid.UUID
    kind: str
    day: int
    effective_at: dt.datetime
    account_id: uuid.UUID
    counter_account_id: uuid.UUID | None
    instrument_id: uuid.UUID | None
    quantity: Decimal | None
    unit_price: Decimal | None
    currency: str | None
    amount: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None
    counter_instrument_id: uuid.UUID | None
    counter_quantity: Decimal | None
    counter_amount: Decimal | None
    counter_currency: str | None
    ratio_numerator: Decimal | None
    ratio_denominator: Decimal | None
    reverses_id: uuid.UUID | None
    lot_choice: str | None


@dataclass(frozen=True, slots=True)
class LegFacts:
    """`amount` smallest units of one commodity moved from balance `debit` to balance `credit`."""

    activity_id: uuid.UUID
    debit: int
    credit: int
    amount: int
    code: int


@dataclass(frozen=True, slots=True)
class BookReading:
    """What was read; `snapshot` is the token for the next reading.

    `newer` is False when this transaction does not see all that `since` saw: then nothing may be
    added to what was read then. `read_only` tells whether the transaction is.
    """

    accounts: tuple[AccountFacts, ...]
    balances: tuple[BalanceFacts, ...]
    activities: tuple[ActivityFacts, ...]
    legs: tuple[LegFacts, ...]
    snapshot: str
    newer: bool
    read_only: bool


async def read_legs(
    context: Context, *, since: str | None = None, known_balances: Collection[int] = ()
) -> BookReading:
    """Read the workspace's book, or with `since` (an earlier `snapshot`) only what is new.

    `known_balances` are left out of the answer. Pending transfers are not in it.
    """
    session, workspace_id = context.session, context.workspace_id
    taken = await store.snapshot(session, since)
    activities = await store.groups(session, workspace_id, since)
    accounts = await store.accounts(session, workspace_id, since)
    legs: list[Any] = []
    balances: list[Any] = []
    if since is None or activities:
        legs = await store.legs(session, workspace_id, since)
        balances = await store.balances(session, workspace_id, list(known_balances))
    made = partial(_reading, taken, activities, accounts, legs=legs, balances=balances)
    # A whole book is seconds of work: other requests are answered meanwhile.
    return await asyncio.to_thread(made) if since is None else made()


def _reading(
    taken: Any, activities: list[Any], accounts: list[Any], *, legs: list[Any], balances: list[Any]
) -> BookReading:
    return BookReading(
        accounts=tuple(AccountFacts(*row) for row in accounts),
        balances=tuple(BalanceFacts(*row) for row in balances),
        activities=tuple(ActivityFacts(*row) for row in activities),
        legs=tuple(LegFacts(a, d, c, int(n), code) for a, d, c, n, code in legs),
        snapshot=taken["token"],
        newer=taken["newer"],
        read_only=taken["read_only"],
    )
