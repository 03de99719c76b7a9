"""An activity is one thing that happened: it becomes one group of transfers in the book.

Quantities, prices and amounts are exact decimals in major units. `amount` is gross: before `fees`
and `taxes`, which become cost legs of their own.
"""

import datetime as dt
import uuid
from enum import StrEnum

from pydantic import Field, JsonValue

from bursar.core.clock import Moment
from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.ledger.models.accounts import CommodityKind

NAME_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 2_000
TAGS_MAX = 50
LOT_CHOICES_MAX = 1_000
FILTER_IDS_MAX = 1_000


class ActivityKind(StrEnum):
    """What happened."""

    BUY = "buy"
    SELL = "sell"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    INTEREST_CHARGE = "interest_charge"
    FEE = "fee"
    TAX = "tax"
    TAX_REFUND = "tax_refund"
    FX_CONVERSION = "fx_conversion"
    SPLIT = "split"
    SPIN_OFF = "spin_off"
    MERGER = "merger"
    RENAME = "rename"
    RETURN_OF_CAPITAL = "return_of_capital"
    STAKING_REWARD = "staking_reward"
    DELIVERY_IN = "delivery_in"
    DELIVERY_OUT = "delivery_out"
    OTHER_INCOME = "other_income"
    OPENING_BALANCE = "opening_balance"
    OPTION_EXERCISE = "option_exercise"
    OPTION_ASSIGNMENT = "option_assignment"
    OPTION_EXPIRY = "option_expiry"


class InstrumentRef(Model):
    """An instrument as the book needs it: the market's id, and how finely it is counted."""

    instrument_id: uuid.UUID = Field(description="The instrument's id.")
    code: str = Field(min_length=1, max_length=50, description="Symbol to show in messages.")
    exponent: int = Field(ge=0, le=18, description="Decimal places of a quantity.")
    kind: CommodityKind = Field(CommodityKind.SECURITY, description="security, crypto or points.")


class LotChoice(Model):
    """Take `quantity` units from the lot `lot_id`."""

    lot_id: str = Field(min_length=1, max_length=NAME_CHARACTERS_MAX, description="Id of the lot.")
    quantity: Amount = Field(description="Units to take from it.")


class NewActivity(Model):
    """What happened in one account; which fields a kind needs is said at each field."""

    account_id: uuid.UUID = Field(description="The account it happened in.")
    kind: ActivityKind = Field(description="What happened.")
    effective_at: Moment = Field(
        description="When it counts, in UTC. Exactly midnight means that only the day is known."
    )
    instrument: InstrumentRef | None = Field(
        None, description="The instrument traded, delivered, split, or paying the income."
    )
    quantity: Amount | None = Field(
        None,
        description="Units, never negative. split: the units added (left out: from the ratio); "
        "merger, rename: the units that end (left out: all).",
    )
    unit_price: Amount | None = Field(None, description="Price of one unit in `currency`.")
    amount: Amount | None = Field(
        None,
        description="Gross cash in `currency`, not negative (except an opening debt). "
        "buy, sell: left out, it is quantity times unit_price. staking_reward, delivery, "
        "opening_balance of an instrument: its value or cost, no cash moves.",
    )
    currency: str | None = Field(
        None, max_length=10, description="Code of the currency; left out: the account's."
    )
    fees: Amount | None = Field(None, description="Fees in `currency`, beside the amount.")
    taxes: Amount | None = Field(None, description="Taxes in `currency`, beside the amount.")
    counter_account_id: uuid.UUID | None = Field(
        None, description="The own account on the other side of a transfer or conversion."
    )
    counter_instrument: InstrumentRef | None = Field(
        None,
        description="spin_off, merger, rename: the instrument received. option_exercise, "
        "option_assignment: the underlying; its trade at the strike is an activity of its own.",
    )
    counter_quantity: Amount | None = Field(None, description="Units of it received.")
    counter_amount: Amount | None = Field(
        None, description="fx_conversion and transfers between currencies: cash received."
    )
    counter_currency: str | None = Field(None, max_length=10, description="Its currency.")
    ratio: tuple[int, int] | None = Field(
        None,
        description="split: new units for old units, (4, 1). spin_off: the share of the cost that "
        "moves, (1, 10).",
    )
    external_id: str | None = Field(
        None, max_length=NAME_CHARACTERS_MAX, description="The source's own id, once per account."
    )
    content_hash: bytes | None = Field(
        None, max_length=64, description="Hash of the source row, once per account."
    )
    payee: str | None = Field(None, max_length=TEXT_CHARACTERS_MAX, description="Other party.")
    memo: str | None = Field(None, max_length=TEXT_CHARACTERS_MAX, description="Free text.")
    category: str | None = Field(None, max_length=NAME_CHARACTERS_MAX, description="Category.")
    import_id: uuid.UUID | None = Field(None, description="The import it came with.")
    lot_choice: tuple[LotChoice, ...] = Field(
        (), max_length=LOT_CHOICES_MAX, description="sell: the lots to close (method specific)."
    )
    source: str = Field("manual", max_length=NAME_CHARACTERS_MAX, description="Where it is from.")
    metadata: dict[str, JsonValue] = Field(
        default_factory=dict, description="Anything else the source said."
    )


