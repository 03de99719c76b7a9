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
    unit: str = Field(description="money, ratio (0.05 is 5 %), ratio_per_year, days, quantity.")
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


class LotProblem(Model):
    """A position whose lots cannot be derived."""

    account_id: uuid.UUID = Field(description="The account.")
    instrument_id: uuid.UUID | None = Field(description="The instrument.")
    problem: str = Field(description="What contradicts what.")


class Completeness(Model):
    """Whether everything needed was there; what was not is listed (at most 100 rows each)."""

    complete: bool = Field(description="True when nothing is missing or stale.")
    prices: tuple[PriceProblem, ...] = Field((), description="Missing and stale prices.")
    rates: tuple[RateProblem, ...] = Field((), description="Missing and stale exchange rates.")
    lots: tuple[LotProblem, ...] = Field((), description="Positions without lots.")


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
