"""Exchange rates: recorded by pair and day, asked for directly, inverted or through a pivot."""

import datetime as dt

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.market.models.instruments import Currency

RECORDED_RATES_MAX = 100_000


class RecordedRate(Model):
    """A rate to record: one unit of `base` buys `rate` units of `quote`."""

    base: Currency
    quote: Currency
    day: dt.date = Field(description="Day the rate holds.")
    rate: Amount = Field(description="Units of quote for one unit of base.")


class RecordFxRates(Model):
    """Exchange rates to record; one already there for the same pair and day is replaced."""

    rates: tuple[RecordedRate, ...] = Field(
        min_length=1, max_length=RECORDED_RATES_MAX, description="At most 100,000 rates."
    )
    source: str = Field("manual", min_length=1, max_length=60, description="Where they come from.")


class RatesWritten(Model):
    """What recording rates did."""

    read: int = Field(description="Rates in the request.")
    written: int = Field(description="Rates that were new or replaced another one.")
    unchanged: int = Field(description="Rates that were there already.")


class GetFxRate(Model):
    """Which rate to show."""

    base: Currency
    quote: Currency
    day: dt.date | None = Field(None, description="Day; blank: today.")


class RateLeg(Model):
    """One stored rate a result is made of."""

    base: str = Field(description="Currency of the one unit.")
    quote: str = Field(description="Currency of the rate.")
    day: dt.date = Field(description="Day the stored rate belongs to.")
    rate: Amount = Field(description="Units of quote for one unit of base, as stored.")
    source: str = Field(description="Where it came from.")
    inverted: bool = Field(description="True when one divided by this rate was used.")


class FxRateAnswer(Model):
    """A rate with the path it was found on."""

    base: str = Field(description="Currency of the one unit.")
    quote: str = Field(description="Currency of the rate.")
    rate: Amount = Field(description="Units of quote for one unit of base.")
    day: dt.date = Field(description="Day of the oldest stored rate used.")
    age_days: int = Field(description="Whole days between that day and the day asked.")
    stale: bool = Field(description="True when older than PRICE_AGE_DAYS_MAX.")
    path: tuple[RateLeg, ...] = Field(description="The stored rates used, in order.")
