"""Price files to columns: CSV or Parquet, long or wide, every figure kept as exact text.

polars reads, checks and sorts; a figure becomes float64 only to be checked (finite, positive) and
for the yearly blocks. Every row that cannot be accepted is named by line, field and reason.
"""

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bursar.market.calc import price_columns
from bursar.market.calc.price_columns import Columns, Layout
from bursar.market.calc.price_years import Days, Floats, Integers

if TYPE_CHECKING:
    import polars as pl

ROWS_MAX = 5_000_000
FIELD_CHARACTERS_MAX = 40
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%b-%Y")
FIGURES = ("open", "high", "low", "close", "volume")
EARLIEST = dt.date(1700, 1, 1)
LATEST = dt.date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be accepted; the header is line 1."""

    line: int
    field: str
    reason: str


class UnreadableFile(ValueError):
    """The file as a whole cannot be understood; the text is for the user."""


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The good rows of a file: `frame` has line, ticker, day, the figures as text, and `value`."""

    frame: "pl.DataFrame"
    columns: Columns
    tickers: tuple[str, ...]
    read: int
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sorted:
    """Rows ready to be written; see store.prices.PriceRows."""

    instrument: Integers
    day: Days
    closes: Floats
    rows: bytes
    problems: list[Problem]


def read(content: bytes, *, file_name: str, columns: Mapping[str, str] | None = None) -> PriceTable:
    """Read a price file. Raises UnreadableFile; bad rows are in `problems` and left out."""
    import polars as pl  # noqa: PLC0415 - heavy, loaded on first use

    table, decimal_comma = _open(content, file_name)
    if table.height > ROWS_MAX:
        raise UnreadableFile(f"the file has {table.height} rows; at most {ROWS_MAX} are taken")
    try:
        guessed = price_columns.guess(table.columns[1:], columns)
    except ValueError as error:
        raise UnreadableFile(str(error)) from error
    day = guessed.by_meaning["date"]
    if guessed.layout is Layout.WIDE:
        if table.height * len(guessed.tickers) > ROWS_MAX:
            raise UnreadableFile(f"the file has more than {ROWS_MAX} prices")
        long = table.unpivot(
            on=list(guessed.tickers),
            index=["line", day],
            variable_name="ticker",
            value_name="close",
        )
        # an empty cell of a wide table means that this ticker has no price that day
        long = long.filter(pl.col("close").is_not_null()).rename({day: "day"})
    else:
        long = _select_long(table, guessed, file_name)
    absent = [pl.lit(None, pl.String).alias(name) for name in FIGURES if name not in long.columns]
    long = long.with_columns(absent).with_columns(_plain_numbers(decimal_comma=decimal_comma))
    checked, problems = _check(long.with_columns(_parse_days(long["day"])), guessed)
    tickers = checked["ticker"].unique(maintain_order=True).to_list()
    return PriceTable(checked, guessed, tuple(tickers), long.height, problems)


def arrange(table: PriceTable, number_of: Mapping[str, int]) -> Sorted:
    """Sort a table's rows by instrument and day for writing; `number_of` counts from 0.

    The same day twice is dropped when equal and a problem when it differs.
    """
    import polars as pl  # noqa: PLC0415 - heavy, loaded on first use

    numbers = pl.DataFrame(
        {"ticker": list(number_of), "n": list(number_of.values())},
        schema={"ticker": pl.String, "n": pl.Int64},
    )
    frame = table.frame.join(numbers, on="ticker", how="inner").sort("n", "day", "line")
    repeated = (pl.col("n") == pl.col("n").shift(1)) & (pl.col("day") == pl.col("day").shift(1))
    frame = frame.with_columns(
        repeated=repeated.fill_null(value=False), other=pl.col("value") != pl.col("value").shift(1)
    )
    clash = frame.filter(pl.col("repeated") & pl.col("other"))
    problems = [
        Problem(line, "date", f"{day} of {ticker} is in the file twice, with another close")
        for line, day, ticker in clash.select("line", "day", "ticker").iter_rows()
    ]
    frame = frame.filter(~pl.col("repeated"))
    out = io.BytesIO()
    frame.select(
        (pl.col("n") + 1).alias("n"),
        "day",
        *FIGURES,
        pl.lit(None, pl.String).alias("as_of"),
        pl.lit(None, pl.String).alias("quality"),
    ).write_csv(out, include_header=False)
    return Sorted(
        instrument=frame["n"].to_numpy(),
        day=frame["day"].cast(pl.Int32).to_numpy().astype("datetime64[D]"),
        closes=frame["value"].to_numpy(),
        rows=out.getvalue(),
        problems=problems,
    )


