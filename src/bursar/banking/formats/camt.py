"""ISO 20022 camt.053: a bank's end-of-day statement, as European banks send it.

An entry has its amount without a sign and a credit/debit mark; an entry made of several
transactions that state their own amounts is read as those transactions, in one group.
"""

from decimal import Decimal
from typing import Any

from bursar.banking.formats import numbers
from bursar.banking.formats.dates import parse_date
from bursar.banking.formats.draft import AccountDraft, assemble
from bursar.banking.formats.ofx.tree import Node
from bursar.banking.formats.problems import Problem, ProblemLog, refusal
from bursar.banking.formats.statement import AccountKind, ActivityKind, Format, Statement
from bursar.banking.formats.xml_tree import XmlNode, parse_xml

_BALANCES = {"CLBD": "ledger", "CLAV": "available"}


def read_camt(data: bytes) -> tuple[Statement, tuple[Problem, ...]]:
    """Read a camt.053 document. Raises FormatError when it holds no statement."""
    log = ProblemLog()
    root = parse_xml(data)
    statements = [s for body in root.all("BkToCstmrStmt") for s in body.all("Stmt")]
    if not statements:
        raise refusal("no_statement", "the document holds no statement (Stmt)", line=root.line)
    drafts = [_statement(node, log) for node in statements]
    return assemble(Format.CAMT_053, drafts), log.done()


def _statement(node: Node, log: ProblemLog) -> AccountDraft:
    account = node.find("Acct") or Node("Acct", node.line)
    servicer = account.find("Svcr", "FinInstnId")
    draft = AccountDraft(
        log,
        external_id=account.get("Id", "IBAN") or account.get("Id", "Othr", "Id"),
        institution=servicer.get("Nm") or servicer.get("BICFI") if servicer is not None else None,
        name=account.get("Nm") or None,
        kind=AccountKind.CHECKING,
        currency=account.get("Ccy") or None,
    )
    for balance in node.all("Bal"):
        kind = _BALANCES.get(balance.get("Tp", "CdOrPrtry", "Cd"))
        if kind is not None:
            _balance(draft, balance, kind)
    for entry in node.all("Ntry"):
        _entry(draft, entry)
    return draft


def _balance(draft: AccountDraft, node: Node, kind: str) -> None:
    try:
        amount, currency = _amount(node)
        as_of = parse_date(node.get("Dt", "Dt") or node.get("Dt", "DtTm"), "YMD")
    except ValueError as error:
        draft.log.add(node.line, "bad_value", str(error), field="Bal")
        return
    draft.add_balance(node.line, amount=amount, currency=currency, as_of=as_of, kind=kind)


def _amount(node: Node, mark: str = "") -> tuple[Decimal, str | None]:
    """Return (signed amount, currency) of an element with Amt and CdtDbtInd."""
    stated = node.find("Amt") or node.find("AmtDtls", "TxAmt", "Amt")
    if stated is None:
        msg = "the entry has no amount (Amt)"
        raise ValueError(msg)
    value = numbers.parse_number(stated.text, ".")
    mark = node.get("CdtDbtInd") or mark
    if mark not in {"CRDT", "DBIT"}:
        msg = f"the entry is neither credit nor debit ({mark[:10]!r})"
        raise ValueError(msg)
    currency = stated.attributes.get("Ccy") if isinstance(stated, XmlNode) else None
    return (numbers.negative(value) if mark == "DBIT" else value.copy_abs()), currency


def _entry(draft: AccountDraft, entry: Node) -> None:
    status = entry.get("Sts", "Cd") or entry.get("Sts")
    if status not in {"BOOK", ""}:
        message = f"the entry is not booked yet ({status[:10]}) and was left out"
        draft.log.assume(entry.line, "pending_row", message, field="Sts")
        return
    try:
        amount, currency = _amount(entry)
        booked = entry.get("BookgDt", "Dt") or entry.get("BookgDt", "DtTm")
        value_day = entry.get("ValDt", "Dt")
        at = parse_date(booked or value_day, "YMD")
        settles = parse_date(value_day, "YMD") if value_day else None
        details = [t for d in entry.all("NtryDtls") for t in d.all("TxDtls")]
        parts = _parts(details, amount, currency, entry.get("CdtDbtInd"))
    except ValueError as error:
        draft.log.add(entry.line, "bad_value", str(error), field="Ntry")
        return
    entry_id = entry.get("AcctSvcrRef") or None
    shared: dict[str, Any] = {
        "effective_at": at,
        "settles_on": settles,
        "currency": currency or draft.currency,
        "memo": entry.get("AddtlNtryInf") or None,
        "reference": entry.get("NtryRef") or None,
        "raw_type": _code(entry),
        "group": entry_id or f"entry-{entry.line}" if len(parts) > 1 else None,
    }
    for number, (size, detail) in enumerate(parts):
        suffix = f":{number + 1}" if len(parts) > 1 else ""
        own = _detail(detail, shared, is_out=size < 0) if detail is not None else {}
        kind = ActivityKind.WITHDRAWAL if size < 0 else ActivityKind.DEPOSIT
        own_id = {"external_id": f"{entry_id}{suffix}" if entry_id else None}
        draft.add(entry.line, **(shared | {"kind": kind, "amount": size} | own_id | own))


def _parts(
    details: list[Node], amount: Decimal, currency: str | None, mark: str
) -> list[tuple[Decimal, Node | None]]:
    """Return the transactions of an entry when their amounts add up to it, else the entry alone."""
    if len(details) <= 1:
        return [(amount, details[0] if details else None)]
    try:
        stated = [_amount(detail, mark) for detail in details]
    except ValueError:
        return [(amount, None)]
    is_whole = numbers.add(*(size for size, _ in stated)) == amount
    if not is_whole or any(code not in {currency, None} for _, code in stated):
        return [(amount, None)]
    return [(size, detail) for (size, _), detail in zip(stated, details, strict=True)]


def _detail(detail: Node, shared: dict[str, Any], *, is_out: bool) -> dict[str, Any]:
    side = "Cdtr" if is_out else "Dbtr"
    party = detail.get("RltdPties", side, "Nm") or detail.get("RltdPties", side, "Pty", "Nm")
    remittance = detail.find("RmtInf")
    texts = [n.text for n in remittance.all("Ustrd")] if remittance is not None else []
    structured = detail.get("RmtInf", "Strd", "CdtrRefInf", "Ref")
    return {
        "payee": party or None,
        "memo": " ".join([*texts, structured]).strip() or shared["memo"],
        "counter_account": detail.get("RltdPties", f"{side}Acct", "Id", "IBAN") or None,
        "reference": detail.get("Refs", "EndToEndId") or shared["reference"],
    }


def _code(entry: Node) -> str:
    parts = (
        entry.get("BkTxCd", "Domn", "Cd"),
        entry.get("BkTxCd", "Domn", "Fmly", "Cd"),
        entry.get("BkTxCd", "Domn", "Fmly", "SubFmlyCd"),
    )
    return "/".join(part for part in parts if part) or entry.get("BkTxCd", "Prtry", "Cd")
