"""What leaves: the book in open formats."""

import datetime as dt
from enum import StrEnum

from pydantic import Field

from bursar.banking.models.imports import NAME_CHARACTERS_MAX
from bursar.core.model import Model


class ExportFormat(StrEnum):
    """In which form the book is taken out."""

    JSON = "json"
    CSV = "csv"
    BEANCOUNT = "beancount"


class ExportBook(Model):
    """What to take out, and how."""

    format: ExportFormat = Field(
        description="json: everything, to be read back exactly. csv: one row for each activity. "
        "beancount: a plain-text ledger."
    )
    account: str | None = Field(
        None,
        min_length=1,
        max_length=NAME_CHARACTERS_MAX,
        description="Only this account, by id or name; default all.",
    )
    first_day: dt.date | None = Field(None, description="Earliest day, inclusive.")
    last_day: dt.date | None = Field(None, description="Latest day, inclusive.")


class ExportedBook(Model):
    """A file to keep."""

    filename: str = Field(description="Name for the file.")
    media_type: str = Field(description="Its media type.")
    content: str = Field(description="Its text, UTF-8.")
    rows: int = Field(description="Activities in it; reversed ones and reversals are left out.")