class PostedActivity(Model):
    """The outcome of posting one activity."""

    id: uuid.UUID = Field(description="Id of the activity in the book.")
    duplicate_of: uuid.UUID | None = Field(
        None, description="The activity that was there already; null when this one was added."
    )


class Annotation(Model):
    """What people add to an activity; the activity itself never changes."""

    category: str | None = Field(description="Category; it takes the place of the imported one.")
    note: str | None = Field(description="Free text.")
    tags: tuple[str, ...] = Field(description="Tags.")


class AnnotateActivity(Model):
    """Category, note and tags to keep beside an activity; what is left out stays."""

    activity_id: uuid.UUID = Field(description="Id of the activity.")
    category: str | None = Field(
        None, max_length=NAME_CHARACTERS_MAX, description="Category; empty text removes it."
    )
    note: str | None = Field(
        None, max_length=TEXT_CHARACTERS_MAX, description="Free text; empty text removes it."
    )
    tags: tuple[str, ...] | None = Field(
        None, max_length=TAGS_MAX, description="Tags; an empty list removes them."
    )


class Activity(Model):
    """An activity as the book holds it."""

    id: uuid.UUID = Field(description="Id of the activity.")
    kind: str = Field(
        description="What happened, or payment, refund, reversal, hold, capture, void, expire."
    )
    effective_at: dt.datetime = Field(description="When it counts, in UTC.")
    account_id: uuid.UUID = Field(description="The account.")
    counter_account_id: uuid.UUID | None = Field(description="The own account on the other side.")
    instrument_id: uuid.UUID | None = Field(description="The instrument.")
    quantity: Amount | None = Field(description="Units of the instrument.")
    unit_price: Amount | None = Field(description="Price of one unit.")
    currency: str | None = Field(description="Currency of the amounts.")
    amount: Amount | None = Field(description="Gross amount.")
    fees: Amount | None = Field(description="Fees.")
    taxes: Amount | None = Field(description="Taxes.")
    cash_change: Amount | None = Field(
        description="What the account's cash in that currency gained (or lost, negative)."
    )
    counter_instrument_id: uuid.UUID | None = Field(description="The instrument received.")
    counter_quantity: Amount | None = Field(description="Units of it.")
    counter_amount: Amount | None = Field(description="Cash received in the other currency.")
    counter_currency: str | None = Field(description="That currency.")
    source: str = Field(description="Where the activity came from.")
    external_id: str | None = Field(description="The source's own id.")
    import_id: uuid.UUID | None = Field(description="The import it came with.")
    payee: str | None = Field(description="Other party.")
    memo: str | None = Field(description="Free text of the source.")
    category: str | None = Field(description="Category, a person's before the source's.")
    note: str | None = Field(description="A person's note.")
    tags: tuple[str, ...] = Field(description="A person's tags.")
    reverses_id: uuid.UUID | None = Field(description="The activity this one undoes.")
    reversed_by_id: uuid.UUID | None = Field(description="The activity that undid this one.")


class ActivityFilter(Model):
    """Which activities to find; what is left out does not restrict."""

    ids: tuple[uuid.UUID, ...] = Field(
        (), max_length=FILTER_IDS_MAX, description="These activities, by id."
    )
    account_ids: tuple[uuid.UUID, ...] = Field(
        (), max_length=FILTER_IDS_MAX, description="Accounts, on either side."
    )
    kinds: tuple[ActivityKind, ...] = Field((), max_length=100, description="Kinds of activity.")
    instrument_ids: tuple[uuid.UUID, ...] = Field(
        (), max_length=FILTER_IDS_MAX, description="Instruments, given or received."
    )
    from_at: Moment | None = Field(None, description="Earliest moment, inclusive.")
    to_at: Moment | None = Field(None, description="Latest moment, exclusive.")
    text: str | None = Field(
        None, max_length=NAME_CHARACTERS_MAX, description="Part of payee, memo, category or note."
    )
    category: str | None = Field(
        None, max_length=NAME_CHARACTERS_MAX, description="Exactly this category, in any case."
    )
    amount_min: Amount | None = Field(None, description="Smallest absolute cash change.")
    amount_max: Amount | None = Field(None, description="Largest absolute cash change.")
    import_id: uuid.UUID | None = Field(None, description="Only this import.")
    with_reversed: bool = Field(
        default=False, description="Also show reversed activities and their reversals."
    )
