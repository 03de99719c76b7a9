"""Investment statements: trades, income, splits, transfers of units, positions and cash.

A reinvestment is two activities of one group, the income and the buy, so that income is never lost
from a performance figure. A move between sub-accounts is two legs as well and nets to nothing.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bursar.banking.formats import numbers
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.ofx import bank
from bursar.banking.formats.ofx.money import money_of
from bursar.banking.formats.ofx.securities import SecurityList
from bursar.banking.formats.ofx.tree import Node
from bursar.banking.formats.ofx.values import day_of, number, parse_stamp, stamp
from bursar.banking.formats.statement import ActivityKind

_FEE_TAGS = ("COMMISSION", "FEES", "LOAD")
_TAX_TAGS = ("TAXES", "WITHHOLDING", "STATEWITHHOLDING", "PENALTY")
_INCOME = {
    "DIV": ActivityKind.DIVIDEND,
    "INTEREST": ActivityKind.INTEREST,
    "CGLONG": ActivityKind.CAPITAL_GAIN_DISTRIBUTION,
    "CGSHORT": ActivityKind.CAPITAL_GAIN_DISTRIBUTION,
    "MISC": ActivityKind.DIVIDEND,
}
_OPTION_ACTIONS = {
    "EXERCISE": ActivityKind.OPTION_EXERCISE,
    "ASSIGN": ActivityKind.OPTION_ASSIGNMENT,
    "EXPIRE": ActivityKind.OPTION_EXPIRY,
}
Fields = dict[str, Any]


class _Row:
    """One transaction element with the parts all of them share; bad parts are logged."""

    def __init__(self, draft: AccountDraft, node: Node, securities: SecurityList) -> None:
        self.draft, self.node, self.securities = draft, node, securities
        inner = next((c for c in node.children if c.tag in {"INVBUY", "INVSELL"}), None)
        self.body = inner if inner is not None else node
        self.trade = self.body.find("INVTRAN") or self.body
        self._errors = draft.log.errors

    @property
    def failed(self) -> bool:
        """Whether anything in this row could not be read."""
        return self.draft.log.errors > self._errors

    def number(self, tag: str) -> Decimal | None:
        """Return the number in a leaf of the body."""
        return number(self.body, tag, self.draft.log)

    def total(self, tags: tuple[str, ...]) -> Decimal:
        """Return the sum of the magnitudes: some brokers write costs as negative numbers."""
        values = (self.number(tag) for tag in tags)
        return numbers.add(*(v.copy_abs() for v in values if v is not None))

    def add(self, **fields: Any) -> None:
        """Add an activity, unless something in the row could not be read."""
        log = self.draft.log
        when = stamp(self.trade, ("DTTRADE", "DTSETTLE", "DTPOSTED"), log)
        money = money_of(self.body, self.draft.currency, log)
        if self.failed or when is None:
            return
        shared: Fields = {
            "effective_at": when.at,
            "local_day": when.local_day,
            "settles_on": day_of(self.trade, "DTSETTLE"),
            "external_id": self.trade.get("FITID") or None,
            "currency": money.currency,
            "exchange_rate": money.rate,
            "memo": self.trade.get("MEMO") or None,
            "raw_type": self.node.tag,
        }
        self.draft.add(self.node.line, **(shared | fields))

    def security(self) -> str | None:
        """Return the key of the security that the row names."""
        return self.securities.hold(self.draft, self.body)

    def need(self, tag: str) -> Decimal | None:
        """Return the number in a leaf; a missing one is a problem."""
        before = self.draft.log.errors
        value = self.number(tag)
        if value is None and self.draft.log.errors == before:
            message = f"<{self.node.tag}> has no <{tag}>"
            self.draft.log.add(self.node.line, "missing_number", message, field=tag)
        return value

    def pair(self, suffixes: tuple[str, str], first: Fields, second: Fields) -> None:
        """Add two activities of one group, each with an id of its own."""
        fitid = self.trade.get("FITID")
        group = fitid or f"{self.node.tag}-{self.node.line}"
        for suffix, fields in zip(suffixes, (first, second), strict=True):
            own_id = f"{fitid}:{suffix}" if fitid else None
            self.add(**fields, external_id=own_id, group=group)


def _trade(row: _Row, *, is_buy: bool) -> None:
    security, units, price = row.security(), row.need("UNITS"), row.number("UNITPRICE")
    fees, taxes, stated = row.total(_FEE_TAGS), row.total(_TAX_TAGS), row.number("TOTAL")
    if units is None or security is None:
        return
    quantity = units.copy_abs()
    gross = numbers.multiply(quantity, price.copy_abs()) if price is not None else None
    costs = numbers.add(fees, taxes)
    if stated is None and gross is None:
        message = "the trade has neither a total nor a price"
        row.draft.log.add(row.node.line, "missing_amount", message, field="TOTAL")
        return
    if is_buy:
        computed = numbers.flipped(numbers.add(gross, costs))
        amount = computed if stated is None else numbers.negative(stated)
    else:
        computed = numbers.add(gross, costs.copy_negate())
        # Proceeds are written with either sign; they are negative only when costs exceed them.
        costs_exceed = gross is not None and computed < 0
        magnitude = computed.copy_abs() if stated is None else stated.copy_abs()
        amount = numbers.negative(magnitude) if costs_exceed else magnitude
        quantity = numbers.negative(quantity)
    row.add(
        kind=ActivityKind.BUY if is_buy else ActivityKind.SELL,
        security=security,
        quantity=quantity,
        unit_price=price,
        amount=_rounded(amount),
        fees=fees,
        taxes=taxes,
    )


def _rounded(amount: Decimal) -> Decimal:
    """Keep a computed total within the digits an amount may have."""
    exponent = amount.as_tuple().exponent
    is_long = isinstance(exponent, int) and exponent < -12  # noqa: PLR2004 - beyond any price tick
    return numbers.EXACT.quantize(amount, Decimal("1e-12")) if is_long else amount


def _buy(row: _Row) -> None:
    _trade(row, is_buy=True)


def _sell(row: _Row) -> None:
    _trade(row, is_buy=False)


def _income(row: _Row) -> None:
    security, amount = row.security(), row.need("TOTAL")
    kind = row.node.get("INCOMETYPE").upper()
    row.add(
        kind=_INCOME.get(kind, ActivityKind.DIVIDEND),
        security=security,
        amount=amount,
        taxes=row.total(("WITHHOLDING", "TAXES")),
        category=kind or None,
    )


def _reinvest(row: _Row) -> None:
    security, units, price = row.security(), row.need("UNITS"), row.number("UNITPRICE")
    stated, fees, taxes = row.need("TOTAL"), row.total(_FEE_TAGS), row.total(_TAX_TAGS)
    if stated is None or units is None:
        return
    kind = row.node.get("INCOMETYPE").upper()
    income: Fields = {
        "kind": _INCOME.get(kind, ActivityKind.DIVIDEND),
        "security": security,
        "amount": stated.copy_abs(),
        "category": kind or None,
    }
    buy: Fields = {
        "kind": ActivityKind.BUY,
        "security": security,
        "quantity": units.copy_abs(),
        "unit_price": price,
        "amount": numbers.negative(stated),
        "fees": fees,
        "taxes": taxes,
    }
    row.pair(("income", "buy"), income, buy)


def _transfer(row: _Row) -> None:
    security, units = row.security(), row.need("UNITS")
    if units is None:
        return
    action = row.node.get("TFERACTION").upper()
    is_in = action == "IN" if action in {"IN", "OUT"} else units > 0
    row.add(
        kind=ActivityKind.DELIVERY_IN if is_in else ActivityKind.DELIVERY_OUT,
        security=security,
        quantity=units.copy_abs() if is_in else numbers.negative(units),
        unit_price=row.number("AVGCOSTBASIS") or row.number("UNITPRICE"),
        counter_account=row.node.get("INVACCTFROM", "ACCTID") or None,
    )


def _split(row: _Row) -> None:
    security, old, new = row.security(), row.number("OLDUNITS"), row.number("NEWUNITS")
    change = numbers.add(new, old.copy_negate()) if old is not None and new is not None else None
    row.add(
        kind=ActivityKind.SPLIT,
        security=security,
        quantity=change,
        amount=row.number("FRACCASH"),
        ratio_new=row.need("NUMERATOR"),
        ratio_old=row.need("DENOMINATOR"),
    )


def _cash(kind: ActivityKind, *, is_cost: bool) -> Callable[[_Row], None]:
    def read(row: _Row) -> None:
        amount = row.need("TOTAL")
        security = row.security() if row.body.find("SECID") is not None else None
        if amount is None:
            return
        row.add(
            kind=kind, security=security, amount=numbers.negative(amount) if is_cost else amount
        )

    return read


def _journal(row: _Row) -> None:
    """JRNLFUND moves cash and JRNLSEC moves units from one sub-account to another."""
    source, target = row.node.get("SUBACCTFROM") or "?", row.node.get("SUBACCTTO") or "?"
    tag = "UNITS" if row.node.tag == "JRNLSEC" else "TOTAL"
    size = row.need(tag)
    security = row.security() if tag == "UNITS" else None
    if size is None:
        return
    name = "quantity" if tag == "UNITS" else "amount"
    kinds = (
        (ActivityKind.DELIVERY_OUT, ActivityKind.DELIVERY_IN)
        if tag == "UNITS"
        else (ActivityKind.TRANSFER_OUT, ActivityKind.TRANSFER_IN)
    )
    out: Fields = {"kind": kinds[0], "security": security, "counter_account": target}
    into: Fields = {"kind": kinds[1], "security": security, "counter_account": source}
    row.pair(("out", "in"), out | {name: numbers.negative(size)}, into | {name: size.copy_abs()})


def _option_end(row: _Row) -> None:
    action = row.node.get("OPTACTION").upper()
    if action not in _OPTION_ACTIONS:
        message = f"the option action {action[:20]!r} is not known"
        row.draft.log.add(row.node.line, "unknown_action", message, field="OPTACTION")
        return
    row.add(kind=_OPTION_ACTIONS[action], security=row.security(), quantity=row.need("UNITS"))


_READERS: dict[str, Callable[[_Row], None]] = {
    **{f"BUY{kind}": _buy for kind in ("STOCK", "MF", "DEBT", "OTHER", "OPT")},
    **{f"SELL{kind}": _sell for kind in ("STOCK", "MF", "DEBT", "OTHER", "OPT")},
    "INCOME": _income,
    "REINVEST": _reinvest,
    "TRANSFER": _transfer,
    "SPLIT": _split,
    "RETOFCAP": _cash(ActivityKind.RETURN_OF_CAPITAL, is_cost=False),
    "MARGININTEREST": _cash(ActivityKind.INTEREST, is_cost=True),
    "INVEXPENSE": _cash(ActivityKind.FEE, is_cost=True),
    "JRNLFUND": _journal,
    "JRNLSEC": _journal,
    "CLOSUREOPT": _option_end,
}


def read(draft: AccountDraft, statement: Node, securities: SecurityList) -> None:
    """Read the rows, positions and cash of one INVSTMTRS."""
    rows = statement.find("INVTRANLIST")
    if rows is not None:
        draft.period_start, draft.period_end = day_of(rows, "DTSTART"), day_of(rows, "DTEND")
        for node in rows.children:
            if node.tag not in {"DTSTART", "DTEND"}:
                _read_row(draft, node, securities)
    for node in (c for part in statement.all("INVPOSLIST") for c in part.children):
        _read_position(draft, node, securities)
    _read_cash(draft, statement)


def _read_row(draft: AccountDraft, node: Node, securities: SecurityList) -> None:
    if node.cut:
        draft.log.add(node.line, "cut_off", f"the file ends inside <{node.tag}>", field=node.tag)
    elif node.tag == "INVBANKTRAN":
        for row in node.all("STMTTRN"):
            bank.read_row(draft, row, in_investment=True)
    elif node.tag in _READERS:
        _READERS[node.tag](_Row(draft, node, securities))
    else:
        draft.log.add(
            node.line,
            "unknown_row",
            f"the transaction <{node.tag}> is not known and was left out",
            field=node.tag,
            hint="Enter it by hand; the positions will not add up without it.",
        )


def _read_position(draft: AccountDraft, node: Node, securities: SecurityList) -> None:
    held = node.find("INVPOS")
    if held is None or node.cut or held.cut:
        draft.log.add(node.line, "unknown_position", f"<{node.tag}> is no position", field=node.tag)
        return
    errors = draft.log.errors
    security, units = securities.hold(draft, held), number(held, "UNITS", draft.log)
    if security is None or units is None:
        if draft.log.errors == errors:
            message = "the position has no units"
            draft.log.add(held.line, "missing_number", message, field="UNITS")
        return
    is_short = held.get("POSTYPE").upper() == "SHORT"
    when = held.get("DTPRICEASOF")
    try:
        as_of = parse_stamp(when).at if when else None
    except ValueError as error:
        draft.log.assume(held.line, "bad_date", str(error), field="DTPRICEASOF")
        as_of = None
    draft.add_position(
        held.line,
        security=security,
        quantity=numbers.negative(units) if is_short else units,
        unit_price=number(held, "UNITPRICE", draft.log),
        value=number(held, "MKTVAL", draft.log),
        currency=money_of(held, draft.currency, draft.log).currency,
        as_of=as_of,
    )


def _read_cash(draft: AccountDraft, statement: Node) -> None:
    """AVAILCASH is the cash of the account, sweep funds included, at the statement's date."""
    balance = statement.find("INVBAL")
    if balance is None:
        return
    cash = number(balance, "AVAILCASH", draft.log)
    if cash is None:
        return
    try:
        as_of = parse_stamp(statement.get("DTASOF")).at
    except ValueError:
        as_of = None
    draft.add_balance(
        balance.line, amount=cash, currency=draft.currency, as_of=as_of, kind="ledger"
    )
