"""Corporate actions carried out in the accounts that hold the instrument."""

import datetime as dt
import uuid
from enum import StrEnum

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.market.models.instruments import Reference


class Outcome(StrEnum):
    """What became of one action in one account."""

    POSTED = "posted"
    CORRECTED = "corrected"
    REVERSED = "reversed"
    IN_STATEMENT = "in_statement"
    REFUSED = "refused"


class ApplyCorporateActions(Model):
    """Which corporate actions to carry out."""

    instrument: Reference | None = Field(
        None, description="Only of this instrument (ticker, id or scheme:value); default all held."
    )
    with_dividends: bool = Field(
        default=False,
        description="Also book dividends, special dividends and returns of capital that no "
        "statement brought, as quantity held times the amount.",
    )


class AppliedAction(Model):
    """What was done about one corporate action in one account."""

    action_id: uuid.UUID = Field(description="Id of the corporate action.")
    kind: str = Field(description="split, spin_off, merger, stock_dividend, dividend and so on.")
    code: str = Field(description="Symbol of the instrument.")
    ex_date: dt.date = Field(description="First day a buyer no longer takes part.")
    account_id: uuid.UUID = Field(description="Account.")
    account_name: str = Field(description="Its name.")
    outcome: Outcome = Field(
        description="posted; corrected: reversed and posted anew because what was held changed; "
        "reversed: nothing was held after all; in_statement: a statement brought it; refused."
    )
    quantity_before: Amount = Field(description="Units held just before.")
    difference: str | None = Field(
        description="Where the statement and the action do not agree, or why it was refused."
    )

    def in_words(self) -> str:
        """Return one sentence."""
        said = f"{self.kind} of {self.code} on {self.ex_date} in {self.account_name}: "
        return (
            said + self.outcome.value + ("" if self.difference is None else f", {self.difference}")
        )


class AppliedActions(Model):
    """What was done; actions that stood already are only counted."""

    unchanged: int = Field(description="Actions that stood already as they should.")
    items: tuple[AppliedAction, ...] = Field(description="What was done, at most 1,000.")
