"""Balances at any moment, each found by one index probe."""

import uuid
from collections import defaultdict

from sqlalchemy import select

from bursar.ledger import tables
from bursar.ledger.models import Balance, BalancesQuery, BalancesReport
from bursar.ledger.models.accounts import AccountBalances
from bursar.ledger.operations.accounts import balance_model, existing
from bursar.ledger.store import accounts as store
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

ACCOUNTS_MAX = 10_000


@operation(
    "ledger.get_balances",
    scope="ledger:read",
    http="GET /balances",
    command="account balances",
)
async def get_balances(context: Context, query: BalancesQuery) -> BalancesReport:
    """Show what accounts hold now, or held at the end of any past moment.

    Back-dated activities count at their own date. Nothing is converted or valued.
    """
    if query.account_id is not None:
        rows = [await existing(context, query.account_id)]
    else:
        account = tables.Account
        rows = list(
            await context.session.scalars(
                select(account)
                .where(
                    account.workspace_id == context.workspace_id,
                    account.account_class.in_(store.OWN_CLASSES),
                )
                .order_by(account.name, account.id)
                .limit(ACCOUNTS_MAX)
            )
        )
    by_account: dict[uuid.UUID, list[Balance]] = defaultdict(list)
    for held in await store.held(
        context.session, context.workspace_id, [row.id for row in rows], at=query.at
    ):
        by_account[held.account_id].append(balance_model(held))
    return BalancesReport(
        at=query.at,
        accounts=tuple(
            AccountBalances(account_id=row.id, name=row.name, balances=tuple(by_account[row.id]))
            for row in rows
        ),
    )
