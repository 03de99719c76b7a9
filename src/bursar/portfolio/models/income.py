"""Income by month and by instrument, and allocation by any taxonomy."""

import datetime as dt
import uuid
from typing import Literal

from pydantic import Field

from bursar.core.model import Model
from bursar.portfolio.models.figures import Dated, FigureValue, ScopeRequest
from bursar.portfolio.models.summary import Slice

MONTHS_MAX = 1_200


class IncomeRequest(ScopeRequest):
    """Over which period."""

    start: dt.date | None = Field(
        None, description="Income after this day; default since the start."
    )


class MonthIncome(Model):
    """Income of one calendar month, in report currency."""

    month: str = Field(description="Such as 2024-03.")
    gross: FigureValue = Field(description="Before tax.")
    tax: FigureValue = Field(description="Tax on it: taxes of the activities that paid income.")
    net: FigureValue = Field(description="Gross less that tax.")


class InstrumentIncome(Model):
    """Income of one instrument; cash interest and the like stand under null."""

    instrument_id: uuid.UUID | None = Field(description="The instrument; null: none.")
    name: str = Field(description="Ticker or name; cash for income without an instrument.")
    gross: FigureValue = Field(description="Before tax.")
    tax: FigureValue = Field(description="Tax on it.")
    net: FigureValue = Field(description="Gross less tax.")
    yield_on_cost: FigureValue | None = Field(
        description="Income of the last 365 days over cost; null for cash."
    )
    payments: int = Field(description="How many payments.")
    last_payment: dt.date | None = Field(description="Day of the last one.")
    rhythm: Literal["monthly", "quarterly", "half_yearly", "yearly", "irregular"] | None = Field(
        description="How often it pays, from the days between payments; null under 3 payments."
    )


class Income(Dated):
    """What was earned in (start, as_of]."""

    start: dt.date = Field(description="Income after this day.")
    gross: FigureValue = Field(description="All income before tax.")
    tax: FigureValue = Field(description="Tax on it.")
    net: FigureValue = Field(description="Gross less that tax.")
    months: tuple[MonthIncome, ...] = Field(description="By month, oldest first.")
    instruments: tuple[InstrumentIncome, ...] = Field(description="By instrument, largest first.")


class AllocationRequest(ScopeRequest):
    """By what to divide."""

    by: str = Field(
        "asset_class",
        min_length=1,
        max_length=120,
        description="asset_class, account, currency, instrument, or any classification of the "
        "instruments, such as sector or region.",
    )


class Allocation(Dated):
    """Shares of a scope; they sum to 1 when there is a total above zero."""

    by: str = Field(description="By what it is divided.")
    total: FigureValue = Field(description="Value of the whole scope.")
    slices: tuple[Slice, ...] = Field(description="The shares, largest first, at most 500.")
