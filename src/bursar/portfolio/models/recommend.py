"""Recommended weights from past returns, with reasons, beside the weights of today."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.market.models.instruments import Reference

UNIVERSE_MAX = 100
LOOK_BACK_DAYS_MAX = 7_300

# Shorter than the market's own, since every agent reads it: an id, a ticker or scheme:value.
Name = Annotated[str, Field(min_length=1, max_length=120)]
ObjectiveName = Literal["minimum_variance", "maximum_sharpe", "risk_parity"]
RiskProfile = Literal["cautious", "balanced", "bold"]


class RecommendRequest(Model):
    """What to choose from, and how."""

    risk_profile: RiskProfile = Field(
        "balanced",
        description="cautious: minimum_variance, cap 0.25. balanced: risk_parity, cap 0.35. "
        "bold: maximum_sharpe, cap 0.5.",
    )
    objective: ObjectiveName | None = Field(None, description="In place of the profile's.")
    cap: Amount | None = Field(None, description="Largest weight; else the profile's.")
    caps: dict[Reference, Amount] = Field(
        {}, max_length=UNIVERSE_MAX, description="Caps of single instruments."
    )
    instruments: tuple[Name, ...] = Field(
        (), max_length=UNIVERSE_MAX, description="Default the holdings."
    )
    account: tuple[str, ...] = Field((), max_length=50, description="Holdings of these accounts.")
    look_back_days: int = Field(730, ge=90, le=LOOK_BACK_DAYS_MAX, description="Days of prices.")
    risk_free: Amount = Field(
        "0", validate_default=True, description="Rate a year, between -0.5 and 10."
    )
    currency: str | None = Field(None, pattern=r"^[A-Z][A-Z0-9]{1,9}$", description="Default base.")
    as_of: dt.date | None = Field(None, description="Last day; default today.")
    frontier_points: int = Field(0, ge=0, le=50, description="Efficient frontier.")


class RecommendedAsset(Model):
    """One asset of the proposal."""

    instrument_id: str = Field(description="Instrument.")
    name: str = Field(description="Its ticker or name.")
    weight: Amount = Field(description="Proposed weight.")
    current_weight: Amount = Field(description="Share of what is held of these assets now.")
    cap: Amount = Field(description="Largest weight allowed.")
    volatility: Amount = Field(description="Its own past volatility a year.")
    risk_share: Amount = Field(description="Its share of the proposal's variance.")
    reason_code: str = Field(description="at_cap, left_out or by_objective.")
    reason: str = Field(description="Why it has this weight.")


class PastFigures(Model):
    """What weights would have brought over the days looked at."""

    volatility: Amount = Field(description="Past volatility a year.")
    mean_return: Amount = Field(description="Mean past return a year, not compounded.")


class AllocationRecommendation(Model):
    """Proposed weights: at least 0, summing to exactly 1."""

    as_of: dt.date = Field(description="Last day of prices used.")
    as_of_reason: str = Field(description="requested, today or newest_price_day.")
    currency: str = Field(description="Currency of the returns.")
    objective: ObjectiveName = Field(description="What was optimised.")
    cap: Amount = Field(description="Largest weight of one asset.")
    assets: tuple[RecommendedAsset, ...] = Field(description="Largest weight first.")
    proposed: PastFigures = Field(description="With the proposed weights.")
    current: PastFigures | None = Field(description="With today's weights; null: nothing is held.")
    frontier: tuple[PastFigures, ...] = Field(
        (), description="Least volatility for each return under the caps, lowest first."
    )
    periods: int = Field(description="Returns used.")
    first_day: dt.date = Field(description="First day of prices used.")
    last_day: dt.date = Field(description="Last day of prices used.")
    note: str = Field(description="What this is, and what it is not.")
