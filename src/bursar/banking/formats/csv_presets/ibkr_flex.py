"""Interactive Brokers' Flex query as CSV: sections one after another, each under its own header.

Files come plain, with `BOF/BOA/BOS` marker rows, or with `HEADER`/`DATA` and a section code in the
first two columns. What a section is about is told by its columns.
"""

import re

from bursar.banking.formats.csv_table import Line, Sheet
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.ibkr_records import FlexRow, read_cash, read_position, read_trade
from bursar.banking.formats.problems import ProblemLog
from bursar.banking.formats.statement import AccountKind

_MARKERS = frozenset({"BOF", "BOA", "BOS", "EOS", "EOA", "EOF"})
_READERS = {"trades": read_trade, "cash": read_cash, "positions": read_position}
_LINES_MAX = 60


def field_name(header: str) -> str:
    """Return the name without case, blanks and punctuation: `Buy/Sell` is `buysell`."""
    return re.sub(r"[^a-z0-9]", "", header.lower())


def matches(sheet: Sheet) -> bool:
    """Whether the file has a Flex header row near its top."""
    heads = ([field_name(cell) for cell in _bare(line)] for line in sheet.lines[:_LINES_MAX])
    return any(_is_header(head) and _section(frozenset(head)) is not None for head in heads)


def _bare(line: Line) -> list[str]:
    """Drop the two leading columns of the HEADER/DATA form."""
    is_prefixed = len(line.cells) > 2 and line.cells[0] in {"HEADER", "DATA"}  # noqa: PLR2004 - kind, code, data
    return line.cells[2:] if is_prefixed else line.cells


def _is_header(names: list[str]) -> bool:
    return bool(
        {"clientaccountid", "accountid", "transactionid", "tradeid", "ibexecid"} & set(names)
    ) and (bool({"currencyprimary", "currency"} & set(names)))


def _section(names: frozenset[str]) -> str | None:
    if {"quantity", "symbol"} <= names and names & {"tradeprice", "price", "buysell"}:
        return "trades"
    if {"amount", "type"} <= names:
        return "cash"
    if {"symbol", "markprice"} <= names and names & {"position", "quantity"}:
        return "positions"
    return None


def read(sheet: Sheet, log: ProblemLog, filename: str) -> list[AccountDraft]:
    """Read all sections; one account per account id."""
    del filename
    drafts: dict[str, AccountDraft] = {}
    header: list[str] = []
    section: str | None = None
    left_out: dict[str, int] = {}
    for line in sheet.lines:
        cells = _bare(line)
        if line.cells[0] in _MARKERS:
            continue
        names = [field_name(cell) for cell in cells]
        if _is_header(names):
            header, section = names, _section(frozenset(names))
            if section is None:
                left_out[",".join(header)[:80]] = line.number
            continue
        if section is None:
            continue
        values = dict(zip(header, cells, strict=False))
        account = values.get("clientaccountid") or values.get("accountid") or ""
        draft = drafts.get(account)
        if draft is None:
            draft = drafts[account] = AccountDraft(
                log,
                external_id=account,
                institution="Interactive Brokers",
                kind=AccountKind.BROKERAGE,
            )
        _READERS[section](FlexRow(draft, line.number, values))
    for columns, number in left_out.items():
        log.assume(number, "section_left_out", f"a section is not read: {columns}")
    return list(drafts.values())
