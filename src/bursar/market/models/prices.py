"""Prices: exact figures with their origin, and files of them."""

import datetime as dt
import uuid
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from bursar.core.clock import within_utc
from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.market.models.actions import RecordCorporateAction
from bursar.market.models.instruments import Currency, InstrumentKind, Reference
from bursar.runtime.pages import PAGE_ROWS_DEFAULT, PageRequest

DAYS_LISTED_MAX = 5_000
RECORDED_PRICES_MAX = 10_000
RECORDED_ACTIONS_MAX = 2_000
REFRESHED_MAX = 2_000
PROBLEMS_SHOWN_MAX = 50
FILE_CHARACTERS_MAX = 64 * 1024 * 1024

AnyMoment = Annotated[dt.datetime, AfterValidator(within_utc)]


class PriceBasis(StrEnum):
    """Whether later events were already worked into a price."""

    RAW = "raw"
    SPLIT_ADJUSTED = "split_adjusted"
    ADJUSTED = "adjusted"


class PriceSourceName(StrEnum):
    """Where prices can be fetched from."""

    YAHOO = "yahoo"
    ALPHAVANTAGE = "alphavantage"


class PriceQuality(StrEnum):
    """How far a price can be trusted."""

    OK = "ok"
    SUSPECT = "suspect"
    ESTIMATED = "estimated"


class PricePoint(Model):
    """The price that held at a moment, with its origin and age."""

    instrument_id: uuid.UUID = Field(description="Id of the instrument.")
    ticker: str | None = Field(description="Ticker that holds today, if there is one.")
    price: Amount = Field(description="Price of one unit.")
    currency: str = Field(description="Currency of the price.")
    day: dt.date = Field(description="Trading day the price belongs to.")
    time: dt.datetime | None = Field(
        description="Moment of the quote; null when it is the close of the day."
    )
    fetched_at: dt.datetime = Field(description="When it reached this server.")
    source: str = Field(description="Where it came from.")
    basis: PriceBasis = Field(description="raw, split_adjusted or adjusted.")
    quality: PriceQuality = Field(description="ok, suspect or estimated.")
    age_days: int = Field(description="Whole days between the price's day and the moment asked.")
    stale: bool = Field(description="True when older than PRICE_AGE_DAYS_MAX.")


class PriceRow(Model):
    """One day's stored price."""

    day: dt.date = Field(description="Trading day.")
    open: Amount | None = Field(description="First price of the day.")
    high: Amount | None = Field(description="Highest price of the day.")
    low: Amount | None = Field(description="Lowest price of the day.")
    close: Amount = Field(description="Last price of the day.")
    volume: Amount | None = Field(description="Units traded.")
    time: dt.datetime | None = Field(description="Moment of the quote; null: close of the day.")
    source: str = Field(description="Where it came from.")
    basis: PriceBasis = Field(description="raw, split_adjusted or adjusted.")
    quality: PriceQuality = Field(description="ok, suspect or estimated.")


class GetPrice(Model):
    """Which price to show."""

    ticker: Reference
    at: AnyMoment | None = Field(None, description="Moment in time; blank: now.")


class ListPrices(PageRequest):
    """Which days to list, newest first."""

    limit: int = Field(
        PAGE_ROWS_DEFAULT, ge=1, le=DAYS_LISTED_MAX, description="Days to return, at most 5,000."
    )
    instrument: Reference
    first_day: dt.date | None = Field(None, description="Earliest day.")
    last_day: dt.date | None = Field(None, description="Latest day.")


class RecordedPrice(Model):
    """A price to record."""

    instrument: Reference
    day: dt.date = Field(description="Trading day.")
    close: Amount = Field(description="Last price of the day, or the quote.")
    open: Amount | None = Field(None, description="First price of the day.")
    high: Amount | None = Field(None, description="Highest price of the day.")
    low: Amount | None = Field(None, description="Lowest price of the day.")
    volume: Amount | None = Field(None, description="Units traded.")
    time: AnyMoment | None = Field(None, description="Moment of the quote; blank: close.")
    quality: PriceQuality = Field(PriceQuality.OK, description="ok, suspect or estimated.")


