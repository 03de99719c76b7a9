"""The whole book as JSON: accounts, instruments and activities with all that was posted of them.

`{"schema": "bursar.book/1", ...}`. Numbers are decimal strings, so reading it back gives the same
balances and lots. Ids are those of the book it came from; the reader gives new ones.
"""

import datetime as dt
import uuid
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from bursar.banking.formats.draft import refusals
from bursar.banking.formats.problems import FormatError, Problem, refusal
from bursar.banking.formats.statement import ACCOUNTS_MAX, BYTES_MAX, ROWS_MAX, SECURITIES_MAX
from bursar.core.money import Amount

SCHEMA = "bursar.book/1"
_PREFIX = b'"bursar.book/'
_HEAD_BYTES = 400
_PROBLEMS_SHOWN = 100
Short = Annotated[str, Field(max_length=400)]
Long = Annotated[str, Field(max_length=4_000)]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )


class BookAccount(_Frozen):
    """An account with its rules."""

    id: uuid.UUID
    name: Short
    kind: Short
    currency: Short | None = None
    institution: Short | None = None
    external_id: Short | None = None
    cost_method: Short = "fifo"
    tax_wrapper: Short = "taxable"
    allow_short: bool = False
    no_overdraft: bool = False
    opened_at: dt.datetime
    closed_at: dt.datetime | None = None


class BookIdentifier(_Frozen):
    """A name an instrument goes or went by."""

    scheme: Short
    value: Short
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class BookInstrument(_Frozen):
    """An instrument with its names."""

    id: uuid.UUID
    kind: Short
    name: Short
    asset_class: Short
    currency: Short
    quantity_exponent: Annotated[int, Field(ge=0, le=18)]
    multiplier: Amount
    calendar: Short | None = None
    classification: dict[str, str] = {}
    identifiers: Annotated[tuple[BookIdentifier, ...], Field(max_length=100)] = ()


class BookLot(_Frozen):
    """Units taken from one lot."""

    lot_id: Short
    quantity: Amount


class BookActivity(_Frozen):
    """An activity as it was posted."""

    id: uuid.UUID
    kind: Short
    effective_at: dt.datetime
    account: uuid.UUID
    counter_account: uuid.UUID | None = None
    instrument: uuid.UUID | None = None
    quantity: Amount | None = None
    unit_price: Amount | None = None
    currency: Short | None = None
    amount: Amount | None = None
    fees: Amount | None = None
    taxes: Amount | None = None
    counter_instrument: uuid.UUID | None = None
    counter_quantity: Amount | None = None
    counter_amount: Amount | None = None
    counter_currency: Short | None = None
    ratio: tuple[int, int] | None = None
    source: Short = "manual"
    external_id: Short | None = None
    content_hash: Annotated[str, Field(pattern="^([0-9a-f]{2}){1,64}$")] | None = None
    payee: Long | None = None
    memo: Long | None = None
    category: Short | None = None
    lots: Annotated[tuple[BookLot, ...], Field(max_length=1_000)] = ()
    metadata: dict[str, JsonValue] = {}
    own_category: Short | None = None
    note: Long | None = None
    tags: Annotated[tuple[str, ...], Field(max_length=50)] = ()


class Book(_Frozen):
    """Everything that stands in the book."""

    name: str = Field(SCHEMA, alias="schema")
    accounts: Annotated[tuple[BookAccount, ...], Field(max_length=ACCOUNTS_MAX)] = ()
    instruments: Annotated[tuple[BookInstrument, ...], Field(max_length=SECURITIES_MAX)] = ()
    activities: Annotated[tuple[BookActivity, ...], Field(max_length=ROWS_MAX)] = ()


def is_book(data: bytes) -> bool:
    """Tell whether a file says that it is a book."""
    return data.lstrip()[:1] == b"{" and _PREFIX in data[:_HEAD_BYTES]


def dump(book: Book) -> bytes:
    """Return the book as UTF-8 JSON; fields that hold their default are not written."""
    text = book.model_dump_json(by_alias=True, exclude_defaults=True, indent=1)
    return text.replace("{", f'{{\n "schema": "{SCHEMA}",', 1).encode()


def load(data: bytes) -> Book:
    """Read what `dump` wrote. Raises FormatError with the path of each bad field."""
    if len(data) > BYTES_MAX:
        raise refusal("too_large", f"the file is larger than {BYTES_MAX // 1024 // 1024} MiB")
    try:
        book = Book.model_validate_json(data)
    except ValidationError as error:
        found = refusals(error)[:_PROBLEMS_SHOWN]
        raise FormatError(
            [Problem(line=None, field=f, code="bad_value", message=f"{f}: {m}") for f, m in found]
        ) from None
    if book.name != SCHEMA:
        message = f"the schema {book.name[:60]!r} is another version; this program reads {SCHEMA}"
        raise refusal("unsupported_version", message, field="schema")
    _check_references(book)
    return book


def _check_references(book: Book) -> None:
    accounts = {account.id for account in book.accounts}
    instruments = {instrument.id for instrument in book.instruments}
    for place, activity in enumerate(book.activities):
        for name, value, known in (
            ("account", activity.account, accounts),
            ("counter_account", activity.counter_account, accounts),
            ("instrument", activity.instrument, instruments),
            ("counter_instrument", activity.counter_instrument, instruments),
        ):
            if value is not None and value not in known:
                field = f"activities.{place}.{name}"
                raise refusal("unknown_reference", f"{field} is not listed", field=field)