def _open(content: bytes, file_name: str) -> tuple["pl.DataFrame", bool]:
    """Return the file as text columns with a line number, and whether commas are decimal."""
    import polars as pl  # noqa: PLC0415 - heavy, loaded on first use

    if not content.strip():
        raise UnreadableFile("the file is empty")
    if content[:4] == b"PAR1" or file_name.lower().endswith(".parquet"):
        try:
            table = pl.read_parquet(io.BytesIO(content))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise UnreadableFile(f"this is no readable Parquet file: {error}") from error
        text = table.select(
            pl.col(name) if kind.is_temporal() else pl.col(name).cast(pl.String)
            for name, kind in table.schema.items()
        )
        return text.with_row_index("line", offset=2), False
    text_content = _as_utf8(content)
    first = text_content.split(b"\n", 1)[0]
    separator = max((b",", b";", b"\t", b"|"), key=first.count).decode()
    try:
        table = pl.read_csv(
            io.BytesIO(text_content),
            infer_schema=False,
            separator=separator,
        )
    except pl.exceptions.NoDataError as error:
        raise UnreadableFile("the file has no rows") from error
    except pl.exceptions.PolarsError as error:
        raise UnreadableFile(_what_is_ragged(text_content, separator, str(error))) from error
    if "line" in table.columns:
        table = table.rename({"line": "line_"})
    table = table.with_columns(pl.all().str.strip_chars())
    return table.with_row_index("line", offset=2), separator == ";"


def _as_utf8(content: bytes) -> bytes:
    content = content.removeprefix(b"\xef\xbb\xbf")
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16").encode()
    try:
        content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace").encode()
    return content


def _what_is_ragged(content: bytes, separator: str, fallback: str) -> str:
    """Find the line that has more fields than the header; polars names none."""
    reader = csv.reader(io.StringIO(content.decode()), delimiter=separator)
    try:
        width = len(next(reader))
        for row in reader:
            if len(row) > width:
                return f"line {reader.line_num} has {len(row)} fields; the header has {width}"
    except (csv.Error, StopIteration) as error:
        return f"the file is no readable CSV: {error}"
    return f"the file is no readable CSV: {fallback.splitlines()[0]}"


def _select_long(table: "pl.DataFrame", columns: Columns, file_name: str) -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415 - heavy, loaded on first use

    named = columns.by_meaning
    chosen = {"day": named["date"], **{k: named[k] for k in FIGURES if k in named}}
    if columns.adjusted:
        chosen["close"] = named["adjusted_close"]
    picked = [pl.col("line"), *(pl.col(name).alias(meaning) for meaning, name in chosen.items())]
    if "ticker" in named:
        return table.select(*picked, pl.col(named["ticker"]).cast(pl.String).alias("ticker"))
    ticker = price_columns.ticker_in(file_name)
    if ticker is None:
        raise UnreadableFile(
            "no column holds the ticker, and the file is not named after one (such as AAPL.csv)"
        )
    return table.select(*picked, pl.lit(ticker).alias("ticker"))


def _plain_numbers(*, decimal_comma: bool) -> list["pl.Expr"]:
    """Strip currency signs and thousands separators where the text plainly has them."""
    import polars as pl  # noqa: PLC0415 - heavy, loaded on first use

    plain = []
    for name in FIGURES:
        text = pl.col(name)
        if decimal_comma:
            text = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        else:
            grouped = r"^\$?\d{1,3}(,\d{3})+(\.\d+)?$"
            bare = text.str.replace_all(",", "", literal=True).str.strip_prefix("$")
            marked = text.str.contains(",", literal=True) | text.str.starts_with("$")
            text = (
                pl.when(marked & (text.str.contains(grouped) | text.str.contains(r"^\$[\d.]+$")))
                .then(bare)
                .otherwise(text)
            )
        plain.append(text.alias(name))
    return plain


