"""Opportunities: instruments ranked by a stated score over what is held about them."""

import datetime as dt
import uuid
from typing import Literal

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.market.models.instruments import Label, Reference
from bursar.portfolio.calc.opportunity import PartName

GIVEN_MAX = 500
ROWS_MAX = 100
HISTORY_DAYS_MAX = 400


class ScanRequest(Model):
    """Which instruments to rank, and how much each part of the score weighs."""

    as_of: dt.date | None = Field(None, description="Last day used.")
    asset_class: tuple[Label, ...] = Field((), max_length=20, description="Show only these.")
    held: Literal["any", "held", "not_held"] = Field("any", description="Show only these.")
    history_days_min: int = Field(60, ge=2, le=HISTORY_DAYS_MAX, description="Fewest priced days.")
    weights: dict[PartName, Amount] = Field({}, description="In place of its own.")
    earnings_yields: dict[Reference, Amount] = Field(
        {}, max_length=GIVEN_MAX, description="Earnings / price."
    )
    limit: int = Field(20, ge=1, le=ROWS_MAX, description="Rows to show.")


class ScanPart(Model):
    """One part of a score with what it comes from."""

    part: PartName = Field(description="Which part; parts explains it.")
    value: Amount | None = Field(description="As measured; null when not known.")
    z: Amount | None = Field(description="Deviations from the mean; above 0 is preferred.")
    weight: Amount = Field(description="Share of the whole weight.")
    contribution: Amount | None = Field(description="What it adds; they sum to the score.")
    reason: str | None = Field(description="Why value or z is null, a stable code.")
    first_day: dt.date | None = Field(description="First day used.")
    last_day: dt.date | None = Field(description="Last day used.")
    observations: int | None = Field(description="Prices or returns used by a statistic.")


class ScanRow(Model):
    """One instrument."""

    rank: int | None = Field(description="1 is the highest score; null: no score.")
    instrument_id: uuid.UUID = Field(description="Instrument.")
    name: str = Field(description="Its ticker or name.")
    asset_class: str = Field(description="Its class.")
    currency: str = Field(description="Currency of its prices and of its returns.")
    held: bool = Field(description="Whether units were held on the day.")
    score: Amount | None = Field(description="Weighted mean of z; null when undefined.")
    reason: str | None = Field(description="Why there is no score.")
    coverage: Amount = Field(description="Share of the weight whose parts are known.")
    price_day: dt.date = Field(description="Day of its last price.")
    history_days: int = Field(description="Days with prices in the last 400.")
    parts: tuple[ScanPart, ...] = Field(description="Every part with a weight.")


class ScanPartDefinition(Model):
    """What a part measures, and how its values lie over all instruments compared."""

    part: PartName = Field(description="Its name.")
    definition: str = Field(description="Definition and version.")
    formula: str = Field(description="How it is measured.")
    unit: str = Field(description="ratio (0.05 is 5 %) or ratio_per_year.")
    prefers: Literal["more", "less"] = Field(description="What raises the score.")
    weight: Amount = Field(description="Share of the whole weight.")
    compared: int = Field(description="Instruments with a value.")
    mean: Amount | None = Field(description="Their mean.")
    deviation: Amount | None = Field(description="Their standard deviation (n).")
    reason: str | None = Field(description="Why there is no scale.")


class ScanIndicator(Model):
    """A macro series: an exchange rate, or an instrument of asset class indicator."""

    name: str = Field(description="Such as EUR/USD, or the instrument's ticker.")
    kind: Literal["exchange_rate", "indicator"] = Field(description="What it is.")
    level: Amount | None = Field(description="Newest level; null: none within 10 days.")
    day: dt.date | None = Field(description="Its day.")
    change_3_months: Amount | None = Field(description="Relative change over 91 days.")
    change_12_months: Amount | None = Field(description="Relative change over 365 days.")


class LeftOut(Model):
    """Why an instrument is not compared."""

    reason: Literal["no_price", "stale_price", "short_history"] = Field(description="Why.")
    instruments: int = Field(description="How many.")
    examples: tuple[str, ...] = Field(description="The first ten names.")


class Scan(Model):
    """A ranking by a stated score; it describes the past and recommends nothing."""

    as_of: dt.date = Field(description="Last day used.")
    as_of_reason: str = Field(description="requested, today or newest_price_day.")
    currency: str = Field(description="Report currency of exchange rates.")
    definition: str = Field(description="Definition and version of the score.")
    formula: str = Field(description="How it is made.")
    rows: tuple[ScanRow, ...] = Field(description="Highest score first, without a score last.")
    matched: int = Field(description="Instruments that pass the filters, shown or not.")
    compared: int = Field(description="Instruments the z-scores compare, filters aside.")
    left_out: tuple[LeftOut, ...] = Field(description="Instruments not compared.")
    parts: tuple[ScanPartDefinition, ...] = Field(description="The parts of the score.")
    macro: tuple[ScanIndicator, ...] = Field(description="Exchange rates and indicators held.")
    note: str = Field(description="What this is, and what it is not.")
