"""The statement of one account, as a bank would print it; also as a CSV file."""

import csv
import datetime as dt
import io
from dataclasses import dataclass
from decimal import Decimal

from bursar.core.clock import utc_day_end, utc_midnight
from bursar.core.errors import InvalidInput, TooLarge
from bursar.core.money import from_units
from bursar.ledger.calc.currencies import currency
from bursar.ledger.models.statements import (
    AccountStatement,
    ExportedStatement,
    StatementLine,
    StatementPeriod,
    StatementQuery,
)
from bursar.ledger.operations.accounts import existing
from bursar.ledger.store import statements as store
from bursar.ledger.tables import Account
from bursar.runtime.context import Context
from bursar.runtime.pages import cursor_moment, cursor_number, decode_cursor, encode_cursor
from bursar.runtime.registry import operation

EXPORTED_LINES_MAX = 100_000
COLUMNS = (
    "at", "kind", "payee", "memo", "category", "amount", "balance", "currency", "activity_id",
)  # fmt: skip
# A cell that begins so would be a formula in a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class _Period:
    account: Account
    code: str
    exponent: int
    balance_id: int | None
    first_day: dt.date
    last_day: dt.date

    @property
    def from_at(self) -> dt.datetime:
        return utc_midnight(self.first_day)

    @property
    def to_at(self) -> dt.datetime:
        return utc_day_end(self.last_day)

    def major(self, units: int) -> Decimal:
        return from_units(units, self.exponent)


@operation(
    "ledger.get_account_statement",
    scope="ledger:read",
    http="GET /accounts/{account_id}/statement",
    command="account statement",
    positional=("account_id",),
)
async def get_account_statement(context: Context, query: StatementQuery) -> AccountStatement:
    """Show an account's movements in one currency, each with the balance after it.

    Back-dated movements stand at their own day. Amounts on hold are not in it.
    """
    period = await _period(context, query)
    after = (period.from_at, 0) if query.cursor is None else _position(query.cursor)
    return await _page(context, period, after=after, limit=query.limit)


@operation(
    "ledger.export_account_statement",
    scope="ledger:read",
    http="GET /accounts/{account_id}/statement/export",
    tool=None,
    command=None,
    positional=("account_id",),
)
async def export_account_statement(context: Context, query: StatementPeriod) -> ExportedStatement:
    """Take an account's statement out as CSV, at most 100,000 movements."""
    period = await _period(context, query)
    page = await _page(context, period, after=(period.from_at, 0), limit=EXPORTED_LINES_MAX)
    if page.next_cursor is not None:
        raise TooLarge(f"more than {EXPORTED_LINES_MAX} movements", hint="Export a shorter period.")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in page.items:
        stated = line.model_dump(mode="json") | {"currency": page.currency}
        safe = {
            name: f"'{stated[name]}"
            if str(stated[name] or "").startswith(FORMULA)
            else stated[name]
            for name in ("payee", "memo", "category")
        }
        writer.writerow([(stated | safe)[name] for name in COLUMNS])
    return ExportedStatement(
        filename=f"statement-{period.first_day}-{period.last_day}.csv",
        media_type="text/csv",
        content=text.getvalue(),
        rows=len(page.items),
    )


async def _period(context: Context, query: StatementPeriod) -> _Period:
    account = await existing(context, query.account_id)
    code = query.currency or account.currency or ""
    try:
        known = currency(code)
    except ValueError as error:
        raise InvalidInput(str(error), field="currency") from None
    last_day = query.last_day or context.clock.now().date()
    first_day = query.first_day or last_day.replace(day=1)
    if first_day > last_day:
        raise InvalidInput("first_day lies after last_day", field="first_day")
    found = await store.balance_of(context.session, context.workspace_id, account.id, code)
    return _Period(
        account=account,
        code=code,
        exponent=known.exponent if found is None else found.exponent,
        balance_id=None if found is None else found.id,
        first_day=first_day,
        last_day=last_day,
    )


async def _page(
    context: Context, period: _Period, *, after: tuple[dt.datetime, int], limit: int
) -> AccountStatement:
    opening = money_in = money_out = lines = 0
    items: list[StatementLine] = []
    next_cursor = None
    if period.balance_id is not None:
        session, balance_id = context.session, period.balance_id
        before = period.from_at - dt.timedelta(microseconds=1)
        opening = await store.units_at(session, balance_id, before)
        whole = await store.totals(session, balance_id, period.from_at, period.to_at)
        lines, money_in, money_out = whole.lines, int(whole.money_in), int(whole.money_out)
        running = opening + await store.moved_until(session, balance_id, period.from_at, after)
        rows = await store.lines(
            session,
            balance_id,
            from_at=period.from_at,
            to_at=period.to_at,
            after=after,
            limit=limit + 1,
        )
        for row in rows[:limit]:
            running += int(row.amount)
            items.append(
                StatementLine(
                    at=row.effective_at,
                    activity_id=row.activity_id,
                    kind=row.kind,
                    payee=row.payee,
                    memo=row.memo,
                    category=row.category,
                    amount=period.major(int(row.amount)),
                    balance=period.major(running),
                )
            )
        if len(rows) > limit:
            last = rows[limit - 1]
            next_cursor = encode_cursor([last.effective_at.isoformat(), last.id])
    return AccountStatement(
        account_id=period.account.id,
        name=period.account.name,
        currency=period.code,
        first_day=period.first_day,
        last_day=period.last_day,
        opening=period.major(opening),
        money_in=period.major(money_in),
        money_out=period.major(money_out),
        closing=period.major(opening + money_in - money_out),
        lines=lines,
        items=tuple(items),
        next_cursor=next_cursor,
    )


def _position(cursor: str) -> tuple[dt.datetime, int]:
    moment, entry_id = decode_cursor(cursor, 2)
    return cursor_moment(moment), cursor_number(entry_id)
