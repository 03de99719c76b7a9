"""Accounts and what they hold."""

import datetime as dt
import uuid
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from bursar.core.clock import Moment
from bursar.core.model import Model
from bursar.core.money import Amount

NAME_CHARACTERS_MAX = 200
PAGE_ROWS_MAX = 500

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=NAME_CHARACTERS_MAX, strip_whitespace=True)
]


class AccountKind(StrEnum):
    """What kind of account a person has."""

    CHECKING = "checking"
    SAVINGS = "savings"
    CREDIT_CARD = "credit_card"
    CASH = "cash"
    BROKERAGE = "brokerage"
    RETIREMENT = "retirement"
    EXCHANGE = "exchange"
    WALLET = "wallet"
    LOAN = "loan"
    PROPERTY = "property"


class AccountClass(StrEnum):
    """What a balance means: own (asset, liability), or the other side of what happened."""

    ASSET = "asset"
    LIABILITY = "liability"
    WORLD = "world"
    INCOME = "income"
    COST = "cost"
    CONVERSION = "conversion"
    ROUNDING = "rounding"


class CommodityKind(StrEnum):
    """What is counted."""

    FIAT = "fiat"
    CRYPTO = "crypto"
    SECURITY = "security"
    POINTS = "points"


class CostMethod(StrEnum):
    """Which lots a sale takes first."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    LOFO = "lofo"
    AVERAGE = "average"
    SPECIFIC = "specific"


class TaxWrapper(StrEnum):
    """How gains in the account are taxed."""

    TAXABLE = "taxable"
    TAX_DEFERRED = "tax_deferred"
    TAX_FREE = "tax_free"


class NewAccount(Model):
    """An account to open."""

    name: Name = Field(description="Name to show, such as 'Everyday checking'.")
    kind: AccountKind = Field(
        description="checking, savings, credit_card, cash, brokerage, retirement, exchange, "
        "wallet, loan or property. Credit cards and loans are liabilities, all others assets."
    )
    currency: str = Field(
        min_length=3, max_length=10, description="Main currency, an ISO 4217 code such as USD."
    )
    institution: Name | None = Field(None, description="Bank or broker that keeps the account.")
    external_id: Name | None = Field(
        None, description="Account number there; one account per institution and number."
    )
    cost_method: CostMethod = Field(
        CostMethod.FIFO,
        description="Which lots a sale takes first: fifo, lifo, hifo, lofo, average, specific.",
    )
    tax_wrapper: TaxWrapper = Field(
        TaxWrapper.TAXABLE, description="taxable, tax_deferred (401k, IRA) or tax_free (Roth, ISA)."
    )
    allow_short: bool = Field(
        default=False, description="Allow selling more of an instrument than is held."
    )
    no_overdraft: bool = Field(default=False, description="Refuse to let cash fall below zero.")
    opened_at: Moment | None = Field(None, description="When it was opened; default now.")


class Account(Model):
    """An account."""

    id: uuid.UUID = Field(description="Id of the account.")
    name: str = Field(description="Name to show.")
    kind: str = Field(description="Kind of account.")
    account_class: AccountClass = Field(description="asset or liability.")
    currency: str | None = Field(description="Main currency.")
    institution: str | None = Field(description="Bank or broker.")
    external_id: str | None = Field(description="Account number there.")
    cost_method: CostMethod = Field(description="Which lots a sale takes first.")
    tax_wrapper: TaxWrapper = Field(description="How gains are taxed.")
    allow_short: bool = Field(description="Whether more can be sold than is held.")
    no_overdraft: bool = Field(description="Whether cash is kept from falling below zero.")
    opened_at: dt.datetime = Field(description="When it was opened, in UTC.")
    closed_at: dt.datetime | None = Field(description="When it was closed; null while open.")


class Balance(Model):
    """How much of one commodity an account holds."""

    code: str = Field(description="Currency code or symbol.")
    kind: CommodityKind = Field(description="fiat, crypto, security or points.")
    instrument_id: uuid.UUID | None = Field(description="The instrument; null for currencies.")
    amount: Amount = Field(description="What is held; negative when owed or short.")
    available: Amount | None = Field(
        description="The amount less what is on hold; null for a past moment."
    )


class AccountWithBalances(Account):
    """An account and what it holds now; balances of zero are left out."""

    balances: tuple[Balance, ...] = Field(description="What it holds.")


class AccountReference(Model):
    """Names one account."""

    account_id: uuid.UUID = Field(description="Id of the account.")


class AccountsQuery(Model):
    """Which accounts to list."""

    kind: AccountKind | None = Field(None, description="Only this kind of account.")
    with_closed: bool = Field(default=False, description="Also list closed accounts.")
    limit: int = Field(100, ge=1, le=PAGE_ROWS_MAX, description="Rows to return, at most 500.")
    cursor: str | None = Field(
        None, max_length=512, description="Where to go on: next_cursor of the previous page."
    )


class AccountChange(Model):
    """What to change of an account; what is left out stays. History never changes."""

    account_id: uuid.UUID = Field(description="Id of the account.")
    name: Name | None = Field(None, description="Name to show.")
    institution: Name | None = Field(None, description="Bank or broker.")
    external_id: Name | None = Field(None, description="Account number there.")
    cost_method: CostMethod | None = Field(
        None, description="Which lots a sale takes first; all lots of the account are derived anew."
    )
    tax_wrapper: TaxWrapper | None = Field(None, description="How gains are taxed.")
    allow_short: bool | None = Field(None, description="Allow selling more than is held.")
    no_overdraft: bool | None = Field(None, description="Keep cash from falling below zero.")


class BalancesQuery(Model):
    """Whose balances, and at which moment."""

    account_id: uuid.UUID | None = Field(None, description="Only this account; default all.")
    at: Moment | None = Field(
        None, description="Balances at the end of this moment (inclusive); default now, as posted."
    )


class AccountBalances(Model):
    """What one account holds at the moment asked for."""

    account_id: uuid.UUID = Field(description="Id of the account.")
    name: str = Field(description="Name of the account.")
    balances: tuple[Balance, ...] = Field(description="What it holds; zeros are left out.")


class BalancesReport(Model):
    """Balances at a moment."""

    at: dt.datetime | None = Field(description="The moment asked for; null means as posted.")
    accounts: tuple[AccountBalances, ...] = Field(description="The accounts.")
