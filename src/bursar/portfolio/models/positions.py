"""Positions, their lots, and the history of values."""

import datetime as dt
import uuid
from typing import Literal

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.ledger.models import CostMethod
from bursar.portfolio.models.figures import Dated, FigureValue, ScopeRequest
from bursar.runtime.pages import CURSOR_CHARACTERS_MAX, PAGE_ROWS_MAX

LOTS_MAX = 1_000
HISTORY_ROWS_MAX = 4_000


class PositionsRequest(ScopeRequest):
    """Which positions to list, largest first."""

    method: CostMethod | None = Field(
        None, description="Cost method instead of the accounts' own: fifo, lifo, hifo and so on."
    )
    lots: bool = Field(default=False, description="Also list the open lots (at most 1,000 each).")
    returns: bool = Field(
        default=False,
        description="Also measure each position since the start: return, return without currency "
        "effect, and that effect in money and as a rate.",
    )
    cash: bool = Field(default=True, description="Also list cash.")
    limit: int = Field(100, ge=1, le=PAGE_ROWS_MAX, description="Rows to return, at most 500.")
    cursor: str | None = Field(
        None,
        max_length=CURSOR_CHARACTERS_MAX,
        description="Where to go on: next_cursor of the previous page.",
    )


class OpenLot(Model):
    """Units acquired together that are still held. Amounts are in `currency`."""

    id: str = Field(description="Id of the lot; name it to choose it for a sale.")
    activity_id: str = Field(description="The activity that opened it.")
    acquired_on: dt.date = Field(description="Day of acquisition; kept over transfers.")
    quantity: Amount = Field(description="Units still held; negative when short.")
    cost: Amount | None = Field(
        description="Their cost with fees and taxes; null: what brought them does not say."
    )
    fees: Amount = Field(description="Fees and taxes in that cost.")
    currency: str = Field(description="Currency of the cost.")
    report_cost: Amount | None = Field(description="Cost in report currency; null without rate.")
    long_term_from: dt.date = Field(description="First day on which a sale is long-term.")


class PositionReturns(Model):
    """What a position returned since the start, with and without exchange rates."""

    twr: FigureValue = Field(description="Time-weighted return.")
    twr_local: FigureValue = Field(description="The same without the effect of exchange rates.")
    currency_effect_rate: FigureValue = Field(description="That effect as a rate.")
    gain: FigureValue = Field(description="Gain in money.")
    currency_effect: FigureValue = Field(description="The effect of exchange rates in that gain.")


class PositionRow(Model):
    """One instrument or currency in one account."""

    account_id: uuid.UUID = Field(description="The account.")
    account: str = Field(description="Name of the account.")
    instrument_id: uuid.UUID | None = Field(description="The instrument; null for cash.")
    name: str = Field(description="Ticker, name or currency.")
    asset_class: str = Field(description="Asset class; cash for money.")
    quantity: FigureValue = Field(description="Units held; for cash the amount.")
    price: Amount | None = Field(description="Price used, in `price_currency`; null: none known.")
    price_currency: str = Field(description="Currency of the price.")
    price_day: dt.date | None = Field(description="Day the price is of.")
    price_source: Literal["market", "own_trade", "cash"] = Field(
        description="own_trade: no market price yet, so the last price paid in this book."
    )
    rate: Amount | None = Field(description="Report currency per unit of the price's currency.")
    value: FigureValue = Field(description="Market value.")
    weight: FigureValue = Field(description="Share of the scope's value.")
    cost: FigureValue | None = Field(description="Cost of what is held; null for cash.")
    unrealised_gain: FigureValue | None = Field(description="Value less cost; null for cash.")
    realised_gain: FigureValue | None = Field(description="Since the start; null for cash.")
    income: FigureValue | None = Field(description="Gross, since the start; null for cash.")
    method: str | None = Field(description="Cost method used.")
    returns: PositionReturns | None = Field(
        None, description="Returns since the start, when asked for."
    )
    lots: tuple[OpenLot, ...] | None = Field(None, description="Open lots, oldest first.")


class Positions(Dated):
    """A page of positions."""

    items: tuple[PositionRow, ...] = Field(description="The positions, largest first.")
    total: FigureValue = Field(description="Value of the whole scope.")
    count: int = Field(description="Positions of the whole scope.")
    next_cursor: str | None = Field(description="Cursor of the next page; null on the last.")


class HistoryRequest(ScopeRequest):
    """Which days to show."""

    days: int | None = Field(
        None, ge=1, le=36_600, description="How many days back from as_of; default everything."
    )
    start: dt.date | None = Field(None, description="First day shown, instead of days.")
    sampling: Literal["day", "week", "month"] = Field(
        "day", description="day, or the last day of each week or month; flows are summed."
    )
    limit: int = Field(
        HISTORY_ROWS_MAX, ge=1, le=HISTORY_ROWS_MAX, description="Newest rows shown, at most 4,000."
    )


class HistoryRow(Model):
    """One day, or the days up to it when sampled."""

    day: dt.date = Field(description="The day.")
    value: Amount | None = Field(description="Value at its end; null without price or rate.")
    inflow: Amount = Field(description="External inflow since the row before.")
    outflow: Amount = Field(description="External outflow since the row before.")
    cash: Amount | None = Field(description="Cash part of the value.")


class History(Dated):
    """Value and flows over time, oldest first."""

    start: dt.date = Field(description="First day of the range.")
    sampling: str = Field(description="day, week or month.")
    items: tuple[HistoryRow, ...] = Field(description="The rows.")
    more: bool = Field(description="True when older rows were left out by the limit.")
    figure_id: str = Field(
        description="Id of the value on the last day; change its day to explain another one."
    )
