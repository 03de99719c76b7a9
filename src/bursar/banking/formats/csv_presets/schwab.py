"""Charles Schwab's transaction history, with or without its title row.

Dates such as `12/16/2014 as of 12/15/2014` were posted on the first day and took effect on the
second. A reinvestment comes as two rows already: the income and the shares.
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

COLUMNS = frozenset({"date", "action", "symbol", "description", "quantity", "price", "amount"})
DISTINCT = frozenset({"fees & comm"})

_TITLE = re.compile(r"account\s+(\S+)\s+as of", re.IGNORECASE)
_FILE = re.compile(r"(?:^|_)(X{2,}-?\d{3,6})(?=_)")
_OPTION = re.compile(r"^\S+ \d{2}/\d{2}/\d{4} [\d.]+ [CP]$")
_ACTIONS = {
    Kind.BUY: "buy|buy to open|buy to close|buy to cover|reinvest shares",
    Kind.SELL: "sell|sell short|sell to open|sell to close|full redemption|partial redemption"
    "|full redemption adj|bond maturity|cash in lieu|cash merger",
    Kind.DIVIDEND: "cash dividend|qualified dividend|non-qualified div|special dividend"
    "|special qual div|special non qual div|pr yr cash div|pr yr special div|reinvest dividend"
    "|qual div reinvest|pr yr div reinvest|pr yr qual div|div adjustment|dividend|foreign dividend"
    "|cash-in-lieu of dividend|pr yr non qual div|substitute payment|cash stock dividend",
    Kind.CAPITAL_GAIN_DISTRIBUTION: "long term cap gain|short term cap gain"
    "|long term cap gain reinvest|short term cap gain reinvest|pr yr long term cap gain"
    "|pr yr short term cap gain|cap gain distribution",
    Kind.INTEREST: "bank interest|credit interest|bond interest|margin interest|cd interest"
    "|interest|reinvest interest|interest adj",
    Kind.FEE: "service fee|adr mgmt fee|margin fee|misc fee|fee|advisor fee|wire fee|foreign fee",
    Kind.TAX: "foreign tax paid|nra tax adj|nra withholding|tax withholding|backup withholding"
    "|pr yr nra tax|pr yr for tax|state tax withheld|federal tax withheld",
    Kind.DEPOSIT: "moneylink transfer|moneylink deposit|moneylink adj|wire funds received"
    "|funds received|wire received|funds deposited|direct deposit|deposit|check received"
    "|misc cash entry|misc credits|promotional award|bonus adjustment|wire funds|wire funds adj"
    "|wire sent|funds paid|funds disbursed|withdrawal|check paid|atm withdrawal|visa purchase"
    "|ach|ach credit|ach debit|bill pay|debit card|atm|auto s1 credit|auto s1 debit|adjustment",
    Kind.TRANSFER_IN: "journal|journaled|internal transfer|security transfer|journaled shares"
    "|transfer of cash|futures mm sweep|transfer|roth conversion|acct transfer",
    Kind.SPLIT: "stock split|reverse split|stock split adj|stock dividend",
    Kind.SPIN_OFF: "spin-off",
    Kind.MERGER: "stock merger|cash/stock merger|mandatory reorg exc|exchange or exercise"
    "|reorganization|mandatory merger",
    Kind.RENAME: "name change|symbol change|cusip change",
    Kind.RETURN_OF_CAPITAL: "return of capital|liquidating distribution",
    Kind.OPTION_EXPIRY: "expired",
    Kind.OPTION_ASSIGNMENT: "assigned",
    Kind.OPTION_EXERCISE: "options frwd split|exercised",
    Kind.DELIVERY_IN: "stock plan activity|shares received",
}
_KINDS = {name: kind for kind, names in _ACTIONS.items() for name in names.split("|")}


def read(table: Table, log: ProblemLog, filename: str) -> list[AccountDraft]:
    """Read the rows of one account."""
    title = " ".join(cell for line in table.preamble for cell in line.cells)
    named = _TITLE.search(title[:2_000]) or _FILE.search(filename)
    draft = AccountDraft(
        log,
        external_id=named.group(1) if named else "",
        institution="Charles Schwab",
        kind=AccountKind.BROKERAGE,
        currency="USD",
    )
    for row in table.rows:
        is_total = "total" in row.get("date").lower() and not row.get("action")
        if is_total:
            _check_total(draft, row)
        else:
            _read_row(draft, row)
    return [draft]


def _check_total(draft: AccountDraft, row: Row) -> None:
    """Compare the file's own total with what was read, unless a row is known to be missing."""
    stated = Cells(draft, row).number("amount")
    read_total = numbers.add(*(activity.amount for activity in draft.activities))
    if stated is not None and stated != read_total and not draft.log.errors:
        message = f"the file's total is {stated}, the rows add up to {read_total}"
        draft.log.assume(row.line, "total_differs", message, field="amount")


def _read_row(draft: AccountDraft, row: Row) -> None:
    cells = Cells(draft, row)
    action = row.get("action")
    kind = _KINDS.get(action.lower())
    if kind is None:
        hint = "Enter it by hand, or import the other rows only."
        cells.problem("unknown_action", f"the action {action[:60]!r} is not known", "action", hint)
        return
    posted, _, as_of = row.get("date").partition(" as of ")
    try:
        day = parse_date(as_of or posted, "MDY")
        settles = parse_date(posted, "MDY") if as_of else None
    except ValueError as error:
        cells.problem("bad_date", str(error), "date")
        return
    amount, quantity = cells.number("amount"), cells.number("quantity")
    fees = cells.number("fees & comm")
    symbol = row.get("symbol")
    cells.add(
        kind=_signed_kind(kind, amount, quantity),
        effective_at=day,
        settles_on=settles,
        security=_hold(draft, row) if symbol else None,
        quantity=_signed_quantity(kind, quantity),
        unit_price=cells.number("price"),
        amount=amount,
        currency="USD",
        fees=numbers.positive(fees) if fees is not None else Decimal(0),
        memo=row.get("description") or None,
        raw_type=action,
    )


def _hold(draft: AccountDraft, row: Row) -> str | None:
    symbol = row.get("symbol")
    is_option = _OPTION.match(symbol) is not None
    return draft.hold(
        row.line,
        symbol[:200],
        symbol=symbol,
        name=row.get("description") or None,
        kind=SecurityKind.OPTION if is_option else SecurityKind.OTHER,
        multiplier=Decimal(100) if is_option else None,
        currency="USD",
    )


def _signed_kind(kind: Kind, amount: Decimal | None, quantity: Decimal | None) -> Kind:
    """Give the direction to kinds whose action names both ways."""
    if kind is Kind.DEPOSIT and amount is not None and amount < 0:
        return Kind.WITHDRAWAL
    if kind is Kind.TAX and amount is not None and amount > 0:
        return Kind.TAX_REFUND
    if kind is Kind.TRANSFER_IN:
        if not amount and quantity is not None:
            return Kind.DELIVERY_OUT if quantity < 0 else Kind.DELIVERY_IN
        return Kind.TRANSFER_OUT if amount is not None and amount < 0 else Kind.TRANSFER_IN
    return kind


def _signed_quantity(kind: Kind, quantity: Decimal | None) -> Decimal | None:
    """Schwab writes the units of a sale without a sign; the model's sign is the effect on them."""
    if quantity is None or kind in {Kind.INTEREST, Kind.DIVIDEND, Kind.CAPITAL_GAIN_DISTRIBUTION}:
        return None
    if kind is Kind.SELL:
        return numbers.negative(quantity)
    if kind is Kind.BUY:
        return quantity.copy_abs()
    return quantity
