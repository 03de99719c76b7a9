"""The summary: what is there, what it earned, and how it is spread."""

from pydantic import Field

from bursar.core.model import Model
from bursar.portfolio.models.figures import Dated, FigureValue, ScopeRequest

TOP_POSITIONS_MAX = 50


class SummaryRequest(ScopeRequest):
    """What to summarise."""

    top: int = Field(
        5, ge=0, le=TOP_POSITIONS_MAX, description="How many of the largest positions to show."
    )


class Slice(Model):
    """One key of an allocation."""

    key: str = Field(description="The class, account, currency or other value.")
    name: str = Field(description="The key in words.")
    value: FigureValue = Field(description="Its value.")
    weight: FigureValue = Field(description="Its share of the whole.")


class TopPosition(Model):
    """One of the largest positions, over all accounts of the scope."""

    name: str = Field(description="Ticker, name or currency.")
    instrument_id: str | None = Field(description="The instrument; null for cash.")
    value: FigureValue = Field(description="Its value.")
    weight: FigureValue = Field(description="Its share of the whole.")


class Summary(Dated):
    """A portfolio at a glance. Since the start means since the day before the first activity."""

    net_worth: FigureValue = Field(description="Holdings and cash less debts.")
    cash: FigureValue = Field(description="Cash; negative when more is owed.")
    invested: FigureValue = Field(description="Value of everything but cash.")
    day_change: FigureValue = Field(description="Gain of the last day.")
    cost: FigureValue = Field(description="Cost of what is held.")
    total_gain: FigureValue = Field(description="Gain since the start.")
    realised_gain: FigureValue = Field(description="Realised gain since the start.")
    unrealised_gain: FigureValue = Field(description="Value of holdings less their cost.")
    income: FigureValue = Field(description="Gross income since the start.")
    fees: FigureValue = Field(description="Fees and interest charges since the start.")
    taxes: FigureValue = Field(description="Taxes since the start.")
    contributions: FigureValue = Field(description="Money and assets paid in since the start.")
    withdrawals: FigureValue = Field(description="Money and assets taken out since the start.")
    twr: FigureValue = Field(description="Time-weighted return since the start.")
    twr_local: FigureValue = Field(description="The same without the effect of exchange rates.")
    currency_effect_rate: FigureValue = Field(
        description="That effect as a rate; portfolio performance also has it in money."
    )
    twr_annualised: FigureValue = Field(description="The same a year.")
    twr_year_to_date: FigureValue = Field(description="Time-weighted return this year.")
    xirr: FigureValue = Field(description="Money-weighted return a year since the start.")
    xirr_year_to_date: FigureValue = Field(description="Money-weighted return a year, this year.")
    allocation: tuple[Slice, ...] = Field(description="Shares by asset class, largest first.")
    top_positions: tuple[TopPosition, ...] = Field(description="The largest positions.")
    positions: int = Field(description="How many positions are held, cash included.")
