"""Accounts: opened, listed, changed, closed. What they hold only postings change."""

import uuid
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select, tuple_
from sqlalchemy.exc import IntegrityError

from bursar.core.errors import InvalidInput
from bursar.core.ids import new_id
from bursar.core.money import from_units
from bursar.ledger import tables
from bursar.ledger.calc.currencies import currency
from bursar.ledger.errors import AccountExists, AccountNotEmpty, AccountNotFound, AccountOnHold
from bursar.ledger.models import (
    Account,
    AccountChange,
    AccountClass,
    AccountKind,
    AccountReference,
    AccountsQuery,
    AccountWithBalances,
    Balance,
    CommodityKind,
    CostMethod,
    NewAccount,
    TaxWrapper,
)
from bursar.ledger.operations.lots import refresh_lots
from bursar.ledger.store import accounts as store
from bursar.runtime.context import Context
from bursar.runtime.pages import Page, decode_cursor, encode_cursor
from bursar.runtime.registry import operation
from bursar.runtime.tables import Xid8

LIABILITIES = frozenset({AccountKind.CREDIT_CARD, AccountKind.LOAN})
RESTAMP = func.pg_current_xact_id(type_=Xid8())


@operation(
    "ledger.open_account",
    scope="ledger:write",
    http="POST /accounts",
    command="account open",
    positional=("name",),
    writes=True,
)
async def open_account(context: Context, body: NewAccount) -> Account:
    """Open an account: bank, card, broker, exchange, wallet, loan or property.

    The same institution and account number cannot be opened twice.
    """
    _check_currency(body.currency)
    now = context.clock.now()
    row = tables.Account(
        id=new_id(),
        workspace_id=context.workspace_id,
        account_class=(
            AccountClass.LIABILITY if body.kind in LIABILITIES else AccountClass.ASSET
        ).value,
        opened_at=body.opened_at or now,
        created_at=now,
        closed_at=None,
        **body.model_dump(exclude={"opened_at"}),
    )
    await _refuse_taken(context, row.id, body.institution, body.external_id)
    context.session.add(row)
    await _flush(context)
    context.fact("account.opened", row.id, name=row.name, account_kind=row.kind)
    return account_model(row)


@operation(
    "ledger.list_accounts",
    scope="ledger:read",
    http="GET /accounts",
    tool="list_accounts",
    command="account list",
)
async def list_accounts(context: Context, query: AccountsQuery) -> Page[AccountWithBalances]:
    """List accounts with what each holds now, by name.

    Balances are exact decimals per currency and instrument; nothing is converted or valued.
    """
    account = tables.Account
    statement = select(account).where(
        account.workspace_id == context.workspace_id,
        account.account_class.in_(store.OWN_CLASSES),
    )
    if query.kind is not None:
        statement = statement.where(account.kind == query.kind.value)
    if not query.with_closed:
        statement = statement.where(account.closed_at.is_(None))
    if query.cursor is not None:
        name, after = decode_cursor(query.cursor, 2)
        statement = statement.where(
            tuple_(account.name, account.id) > tuple_(str(name), _uuid(str(after)))
        )
    statement = statement.order_by(account.name, account.id).limit(query.limit + 1)
    rows = (await context.session.scalars(statement)).all()
    page = rows[: query.limit]
    return Page(
        items=await with_balances(context, page),
        next_cursor=(
            encode_cursor([page[-1].name, str(page[-1].id)]) if len(rows) > query.limit else None
        ),
    )


@operation(
    "ledger.get_account",
    scope="ledger:read",
    http="GET /accounts/{account_id}",
    command="account show",
    positional=("account_id",),
)
async def get_account(context: Context, query: AccountReference) -> AccountWithBalances:
    """Show one account and what it holds now."""
    row = await existing(context, query.account_id)
    return (await with_balances(context, [row]))[0]


@operation(
    "ledger.change_account",
    scope="ledger:write",
    http="PATCH /accounts/{account_id}",
    command="account change",
    positional=("account_id",),
    writes=True,
)
async def change_account(context: Context, body: AccountChange) -> Account:
    """Change an account's name, institution, cost method or rules.

    A rule such as no_overdraft is refused while what the account holds already breaks it.
    """
    row = await existing(context, body.account_id, lock=True)
    changes = body.model_dump(exclude={"account_id"}, exclude_none=True)
    await _refuse_taken(
        context,
        row.id,
        changes.get("institution", row.institution),
        changes.get("external_id", row.external_id),
    )
    for name, value in changes.items():
        setattr(row, name, value)
    row.xid = RESTAMP
    await _flush(context)
    if {"allow_short", "no_overdraft"} & changes.keys() and not await store.apply_rules(
        context.session, context.workspace_id, row.id
    ):
        raise AccountNotEmpty(
            f"{row.name} holds a negative balance, so it cannot be forbidden now",
            hint="Bring the balance to zero or above first.",
        )
    if {"cost_method", "allow_short"} & changes.keys():
        await refresh_lots(
            context, await store.instruments_of(context.session, context.workspace_id, row.id)
        )
    context.fact("account.changed", row.id, fields=[*sorted(changes)])
    return account_model(row)


