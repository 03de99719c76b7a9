"""Data quality: what looks wrong or missing in the prices, for a person to judge."""

import datetime as dt
import uuid
from enum import StrEnum

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.market.models.instruments import Reference

CHECKED_MAX = 2_000
FINDINGS_MAX = 1_000


class FindingKind(StrEnum):
    """What is wrong with prices."""

    JUMP = "jump"
    GAP = "gap"
    STALE = "stale"
    NO_PRICE = "no_price"


class CheckQuality(Model):
    """Which prices to check."""

    instruments: tuple[Reference, ...] = Field(
        (), max_length=CHECKED_MAX, description="Instruments to check; blank: all active ones."
    )
    first_day: dt.date | None = Field(None, description="Earliest day; blank: the first price.")
    last_day: dt.date | None = Field(None, description="Latest day; blank: today.")
    jump_min: Amount | None = Field(
        None,
        description='Smallest change between two prices to report, as a ratio up or down; blank: "1.4".',
    )
    gap_days_min: int = Field(
        3, ge=1, le=1000, description="Fewest missing trading days in a row to report."
    )


class Finding(Model):
    """Something to look at."""

    kind: FindingKind = Field(description="jump, gap, stale or no_price.")
    instrument_id: uuid.UUID = Field(description="Instrument it concerns.")
    ticker: str | None = Field(description="Its ticker today.")
    first_day: dt.date | None = Field(description="Day of the jump, first missing day, last price.")
    last_day: dt.date | None = Field(description="Last missing day; null when still missing.")
    days: int = Field(description="Missing trading days, or age in days; 0 for a jump.")
    ratio: Amount | None = Field(description="Price over the one before, recorded splits undone.")
    message: str = Field(description="What it is and what to do about it.")


class QualityReport(Model):
    """What the check found, worst first."""

    instruments_checked: int = Field(description="Instruments looked at.")
    prices_checked: int = Field(description="Prices looked at.")
    findings_total: int = Field(description="Findings in all.")
    findings: tuple[Finding, ...] = Field(description="The first 1,000 of them.")
