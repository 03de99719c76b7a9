"""Which CSV layout a file has. The order matters: the most particular header comes first."""

from collections.abc import Callable
from dataclasses import dataclass

from bursar.banking.formats import csv_bursar
from bursar.banking.formats.csv_presets import (
    coinbase,
    fidelity,
    ibkr_activity,
    ibkr_flex,
    kraken_ledgers,
    kraken_trades,
    schwab,
)
from bursar.banking.formats.csv_table import Sheet, Table, find_header, table_at
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.problems import ProblemLog
from bursar.banking.formats.statement import Format


@dataclass(frozen=True)
class _TableLayout:
    """A layout with one header row, known by its columns."""

    format: Format
    columns: frozenset[str]
    read: Callable[[Table, ProblemLog, str], list[AccountDraft]]


@dataclass(frozen=True)
class _SheetLayout:
    """A layout of several sections, known by the shape of its rows."""

    format: Format
    matches: Callable[[Sheet], bool]
    read: Callable[[Sheet, ProblemLog, str], list[AccountDraft]]


_TABLES = (
    _TableLayout(Format.CSV_BURSAR, csv_bursar.COLUMNS, csv_bursar.read),
    _TableLayout(Format.CSV_KRAKEN_TRADES, kraken_trades.COLUMNS, kraken_trades.read),
    _TableLayout(Format.CSV_KRAKEN_LEDGERS, kraken_ledgers.COLUMNS, kraken_ledgers.read),
    _TableLayout(Format.CSV_COINBASE, coinbase.COLUMNS, coinbase.read),
    _TableLayout(Format.CSV_FIDELITY, fidelity.COLUMNS, fidelity.read),
    _TableLayout(Format.CSV_SCHWAB, schwab.COLUMNS | schwab.DISTINCT, schwab.read),
)
_SHEETS = (
    _SheetLayout(Format.CSV_IBKR_ACTIVITY, ibkr_activity.matches, ibkr_activity.read),
    _SheetLayout(Format.CSV_IBKR_FLEX, ibkr_flex.matches, ibkr_flex.read),
)


def layout_of(sheet: Sheet) -> Format | None:
    """Return the known layout that the file has, or None."""
    for table in _TABLES:
        if find_header(sheet, table.columns.issubset) is not None:
            return table.format
    return next((layout.format for layout in _SHEETS if layout.matches(sheet)), None)


def read_layout(sheet: Sheet, layout: Format, log: ProblemLog, filename: str) -> list[AccountDraft]:
    """Read a file whose layout is known."""
    for sections in _SHEETS:
        if sections.format is layout:
            return sections.read(sheet, log, filename)
    table = next(t for t in _TABLES if t.format is layout)
    index = find_header(sheet, table.columns.issubset)
    return table.read(table_at(sheet, index or 0, log), log, filename)
