"""From bytes to a statement: find out what a file is, and read it with the reader for that.

The content decides; the file name only helps a reader to find the account number in it. A file
larger than 32 MiB or with more than a million rows is refused before it is taken apart.
"""

import re

from bursar.banking.formats import bursar_json, csv_mapped, csv_table
from bursar.banking.formats.camt import read_camt
from bursar.banking.formats.csv_mapping import Mapping
from bursar.banking.formats.csv_presets import registry
from bursar.banking.formats.csv_table import Sheet
from bursar.banking.formats.dates import DateOrder
from bursar.banking.formats.draft import assemble
from bursar.banking.formats.ibkr_flex_xml import read_flex_xml
from bursar.banking.formats.ofx.reader import read_ofx
from bursar.banking.formats.problems import Problem, ProblemLog, Severity, refusal
from bursar.banking.formats.qif.reader import read_qif
from bursar.banking.formats.statement import BYTES_MAX, ROWS_MAX, Format, Statement
from bursar.banking.formats.text import decode

Reading = tuple[Statement, tuple[Problem, ...]]

_HEAD_BYTES = 8_192
_BINARY = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
)


def _check_bytes(data: bytes) -> None:
    if len(data) > BYTES_MAX:
        message = f"the file has {len(data)} bytes; the limit is {BYTES_MAX}"
        raise refusal("too_large", message, hint="Download a shorter period.")
    if not data.strip():
        raise refusal("empty_file", "the file is empty")
    for mark, name in _BINARY:
        if data.startswith(mark):
            hint = "Download the transactions as OFX, QIF or CSV instead."
            raise refusal("binary_file", f"the file is {name}, not a statement file", hint=hint)
    if data.count(b"\n") > ROWS_MAX * 40:
        raise refusal("too_many_rows", "the file has too many lines", hint="Split it by date.")


def _family(data: bytes) -> Format:
    """Tell the formats apart that have a mark of their own near the start; the rest is CSV."""
    head = decode(data[:_HEAD_BYTES]).lstrip("\ufeff").lstrip()
    if re.match(r"OFXHEADER\s*:", head, re.IGNORECASE) or re.search(
        r"<\?OFX\b|<OFX\s*>", head, re.IGNORECASE
    ):
        return Format.OFX
    if re.match(r"!(Type|Account|Option|Clear)\b", head, re.IGNORECASE):
        return Format.QIF
    if re.search(r"<FlexQueryResponse\b", head):
        return Format.IBKR_FLEX_XML
    if re.search(r"<(\w+:)?BkToCstmrStmt\b|camt\.053", head):
        return Format.CAMT_053
    if head.startswith("{"):
        return Format.BURSAR_JSON
    if head.startswith("<"):
        hint = "Download the transactions as OFX, QIF or CSV instead."
        raise refusal("unknown_format", "the file is XML or HTML of an unknown kind", hint=hint)
    return Format.CSV


def detect(data: bytes, filename: str = "") -> Format:
    """Return what a file is. Raises FormatError when it is nothing that can be read at all."""
    del filename
    _check_bytes(data)
    family = _family(data)
    if family is not Format.CSV:
        return family
    return registry.layout_of(csv_table.read_sheet(data)) or Format.CSV


def read(
    data: bytes,
    filename: str = "",
    mapping: Mapping | None = None,
    date_format: DateOrder | None = None,
) -> Reading:
    """Read a statement file of any known format.

    `mapping` says what the columns of a CSV mean and wins over every preset; `date_format` settles
    QIF dates that can be read in two ways. Raises FormatError when the file as a whole cannot be
    read; rows that cannot are listed among the problems, as errors.
    """
    _check_bytes(data)
    family = _family(data)
    if family is Format.OFX:
        return read_ofx(data)
    if family is Format.QIF:
        return read_qif(data, date_format)
    if family is Format.IBKR_FLEX_XML:
        return read_flex_xml(data)
    if family is Format.CAMT_053:
        return read_camt(data)
    if family is Format.BURSAR_JSON:
        return bursar_json.load(data), ()
    return _read_csv(csv_table.read_sheet(data), filename, mapping)


def _read_csv(sheet: Sheet, filename: str, mapping: Mapping | None) -> Reading:
    log = ProblemLog()
    layout = registry.layout_of(sheet) if mapping is None else None
    notes: tuple[str, ...] = ()
    if layout is not None:
        drafts = registry.read_layout(sheet, layout, log, filename)
    else:
        drafts, used = csv_mapped.read_mapped(sheet, mapping, log)
        notes = (f"read with the mapping {used.name!r}",) if used.name else ()
    statement = assemble(layout or Format.CSV, drafts, notes)
    accounts = statement.accounts
    if not any(a.activities or a.balances or a.stated_positions or a.securities for a in accounts):
        problems = log.done()
        if layout is not Format.CSV_BURSAR and not any(
            p.severity is Severity.ERROR for p in problems
        ):
            raise refusal("no_statement", "the file has a header but no rows below it")
    return statement, log.done()
