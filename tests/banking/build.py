"""Builders and short ways for banking's tests."""

import base64
from decimal import Decimal
from typing import Any

from bursar.banking.models.imports import ImportResult, ImportStatement
from bursar.banking.operations.imports import import_statement
from bursar.ledger.models import AccountsQuery, AccountWithBalances
from bursar.ledger.operations.accounts import list_accounts
from tests.harness import Harness


async def import_text(
    harness: Harness, content: str, *, dry_run: bool = False, **fields: Any
) -> ImportResult:
    async with harness.context(dry_run=dry_run) as context:
        return await import_statement(context, ImportStatement(content=content, **fields))


async def import_bytes(
    harness: Harness, data: bytes, filename: str = "", *, dry_run: bool = False, **fields: Any
) -> ImportResult:
    encoded = base64.b64encode(data).decode()
    body = ImportStatement(filename=filename, content_base64=encoded, **fields)
    async with harness.context(dry_run=dry_run) as context:
        return await import_statement(context, body)


async def accounts(harness: Harness) -> list[AccountWithBalances]:
    async with harness.context(read_only=True) as context:
        page = await list_accounts(context, AccountsQuery(with_closed=True))
    return list(page.items)


async def held(harness: Harness) -> dict[str, dict[str, Decimal]]:
    """What every account holds, by the account's name."""
    return {a.name: {b.code: b.amount for b in a.balances} for a in await accounts(harness)}