def _parse_days(texts: "pl.Series") -> "pl.Series":
    """Return days as dates, null where they cannot be read. Raises UnreadableFile if ambiguous."""
    import polars as pl  # noqa: PLC0415 - heavy, loaded on first use

    if texts.dtype.is_temporal():
        return texts.cast(pl.Date)
    bare = texts.str.replace(r"[T ]\d{1,2}:\d{2}.*$", "")
    tries = {
        form: bare.str.to_date(form, strict=False, exact=True).null_count() for form in DATE_FORMATS
    }
    best = min(tries, key=lambda form: tries[form])
    both = {"%m/%d/%Y", "%d/%m/%Y"}
    if best in both and len({tries[form] for form in both}) == 1:
        readings = [bare.str.to_date(form, strict=False) for form in sorted(both)]
        if not readings[0].equals(readings[1], null_equal=True):
            raise UnreadableFile(
                "day and month cannot be told apart in this file; write days as 2026-01-31"
            )
    return bare.str.to_date(best, strict=False)


def _check(frame: "pl.DataFrame", columns: Columns) -> tuple["pl.DataFrame", list[Problem]]:
    """Split good rows from bad ones; only the first reason of a row is named."""
    import polars as pl  # noqa: PLC0415 - heavy, loaded on first use

    numbers = frame.select(
        pl.col(name).cast(pl.Float64, strict=False).alias(name) for name in FIGURES
    )
    checks = [
        ("date: this is no day", frame["day"].is_null()),
        ("date: the day lies outside 1700 to 2200", ~frame["day"].is_between(EARLIEST, LATEST)),
        ("ticker: no ticker", frame["ticker"].is_null() | (frame["ticker"] == "")),
        ("close: no close", frame["close"].is_null()),
    ]
    for name in FIGURES:
        text, number = frame[name], numbers[name]
        too_long = text.str.len_bytes() > FIELD_CHARACTERS_MAX
        unreadable = text.is_not_null() & (number.is_null() | ~number.is_finite())
        checks.append((f"{name}: this is no number", unreadable | too_long))
        if name == "volume":
            checks.append(("volume: a volume that is negative", number < 0))
        else:
            checks.append((f"{name}: a price that is zero or negative", number <= 0))
    checks.append(("high: the high lies under the low", numbers["high"] < numbers["low"]))
    reason = (
        pl.coalesce(pl.when(pl.lit(bad)).then(pl.lit(text)) for text, bad in checks if bad.any())
        if any(bad.any() for _, bad in checks)
        else pl.lit(None, pl.String)
    )
    judged = frame.with_columns(reason.alias("reason"), numbers["close"].alias("value"))
    problems = [
        Problem(line, _column(columns, str(text).split(": ")[0], ticker), text.split(": ")[1])
        for line, ticker, text in judged.filter(pl.col("reason").is_not_null())
        .select("line", "ticker", "reason")
        .iter_rows()
    ]
    return judged.filter(pl.col("reason").is_null()).drop("reason"), problems


def _column(columns: Columns, meaning: str, ticker: str | None) -> str:
    """Name the file's own column for a meaning."""
    if columns.layout is Layout.WIDE and meaning != "date":
        return ticker or meaning
    if meaning == "close" and columns.adjusted:
        return columns.by_meaning["adjusted_close"]
    return columns.by_meaning.get(meaning, meaning)


def rows_of(prices: Sequence[tuple[int, dt.date, Sequence[object]]]) -> bytes:
    """Return CSV rows of (n, day, open, high, low, close, volume, as_of, quality), blank if None."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for number, day, rest in prices:
        writer.writerow([number, day, *("" if value is None else value for value in rest)])
    return out.getvalue().encode()
