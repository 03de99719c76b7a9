"""Any CSV through a mapping: the generic reader for banks and brokers without a preset."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bursar.banking.formats import numbers
from bursar.banking.formats.cells import Cells
from bursar.banking.formats.csv_mapping import Mapping, MappingGuess, guess_mapping
from bursar.banking.formats.csv_preamble import stated_balances
from bursar.banking.formats.csv_table import (
    HEADER_ROWS_MAX,
    Row,
    Sheet,
    Table,
    column_name,
    find_header,
    table_at,
)
from bursar.banking.formats.dates import DateOrder, decide_order
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.problems import ProblemLog, refusal
from bursar.banking.formats.statement import ActivityKind as Kind

CONFIDENCE_MIN = 0.7
_SAMPLE_ROWS = 200
_WORDS = {
    "buy": Kind.BUY, "bought": Kind.BUY, "purchase": Kind.BUY, "kauf": Kind.BUY,
    "sell": Kind.SELL, "sold": Kind.SELL, "sale": Kind.SELL, "verkauf": Kind.SELL,
    "dividend": Kind.DIVIDEND, "dividende": Kind.DIVIDEND, "interest": Kind.INTEREST,
    "zinsen": Kind.INTEREST, "fee": Kind.FEE, "fees": Kind.FEE, "tax": Kind.TAX,
    "deposit": Kind.DEPOSIT, "credit": Kind.DEPOSIT, "withdrawal": Kind.WITHDRAWAL,
    "debit": Kind.WITHDRAWAL, "payment": Kind.WITHDRAWAL, "split": Kind.SPLIT,
    "transfer in": Kind.TRANSFER_IN, "transfer out": Kind.TRANSFER_OUT,
    "staking reward": Kind.STAKING_REWARD,
}  # fmt: skip
_OUTGOING = frozenset(
    {Kind.BUY, Kind.WITHDRAWAL, Kind.FEE, Kind.TAX, Kind.TRANSFER_OUT, Kind.DELIVERY_OUT}
)
_NEED_UNITS = frozenset({Kind.BUY, Kind.SELL, Kind.SPLIT, Kind.STAKING_REWARD})
_CASH_FLOWS = frozenset({Kind.DEPOSIT, Kind.WITHDRAWAL})
_UNITS_OUT = frozenset({Kind.SELL, Kind.DELIVERY_OUT, Kind.EXCHANGE_OUT})


def propose(sheet: Sheet) -> tuple[int, MappingGuess]:
    """Return the most likely header row of an unknown file and what its columns seem to mean."""
    best_index, best = 0, MappingGuess(mapping=None, confidence=0.0, reasons=())
    for index, line in enumerate(sheet.lines[:HEADER_ROWS_MAX]):
        names = [cell.strip() for cell in line.cells]
        below = [below.cells for below in sheet.lines[index + 1 : index + 1 + _SAMPLE_ROWS]]
        if sum(bool(name) for name in names) < 2 or not below:  # noqa: PLR2004 - a date and an amount
            continue
        guess = guess_mapping(names, below)
        if guess.confidence > best.confidence:
            best_index, best = index, guess
        if best.confidence >= CONFIDENCE_MIN:
            break
    return best_index, best


def read_mapped(
    sheet: Sheet, mapping: Mapping | None, log: ProblemLog
) -> tuple[list[AccountDraft], Mapping]:
    """Read a file by its mapping, or by the guessed one when the guess is sure enough."""
    if mapping is None:
        index, guess = propose(sheet)
        if guess.mapping is None or guess.confidence < CONFIDENCE_MIN:
            shown = ", ".join(cell for cell in sheet.lines[index].cells if cell.strip())[:200]
            raise refusal(
                "needs_mapping",
                f"no known layout, and the columns do not explain themselves: {shown}",
                field="mapping",
                hint="Give a mapping: the column of the date and that of the amount at least.",
            )
        mapping = guess.mapping
        message = "the meaning of the columns was guessed: " + ", ".join(
            f"{field} = {header!r}" for field, header in mapping.columns().items()
        )
        log.assume(sheet.lines[index].number, "guessed_mapping", message[:1_000], field="mapping")
    else:
        index = _header_of(sheet, mapping)
    table = table_at(sheet, index, log)
    return _read(table, mapping, log), mapping


def _header_of(sheet: Sheet, mapping: Mapping) -> int:
    wanted = {column_name(header): header for header in mapping.columns().values()}
    index = find_header(sheet, lambda names: wanted.keys() <= names)
    if index is None:
        present = {
            column_name(cell) for line in sheet.lines[:HEADER_ROWS_MAX] for cell in line.cells
        }
        missing = [header for name, header in wanted.items() if name not in present]
        said = ", ".join(repr(h) for h in missing) or "all columns in one row"
        raise refusal("missing_columns", f"the file does not have {said}", field="mapping")
    return index


class _Reader:
    """The mapping with everything that only the whole table decides."""

    def __init__(self, table: Table, mapping: Mapping) -> None:
        self.mapping = mapping
        self.names = {field: column_name(h) for field, h in mapping.columns().items()}
        dates = (row.get(self.names["date"]) for row in table.rows)
        self.order: DateOrder = mapping.date_format or decide_order(dates)
        self.mark = mapping.decimal_mark or self._decide_mark(table.rows)
        self.kinds = {rule.text.strip().lower(): rule.kind for rule in mapping.kinds}
        try:
            self.zone = ZoneInfo(mapping.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            message = f"{mapping.time_zone[:40]!r} is not a time zone"
            raise refusal("bad_mapping", message, field="time_zone") from None

    def _decide_mark(self, rows: Iterable[Row]) -> numbers.DecimalMark:
        fields = ("amount", "debit", "credit", "quantity", "unit_price", "fees", "taxes", "balance")
        columns = [self.names[f] for f in fields if f in self.names]
        texts = {row.get(column) for row in rows for column in columns}
        mark = numbers.decimal_mark_of(texts)
        if mark is not None:
            return mark
        marked = next((text for text in sorted(texts) if "," in text or "." in text), None)
        if marked is not None:
            raise refusal(
                "ambiguous_numbers",
                f"the numbers do not say which mark is the decimal one ({marked[:20]!r})",
                field="decimal_mark",
                hint="Say which it is: decimal_mark '.' or ','.",
            )
        return "."

    def text(self, row: Row, field: str) -> str:
        """Return the cell of a mapped field."""
        name = self.names.get(field)
        return row.get(name) if name is not None else ""

    def number(self, cells: Cells, field: str) -> Decimal | None:
        """Return the number of a mapped field."""
        name = self.names.get(field)
        return cells.number(name, mark=self.mark) if name is not None else None


def _read(table: Table, mapping: Mapping, log: ProblemLog) -> list[AccountDraft]:
    reader = _Reader(table, mapping)
    drafts: dict[str, AccountDraft] = {}
    for row in table.rows:
        account = reader.text(row, "account") or mapping.account_id
        draft = drafts.get(account)
        if draft is None:
            draft = drafts[account] = AccountDraft(
                log,
                external_id=account,
                institution=mapping.institution,
                kind=mapping.account_kind,
                currency=mapping.default_currency,
            )
        _read_row(draft, row, reader)
    if len(drafts) == 1:  # a balance above several accounts belongs to none of them
        (draft,) = drafts.values()
        found = list(stated_balances(table.preamble, reader.order, reader.mark))
        if found:
            stated = max(found, key=lambda balance: balance.as_of)
            draft.currency = draft.currency or stated.currency
            draft.add_balance(
                stated.line,
                kind="ledger",
                amount=stated.amount,
                as_of=stated.as_of,
                currency=stated.currency,
            )
    return list(drafts.values())


def _read_row(draft: AccountDraft, row: Row, reader: _Reader) -> None:
    cells = Cells(draft, row)
    at, local_day = cells.moment(reader.names["date"], order=reader.order, zone=reader.zone)
    quantity = reader.number(cells, "quantity")
    written = _amount(cells, reader)
    if written is None and quantity is None and not cells.failed:
        cells.problem("missing_amount", "the row has neither an amount nor a quantity", "amount")
    security = _hold(draft, row, reader)
    kind = _kind(cells, reader, written, quantity if security else None)
    if cells.failed or kind is None:
        return
    amount = _signed(kind, written, reader)
    if quantity is not None:
        quantity = numbers.negative(quantity) if kind in _UNITS_OUT else quantity
    currency = reader.text(row, "currency").upper() or draft.currency
    settles = reader.text(row, "settles_on")
    cells.add(
        kind=kind,
        effective_at=at,
        local_day=local_day,
        settles_on=_day(cells, reader, settles),
        external_id=reader.text(row, "external_id") or None,
        security=security,
        quantity=quantity if security else None,
        unit_price=reader.number(cells, "unit_price"),
        amount=amount,
        currency=currency,
        fees=numbers.positive(reader.number(cells, "fees") or Decimal(0)),
        taxes=numbers.positive(reader.number(cells, "taxes") or Decimal(0)),
        payee=reader.text(row, "payee") or None,
        memo=reader.text(row, "memo") or None,
        category=reader.text(row, "category") or None,
        reference=reader.text(row, "reference") or None,
        counter_account=reader.text(row, "counter_account") or None,
        raw_type=reader.text(row, "kind"),
    )


def _day(cells: Cells, reader: _Reader, text: str) -> date | None:
    if not text:
        return None
    at, _ = cells.moment(reader.names["settles_on"], order=reader.order, zone=reader.zone)
    return at.date() if isinstance(at, datetime) else at


def _amount(cells: Cells, reader: _Reader) -> Decimal | None:
    """Return the amount as written, or credit less debit (whatever sign the debit is written with)."""
    if reader.mapping.amount is not None:
        return reader.number(cells, "amount")
    debit, credit = reader.number(cells, "debit"), reader.number(cells, "credit")
    if debit is None and credit is None:
        return None
    return numbers.add(
        credit.copy_abs() if credit is not None else None,
        numbers.negative(debit) if debit is not None else None,
    )


def _hold(draft: AccountDraft, row: Row, reader: _Reader) -> str | None:
    isin, symbol = reader.text(row, "isin"), reader.text(row, "symbol")
    name = reader.text(row, "security_name")
    key = isin or symbol or name
    if not key:
        return None
    return draft.hold(
        row.line, key[:200], symbol=symbol or None, isin=isin or None, name=name or None
    )


def _kind(
    cells: Cells, reader: _Reader, amount: Decimal | None, quantity: Decimal | None
) -> Kind | None:
    text = reader.text(cells.row, "kind").lower()
    given = reader.kinds.get(text)
    if given is not None:
        return given
    found, by_kind = _WORDS.get(text), reader.mapping.sign == "by_kind"
    if found in _NEED_UNITS and quantity is None:
        # On a card statement a "Sale" is a purchase in a shop, not one of securities.
        found = None
    if found in _CASH_FLOWS and not by_kind:
        found = None  # the written sign knows better than a word such as "payment"
    if found is not None:
        return found
    if text and (by_kind or quantity):
        cells.problem(
            "unknown_action",
            f"the kind {text[:60]!r} is not known",
            reader.names["kind"],
            "Add it to the mapping's kinds.",
        )
        return None
    if quantity:
        is_in = amount < 0 if amount else quantity > 0
        if not amount:
            return Kind.DELIVERY_IN if is_in else Kind.DELIVERY_OUT
        return Kind.BUY if is_in else Kind.SELL
    is_out = (amount or Decimal(0)) < 0
    if reader.mapping.sign == "inverted":
        is_out = (amount or Decimal(0)) > 0
    return Kind.WITHDRAWAL if is_out else Kind.DEPOSIT


def _signed(kind: Kind, amount: Decimal | None, reader: _Reader) -> Decimal | None:
    if amount is None or reader.mapping.sign == "as_written":
        return amount
    if reader.mapping.sign == "inverted":
        return numbers.flipped(amount)
    return numbers.negative(amount) if kind in _OUTGOING else amount