@operation(
    "ledger.close_account",
    scope="ledger:write",
    http="POST /accounts/{account_id}/close",
    command="account close",
    positional=("account_id",),
    writes=True,
    status=200,
)
async def close_account(context: Context, body: AccountReference) -> Account:
    """Close an empty account; its history stays, and nothing later can be posted to it.

    Refused while a payment holds an amount of it, or would pay into it.
    """
    row = await existing(context, body.account_id, lock=True, alone=True)
    if row.closed_at is None:
        if await store.is_on_hold(context.session, context.workspace_id, row.id):
            raise AccountOnHold(f"{row.name} has open holds", field="account_id")
        left = await store.held(context.session, context.workspace_id, [row.id])
        if left:
            codes = ", ".join(sorted({held.code for held in left})[:5])
            raise AccountNotEmpty(f"{row.name} still holds {codes}", field="account_id")
        row.closed_at = max(context.clock.now(), row.opened_at)
        row.xid = RESTAMP
        await context.session.flush()
        context.fact("account.closed", row.id)
    return account_model(row)


async def existing(
    context: Context, account_id: uuid.UUID, *, lock: bool = False, alone: bool = False
) -> tables.Account:
    """Return an own account of the caller's workspace, or raise AccountNotFound."""
    row = await store.own_account(
        context.session, context.workspace_id, account_id, lock=lock, alone=alone
    )
    if row is None:
        raise AccountNotFound(f"there is no account {account_id}", field="account_id")
    return row


async def with_balances(
    context: Context, rows: Sequence[tables.Account]
) -> tuple[AccountWithBalances, ...]:
    """Return accounts with what they hold now, read by one query."""
    if not rows:
        return ()
    by_account: dict[uuid.UUID, list[Balance]] = defaultdict(list)
    for held in await store.held(context.session, context.workspace_id, [row.id for row in rows]):
        by_account[held.account_id].append(balance_model(held))
    return tuple(
        AccountWithBalances(**dict(account_model(row)), balances=tuple(by_account[row.id]))
        for row in rows
    )


def account_model(row: tables.Account) -> Account:
    """Return an account row as the model interfaces show."""
    return Account(
        id=row.id,
        name=row.name,
        kind=row.kind,
        account_class=AccountClass(row.account_class),
        currency=row.currency,
        institution=row.institution,
        external_id=row.external_id,
        cost_method=CostMethod(row.cost_method),
        tax_wrapper=TaxWrapper(row.tax_wrapper),
        allow_short=row.allow_short,
        no_overdraft=row.no_overdraft,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )


def balance_model(held: store.Held) -> Balance:
    """Return what is held of one commodity in major units."""
    available = held.available
    return Balance(
        code=held.code,
        kind=CommodityKind(held.kind),
        instrument_id=held.instrument_id,
        amount=from_units(int(held.units), held.exponent),
        available=None if available is None else from_units(int(available), held.exponent),
    )


def _check_currency(code: str) -> None:
    try:
        currency(code)
    except ValueError as error:
        raise InvalidInput(str(error), field="currency") from None


async def _refuse_taken(
    context: Context, account_id: uuid.UUID, institution: str | None, external_id: str | None
) -> None:
    if external_id is None:
        return
    account = tables.Account
    taken = await context.session.scalar(
        select(account.name).where(
            account.workspace_id == context.workspace_id,
            account.institution.is_not_distinct_from(institution),
            account.external_id == external_id,
            account.id != account_id,
        )
    )
    if taken is not None:
        raise AccountExists(f"{taken} has this account number already", field="external_id")


async def _flush(context: Context) -> None:
    try:
        await context.session.flush()
    except IntegrityError as error:
        if "uq_account_external" not in str(error.orig):
            raise
        raise AccountExists(
            "another account has this account number already", field="external_id"
        ) from None


def _uuid(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError:
        raise InvalidInput(
            "this cursor is not one of ours",
            field="cursor",
            hint="Pass next_cursor of the previous page unchanged, or leave it out.",
        ) from None
