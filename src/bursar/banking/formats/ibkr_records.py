"""Interactive Brokers' Flex rows, the same in CSV and XML: trades and cash transactions.

A row arrives as a mapping from the lower-case field name without blanks and punctuation
(`ibcommission`, `buysell`), so that `IBCommission` of the CSV and `ibCommission` of the XML meet.
Times are New York's unless the file writes a zone.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bursar.banking.formats import numbers
from bursar.banking.formats.dates import DateOrder, parse_date
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.numbers import parse_number
from bursar.banking.formats.statement import ActivityKind as Kind
from bursar.banking.formats.statement import SecurityKind

NEW_YORK = ZoneInfo("America/New_York")

_KINDS = {
    "STK": SecurityKind.STOCK,
    "STOCKS": SecurityKind.STOCK,
    "FUND": SecurityKind.FUND,
    "MUTUAL FUNDS": SecurityKind.FUND,
    "BOND": SecurityKind.BOND,
    "BONDS": SecurityKind.BOND,
    "BILL": SecurityKind.BOND,
    "OPT": SecurityKind.OPTION,
    "FOP": SecurityKind.OPTION,
    "EQUITY AND INDEX OPTIONS": SecurityKind.OPTION,
    "FUT": SecurityKind.FUTURE,
    "FUTURES": SecurityKind.FUTURE,
    "CRYPTO": SecurityKind.CRYPTO,
}
_ZONES = re.compile(r"\s+(EST|EDT|ET|America/New_York)$")
_PAIR = re.compile(r"^([A-Z]{3})[./]([A-Z]{3})$")
_AMOUNT_KINDS = {
    "dividends": Kind.DIVIDEND,
    "payment in lieu of dividends": Kind.DIVIDEND,
    "withholding tax": Kind.TAX,
    "871(m) withholding": Kind.TAX,
    "broker interest paid": Kind.INTEREST,
    "broker interest received": Kind.INTEREST,
    "bond interest received": Kind.INTEREST,
    "bond interest paid": Kind.INTEREST,
    "broker fees": Kind.FEE,
    "other fees": Kind.FEE,
    "advisor fees": Kind.FEE,
    "commission adjustments": Kind.FEE,
    "price adjustments": Kind.FEE,
    "deposits/withdrawals": Kind.DEPOSIT,
    "deposits & withdrawals": Kind.DEPOSIT,
    "other income": Kind.DIVIDEND,
}
_CASH_ONLY = frozenset({Kind.DEPOSIT, Kind.WITHDRAWAL})


def security_kind(asset_class: str) -> SecurityKind:
    """Return the kind for IBKR's asset class or category."""
    return _KINDS.get(asset_class.upper(), SecurityKind.OTHER)


def currency_pair(symbol: str) -> tuple[str, str] | None:
    """Return (bought or sold currency, quote currency) of a forex symbol such as EUR.USD."""
    match = _PAIR.match(symbol.strip())
    return (match[1], match[2]) if match is not None else None


def cash_kind(name: str, amount: Decimal) -> Kind | None:
    """Return the kind of a cash transaction by IBKR's type and the amount's sign."""
    kind = _AMOUNT_KINDS.get(name.strip().lower())
    if kind is Kind.DEPOSIT and amount < 0:
        return Kind.WITHDRAWAL
    if kind is Kind.TAX and amount > 0:
        return Kind.TAX_REFUND
    return kind


def moment(text: str, order: DateOrder = "YMD") -> tuple[date | datetime, date | None]:
    """Return (moment in UTC or day, New York's day where it differs). Raises ValueError."""
    at = parse_date(_ZONES.sub("", text.strip()), order, NEW_YORK)
    if not isinstance(at, datetime):
        return at, None
    local = at.astimezone(NEW_YORK).date()
    return at, local if local != at.date() else None


class FlexRow:
    """One Flex row being read into an account; a bad field is a problem and stops the row."""

    def __init__(self, draft: AccountDraft, line: int, values: Mapping[str, str]) -> None:
        self.draft, self.line, self.values = draft, line, values
        self._errors = draft.log.errors

    def text(self, *names: str) -> str:
        """Return the first non-empty field."""
        return next((v for n in names if (v := self.values.get(n, "").strip())), "")

    def problem(self, code: str, message: str, field: str) -> None:
        """Record what is wrong with the row."""
        self.draft.log.add(self.line, code, message, field=field)

    def number(self, *names: str) -> Decimal | None:
        """Return a number, or None for an empty field."""
        text = self.text(*names)
        if not text or text == "--":
            return None
        try:
            return parse_number(text, ".")
        except ValueError as error:
            self.problem("bad_number", str(error), names[0])
            return None

    def shared(self) -> dict[str, Any] | None:
        """Return what trades and cash rows have in common, or None when the date is bad."""
        text = self.text("datetime", "tradedate", "date", "reportdate", "settledate")
        try:
            at, local_day = moment(text)
            settles = self.text("settledatetarget", "settledate")
            settled = moment(settles)[0] if settles else None
        except ValueError as error:
            self.problem("bad_date", str(error), "dateTime")
            return None
        return {
            "effective_at": at,
            "local_day": local_day,
            "settles_on": settled.date() if isinstance(settled, datetime) else settled,
            "external_id": self.text("transactionid", "tradeid", "ibexecid", "execid") or None,
            "currency": self.text("currencyprimary", "currency") or None,
            "memo": self.text("activitydescription", "description") or None,
        }

    def add(self, **fields: Any) -> None:
        """Add an activity, unless a field was bad."""
        if self.draft.log.errors == self._errors:
            self.draft.add(self.line, **fields)

    def hold(self) -> str | None:
        """List the row's security; its key is the ISIN, else the contract id, else the symbol."""
        symbol, isin, conid = self.text("symbol"), self.text("isin"), self.text("conid")
        key = isin or (f"conid:{conid}" if conid else symbol)
        if not key:
            return None
        return self.draft.hold(
            self.line,
            key[:200],
            symbol=symbol or None,
            name=self.text("description") or None,
            isin=isin or None,
            cusip=self.text("cusip") or None,
            source_id=conid or None,
            kind=security_kind(self.text("assetclass", "assetcategory")),
            multiplier=self.number("multiplier"),
            currency=self.text("currencyprimary", "currency") or None,
        )


