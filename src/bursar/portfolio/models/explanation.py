"""An explanation: the formula, every stored input, and the figure computed again from them."""

import datetime as dt
import uuid
from typing import Literal

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.portfolio.models.figures import Completeness, FigureValue

ROWS_MAX = 4_000
FIGURE_ID_CHARACTERS_MAX = 2_500


class ExplainRequest(Model):
    """Which figure to explain."""

    figure_id: str = Field(
        min_length=1,
        max_length=FIGURE_ID_CHARACTERS_MAX,
        description="Id of a figure, as returned.",
    )
    limit: int = Field(
        200, ge=1, le=ROWS_MAX, description="Terms and series rows to show, at most 4,000 each."
    )
    offset: int = Field(0, ge=0, le=10_000_000, description="How many of them to skip.")


class PriceOrigin(Model):
    """The stored price a term used."""

    price: Amount = Field(description="Price of one unit, in `currency` of the term.")
    day: dt.date = Field(description="Day it was observed; carried forward to the term's day.")
    source: str = Field(description="Where it came from; own_trade: a trade in this book.")
    time: dt.datetime | None = Field(None, description="Moment of the quote; null: the close.")
    basis: str | None = Field(None, description="raw, split_adjusted or adjusted.")


class RateOrigin(Model):
    """The exchange rate a term used."""

    base: str = Field(description="Currency of the term.")
    quote: str = Field(description="Report currency.")
    rate: Amount = Field(description="Units of quote for one unit of base.")
    day: dt.date | None = Field(description="Day it was observed; null for one currency.")


class LotOrigin(Model):
    """What stands behind the amount of a lot or match, in the currency of its cost."""

    currency: str = Field(description="Currency of cost and proceeds.")
    acquired_on: dt.date = Field(description="Day of acquisition.")
    cost: Amount = Field(description="Cost of the units, fees and taxes included.")
    cost_rate: Amount | None = Field(
        description="Report currency per unit of it on the day the units came in; null: none, or "
        "a pool of several days."
    )
    proceeds: Amount | None = Field(description="What they brought; null for an open lot.")
    proceeds_rate: Amount | None = Field(description="The same rate on the day they went.")


class TermView(Model):
    """One leaf: its factors multiply, its sign says whether it adds or subtracts."""

    kind: str = Field(description="position, flow, income, fee, tax, other, lot, match, invested.")
    side: Literal["top", "bottom"] = Field(description="Above or below the line of a quotient.")
    sign: int = Field(description="1 or -1.")
    day: dt.date = Field(description="The day it counts on.")
    account_id: uuid.UUID | None = Field(description="Account.")
    instrument_id: uuid.UUID | None = Field(description="Instrument; null for cash.")
    name: str = Field(description="Ticker, name or currency.")
    quantity: Amount | None = Field(description="Units; for lots and matches shown, not a factor.")
    multiplier: Amount | None = Field(description="Units one contract stands for.")
    price: PriceOrigin | None = Field(
        description="Price and where it comes from; null for cash, which is 1."
    )
    amount: Amount | None = Field(description="Amount in `currency`, instead of quantity x price.")
    currency: str = Field(description="Currency of price and amount.")
    rate: RateOrigin | None = Field(description="Rate into the report currency; null: not needed.")
    activity_id: uuid.UUID | None = Field(description="The activity in the book it comes from.")
    lot_id: str | None = Field(description="The lot.")
    lot: LotOrigin | None = Field(
        description="Of lots and matches: cost and proceeds, each converted to smallest units of "
        "the report currency when it happened; the amount is what that gives."
    )
    value: Amount | None = Field(description="The product, signed, rounded to 12 places.")
    figure_id: str | None = Field(description="The figure that shows this part alone.")


class SeriesRow(Model):
    """One day of the series. Numbers are float64 in their shortest exact spelling."""

    day: dt.date = Field(description="The day.")
    value: str = Field(description="Value at its end.")
    inflow: str = Field(description="External inflow.")
    outflow: str = Field(description="External outflow.")
    trading: bool = Field(description="Whether it counts as a period of the statistics.")
    opening: str | None = Field(
        None, description="The value before it at this day's rates, for returns without currency."
    )
    income: str | None = Field(None, description="Gross income, for price and total returns.")
    costs: str | None = Field(None, description="Fees, for price and total returns.")
    tax: str | None = Field(None, description="Tax, for price and total returns.")


class Explanation(Model):
    """How a figure comes about, down to what is stored."""

    figure: FigureValue = Field(description="The figure.")
    title: str = Field(description="Its name.")
    formula: str = Field(description="Its formula.")
    version: int = Field(description="Version of the definition.")
    source: str = Field(description="Where the definition comes from.")
    scope: str = Field(description="What it is about.")
    start: dt.date | None = Field(
        description="Start of the period; its close is the opening value."
    )
    end: dt.date = Field(description="Last day.")
    parameters: dict[str, str] = Field(description="Settings that are part of the id.")
    periods_per_year: int | None = Field(description="For statistics.")
    recipe: str = Field(
        description="sum: of the terms, rounded to the currency; quotient: top over bottom; "
        "average: top over the average of the invested changes; series: measured on the rows; "
        "quantity: sum of quantities."
    )
    terms: tuple[TermView, ...] = Field(description="A page of the leaves.")
    terms_total: int = Field(description="How many leaves there are.")
    series: tuple[SeriesRow, ...] = Field(description="A page of the daily series.")
    series_total: int = Field(description="How many days there are.")
    benchmark: tuple[str | None, ...] = Field(
        description="The benchmark's returns on the trading days; null where it has none."
    )
    next_offset: int | None = Field(description="Offset of the next page; null on the last.")
    parts: tuple[FigureValue, ...] = Field(description="Figures it is made of, to look into next.")
    left_out: tuple[str, ...] = Field(description="What was not counted, and why.")
    completeness: Completeness = Field(description="Missing and stale inputs on the last day.")
    recomputed: Amount | None = Field(description="The value computed again from these inputs.")
