"""The statement of one account: opening balance, every movement, closing balance."""

import datetime as dt
import uuid

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.ledger.models.accounts import AccountReference

LINES_MAX = 500


class StatementPeriod(AccountReference):
    """Which account, currency and days."""

    currency: str | None = Field(
        None, max_length=10, description="Which currency; left out: the account's."
    )
    first_day: dt.date | None = Field(
        None, description="First day, in UTC; left out: the first of the last day's month."
    )
    last_day: dt.date | None = Field(None, description="Last day, in UTC; left out: today.")


class StatementQuery(StatementPeriod):
    """One page of a statement."""

    limit: int = Field(100, ge=1, le=LINES_MAX, description="Lines to return, at most 500.")
    cursor: str | None = Field(
        None, max_length=512, description="Where to go on: next_cursor of the previous page."
    )


class StatementLine(Model):
    """One movement, and the balance after it."""

    at: dt.datetime = Field(description="When it counts, in UTC.")
    activity_id: uuid.UUID = Field(description="The activity.")
    kind: str = Field(description="What happened.")
    payee: str | None = Field(description="Other party.")
    memo: str | None = Field(description="Free text.")
    category: str | None = Field(description="Category.")
    amount: Amount = Field(description="What came in, or went out when negative.")
    balance: Amount = Field(description="Balance after it.")


class AccountStatement(Model):
    """Opening balance and movements in, out and closing balance of the whole period."""

    account_id: uuid.UUID = Field(description="The account.")
    name: str = Field(description="Its name.")
    currency: str = Field(description="Currency of every amount here.")
    first_day: dt.date = Field(description="First day.")
    last_day: dt.date = Field(description="Last day.")
    opening: Amount = Field(description="Balance before the first day.")
    money_in: Amount = Field(description="Sum of what came in.")
    money_out: Amount = Field(description="Sum of what went out, positive.")
    closing: Amount = Field(description="Balance at the end of the last day.")
    lines: int = Field(description="Movements in the period.")
    items: tuple[StatementLine, ...] = Field(
        description="The movements of this page, oldest first."
    )
    next_cursor: str | None = Field(description="Cursor of the next page; null on the last page.")


class ExportedStatement(Model):
    """A statement as a file."""

    filename: str = Field(description="Name for the file.")
    media_type: str = Field(description="Its media type.")
    content: str = Field(description="Its text, UTF-8.")
    rows: int = Field(description="Movements in it.")
