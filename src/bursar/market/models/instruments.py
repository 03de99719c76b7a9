"""Instruments: what can be held and priced, and the names it goes by over time."""

import datetime as dt
import uuid
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.market.calc.matching import Scheme
from bursar.runtime.pages import PageRequest

IDENTIFIERS_MAX = 20
CLASSIFICATIONS_MAX = 50

Currency = Annotated[
    str,
    Field(pattern=r"^[A-Z][A-Z0-9]{1,9}$", description="Currency code, such as USD."),
]
Reference = Annotated[
    str,
    Field(
        min_length=1,
        max_length=120,
        description="Instrument: its id, its ticker, or scheme:value such as isin:US0378331005.",
    ),
]
Label = Annotated[str, Field(min_length=1, max_length=120)]


class InstrumentKind(StrEnum):
    """What kind of thing an instrument is."""

    STOCK = "stock"
    BOND = "bond"
    FUND = "fund"
    ETF = "etf"
    CRYPTO = "crypto"
    CURRENCY = "currency"
    OPTION = "option"
    COMMODITY = "commodity"
    PROPERTY = "property"
    OTHER = "other"


class Identifier(Model):
    """A name an instrument goes by."""

    scheme: Scheme = Field(
        description="isin, figi, cusip, exchange (MIC:symbol), provider (name:symbol) or ticker."
    )
    value: str = Field(min_length=1, max_length=80, description="The identifier itself.")
    valid_from: dt.date | None = Field(None, description="First day it holds; null: always.")
    valid_to: dt.date | None = Field(
        None, description="First day it no longer holds; null: still holds."
    )


class InstrumentRow(Model):
    """An instrument with all its identifiers."""

    id: uuid.UUID = Field(description="Id of the instrument.")
    kind: InstrumentKind = Field(description="stock, bond, fund, etf, crypto and so on.")
    asset_class: str = Field(description="stocks, bonds, cash, crypto, commodities, property.")
    name: str = Field(description="Name for people.")
    ticker: str | None = Field(description="Ticker that holds today, if there is one.")
    currency: str = Field(description="Currency its prices are quoted in.")
    quantity_exponent: int = Field(description="Decimal places of a quantity, 0 to 18.")
    multiplier: Amount = Field(description="Units one contract stands for; 1 for shares.")
    calendar: str | None = Field(description="Exchange calendar, such as XNYS; null: every day.")
    classification: dict[str, str] = Field(description="Taxonomies, such as sector and region.")
    active: bool = Field(description="False once it is delisted or no longer followed.")
    identifiers: tuple[Identifier, ...] = Field(description="Every name it goes or went by.")

    def identifier(self, scheme: Scheme, day: dt.date) -> str | None:
        """Return the value of `scheme` that holds on `day`, or None."""
        for known in self.identifiers:
            if (
                known.scheme is scheme
                and (known.valid_from is None or known.valid_from <= day)
                and (known.valid_to is None or day < known.valid_to)
            ):
                return known.value
        return None


class CreateInstrument(Model):
    """A new instrument."""

    kind: InstrumentKind = Field(description="What kind of thing it is.")
    name: Label = Field(description="Name for people.")
    currency: Currency
    ticker: str | None = Field(None, min_length=1, max_length=80, description="Ticker symbol.")
    isin: str | None = Field(None, pattern=r"^[A-Z]{2}[A-Z0-9]{9}[0-9]$", description="ISIN.")
    cusip: str | None = Field(None, pattern=r"^[A-Z0-9*@#]{9}$", description="CUSIP.")
    identifiers: tuple[Identifier, ...] = Field(
        (), max_length=IDENTIFIERS_MAX, description="Further identifiers, with validity dates."
    )
    asset_class: Label | None = Field(
        None, description="stocks, bonds, cash, crypto, commodities, property; blank: by kind."
    )
    quantity_exponent: int | None = Field(
        None, ge=0, le=18, description="Decimal places of a quantity; blank: 18 crypto, else 8."
    )
    multiplier: Amount | None = Field(None, description='Units per contract; blank: "1".')
    calendar: str | None = Field(
        None, max_length=20, description="Exchange calendar, such as XNYS; blank: by kind."
    )
    classification: dict[Label, Label] = Field(
        {},
        max_length=CLASSIFICATIONS_MAX,
        description='Taxonomies, such as {"sector": "Technology", "region": "North America"}.',
    )

    @field_validator("identifiers")
    @classmethod
    def _held_for_a_day(cls, value: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
        for name in value:
            if name.valid_from and name.valid_to and name.valid_to <= name.valid_from:
                msg = f"{name.value[:40]!r} must be valid for a day at least: valid_to lies after"
                raise ValueError(f"{msg} valid_from")
        return value

    @field_validator("multiplier")
    @classmethod
    def _above_zero(cls, value: Decimal | None) -> Decimal | None:
        if value is not None and value <= 0:
            msg = "a multiplier is above zero"
            raise ValueError(msg)
        return value


class ListInstruments(PageRequest):
    """Which instruments to list."""

    kind: InstrumentKind | None = Field(None, description="Only this kind.")
    active: bool | None = Field(None, description="Only active, or only inactive ones.")
    search: str | None = Field(
        None, min_length=1, max_length=80, description="Part of a name or identifier."
    )


class GetInstrument(Model):
    """Which instrument to show."""

    instrument: Reference
    as_of: dt.date | None = Field(
        None, description="Day on which the ticker held; blank: today. Old names need it."
    )


class ChangeInstrument(Model):
    """What to change; fields left out stay as they are."""

    instrument: Reference
    name: Label | None = Field(None, description="New name for people.")
    asset_class: Label | None = Field(None, description="New asset class.")
    calendar: str | None = Field(None, max_length=20, description="New exchange calendar.")
    classification: dict[Label, Label] | None = Field(
        None, max_length=CLASSIFICATIONS_MAX, description="New taxonomies; replaces all."
    )
    active: bool | None = Field(None, description="False marks it delisted or not followed.")


class RenameInstrument(Model):
    """A new identifier that takes over from the old one on a day."""

    instrument: Reference
    value: str = Field(min_length=1, max_length=80, description="The new identifier, e.g. META.")
    effective_on: dt.date = Field(description="First day the new identifier holds.")
    scheme: Scheme = Field(Scheme.TICKER, description="Which identifier changes.")
    name: Label | None = Field(None, description="New name for people, if that changes too.")
