"""Fidelity's account history (`Accounts_History.csv`, `History_for_Account_*.csv`).

The action is a sentence ("YOU BOUGHT APPLE INC (AAPL) (Cash)") whose beginning says what happened.
Quantities and amounts carry their own signs. One generation of the file has its quantity, currency
and price one column off from the header; it is told by a currency code under Quantity.
"""

import re
from decimal import Decimal

from bursar.banking.formats import numbers
from bursar.banking.formats.cells import Cells
from bursar.banking.formats.csv_table import Row, Table
from bursar.banking.formats.dates import parse_date
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.problems import ProblemLog
from bursar.banking.formats.statement import AccountKind, SecurityKind
from bursar.banking.formats.statement import ActivityKind as Kind

COLUMNS = frozenset({"run date", "action", "symbol", "amount"})

_FILE = re.compile(r"Account_([A-Z]?\d{6,12})")
_CODE = re.compile(r"^[A-Z]{3}$")
_DATE_LIKE = re.compile(
    r"^\d{1,2}/\d{1,2}/\d{2,4}$|^\d{4}-\d{2}-\d{2}$|^[A-Z][a-z]{2}-\d{2}-\d{4}$"
)
_CASH = (
    r"^(ELECTRONIC FUNDS TRANSFER|DIRECT (DEPOSIT|DEBIT)|WIRE|CHECK|BILL PAY|CASH|DEBIT CARD|ATM"
    r"|PARTIC CONTR|CO CONTR|CONTRIB|NORMAL DISTR|PREMATURE DISTR|EARLY DIST|RMD|DEPOSIT|WITHDRAWAL"
    r"|ADJUST|REBATE)"
)
_RULES = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"^(BUY|SELL) CANCEL|\bCXL\b.*CANCELLED TRADE", None),
        (r"^(YOU )?BOUGHT|^REINVESTMENT|^PURCHASE INTO CORE|^YOU BUY", Kind.BUY),
        (r"^(YOU )?SOLD|^REDEMPTION FROM CORE|^REDEEMED|^REDEMPTION PAYOUT|^IN LIEU", Kind.SELL),
        (r"^EXPIRED", Kind.OPTION_EXPIRY),
        (r"^ASSIGNED", Kind.OPTION_ASSIGNMENT),
        (r"^EXERCISED", Kind.OPTION_EXERCISE),
        (r"^(LONG|SHORT)[- ]TERM CAP GAIN|^(LT|ST) CAP GAIN", Kind.CAPITAL_GAIN_DISTRIBUTION),
        (r"^(DIVIDEND|ROYALTY TR PYMT|SUBSTITUTE PAYMENT)", Kind.DIVIDEND),
        (r"^(INTEREST|MARGIN INTEREST|FULLY PAID LENDING|CREDIT INTEREST|MUNI EXEMPT INT)", Kind.INTEREST),
        (r"^(FOREIGN TAX|NON-RESIDENT TAX|FED(ERAL)? TAX|STATE TAX|TAX W/?H|.*TAX WITHHELD)", Kind.TAX),
        (r"^(FEE|ADR|ADVISORY FEE|FOREIGN CUSTODY FEE|.*\bFEE (CHARGED|PAID)|SHORT FEE|ASSET-BASED FEE)", Kind.FEE),
        (r"^RETURN OF CAPITAL|^LIQUIDATING DISTRIBUTION", Kind.RETURN_OF_CAPITAL),
        (r"SPIN-?OFF", Kind.SPIN_OFF),
        (r"SPLIT|^REVERSE SPLIT|\bR/S\b", Kind.SPLIT),
        (r"^MERGER|\bMER\b", Kind.MERGER),
        (r"^NAME CHANGED?|^CUSIP CHANGE", Kind.RENAME),
        (r"^(ROTH CONVERSION|TRANSFERRED|TRANSFER OF ASSETS|JOURNALED|TRANSFER|CONV(ERSION)?\b)", Kind.TRANSFER_IN),
        (_CASH, Kind.DEPOSIT),
        (r"^DISTRIBUTION", Kind.SPIN_OFF),
    )
)  # fmt: skip


