"""Figures, and what is missing behind them."""

import datetime as dt
import uuid
from typing import Literal

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount

NAME_CHARACTERS_MAX = 200


class FigureValue(Model):
    """A figure: a value or the reason why there is none, and the id that explains it."""

    id: str = Field(
        description="Pass it to explain_figure; the same id has the same value anywhere."
    )
    definition: str = Field(description="Definition and version, such as twr.v1.")
    value: Amount | None = Field(description="The value as text; null when undefined.")
    reason: str | None = Field(None, description="Why it is undefined, a stable code.")
    reason_text: str | None = Field(None, description="The reason in a sentence.")
    unit: str = Field(
        description="money, ratio (0.05 is 5 %), ratio_per_year, number (such as a Sharpe ratio), "
        "days, quantity."
    )
    currency: str | None = Field(None, description="Currency of a money figure.")
    observations: int | None = Field(None, description="Returns used by a statistic.")
    roots: tuple[Amount, ...] = Field((), description="XIRR: every rate that solves it.")


class PriceProblem(Model):
    """A held instrument whose price is missing or too old."""

    instrument_id: uuid.UUID = Field(description="The instrument.")
    name: str = Field(description="Its ticker or name.")
    problem: Literal["missing", "stale"] = Field(description="missing or stale.")
    price_day: dt.date | None = Field(description="Day of the last price; null: there is none.")
    age_days: int | None = Field(description="Days between that day and the day valued.")


class RateProblem(Model):
    """A currency without a fresh exchange rate."""

    currency: str = Field(description="The currency.")
    problem: Literal["missing", "stale"] = Field(description="missing or stale.")
    rate_day: dt.date | None = Field(description="Day of the last rate; null: there is none.")
    age_days: int | None = Field(description="Days between that day and the day valued.")


class Gap(Model):
    """A stretch of days inside a period on which something was held without a fresh input."""

    problem: Literal["missing", "stale"] = Field(description="missing or stale.")
    first_day: dt.date = Field(description="First day without a fresh one.")
    last_day: dt.date = Field(description="Last such day, inclusive.")
    days: int = Field(description="How many days.")


class PriceGap(Gap):
    """Days on which an instrument was held without a price, or with one older than the limit."""

    instrument_id: uuid.UUID = Field(description="The instrument.")
    name: str = Field(description="Its ticker or name.")
    price_day: dt.date | None = Field(description="Day of the price carried; null: none yet.")


class RateGap(Gap):
    """Days on which a currency was held without a rate, or with one older than the limit."""

    currency: str = Field(description="The currency.")
    rate_day: dt.date | None = Field(description="Day of the rate carried; null: none yet.")


class LotProblem(Model):
    """A position whose lots cannot be derived, or do not know what they cost."""

    account_id: uuid.UUID = Field(description="The account.")
    instrument_id: uuid.UUID | None = Field(description="The instrument.")
    name: str = Field(description="Its ticker or name.")
    code: str = Field(description="lots_undefined, cost_unknown or cost_share_unknown.")
    problem: str = Field(description="What contradicts what, or what is not known.")
    transaction_id: uuid.UUID | None = Field(
        None, description="The transaction that does not say what the units cost."
    )
    hint: str | None = Field(None, description="What to do about it.")


class Completeness(Model):
    """Whether everything needed was there; what was not is listed (at most 100 rows each)."""

    complete: bool = Field(description="True when nothing is missing or stale in the period.")
    prices: tuple[PriceProblem, ...] = Field(
        (), description="Missing and stale prices on the last day."
    )
    rates: tuple[RateProblem, ...] = Field(
        (), description="Missing and stale exchange rates on the last day."
    )
    price_gaps: tuple[PriceGap, ...] = Field(
        (), description="Stretches of days before it without a fresh price, longest first."
    )
    rate_gaps: tuple[RateGap, ...] = Field(
        (), description="Stretches of days before it without a fresh rate, longest first."
    )
    lots: tuple[LotProblem, ...] = Field(
        (), description="Positions without lots, and lots without a cost."
    )
    not_shown: int = Field(0, description="Rows left out of these lists by their limit.")


class Dated(Model):
    """What every answer says about its day."""

    as_of: dt.date = Field(description="The day everything is valued on.")
    as_of_reason: str = Field(
        description="requested, today, or newest_price_day (all prices are older than the limit)."
    )
    currency: str = Field(description="Report currency.")
    scope: str = Field(description="What the figures are about, as in figure ids.")
    completeness: Completeness = Field(description="Missing and stale inputs.")


class ScopeRequest(Model):
    """Which part of the workspace, in which currency, on which day."""

    account: tuple[str, ...] = Field(
        (), max_length=50, description="Account ids or exact names; default all."
    )
    instrument: str | None = Field(
        None, max_length=120, description="One instrument: id, ticker or scheme:value."
    )
    asset_class: str | None = Field(
        None, max_length=NAME_CHARACTERS_MAX, description="One asset class, such as stocks."
    )
    currency: str | None = Field(
        None,
        pattern=r"^[A-Z][A-Z0-9]{1,9}$",
        description="Report currency; default the workspace's.",
    )
    as_of: dt.date | None = Field(
        None,
        description="Day to value on; default today.",
    )
