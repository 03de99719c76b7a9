"""Corporate actions: splits, dividends, renames, spin-offs, mergers."""

import datetime as dt
import uuid
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.market.models.instruments import Currency, Reference
from bursar.runtime.pages import PageRequest

FILE_CHARACTERS_MAX = 4 * 1024 * 1024


class ActionKind(StrEnum):
    """What a company did to its shares."""

    SPLIT = "split"
    DIVIDEND = "dividend"
    SPECIAL_DIVIDEND = "special_dividend"
    STOCK_DIVIDEND = "stock_dividend"
    RENAME = "rename"
    SPIN_OFF = "spin_off"
    MERGER = "merger"
    RETURN_OF_CAPITAL = "return_of_capital"
    DELISTING = "delisting"


NEEDS_RATIO = frozenset({ActionKind.SPLIT, ActionKind.STOCK_DIVIDEND, ActionKind.SPIN_OFF})
NEEDS_AMOUNT = frozenset(
    {ActionKind.DIVIDEND, ActionKind.SPECIAL_DIVIDEND, ActionKind.RETURN_OF_CAPITAL}
)
NEEDS_INSTRUMENT = frozenset({ActionKind.SPIN_OFF})
NEEDS_ANY = frozenset({ActionKind.MERGER})


class RecordCorporateAction(Model):
    """A corporate action to record."""

    instrument: Reference
    kind: ActionKind = Field(description="split, dividend, spin_off, merger, rename and so on.")
    ex_date: dt.date = Field(description="First day a buyer no longer takes part.")
    pay_date: dt.date | None = Field(None, description="Day of payment, if known.")
    ratio_numerator: int | None = Field(
        None,
        gt=0,
        le=10**12,
        description="New units (4 in a 4:1 split; 1 in a 1:10 reverse split).",
    )
    ratio_denominator: int | None = Field(
        None, gt=0, le=10**12, description="Units held before (1 in a 4:1 split)."
    )
    amount: Amount | None = Field(None, description="Cash for each unit held.")
    currency: Currency | None = Field(
        None, description="Currency of the amount; blank: the instrument's."
    )
    new_instrument: Reference | None = Field(
        None, description="Instrument received in a spin-off or merger."
    )
    cost_fraction: Amount | None = Field(
        None, description='Part of the cost that moves to the new instrument, "0" to "1".'
    )
    source: str = Field("manual", min_length=1, max_length=60, description="Where it comes from.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.ratio_numerator is None) != (self.ratio_denominator is None):
            msg = "a ratio needs both ratio_numerator and ratio_denominator"
            raise ValueError(msg)
        if self.kind in NEEDS_RATIO and self.ratio_numerator is None:
            msg = f"a {self.kind} needs ratio_numerator and ratio_denominator"
            raise ValueError(msg)
        if self.kind in NEEDS_AMOUNT and self.amount is None:
            msg = f"a {self.kind} needs an amount"
            raise ValueError(msg)
        if self.kind in NEEDS_INSTRUMENT and self.new_instrument is None:
            msg = f"a {self.kind} needs new_instrument"
            raise ValueError(msg)
        if self.kind in NEEDS_ANY and self.amount is None and self.new_instrument is None:
            msg = f"a {self.kind} needs an amount, a new_instrument with its ratio, or both"
            raise ValueError(msg)
        if self.kind in NEEDS_ANY and self.new_instrument and self.ratio_numerator is None:
            msg = f"a {self.kind} into another instrument needs its ratio"
            raise ValueError(msg)
        if self.amount is not None and self.amount <= 0:
            msg = "the amount must be greater than zero"
            raise ValueError(msg)
        if self.cost_fraction is not None and not 0 <= self.cost_fraction <= 1:
            msg = "cost_fraction lies between 0 and 1"
            raise ValueError(msg)
        return self


class CorporateActionRow(Model):
    """A recorded corporate action."""

    id: uuid.UUID = Field(description="Id of the action; it stays when the action is corrected.")
    instrument_id: uuid.UUID = Field(description="Instrument it happened to.")
    kind: ActionKind = Field(description="What happened.")
    ex_date: dt.date = Field(description="First day a buyer no longer takes part.")
    pay_date: dt.date | None = Field(description="Day of payment, if known.")
    ratio_numerator: int | None = Field(description="New units.")
    ratio_denominator: int | None = Field(description="Units held before.")
    amount: Amount | None = Field(description="Cash for each unit held.")
    currency: str | None = Field(description="Currency of the amount.")
    new_instrument_id: uuid.UUID | None = Field(description="Instrument received, if any.")
    cost_fraction: Amount | None = Field(description="Part of the cost that moves with it.")
    source: str = Field(description="Where it came from.")


class ListCorporateActions(PageRequest):
    """Which actions to list, in order of ex-date."""

    instrument: Reference | None = Field(None, description="Only this instrument.")
    kind: ActionKind | None = Field(None, description="Only this kind.")
    first_day: dt.date | None = Field(None, description="Earliest ex-date.")
    last_day: dt.date | None = Field(None, description="Latest ex-date.")


class LoadCorporateActions(Model):
    """A file of corporate actions of one instrument."""

    instrument: Reference
    text: str = Field(
        max_length=FILE_CHARACTERS_MAX,
        description="CSV of cumulative factors (last_date,price_factor,split_factor,"
        "reference_close) or of actions (kind,ex_date,ratio,amount,currency; ratio as 4:1).",
    )
    source: str = Field("file", min_length=1, max_length=60, description="Where it comes from.")


class CorporateActionsLoaded(Model):
    """What loading actions did."""

    splits: int = Field(description="Splits in the file.")
    dividends: int = Field(description="Dividends in the file.")
    others: int = Field(description="Other actions in the file.")
    written: int = Field(description="Actions that were new or corrected an earlier one.")
    unchanged: int = Field(description="Actions that were there already.")
