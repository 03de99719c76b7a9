"""Transfers between own accounts: what is asked and answered."""

import datetime as dt
import uuid

from pydantic import Field, model_validator

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.payments.models.payments import (
    DESCRIPTION_CHARACTERS_MAX,
    AccountName,
    Reason,
)


class CreateTransfer(Model):
    """An amount to move between two of your accounts."""

    from_account: AccountName = Field(description="Account that gives: its name or id.")
    to_account: AccountName = Field(description="Account that receives: its name or id.")
    amount: Amount = Field(description="Amount that leaves, above zero.")
    currency: str | None = Field(
        None, max_length=10, description="Its currency; left out: the giving account's."
    )
    to_currency: str | None = Field(
        None, max_length=10, description="Currency that arrives; left out: the same."
    )
    rate: Amount | None = Field(
        None, description="Other currency: what one unit of `currency` gives of `to_currency`."
    )
    to_amount: Amount | None = Field(
        None, description="Other currency: the exact amount that arrives, instead of a rate."
    )
    description: str | None = Field(
        None, max_length=DESCRIPTION_CHARACTERS_MAX, description="What it is for."
    )

    @model_validator(mode="after")
    def _whole(self) -> "CreateTransfer":
        stated = [name for name in ("rate", "to_amount") if getattr(self, name) is not None]
        if len(stated) > 1:
            msg = "give rate or to_amount, not both"
            raise ValueError(msg)
        if self.rate is not None and self.rate <= 0:
            msg = "rate must be above zero"
            raise ValueError(msg)
        return self


class TransferReference(Model):
    """Names one transfer."""

    transfer_id: uuid.UUID = Field(description="Id of the transfer.")


class ReverseTransfer(TransferReference):
    """A transfer to undo."""

    reason: Reason = Field(description="Why, for the record.")


class Transfer(Model):
    """An amount moved between two own accounts."""

    id: uuid.UUID = Field(description="Id of the transfer.")
    from_account_id: uuid.UUID = Field(description="Account that gave.")
    to_account_id: uuid.UUID = Field(description="Account that received.")
    amount: Amount = Field(description="What left.")
    currency: str = Field(description="Its currency.")
    to_amount: Amount = Field(description="What arrived.")
    to_currency: str = Field(description="Its currency.")
    description: str | None = Field(description="What it is for.")
    created_at: dt.datetime = Field(description="When, in UTC.")
    reversed_by_id: uuid.UUID | None = Field(description="The reversal; null while it stands.")