def read(table: Table, log: ProblemLog, filename: str) -> list[AccountDraft]:
    """Read the rows, one account per account number (or name) in the file."""
    drafts: dict[str, AccountDraft] = {}
    named = _FILE.search(filename)
    for row in table.rows:
        if not _DATE_LIKE.match(row.get("run date")):
            # Legal text and "Date downloaded" stand in the first column below the data.
            if row.get("action", "amount"):
                log.add(row.line, "bad_date", "the row has no run date", field="run date")
            continue
        number = (
            row.get("account number") or (named.group(1) if named else "") or row.get("account")
        )
        draft = drafts.get(number)
        if draft is None:
            draft = drafts[number] = AccountDraft(
                log,
                external_id=number,
                institution="Fidelity",
                name=row.get("account") or None,
                kind=AccountKind.BROKERAGE,
                currency="USD",
            )
        _read_row(draft, row)
    return list(drafts.values()) or [AccountDraft(log, institution="Fidelity", currency="USD")]


def _read_row(draft: AccountDraft, row: Row) -> None:
    cells = Cells(draft, row)
    action = row.get("action")
    rule = next(((p, kind) for p, kind in _RULES if p.search(action[:500].upper())), None)
    if rule is None:
        hint = "Enter it by hand, or import the other rows only."
        cells.problem("unknown_action", f"the action {action[:60]!r} is not known", "action", hint)
        return
    try:
        day = parse_date(row.get("run date"), "MDY" if "/" in row.get("run date") else "YMD")
        settled = row.get("settlement date")
        settles = parse_date(settled, "MDY") if settled and "/" in settled else None
    except ValueError as error:
        cells.problem("bad_date", str(error), "run date")
        return
    is_shifted = _CODE.match(row.get("quantity")) is not None
    quantity = cells.number("price" if is_shifted else "quantity")
    price = cells.number("currency" if is_shifted else "price")
    stated = row.get("quantity" if is_shifted else "currency")
    fees = numbers.add(cells.number("commission"), cells.number("fees"))
    amount = cells.number("amount")
    kind = _kind(rule[1], amount, quantity or None)
    symbol = row.get("symbol")
    cells.add(
        kind=kind,
        effective_at=day,
        settles_on=settles,
        security=_hold(draft, row) if symbol else None,
        quantity=quantity if quantity and symbol else None,
        unit_price=price or None,
        amount=amount,
        currency=stated if _CODE.match(stated) else "USD",
        fees=fees.copy_abs(),
        memo=action or None,
        raw_type=" ".join(action.split()[:3]),
    )


def _hold(draft: AccountDraft, row: Row) -> str | None:
    symbol = row.get("symbol")
    is_option = symbol.startswith("-")
    return draft.hold(
        row.line,
        symbol.lstrip("-")[:200],
        symbol=symbol.lstrip("-"),
        name=row.get("description", "security description") or None,
        kind=SecurityKind.OPTION if is_option else SecurityKind.OTHER,
        multiplier=Decimal(100) if is_option else None,
        currency="USD",
    )


def _kind(kind: Kind | None, amount: Decimal | None, quantity: Decimal | None) -> Kind:
    is_out = amount is not None and amount < 0
    if kind is None:
        # A cancelled purchase gives cash back: a buy with both signs turned, and so with a sale.
        return Kind.SELL if is_out else Kind.BUY
    if kind is Kind.DEPOSIT and is_out:
        return Kind.WITHDRAWAL
    if kind is Kind.TAX and amount is not None and amount > 0:
        return Kind.TAX_REFUND
    if kind is Kind.TRANSFER_IN:
        if not amount and quantity is not None:
            return Kind.DELIVERY_OUT if quantity < 0 else Kind.DELIVERY_IN
        return Kind.TRANSFER_OUT if is_out else Kind.TRANSFER_IN
    return kind
