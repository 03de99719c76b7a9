"""Bank and card statements: STMTTRN rows and the balances beside them.

The sign of the amount decides the direction; the type only refines it, because banks use the types
loosely. Inside an investment account a bank row often carries its meaning in its name alone
("INTEREST EARNED" under type DEP), and there the name is read too.
"""

import re
from decimal import Decimal
from typing import Any

from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.ofx.money import currency_code, money_of
from bursar.banking.formats.ofx.tree import Node
from bursar.banking.formats.ofx.values import day_of, number, parse_stamp, stamp
from bursar.banking.formats.statement import AccountKind, ActivityKind

_BY_TYPE = {
    "INT": ActivityKind.INTEREST,
    "DIV": ActivityKind.DIVIDEND,
    "FEE": ActivityKind.FEE,
    "SRVCHG": ActivityKind.FEE,
}
_BY_NAME = (
    (re.compile(r"\bINTEREST\b", re.IGNORECASE), ActivityKind.INTEREST),
    (re.compile(r"\bDIVIDENDS?\b", re.IGNORECASE), ActivityKind.DIVIDEND),
    (re.compile(r"\b(FEES?|COMMISSION)\b", re.IGNORECASE), ActivityKind.FEE),
    (re.compile(r"\b(TAX WITHHELD|WITHHOLDING)\b", re.IGNORECASE), ActivityKind.TAX),
)
_ACCOUNT_KINDS = {
    "CHECKING": AccountKind.CHECKING,
    "SAVINGS": AccountKind.SAVINGS,
    "MONEYMRKT": AccountKind.SAVINGS,
    "CD": AccountKind.SAVINGS,
    "CREDITLINE": AccountKind.CREDIT_CARD,
}
KNOWN_LEAVES = frozenset(
    [
        "TRNTYPE",
        "DTPOSTED",
        "DTUSER",
        "DTAVAIL",
        "TRNAMT",
        "FITID",
        "CORRECTFITID",
        "CORRECTACTION",
        "SRVRTID",
        "CHECKNUM",
        "REFNUM",
        "SIC",
        "PAYEEID",
        "NAME",
        "PAYEE",
        "EXTDNAME",
        "BANKACCTTO",
        "CCACCTTO",
        "MEMO",
        "CURRENCY",
        "ORIGCURRENCY",
        "CATEGORY",
        "VALUEDATE",
    ]
)


def read_account_head(draft: AccountDraft, statement: Node, account: Node) -> None:
    """Fill in whose account it is, its currency and the period covered."""
    bank, branch = account.get("BANKID"), account.get("BRANCHID")
    draft.external_id = account.get("ACCTID")
    draft.institution = draft.institution or bank or None
    kind = account.get("ACCTTYPE").upper()
    is_card = account.tag == "CCACCTFROM"
    draft.kind = AccountKind.CREDIT_CARD if is_card else _ACCOUNT_KINDS.get(kind, draft.kind)
    draft.name = " ".join(part for part in (bank, branch, draft.external_id) if part) or None
    draft.currency = currency_code(statement.get("CURDEF"), statement.line, draft.log)
    if not draft.external_id:
        draft.log.assume(
            account.line, "missing_account", "the file does not name the account", field="ACCTID"
        )


def read_rows(draft: AccountDraft, rows: Node | None) -> None:
    """Read a BANKTRANLIST."""
    if rows is None:
        return
    draft.period_start, draft.period_end = day_of(rows, "DTSTART"), day_of(rows, "DTEND")
    for child in rows.children:
        if child.tag == "STMTTRN":
            read_row(draft, child)
        elif child.tag not in {"DTSTART", "DTEND"}:
            draft.log.add(
                child.line,
                "unknown_row",
                f"<{child.tag}> in a list of transactions is not known and was left out",
                field=child.tag,
            )


def read_row(draft: AccountDraft, row: Node, *, in_investment: bool = False) -> None:
    """Read one STMTTRN."""
    log, errors = draft.log, draft.log.errors
    if row.cut:
        log.add(row.line, "cut_off", "the file ends inside this transaction", field="STMTTRN")
        return
    amount = number(row, "TRNAMT", log)
    if amount is None and log.errors == errors:
        log.add(row.line, "missing_amount", "the transaction has no amount", field="TRNAMT")
    when = stamp(row, ("DTPOSTED", "DTUSER", "DTAVAIL"), log)
    money = money_of(row, draft.currency, log)
    if amount is None or when is None or log.errors > errors:
        return
    raw_type = row.get("TRNTYPE").upper()
    payee = row.get("NAME") or row.get("PAYEE", "NAME") or row.get("EXTDNAME")
    fields: dict[str, Any] = {
        "kind": _kind(raw_type, amount, payee or row.get("MEMO"), in_investment=in_investment),
        "effective_at": when.at,
        "local_day": when.local_day,
        "settles_on": day_of(row, "VALUEDATE"),
        "external_id": row.get("FITID") or None,
        "amount": amount,
        "currency": money.currency,
        "exchange_rate": money.rate,
        "payee": payee or None,
        "memo": row.get("MEMO") or None,
        "category": row.get("CATEGORY") or None,
        "reference": row.get("CHECKNUM") or row.get("REFNUM") or None,
        "counter_account": row.get("BANKACCTTO", "ACCTID") or row.get("CCACCTTO", "ACCTID") or None,
        "raw_type": raw_type,
    }
    draft.add(row.line, **fields)
    if row.get("CORRECTFITID"):
        log.add(
            row.line,
            "correction",
            f"the row says it will {row.get('CORRECTACTION').lower() or 'replace'} transaction "
            f"{row.get('CORRECTFITID')[:60]!r}, which is not carried out",
            field="CORRECTFITID",
            hint="Reverse the earlier transaction in the book.",
        )


def _kind(raw_type: str, amount: Decimal, name: str, *, in_investment: bool) -> ActivityKind:
    if raw_type in _BY_TYPE:
        return _BY_TYPE[raw_type]
    if raw_type == "XFER":
        return ActivityKind.TRANSFER_OUT if amount < 0 else ActivityKind.TRANSFER_IN
    if in_investment:
        found = next((kind for pattern, kind in _BY_NAME if pattern.search(name)), None)
        if found is not None:
            return found
    return ActivityKind.WITHDRAWAL if amount < 0 else ActivityKind.DEPOSIT


def read_balances(draft: AccountDraft, statement: Node) -> None:
    """Read LEDGERBAL and AVAILBAL; an empty one states nothing."""
    for tag, kind in (("LEDGERBAL", "ledger"), ("AVAILBAL", "available")):
        node = statement.find(tag)
        if node is None:
            continue
        amount = number(node, "BALAMT", draft.log)
        if amount is None:
            continue
        as_of = None
        if node.get("DTASOF"):
            try:
                as_of = parse_stamp(node.get("DTASOF")).at
            except ValueError as error:
                draft.log.assume(node.line, "bad_date", str(error), field="DTASOF")
        draft.add_balance(node.line, amount=amount, currency=draft.currency, as_of=as_of, kind=kind)
