"""Lots and realised gains as interfaces show them, in major units."""

import datetime as dt
import uuid

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.ledger.models.accounts import CostMethod

LOTS_MAX = 5_000


class LotsQuery(Model):
    """Which lots; what is left out does not restrict."""

    account_id: uuid.UUID | None = Field(None, description="Only this account.")
    instrument_id: uuid.UUID | None = Field(None, description="Only this instrument.")
    method: CostMethod | None = Field(
        None,
        description="fifo, lifo, hifo, lofo, average or specific; default each account's own.",
    )
    as_of: dt.date | None = Field(None, description="At the end of this day; default now.")
    limit: int = Field(500, ge=1, le=LOTS_MAX, description="Rows to return, at most 5000.")
    cursor: str | None = Field(
        None, max_length=512, description="Where to go on: next_cursor of the previous page."
    )


class TaxLot(Model):
    """An open lot; a short one has negative quantities and costs."""

    lot_id: str = Field(description="Id of the lot; name it to sell from it (method specific).")
    account_id: uuid.UUID = Field(description="The account.")
    instrument_id: uuid.UUID = Field(description="The instrument.")
    code: str = Field(description="Its symbol.")
    opened_by: uuid.UUID = Field(description="The activity that opened the lot.")
    acquired_on: dt.date = Field(description="Day of acquisition; transfers keep it.")
    quantity: Amount = Field(description="Units opened, restated for splits.")
    remaining: Amount = Field(description="Units still held.")
    cost: Amount | None = Field(
        description="Cost of the units opened, fees and taxes included; null: not stated."
    )
    remaining_cost: Amount | None = Field(
        description="Cost of the units still held; null: not stated."
    )
    remaining_fees: Amount = Field(description="Fees and taxes inside remaining_cost.")
    currency: str = Field(description="Currency of the costs.")


class LotProblem(Model):
    """Why a position's lots are missing or incomplete."""

    account_id: uuid.UUID = Field(description="The account.")
    instrument_id: uuid.UUID = Field(description="The instrument.")
    code: str = Field(description="Stable code of the reason.")
    message: str = Field(description="The reason.")


class LotsReport(Model):
    """Open lots, and the positions whose lots cannot be told in full."""

    items: tuple[TaxLot, ...] = Field(description="The lots of this page.")
    problems: tuple[LotProblem, ...] = Field(description="Positions without certain lots.")
    next_cursor: str | None = Field(description="Cursor of the next page; null on the last page.")


class GainsQuery(Model):
    """Which realised gains; what is left out does not restrict."""

    account_id: uuid.UUID | None = Field(None, description="Only this account.")
    instrument_id: uuid.UUID | None = Field(None, description="Only this instrument.")
    from_on: dt.date | None = Field(None, description="First day of disposal, inclusive.")
    to_on: dt.date | None = Field(None, description="Last day of disposal, inclusive.")
    method: CostMethod | None = Field(
        None,
        description="fifo, lifo, hifo, lofo, average or specific; default each account's own.",
    )
    limit: int = Field(1_000, ge=1, le=LOTS_MAX, description="Rows to return, at most 5000.")


class RealizedGain(Model):
    """A part of a lot that was closed; gain = proceeds - cost, both after fees and taxes."""

    account_id: uuid.UUID = Field(description="The account.")
    instrument_id: uuid.UUID = Field(description="The instrument.")
    code: str = Field(description="Its symbol.")
    lot_id: str = Field(description="The lot.")
    opened_by: uuid.UUID = Field(description="The activity that opened it.")
    closed_by: uuid.UUID = Field(description="The activity that closed this part of it.")
    kind: str = Field(description="sale, cover, delivery, cash_in_lieu, merger_cash, ...")
    quantity: Amount = Field(description="Units closed; negative when a short was covered.")
    proceeds: Amount = Field(description="What it brought.")
    cost: Amount | None = Field(description="What it had cost; null: not stated.")
    gain: Amount | None = Field(
        description="Gain, or loss when negative; null: the cost is not stated."
    )
    fees: Amount = Field(description="Fees and taxes of both sides, inside proceeds and cost.")
    currency: str = Field(description="Currency of the amounts.")
    opened_on: dt.date = Field(description="Day of acquisition.")
    closed_on: dt.date = Field(description="Day of disposal.")
    term: str = Field(description="short or long (held for more than a year).")


class GainTotal(Model):
    """Sums over all matching gains with a cost, also those beyond the limit."""

    currency: str = Field(description="Currency.")
    term: str = Field(description="short or long.")
    proceeds: Amount = Field(description="Sum of proceeds.")
    cost: Amount = Field(description="Sum of costs.")
    gain: Amount = Field(description="Sum of gains and losses.")


class GainsReport(Model):
    """Realised gains, their totals, and positions whose lots cannot be told in full."""

    items: tuple[RealizedGain, ...] = Field(description="Gains by day of disposal.")
    totals: tuple[GainTotal, ...] = Field(description="Totals by currency and term.")
    without_cost: int = Field(
        description="Gains without a value because the cost is not stated; in no total."
    )
    truncated: bool = Field(description="Whether more gains matched than the limit shows.")
    problems: tuple[LotProblem, ...] = Field(description="Positions without certain lots.")
