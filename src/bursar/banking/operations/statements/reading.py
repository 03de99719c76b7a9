"""From the request to a statement: bytes, the mapping that fits, and the reader for the format.

Reading a large file takes seconds of processor time, so it happens before the transaction begins
(`prepare`) and in a thread.
"""

import asyncio
import base64
import binascii
import hashlib
from dataclasses import dataclass

from pydantic import JsonValue, ValidationError

from bursar.banking.errors import MappingNotFound
from bursar.banking.formats import book_json, csv_table, sniff
from bursar.banking.formats.book_json import Book
from bursar.banking.formats.csv_mapping import Mapping
from bursar.banking.formats.draft import refusals
from bursar.banking.formats.problems import FormatError, Problem
from bursar.banking.formats.statement import BYTES_MAX, Format, Statement
from bursar.banking.models.imports import ImportStatement
from bursar.banking.store import mappings as store
from bursar.core.errors import InvalidInput, TooLarge
from bursar.runtime.context import Context, PrepareContext


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read."""

    statement: Statement
    book: Book | None
    problems: tuple[Problem, ...]
    sha256: bytes
    size_bytes: int


async def prepare(context: PrepareContext, body: ImportStatement) -> Reading:
    """Read the file before the transaction begins; a saved mapping is looked up on its own."""
    data = content_of(body.content, body.content_base64)
    workspace_id = context.actor.require_workspace()
    async with context.database.transaction(workspace_id, read_only=True) as transaction:
        mapping = await _mapping(store.Place(transaction.session, workspace_id), body, data)
    return await asyncio.to_thread(read, data, body.filename, mapping)


async def reading_of(context: Context, body: ImportStatement) -> Reading:
    """Return what `prepare` read, or read now when the operation is called directly."""
    if isinstance(context.prepared, Reading):
        return context.prepared
    data = content_of(body.content, body.content_base64)
    mapping = await _mapping(store.Place(context.session, context.workspace_id), body, data)
    return read(data, body.filename, mapping)


def content_of(content: str | None, content_base64: str | None) -> bytes:
    """Return the file's bytes. Raises InvalidInput, TooLarge."""
    if (content is None) == (content_base64 is None):
        raise InvalidInput("give either content or content_base64", field="content")
    if content is not None:
        return content.encode()
    try:
        data = base64.b64decode(content_base64 or "", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("this is not base64", field="content_base64") from None
    if len(data) > BYTES_MAX:
        raise TooLarge(f"the file has {len(data)} bytes; the limit is {BYTES_MAX}")
    return data


def fingerprint_of(headers: tuple[str, ...]) -> bytes:
    """Return what identifies a CSV layout: the SHA-256 of its column names, in order."""
    names = "\x1f".join(csv_table.column_name(name) for name in headers)
    return hashlib.sha256(names.encode()).digest()


async def _mapping(place: store.Place, body: ImportStatement, data: bytes) -> Mapping | None:
    if body.mapping is not None:
        return _given(body.mapping)
    if body.mapping_name is not None:
        row = await store.named(place, body.mapping_name)
        if row is None:
            raise MappingNotFound(
                f"there is no mapping called {body.mapping_name!r}", field="mapping_name"
            )
        return Mapping.model_validate(row.mapping)
    if book_json.is_book(data):
        return None
    try:
        if sniff.detect(data, body.filename) is not Format.CSV:
            return None
        lines = csv_table.read_sheet(data).lines[: csv_table.HEADER_ROWS_MAX]
    except FormatError:
        return None  # reading it will say what is wrong
    prints = [fingerprint_of(tuple(line.cells)) for line in lines]
    found = await store.with_fingerprints(place, prints)
    return None if found is None else Mapping.model_validate(found.mapping)


def _given(fields: dict[str, JsonValue]) -> Mapping:
    try:
        return Mapping.model_validate(fields)
    except ValidationError as error:
        name, sentence = refusals(error)[0]
        raise InvalidInput(
            f"mapping.{name}: {sentence}",
            field=f"mapping.{name}",
            hint="Take the mapping that guess_mapping gives and change its column names.",
        ) from None


def read(data: bytes, filename: str, mapping: Mapping | None) -> Reading:
    """Read a file, which takes seconds of processor time when it is large."""
    digest = hashlib.sha256(data).digest()
    if book_json.is_book(data):
        book = book_json.load(data)
        return Reading(Statement(format=Format.BURSAR_JSON), book, (), digest, len(data))
    statement, problems = sniff.read(data, filename, mapping)
    return Reading(statement, None, problems, digest, len(data))
