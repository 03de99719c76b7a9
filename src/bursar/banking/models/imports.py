"""Files that come in: what is asked for, and what became of every row."""

import datetime as dt
import uuid

from pydantic import Field, JsonValue

from bursar.banking.formats.problems import Problem
from bursar.banking.formats.statement import BYTES_MAX
from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.runtime.pages import PageRequest

PROBLEMS_SHOWN_MAX = 200
NAME_CHARACTERS_MAX = 200
MAPPING_FIELDS_MAX = 50
# Base64 writes three bytes as four characters.
BASE64_CHARACTERS_MAX = BYTES_MAX * 4 // 3 + 4


class ImportStatement(Model):
    """A statement file: OFX, QIF, CSV, camt.053, IBKR Flex or Bursar's own JSON."""

    filename: str = Field("", max_length=NAME_CHARACTERS_MAX, description="Name of the file.")
    content: str | None = Field(
        None, max_length=BYTES_MAX, description="The file's text. Give this or content_base64."
    )
    content_base64: str | None = Field(
        None,
        max_length=BASE64_CHARACTERS_MAX,
        description="The file's bytes in base64, which keeps other encodings than UTF-8 right.",
    )
    account: str | None = Field(
        None,
        min_length=1,
        max_length=NAME_CHARACTERS_MAX,
        description="Account by id or name, needed when the file names none; a "
        "name that no account has opens one.",
    )
    mapping: dict[str, JsonValue] | None = Field(
        None,
        max_length=MAPPING_FIELDS_MAX,
        description="What the columns of a CSV mean, as banking.guess_mapping proposes it.",
    )
    mapping_name: str | None = Field(
        None, max_length=NAME_CHARACTERS_MAX, description="Name of a saved mapping to read with."
    )
    partial: bool = Field(
        default=False,
        description="Take the good rows of a file with bad ones; otherwise one bad row refuses "
        "the whole file.",
    )
    opening: bool = Field(
        default=True,
        description="On the first import of an account, book what must have been held before the "
        "first line, so that the closing balance is the stated one.",
    )


class OpeningBooked(Model):
    """What an account must have held before the first line of its first statement."""

    code: str = Field(description="Currency code or symbol.")
    amount: Amount = Field(description="What was booked as opening balance; negative when owed.")
    effective_at: dt.datetime = Field(description="When it counts: the day before the first line.")
    reason: str = Field(description="What it was worked out from.")


class BalanceCheck(Model):
    """One balance of an account: before and after, and against what the institution states."""

    code: str = Field(description="Currency code or symbol.")
    before: Amount = Field(description="Held before this import.")
    after: Amount = Field(description="Held after it.")
    stated: Amount | None = Field(description="What the file states; null when it states nothing.")
    as_of: dt.datetime | None = Field(description="The end of the day the file states it for.")
    computed: Amount | None = Field(description="What the book says for that moment.")
    difference: Amount | None = Field(
        description="computed less stated; not zero means that something is missing or doubled."
    )


class ImportedAccount(Model):
    """What an import did in one account."""

    account_id: uuid.UUID = Field(description="Id of the account.")
    name: str = Field(description="Name of the account.")
    external_id: str | None = Field(description="Account number in the file.")
    opened: bool = Field(description="Whether this import opened the account.")
    added: int = Field(description="Activities added.")
    duplicates: int = Field(description="Activities that were there already.")
    refused: int = Field(description="Rows refused (with partial).")
    left_out: int = Field(description="Rows that move nothing.")
    first_day: dt.date | None = Field(description="Day of the first activity.")
    last_day: dt.date | None = Field(description="Day of the last activity.")
    openings: tuple[OpeningBooked, ...] = Field(description="Opening balances booked.")
    balances: tuple[BalanceCheck, ...] = Field(description="Balances, and how they compare.")
    corporate_actions: tuple[str, ...] = Field(
        description="Splits and other actions of the market that were carried out, in words."
    )


class ImportResult(Model):
    """What an import did, or in a dry run would do."""

    import_id: uuid.UUID = Field(description="Id of the import, to show or undo it.")
    filename: str = Field(description="Name of the file.")
    format: str = Field(description="What the file is.")
    sha256: str = Field(description="SHA-256 of the file, in hex.")
    added: int = Field(description="Activities added.")
    duplicates: int = Field(description="Activities that were there already.")
    refused: int = Field(description="Rows refused; zero unless partial was asked for.")
    instruments_created: int = Field(description="Instruments that were not known before.")
    accounts: tuple[ImportedAccount, ...] = Field(description="By account.")
    differences: tuple[str, ...] = Field(
        description="Where the book and the file's stated balances do not agree, in words."
    )
    problems: tuple[Problem, ...] = Field(
        description="Refused rows and assumptions with line, field, reason and hint; at most 200."
    )
    problems_total: int = Field(description="How many there are in all.")
    notes: tuple[str, ...] = Field(description="Remarks about the file.")


class ImportReference(Model):
    """Names one import."""

    import_id: uuid.UUID = Field(description="Id of the import.")


class ListImports(PageRequest):
    """Which imports to list; the newest first."""


class ImportRow(Model):
    """One import."""

    import_id: uuid.UUID = Field(description="Id of the import.")
    filename: str = Field(description="Name of the file.")
    format: str = Field(description="What the file was.")
    sha256: str = Field(description="SHA-256 of the file, in hex.")
    size_bytes: int = Field(description="Size of the file.")
    added: int = Field(description="Activities added.")
    duplicates: int = Field(description="Activities that were there already.")
    refused: int = Field(description="Rows refused.")
    account_ids: tuple[uuid.UUID, ...] = Field(description="Accounts it went into.")
    problems: tuple[Problem, ...] = Field(description="Refused rows and assumptions; at most 200.")
    imported_at: dt.datetime = Field(description="When, in UTC.")
    imported_by: str = Field(description="Who.")
    undone_at: dt.datetime | None = Field(description="When it was undone; null while it counts.")


class UndoneImport(Model):
    """What undoing an import did."""

    import_id: uuid.UUID = Field(description="Id of the import.")
    reversed: int = Field(description="Activities reversed.")
