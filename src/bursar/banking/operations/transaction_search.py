"""Finding transactions: the book's activities with the names people know."""

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal

from bursar.banking.models.transactions import SearchTransactions, TransactionRow
from bursar.banking.operations.statements.accounts import account_named, own_accounts
from bursar.core.clock import utc_day_end, utc_midnight
from bursar.ledger.errors import ActivityNotFound
from bursar.ledger.models import Account, Activity, ActivityFilter, ActivityKind, BalancesQuery
from bursar.ledger.operations.balances import get_balances
from bursar.ledger.operations.search import search_activities
from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations import instruments as market_instruments
from bursar.runtime.context import Context
from bursar.runtime.pages import Page
from bursar.runtime.registry import operation

SAME_MOMENT_MAX = 500
# A hold and the end of what is left of it reserve and release; only captures move money.
MOVES_NOTHING = frozenset({"hold", "void", "expire"})
COPIED = (
    "id",
    "kind",
    "effective_at",
    "account_id",
    "counter_account_id",
    "instrument_id",
    "quantity",
    "unit_price",
    "currency",
    "amount",
    "fees",
    "taxes",
    "cash_change",
    "counter_instrument_id",
    "counter_quantity",
    "counter_amount",
    "counter_currency",
    "payee",
    "memo",
    "category",
    "note",
    "tags",
    "source",
    "external_id",
    "import_id",
    "reverses_id",
    "reversed_by_id",
)


@operation(
    "banking.search_transactions",
    scope="banking:read",
    http="GET /transactions",
    tool="search_transactions",
    command="transaction list",
)
async def search_transactions(context: Context, body: SearchTransactions) -> Page[TransactionRow]:
    """Find transactions by text, account, kind, instrument, category, day or amount; newest first.

    Asked for one account and nothing else, each row shows the cash balance after it.
    """
    account = None if body.account is None else await account_named(context, body.account)
    instrument = None
    if body.instrument is not None:
        instrument = await market_instruments.find(context, body.instrument, as_of=body.last_day)
    wanted = ActivityFilter(
        account_ids=() if account is None else (account.id,),
        kinds=body.kinds,
        instrument_ids=() if instrument is None else (instrument.id,),
        from_at=None if body.first_day is None else utc_midnight(body.first_day),
        to_at=(None if body.last_day is None else utc_day_end(body.last_day)),
        text=body.text,
        category=body.category,
        amount_min=body.amount_min,
        amount_max=body.amount_max,
        import_id=body.import_id,
        with_reversed=body.with_reversed,
    )
    page = await search_activities(context, wanted, limit=body.limit, cursor=body.cursor)
    narrowing = {"account", "limit", "cursor"}
    only_account = not (body.model_dump(exclude_defaults=True).keys() - narrowing)
    after: dict[uuid.UUID, Decimal] = {}
    if account is not None and account.currency is not None and only_account:
        after = await _balances_after(context, account, page.items)
    return Page(items=await rows_of(context, page.items, after), next_cursor=page.next_cursor)


async def rows_of(
    context: Context, activities: Sequence[Activity], after: dict[uuid.UUID, Decimal]
) -> tuple[TransactionRow, ...]:
    """Return activities with names; after: cash balance after each, where it is known."""
    accounts = {account.id: account for account in await own_accounts(context)}
    ids = {
        each
        for activity in activities
        for each in (activity.instrument_id, activity.counter_instrument_id)
        if each is not None
    }
    known = await market_instruments.get_many(context, ids)
    return tuple(_row(activity, accounts, known, after) for activity in activities)


async def existing_activity(context: Context, activity_id: uuid.UUID) -> Activity:
    """Return one activity of the book, reversed or not. Raises ActivityNotFound."""
    wanted = ActivityFilter(ids=(activity_id,), with_reversed=True)
    page = await search_activities(context, wanted, limit=1)
    if not page.items:
        raise ActivityNotFound(f"there is no transaction {activity_id}", field="transaction_id")
    return page.items[0]


def _row(
    activity: Activity,
    accounts: dict[uuid.UUID, Account],
    instruments: dict[uuid.UUID, InstrumentRow],
    after: dict[uuid.UUID, Decimal],
) -> TransactionRow:
    account = accounts.get(activity.account_id)
    other = None
    if activity.counter_account_id is not None:
        other = accounts.get(activity.counter_account_id)
    held = instruments.get(activity.instrument_id) if activity.instrument_id else None
    received = (
        instruments.get(activity.counter_instrument_id) if activity.counter_instrument_id else None
    )
    return TransactionRow(
        **{name: getattr(activity, name) for name in COPIED},
        account_name="" if account is None else account.name,
        counter_account_name=None if other is None else other.name,
        ticker=None if held is None else held.ticker or held.name,
        instrument_name=None if held is None else held.name,
        counter_ticker=None if received is None else received.ticker or received.name,
        balance_after=after.get(activity.id),
    )


async def _balances_after(
    context: Context, account: Account, rows: Sequence[Activity]
) -> dict[uuid.UUID, Decimal]:
    """Return the account's cash after each row, counted down from the balance at the newest one."""
    if not rows or account.currency is None:
        return {}
    newest = rows[0].effective_at
    report = await get_balances(context, BalancesQuery(account_id=account.id, at=newest))
    balance = next(
        (b.amount for a in report.accounts for b in a.balances if b.code == account.currency),
        Decimal(0),
    )
    same = ActivityFilter(
        account_ids=(account.id,), from_at=newest, to_at=newest + dt.timedelta(microseconds=1)
    )
    earlier_page = await search_activities(context, same, limit=SAME_MOMENT_MAX)
    if earlier_page.next_cursor is not None:
        return {}
    for activity in earlier_page.items:
        if activity.id > rows[0].id:  # shown on the page before, at the same moment
            balance -= effect_on(activity, account)
    found: dict[uuid.UUID, Decimal] = {}
    for activity in rows:
        found[activity.id] = balance
        balance -= effect_on(activity, account)
    return found


def effect_on(activity: Activity, account: Account) -> Decimal:
    """Return what an activity did to the account's cash in the account's own currency."""
    code, change = account.currency, Decimal(0)
    if activity.kind in MOVES_NOTHING:
        return change
    if activity.account_id == account.id and activity.currency == code:
        change += activity.cash_change or Decimal(0)
    receives = activity.counter_account_id == account.id or (
        activity.kind == ActivityKind.FX_CONVERSION and activity.counter_account_id is None
    )
    if not receives or activity.instrument_id is not None:
        return change
    if activity.counter_amount is not None:
        return change + (activity.counter_amount if activity.counter_currency == code else 0)
    if activity.currency == code and activity.amount is not None:
        takes = activity.kind in (ActivityKind.TRANSFER_IN, "refund")
        change += -activity.amount if takes else activity.amount
    return change
