"""Interactive Brokers' activity statement as CSV: every row starts with its section and row kind.

A section may declare its header more than once (forex trades name their commission differently),
so each data row is read under the header in force. The list of instruments stands near the end and
is read first. Sums (`SubTotal`, `Total`) are no data. In Trades an `Order` row already sums up the
`Trade` rows under it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from bursar.banking.formats import numbers
from bursar.banking.formats.csv_presets.ibkr_actions import read_corporate_action
from bursar.banking.formats.csv_presets.ibkr_flex import field_name
from bursar.banking.formats.csv_table import Sheet
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.ibkr_records import (
    FlexRow,
    add_conversion,
    add_fee,
    cash_kind,
    currency_pair,
    security_kind,
)
from bursar.banking.formats.problems import ProblemLog
from bursar.banking.formats.statement import AccountKind
from bursar.banking.formats.statement import ActivityKind as Kind

_NAMED = re.compile(r"^\s*([^()]{1,40}?)\s*\(([A-Z0-9]{6,14})\)")
_INFORMATION = frozenset(
    {
        "statement", "account information", "net asset value", "change in nav", "codes",
        "mark-to-market performance summary", "realized & unrealized performance summary",
        "notes/legal notes", "interest accruals", "change in dividend accruals",
        "open dividend accruals", "forex balances", "net stock position summary",
        "month & year to date performance summary", "base currency exchange rate", "location of customer assets, positions and money",
        "financial instrument information", "total p/l for statement period", "collateral for customer borrowing",
        "stock yield enhancement program securities lent", "stock yield enhancement program securities lent interest details",
        "stock yield enhancement program securities lent activity", "routing venue", "trade summary by asset class", "trade summary by symbol",
        "change in position values", "long open positions", "short open positions",
    }
)  # fmt: skip
_LINES_MAX = 60


@dataclass
class _File:
    """The rows by section (line number, values) and the account-wide facts."""

    sections: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    account: str = ""
    name: str = ""
    base_currency: str = ""
    instruments: dict[str, dict[str, str]] = field(default_factory=dict)


def matches(sheet: Sheet) -> bool:
    """Whether the rows start with section names and row kinds."""
    kinds = [line.cells[1].strip() for line in sheet.lines[:_LINES_MAX] if len(line.cells) > 2]  # noqa: PLR2004 - section, kind, data
    return "Header" in kinds and "Data" in kinds


def read(sheet: Sheet, log: ProblemLog, filename: str) -> list[AccountDraft]:
    """Read all sections that move cash or units; an unknown one is a problem."""
    del filename
    file = _collect(sheet)
    drafts: dict[str, AccountDraft] = {}
    for section, rows in file.sections.items():
        reader = _READERS.get(section)
        if reader is None:
            if section not in _INFORMATION:
                message = f"the section {section[:60]!r} is not known and was left out"
                log.add(rows[0][0], "unknown_section", message)
            continue
        has_orders = any(values.get("datadiscriminator") == "Order" for _, values in rows)
        for line, values in rows:
            if values.get("datadiscriminator", "Order") != "Order" and has_orders:
                continue
            account = values.get("account") or file.account
            draft = drafts.get(account)
            if draft is None:
                draft = drafts[account] = AccountDraft(
                    log,
                    external_id=account,
                    institution="Interactive Brokers",
                    name=file.name or None,
                    kind=AccountKind.BROKERAGE,
                    currency=file.base_currency or None,
                )
            reader(file, FlexRow(draft, line, values))
    return list(drafts.values())


def _collect(sheet: Sheet) -> _File:
    file = _File()
    headers: dict[str, list[str]] = {}
    for line in sheet.lines:
        if len(line.cells) < 3:  # noqa: PLR2004 - section, kind, data
            continue
        section, kind = line.cells[0].replace("\ufeff", "").strip().lower(), line.cells[1].strip()
        if kind == "Header":
            headers[section] = [field_name(cell) for cell in line.cells[2:]]
        elif kind == "Data" and section in headers:
            values = dict(zip(headers[section], (c.strip() for c in line.cells[2:]), strict=False))
            if section == "account information":
                _account_fact(file, values)
            elif section == "financial instrument information":
                for symbol in values.get("symbol", "").split(","):
                    file.instruments[symbol.strip()] = values
            else:
                file.sections.setdefault(section, []).append((line.number, values))
    return file


def _account_fact(file: _File, values: dict[str, str]) -> None:
    name, value = values.get("fieldname", ""), values.get("fieldvalue", "")
    if name == "Account":
        file.account = value.split(" ")[0]
    elif name == "Account Alias":
        file.name = value
    elif name == "Base Currency":
        file.base_currency = value


def _hold(file: _File, row: FlexRow, symbol: str, isin: str = "") -> str | None:
    """List a security by symbol; what the file says about the instrument fills it in."""
    if not symbol:
        return None
    known = file.instruments.get(symbol, {})
    security_id = isin or known.get("securityid", "")
    is_isin = len(security_id) == 12  # noqa: PLR2004 - an ISIN has twelve characters
    key = security_id if is_isin else symbol
    category = row.text("assetcategory") or known.get("assetcategory", "")
    multiplier = known.get("multiplier", "")
    return row.draft.hold(
        row.line,
        key[:200],
        symbol=symbol,
        name=known.get("description") or None,
        isin=security_id if is_isin else None,
        cusip=security_id if security_id and not is_isin else None,
        source_id=known.get("conid") or None,
        kind=security_kind(category),
        multiplier=multiplier if multiplier.isdigit() else None,
        currency=row.text("currency") or None,
    )


def _trade(file: _File, row: FlexRow) -> None:
    shared, quantity, proceeds = row.shared(), row.number("quantity"), row.number("proceeds")
    if quantity is None or proceeds is None:
        row.problem("missing_number", "the trade has no quantity or no proceeds", "quantity")
    if shared is None or quantity is None or proceeds is None:
        return
    symbol = row.text("symbol")
    shared["raw_type"] = f"{row.text('assetcategory')} {row.text('code')}".strip()
    shared["external_id"] = row.text("tradeid") or None
    pair = currency_pair(symbol)
    base_fee = next((n for n in row.values if n.startswith("commin")), "")
    fee = numbers.flipped(row.number("commfee", base_fee) or Decimal(0))
    if pair is not None and row.text("assetcategory").lower() == "forex":
        add_conversion(row, shared, (pair[0], quantity), (pair[1], proceeds))
        add_fee(row, shared, fee, base_fee.removeprefix("commin").upper() or file.base_currency)
        return
    row.add(
        **shared,
        kind=_trade_kind(row, quantity, proceeds),
        security=_hold(file, row, symbol),
        quantity=quantity,
        unit_price=row.number("tprice"),
        amount=numbers.add(proceeds, numbers.flipped(fee)),
        fees=fee,
    )


def _trade_kind(row: FlexRow, quantity: Decimal, proceeds: Decimal) -> Kind:
    """An option that ends leaves at no price, with a code that says how."""
    codes = set(re.split(r"[;,\s]+", row.text("code")))
    if "option" in row.text("assetcategory").lower() and not proceeds:
        for code, kind in (
            ("Ep", Kind.OPTION_EXPIRY),
            ("A", Kind.OPTION_ASSIGNMENT),
            ("Ex", Kind.OPTION_EXERCISE),
        ):
            if code in codes:
                return kind
    return Kind.SELL if quantity < 0 else Kind.BUY


def _cash(type_name: str) -> Callable[[_File, FlexRow], None]:
    def read_row(file: _File, row: FlexRow) -> None:
        if row.text("currency").lower().startswith("total") or not row.text("currency"):
            return
        shared, amount = row.shared(), row.number("amount")
        if amount is None:
            row.problem("missing_amount", "the row has no amount", "amount")
        if shared is None or amount is None:
            return
        kind = cash_kind(type_name, amount)
        named = _NAMED.match(row.text("description"))
        security = _hold(file, row, named[1], named[2]) if named else None
        shared["settles_on"] = None
        row.add(**shared, kind=kind, amount=amount, security=security, raw_type=type_name)

    return read_row


def _transaction_fee(file: _File, row: FlexRow) -> None:
    if row.text("assetcategory").lower().startswith("total") or not row.text("datetime", "date"):
        return
    shared, amount = row.shared(), row.number("amount")
    if shared is None or amount is None:
        return
    row.add(
        **shared,
        kind=Kind.TAX,
        amount=amount,
        security=_hold(file, row, row.text("symbol")),
        raw_type="Transaction Fees",
    )


def _transfer(file: _File, row: FlexRow) -> None:
    if row.text("assetcategory").lower().startswith("total"):
        return
    shared, quantity, cash = row.shared(), row.number("qty"), row.number("cashamount")
    if shared is None:
        return
    shared["raw_type"] = f"Transfer {row.text('type')} {row.text('direction')}".strip()
    shared["counter_account"] = row.text("xferaccount") or None
    if quantity:
        is_in = quantity > 0
        row.add(
            **shared,
            kind=Kind.DELIVERY_IN if is_in else Kind.DELIVERY_OUT,
            security=_hold(file, row, row.text("symbol")),
            quantity=quantity,
            value=row.number("marketvalue"),
        )
    if cash:
        kind = Kind.TRANSFER_IN if cash > 0 else Kind.TRANSFER_OUT
        row.add(**shared, kind=kind, amount=cash)


def _corporate_action(file: _File, row: FlexRow) -> None:
    if row.text("assetcategory").lower().startswith("total"):
        return
    read_corporate_action(row, lambda symbol, isin: _hold(file, row, symbol, isin))


def _position(file: _File, row: FlexRow) -> None:
    if row.text("datadiscriminator") not in {"Summary", ""}:
        return
    key, quantity = _hold(file, row, row.text("symbol")), row.number("quantity")
    if key is None or quantity is None:
        return
    row.draft.add_position(
        row.line,
        security=key,
        quantity=quantity,
        unit_price=row.number("closeprice"),
        value=row.number("value"),
        currency=row.text("currency") or None,
    )


def _cash_report(file: _File, row: FlexRow) -> None:
    del file
    currency = row.text("currency")
    is_ending = row.text("currencysummary").lower() == "ending cash"
    total = row.number("total") if is_ending and currency.isupper() else None
    if total is not None:
        row.draft.add_balance(row.line, amount=total, currency=currency, as_of=None)


def _fee(file: _File, row: FlexRow) -> None:
    if not row.text("subtitle").lower().startswith("total"):
        _cash("Other Fees")(file, row)


_READERS: dict[str, Callable[[_File, FlexRow], None]] = {
    "trades": _trade,
    "deposits & withdrawals": _cash("Deposits/Withdrawals"),
    "dividends": _cash("Dividends"),
    "payment in lieu of dividends": _cash("Payment In Lieu Of Dividends"),
    "withholding tax": _cash("Withholding Tax"),
    "871(m) withholding": _cash("871(m) Withholding"),
    "interest": _cash("Broker Interest Received"),
    "bond interest received": _cash("Bond Interest Received"),
    "bond interest paid": _cash("Bond Interest Paid"),
    "fees": _fee,
    "other fees": _fee,
    "advisor fees": _fee,
    "commission adjustments": _cash("Commission Adjustments"),
    "transaction fees": _transaction_fee,
    "transfers": _transfer,
    "corporate actions": _corporate_action,
    "open positions": _position,
    "cash report": _cash_report,
}
