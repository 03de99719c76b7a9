"""CSV bytes to rows with line numbers: encoding, delimiter and the preamble above the header.

Bank exports put titles, names and blank lines above the header row and totals or legal text below
the data, so nothing is assumed about the first line: a reader asks `find_header` for the row that
has its columns.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bursar.banking.formats.problems import ProblemLog, refusal
from bursar.banking.formats.statement import ROWS_MAX
from bursar.banking.formats.text import decode

DELIMITERS = (",", ";", "\t", "|")
HEADER_ROWS_MAX = 60
_SAMPLE_LINES = 60
_CELLS_MAX = 1_000
_FIELD_MAX = 131_072


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of one record and the 1-based line of the file on which it starts."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One record under its header: cells by normalised column name."""

    line: int
    cells: list[str]
    columns: dict[str, int]

    def get(self, *names: str) -> str:
        """Return the first non-empty cell among the columns, or an empty string."""
        for name in names:
            index = self.columns.get(name)
            if index is not None and index < len(self.cells):
                text = self.cells[index].strip()
                if text:
                    return text
        return ""

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True)
class Sheet:
    """All records of a file, and the delimiter they were cut with."""

    lines: list[Line]
    delimiter: str


@dataclass(frozen=True)
class Table:
    """The records below a header, and those above it (`preamble`)."""

    headers: tuple[str, ...]
    header_line: int
    preamble: list[Line]
    rows: list[Row] = field(default_factory=list)


def column_name(header: str) -> str:
    """Normalise a header: `Price ($)` and ` price ` are both `price`."""
    bare = re.sub(r"\(\s*[$€£]\s*\)", "", header.replace("\ufeff", ""))
    return " ".join(bare.strip().strip('"').casefold().split())


def read_sheet(data: bytes) -> Sheet:
    """Cut a file into records. Raises FormatError when it is no CSV at all or has too many rows."""
    text = decode(data).replace("\x00", "")
    delimiter = _delimiter(text)
    lines: list[Line] = []
    for line in _records(text, delimiter):
        lines.append(line)
        if len(lines) > ROWS_MAX:
            code, message = "too_many_rows", f"a file has at most {ROWS_MAX} rows"
            raise refusal(code, message, line=line.number, hint="Split it by date.")
    if not lines:
        code, message = "empty_file", "the file is empty"
        raise refusal(code, message)
    return Sheet(lines, delimiter)


def _records(text: str, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for cells in reader:
            if any(cells):
                if len(cells) > _CELLS_MAX:
                    code, message = "too_many_cells", f"a row has at most {_CELLS_MAX} cells"
                    raise refusal(code, message, line=start)
                yield Line(start, cells)
            start = reader.line_num + 1
    except csv.Error as error:
        message = f"the file is not readable as CSV: {error}"
        raise refusal("not_csv", message, line=start, hint="Look for a lone quote mark.") from None


def _delimiter(text: str) -> str:
    """Choose the delimiter that cuts the most lines of the sample into equally many cells."""
    sample = "\n".join(text[:200_000].splitlines()[:_SAMPLE_LINES])
    best, best_score = ",", 0
    for delimiter in DELIMITERS:
        try:
            widths = Counter(
                len(cells) for cells in csv.reader(io.StringIO(sample), delimiter=delimiter)
            )
        except csv.Error:
            continue
        del widths[1], widths[0]
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] - 1), item[0]))
        score = count * (width - 1)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def find_header(sheet: Sheet, matches: Callable[[frozenset[str]], bool]) -> int | None:
    """Return the index of the first row, near the top, whose column names satisfy `matches`."""
    for index, line in enumerate(sheet.lines[:HEADER_ROWS_MAX]):
        if matches(frozenset(column_name(cell) for cell in line.cells)):
            return index
    return None


def columns_of(cells: list[str]) -> dict[str, int]:
    """Map normalised column names to their positions; the first of two equal names wins."""
    columns: dict[str, int] = {}
    for index, cell in enumerate(cells):
        name = column_name(cell)
        if name:
            columns.setdefault(name, index)
    return columns


def table_at(sheet: Sheet, index: int, log: ProblemLog) -> Table:
    """Return the table whose header is record `index`; overlong rows become problems."""
    header = sheet.lines[index]
    columns = columns_of(header.cells)
    rows = []
    for line in sheet.lines[index + 1 :]:
        extra = line.cells[len(header.cells) :]
        if any(cell.strip() for cell in extra):
            log.add(
                line.number,
                "too_many_cells",
                f"the row has {len(line.cells)} cells under {len(header.cells)} columns",
                hint="A comma inside a text must be between quote marks.",
            )
            continue
        row = Row(line.number, line.cells, columns)
        if not row.is_blank:
            rows.append(row)
    headers = tuple(cell.strip() for cell in header.cells)
    return Table(headers, header.number, sheet.lines[:index], rows)