class RecordPrices(Model):
    """Prices to record; a price already there for the same day is replaced."""

    prices: tuple[RecordedPrice, ...] = Field(
        min_length=1, max_length=RECORDED_PRICES_MAX, description="At most 10,000 prices."
    )
    source: str = Field("manual", min_length=1, max_length=60, description="Where they come from.")
    basis: PriceBasis = Field(PriceBasis.RAW, description="raw, split_adjusted or adjusted.")
    actions: tuple[RecordCorporateAction, ...] = Field(
        (),
        max_length=RECORDED_ACTIONS_MAX,
        description="Corporate actions the source reported with the prices.",
    )


class LoadPrices(Model):
    """A file of daily prices, as text or in base64."""

    text: str | None = Field(
        None, max_length=FILE_CHARACTERS_MAX, description="The file's content, when it is text."
    )
    base64: str | None = Field(
        None, max_length=FILE_CHARACTERS_MAX, description="The file's content in base64 (Parquet)."
    )
    file_name: str = Field(
        "prices.csv",
        max_length=200,
        description="Its name; names the ticker when no column does, and tells CSV from Parquet.",
    )
    columns: dict[str, str] | None = Field(
        None,
        max_length=200,
        description='Column by meaning, such as {"close": "Last", "ticker": "Symbol"}; blank: guessed.',
    )
    source: str | None = Field(
        None, max_length=60, description="Where the prices come from; blank: the file's name."
    )
    basis: PriceBasis = Field(PriceBasis.RAW, description="raw, split_adjusted or adjusted.")
    create_instruments: bool = Field(
        default=False, description="Create instruments for unknown tickers."
    )
    kind: InstrumentKind = Field(InstrumentKind.STOCK, description="Kind of instruments created.")
    currency: Currency = Field("USD", description="Currency of instruments created.")
    partial: bool = Field(
        default=False, description="Take the good rows of a file that has bad ones."
    )


class FileProblem(Model):
    """A row of a file that cannot be accepted."""

    line: int = Field(description="Line in the file, the header being line 1.")
    field: str = Field(description="Column the problem lies in.")
    reason: str = Field(description="What is wrong with it.")


class PricesWritten(Model):
    """What writing prices did."""

    read: int = Field(description="Prices in the request or file.")
    added: int = Field(description="Prices for days that had none.")
    changed: int = Field(description="Prices that replaced another one.")
    unchanged: int = Field(description="Prices that were there already.")
    instruments: int = Field(description="Instruments touched.")
    instruments_created: int = Field(description="Instruments made for unknown tickers.")
    first_day: dt.date | None = Field(description="Earliest day touched.")
    last_day: dt.date | None = Field(description="Latest day touched.")
    layout: str | None = Field(None, description="long or wide, for files.")
    columns: dict[str, str] = Field({}, description="Column used for each meaning, for files.")
    problems_total: int = Field(0, description="Rows left out.")
    problems: tuple[FileProblem, ...] = Field((), description="The first 50 of them.")


class RefreshPrices(Model):
    """Which prices to fetch."""

    instruments: tuple[Reference, ...] = Field(
        (), max_length=REFRESHED_MAX, description="Instruments to fetch; blank: all active ones."
    )
    first_day: dt.date | None = Field(
        None, description="Earliest day; blank: the day after the newest stored price."
    )
    last_day: dt.date | None = Field(None, description="Latest day; blank: today.")
    sources: tuple[PriceSourceName, ...] = Field(
        (),
        max_length=4,
        description="Sources in the order to try them; blank: yahoo, then alphavantage.",
    )


class RefreshRequested(Model):
    """What is being fetched; the prices arrive after this answer."""

    requested: int = Field(description="Instruments being fetched.")
    up_to_date: int = Field(description="Instruments whose newest price is of the last day asked.")
    without_symbol: tuple[uuid.UUID, ...] = Field(
        description="Instruments without a ticker, which no source can be asked for."
    )
    effects: tuple[uuid.UUID, ...] = Field(description="Ids of the background work.")
