"""Transactions as people see them: activities of the book with names, and the ways to enter them."""

import datetime as dt
import uuid

from pydantic import Field

from bursar.banking.formats.statement import Moment
from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.ledger.models import ActivityKind, LotChoice
from bursar.market.models.instruments import Reference
from bursar.runtime.pages import PageRequest

NAME_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 2_000
KINDS_MAX = 50
TAGS_MAX = 50
LOTS_MAX = 1_000

AccountName = Field(
    min_length=1, max_length=NAME_CHARACTERS_MAX, description="Account, by id or name."
)


class TransactionFields(Model):
    """What happened; which fields a kind needs is checked and told field by field."""

    account: str = AccountName
    kind: ActivityKind = Field(
        description="buy, sell, deposit, withdrawal, transfer_in, transfer_out, dividend, "
        "interest, interest_charge, fee, tax, tax_refund, fx_conversion, split, spin_off, merger, "
        "rename, return_of_capital, staking_reward, delivery_in, delivery_out, other_income, "
        "opening_balance, option_exercise, option_assignment or option_expiry."
    )
    effective_at: Moment = Field(
        description="Day (YYYY-MM-DD) or moment (YYYY-MM-DDTHH:MM:SSZ) at which it counts."
    )
    instrument: Reference | None = Field(
        None, description="Instrument by ticker, id or scheme:value such as isin:US0378331005."
    )
    quantity: Amount | None = Field(None, description="Units, never negative.")
    unit_price: Amount | None = Field(None, description="Price of one unit.")
    amount: Amount | None = Field(
        None,
        description="Gross cash before fees and taxes; buy and sell: left out, it is quantity "
        "times unit_price.",
    )
    currency: str | None = Field(
        None, max_length=10, description="Currency code; left out: the account's."
    )
    fees: Amount | None = Field(None, description="Fees, beside the amount.")
    taxes: Amount | None = Field(None, description="Taxes, beside the amount.")
    counter_account: str | None = Field(
        None,
        max_length=NAME_CHARACTERS_MAX,
        description="transfer, fx_conversion: the own account on the other side, by id or name.",
    )
    counter_instrument: Reference | None = Field(
        None,
        description="spin_off, merger, rename: the instrument received. option_exercise, "
        "option_assignment: the underlying; record its buy or sell at the strike beside it, on the "
        "same day, and the premium joins it.",
    )
    counter_quantity: Amount | None = Field(
        None,
        description="Units of it received; for options left out: contracts times contract size.",
    )
    counter_amount: Amount | None = Field(
        None, description="fx_conversion, transfer between currencies: cash received."
    )
    counter_currency: str | None = Field(None, max_length=10, description="Its currency.")
    ratio: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]{0,11}[:/][1-9][0-9]{0,11}$",
        description="split: new for old units, such as 4:1. spin_off: share of the cost that "
        "moves, such as 1:10.",
    )
    acquired_on: dt.date | None = Field(
        None,
        description="delivery_in, transfer_in, opening_balance: the day the units were bought; "
        "left out: the day they come in.",
    )
    payee: str | None = Field(None, max_length=TEXT_CHARACTERS_MAX, description="Other party.")
    memo: str | None = Field(None, max_length=TEXT_CHARACTERS_MAX, description="Free text.")
    category: str | None = Field(None, max_length=NAME_CHARACTERS_MAX, description="Category.")
    external_id: str | None = Field(
        None,
        max_length=NAME_CHARACTERS_MAX,
        description="An id of your own: the same one in the same account is added once.",
    )
    lots: tuple[LotChoice, ...] = Field(
        (), max_length=LOTS_MAX, description="sell: the lots to close (cost method specific)."
    )


class RecordTransaction(TransactionFields):
    """One transaction to enter by hand."""


class CorrectTransaction(TransactionFields):
    """What really happened, in place of a transaction that was entered wrongly."""

    transaction_id: uuid.UUID = Field(description="Id of the wrong transaction.")
    reason: str = Field(
        "corrected", min_length=1, max_length=500, description="Why it is corrected."
    )


class ReverseTransaction(Model):
    """A transaction to undo."""

    transaction_id: uuid.UUID = Field(description="Id of the transaction.")
    reason: str = Field("reversed", min_length=1, max_length=500, description="Why it is undone.")


class CategoriseTransaction(Model):
    """Category, note and tags of a transaction; what is left out stays."""

    transaction_id: uuid.UUID = Field(description="Id of the transaction.")
    category: str | None = Field(
        None, max_length=NAME_CHARACTERS_MAX, description="Category; empty text removes it."
    )
    note: str | None = Field(
        None, max_length=TEXT_CHARACTERS_MAX, description="Free text; empty text removes it."
    )
    tags: tuple[str, ...] | None = Field(
        None, max_length=TAGS_MAX, description="Tags; an empty list removes them."
    )


