"""What units cost that came in without a cost: told by a person after the fact."""

import datetime as dt
import uuid

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.market.models.instruments import Reference


class StateCost(Model):
    """What the units of an opening or a delivery cost, or where their cost comes from."""

    transaction_id: uuid.UUID = Field(
        description="The opening_balance, delivery_in, transfer_in or spin_off that brought them; "
        "completeness of portfolio answers names it."
    )
    cost: Amount | None = Field(None, description="What all its units cost, fees included.")
    unit_cost: Amount | None = Field(None, description="What one unit cost, instead of cost.")
    currency: str | None = Field(
        None, max_length=10, description="Currency of the cost; left out: the instrument's."
    )
    acquired_on: dt.date | None = Field(
        None, description="Day they were bought; left out: the day they came in."
    )
    from_instrument: Reference | None = Field(
        None,
        description="The units came out of this instrument of the same account: by a spin-off when "
        "share is given, else by a merger that ended it. Its lots and cost carry over.",
    )
    share: Amount | None = Field(
        None, description='Spin-off: the part of the cost that moves, "0.2" for 20 %.'
    )
    reason: str = Field("cost stated", min_length=1, max_length=500, description="Why.")


class StatedCost(Model):
    """What stating a cost did."""

    transaction_id: uuid.UUID = Field(description="The transaction that states the cost.")
    kind: str = Field(description="What it is now, such as opening_balance or spin_off.")
    replaced: tuple[uuid.UUID, ...] = Field(
        description="Transactions it takes the place of; the book keeps them and their reversals."
    )
    cost: Amount | None = Field(description="The cost; null: carried over from another instrument.")
    currency: str | None = Field(description="Its currency.")