def read_trade(row: FlexRow) -> None:
    """Read a row of the Trades section; rows that only sum up others are passed over."""
    level = row.text("levelofdetail").upper()
    if level and level not in {"EXECUTION", "ORDER", "DETAIL"}:
        return
    shared = row.shared()
    quantity = row.number("quantity")
    if quantity is None:
        row.problem("missing_number", "the trade has no quantity", "quantity")
    if shared is None or quantity is None:
        return
    side = row.text("buysell").upper()
    if side.startswith("SELL"):
        quantity = numbers.negative(quantity)
    price = row.number("tradeprice", "price")
    fee = numbers.flipped(row.number("ibcommission", "commission") or Decimal(0))
    taxes = numbers.flipped(row.number("taxes") or Decimal(0))
    fee_currency = row.text("ibcommissioncurrency", "commissioncurrency")
    gross = row.number("proceeds")
    if gross is None and price is not None:
        size = numbers.multiply(price, row.number("multiplier") or Decimal(1))
        gross = numbers.flipped(numbers.multiply(size, quantity))
    if gross is None:
        row.problem("missing_amount", "the trade has neither proceeds nor a price", "proceeds")
        return
    shared["raw_type"] = f"{side} {row.text('notescodes', 'notes', 'code')}".strip()
    pair = currency_pair(row.text("symbol"))
    if pair is not None and row.text("assetclass", "assetcategory").upper() in {"CASH", "FOREX"}:
        add_conversion(row, shared, (pair[0], quantity), (pair[1], gross))
        add_fee(row, shared, fee, fee_currency)
        return
    is_separate = bool(fee_currency) and fee_currency != shared["currency"]
    own_fee = Decimal(0) if is_separate else fee
    costs = numbers.add(own_fee, taxes)
    row.add(
        **shared,
        kind=Kind.SELL if quantity < 0 else Kind.BUY,
        security=row.hold(),
        quantity=quantity,
        unit_price=price,
        amount=numbers.add(gross, numbers.flipped(costs)),
        fees=own_fee,
        taxes=taxes,
    )
    if is_separate:
        add_fee(row, shared, fee, fee_currency)


def add_conversion(
    row: FlexRow, shared: dict[str, Any], base: tuple[str, Decimal], quote: tuple[str, Decimal]
) -> None:
    """Add the exchange of one currency for another; each side is (currency, signed amount)."""
    cash = {"currency": base[0], "amount": base[1], "counter_currency": quote[0]}
    row.add(**(shared | cash), kind=Kind.FX_CONVERSION, counter_amount=quote[1])


def add_fee(row: FlexRow, shared: dict[str, Any], fee: Decimal, currency: str) -> None:
    """Add a fee that is charged in another currency than the trade's."""
    if not fee:
        return
    own_id = f"{shared['external_id']}:fee" if shared["external_id"] else None
    cash = {"currency": currency or shared["currency"], "external_id": own_id}
    row.add(**(shared | cash), kind=Kind.FEE, amount=numbers.flipped(fee))


def read_cash(row: FlexRow) -> None:
    """Read a row of the Cash Transactions section."""
    level = row.text("levelofdetail").upper()
    if level == "SUMMARY":
        return
    shared, amount = row.shared(), row.number("amount")
    if amount is None:
        row.problem("missing_amount", "the cash transaction has no amount", "amount")
    if shared is None or amount is None:
        return
    name = row.text("type")
    kind = cash_kind(name, amount)
    if kind is None:
        row.problem("unknown_action", f"the type {name[:60]!r} is not known", "type")
        return
    security = None if kind in _CASH_ONLY else row.hold()
    row.add(**shared, kind=kind, amount=amount, security=security, raw_type=name)


def read_position(row: FlexRow) -> None:
    """Read a row of the Open Positions section."""
    if row.text("levelofdetail").upper() == "LOT":
        return
    quantity, key = row.number("position", "quantity"), row.hold()
    if quantity is None or key is None:
        row.problem("missing_number", "the position has no quantity or no name", "position")
        return
    try:
        as_of = moment(row.text("reportdate"))[0] if row.text("reportdate") else None
    except ValueError as error:
        row.problem("bad_date", str(error), "reportDate")
        return
    row.draft.add_position(
        row.line,
        security=key,
        quantity=quantity,
        unit_price=row.number("markprice"),
        value=row.number("positionvalue"),
        currency=row.text("currencyprimary", "currency") or None,
        as_of=as_of,
    )