class SearchTransactions(PageRequest):
    """Which transactions to find; what is left out does not restrict. Newest first."""

    text: str | None = Field(
        None, max_length=NAME_CHARACTERS_MAX, description="Part of payee, memo, category, note."
    )
    account: str | None = Field(
        None, max_length=NAME_CHARACTERS_MAX, description="Account on either side, by id or name."
    )
    kinds: tuple[ActivityKind, ...] = Field(
        (), max_length=KINDS_MAX, description="Kinds, such as buy, sell, dividend."
    )
    instrument: Reference | None = Field(
        None, description="Instrument by ticker, id or scheme:value."
    )
    category: str | None = Field(
        None, max_length=NAME_CHARACTERS_MAX, description="Exactly this category."
    )
    first_day: dt.date | None = Field(None, description="Earliest day, inclusive.")
    last_day: dt.date | None = Field(None, description="Latest day, inclusive.")
    amount_min: Amount | None = Field(None, description="Smallest cash change, without sign.")
    amount_max: Amount | None = Field(None, description="Largest cash change, without sign.")
    import_id: uuid.UUID | None = Field(None, description="Only what this import added.")
    with_reversed: bool = Field(
        default=False, description="Also reversed ones and their reversals."
    )


class TransactionRow(Model):
    """A transaction with the names of its account and instrument."""

    id: uuid.UUID = Field(description="Id of the transaction.")
    kind: str = Field(description="What happened.")
    effective_at: dt.datetime = Field(description="When it counts, in UTC; midnight: only the day.")
    account_id: uuid.UUID = Field(description="Account.")
    account_name: str = Field(description="Its name.")
    counter_account_id: uuid.UUID | None = Field(description="Own account on the other side.")
    counter_account_name: str | None = Field(description="Its name.")
    instrument_id: uuid.UUID | None = Field(description="Instrument.")
    ticker: str | None = Field(description="Its ticker today, or its name.")
    instrument_name: str | None = Field(description="Its name.")
    quantity: Amount | None = Field(description="Units.")
    unit_price: Amount | None = Field(description="Price of one unit.")
    currency: str | None = Field(description="Currency of the amounts.")
    amount: Amount | None = Field(description="Gross amount.")
    fees: Amount | None = Field(description="Fees.")
    taxes: Amount | None = Field(description="Taxes.")
    cash_change: Amount | None = Field(
        description="What the account's cash in that currency gained (or lost, negative)."
    )
    balance_after: Amount | None = Field(
        description="Cash in the account's own currency after it; only when one account and "
        "nothing else is asked for, else null."
    )
    counter_instrument_id: uuid.UUID | None = Field(description="Instrument received.")
    counter_ticker: str | None = Field(description="Its ticker today, or its name.")
    counter_quantity: Amount | None = Field(description="Units of it.")
    counter_amount: Amount | None = Field(description="Cash received in the other currency.")
    counter_currency: str | None = Field(description="That currency.")
    payee: str | None = Field(description="Other party.")
    memo: str | None = Field(description="Free text of the source.")
    category: str | None = Field(description="Category.")
    note: str | None = Field(description="A person's note.")
    tags: tuple[str, ...] = Field(description="A person's tags.")
    source: str = Field(description="Where it came from.")
    external_id: str | None = Field(description="The source's own id.")
    import_id: uuid.UUID | None = Field(description="The import it came with.")
    reverses_id: uuid.UUID | None = Field(description="The transaction this one undoes.")
    reversed_by_id: uuid.UUID | None = Field(description="The transaction that undid this one.")


class RecordedTransaction(Model):
    """What entering a transaction did."""

    transaction_id: uuid.UUID = Field(description="Id of the transaction.")
    duplicate: bool = Field(description="True when its external_id was there already.")
    reversal_id: uuid.UUID | None = Field(
        description="The reversal of the wrong one; null unless corrected."
    )
    corporate_actions: tuple[str, ...] = Field(
        description="Splits and other actions that were carried out or corrected because of it."
    )


class ReversedTransaction(Model):
    """What undoing a transaction did."""

    transaction_id: uuid.UUID = Field(description="Id of the transaction that was undone.")
    reversal_id: uuid.UUID = Field(description="Id of the transaction that undoes it.")
    corporate_actions: tuple[str, ...] = Field(
        description="Splits and other actions that were corrected because of it."
    )


class CategorisedTransaction(Model):
    """What people added to a transaction."""

    transaction_id: uuid.UUID = Field(description="Id of the transaction.")
    category: str | None = Field(description="Category.")
    note: str | None = Field(description="Note.")
    tags: tuple[str, ...] = Field(description="Tags.")
