"""QIF files to statements.

QIF has no ids, no currency and no agreed order of day and month. The order is decided over all
dates of the file; a file in which none decides is refused with a request for `date_format`.
A split record becomes one activity per split line, in one group.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bursar.banking.formats import numbers
from bursar.banking.formats.dates import DateOrder, decide_order, parse_date
from bursar.banking.formats.draft import AccountDraft, assemble
from bursar.banking.formats.problems import Problem, ProblemLog, refusal
from bursar.banking.formats.qif.investments import activities
from bursar.banking.formats.qif.records import Record, split_records
from bursar.banking.formats.statement import (
    AccountKind,
    ActivityKind,
    Format,
    SecurityKind,
    Statement,
)
from bursar.banking.formats.text import decode

_ACCOUNT_KINDS = {
    "bank": AccountKind.CHECKING,
    "cash": AccountKind.CASH,
    "ccard": AccountKind.CREDIT_CARD,
    "invst": AccountKind.BROKERAGE,
    "port": AccountKind.BROKERAGE,
    "401(k)/403(b)": AccountKind.RETIREMENT,
    "mutual": AccountKind.BROKERAGE,
    "oth a": AccountKind.UNKNOWN,
    "oth l": AccountKind.UNKNOWN,
}
_LISTS = frozenset({"cat", "class", "memorized", "tag", "budget", "invitem", "template", "none"})
_SECURITY_KINDS = {
    "stock": SecurityKind.STOCK,
    "mutual fund": SecurityKind.FUND,
    "bond": SecurityKind.BOND,
    "option": SecurityKind.OPTION,
}
_INVESTMENT_TYPES = frozenset({"invst", "port", "401(k)/403(b)", "mutual"})


@dataclass
class _File:
    """What is known while the records go by."""

    log: ProblemLog
    order: DateOrder
    mark: numbers.DecimalMark | None
    drafts: dict[str, AccountDraft] = field(default_factory=dict)
    securities: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def draft(self, name: str, kind: AccountKind) -> AccountDraft:
        """Return the account of a name, opening it when it is new."""
        known = self.drafts.get(name)
        if known is None:
            known = AccountDraft(self.log, external_id=name, name=name or None, kind=kind)
            self.drafts[name] = known
        elif known.kind is AccountKind.UNKNOWN:
            known.kind = kind
        return known


def read_qif(
    data: bytes, date_format: DateOrder | None = None
) -> tuple[Statement, tuple[Problem, ...]]:
    """Read a QIF file. Raises FormatError when the dates cannot be told without `date_format`."""
    log = ProblemLog()
    records = split_records(decode(data), log)
    dates = [r.get("D") for r in records if r.section in _ACCOUNT_KINDS]
    amounts = (t for r in records for k, t, _ in r.fields if k in "TU$IO")
    state = _File(log, date_format or decide_order(dates), numbers.decimal_mark_of(amounts))
    account = ""
    for record in records:
        if record.section == "account":
            account = record.get("N")
            _account(state, record)
        elif record.section == "security":
            _security(state, record)
        elif record.section in _ACCOUNT_KINDS:
            draft = state.draft(account, _ACCOUNT_KINDS[record.section])
            _record(state, draft, record)
        elif record.section in _LISTS:
            state.left_out[record.section] = state.left_out.get(record.section, 0) + 1
        else:
            message = f"the section !Type:{record.section[:30]} is not known and was left out"
            log.add(record.line, "unknown_section", message)
    notes = [
        f"{n} records of the list '{name}' were left out" for name, n in state.left_out.items()
    ]
    statement = assemble(Format.QIF, list(state.drafts.values()), notes)
    if not any(a.activities or a.balances for a in statement.accounts) and not log.errors:
        raise refusal("no_statement", "the file holds no transactions")
    return statement, log.done()


def _account(state: _File, record: Record) -> None:
    kind = _ACCOUNT_KINDS.get(record.get("T").lower(), AccountKind.UNKNOWN)
    draft = state.draft(record.get("N"), kind)
    balance = record.get("$")
    if not balance:
        return
    try:
        amount = numbers.parse_number(balance, state.mark)
        written = record.get("/")
        as_of = parse_date(written, state.order) if written else None
    except ValueError as error:
        state.log.add(record.line, "bad_value", str(error), field="$")
        return
    draft.add_balance(record.line, amount=amount, currency=None, as_of=as_of)


def _security(state: _File, record: Record) -> None:
    name = record.get("N")
    if name:
        kind = _SECURITY_KINDS.get(record.get("T").lower(), SecurityKind.OTHER)
        state.securities[name] = {"symbol": record.get("S") or None, "kind": kind}


def _hold(state: _File, draft: AccountDraft, record: Record) -> str | None:
    name = record.get("Y")
    if not name:
        return None
    known = state.securities.get(name, {})
    return draft.hold(record.line, name[:200], name=name, **known)


def _number(state: _File, record: Record, letters: str) -> Decimal | None:
    for letter in letters:
        text = record.get(letter)
        if text:
            return numbers.parse_number(text, state.mark)
    return None


def _record(state: _File, draft: AccountDraft, record: Record) -> None:
    if record.cut:
        state.log.add(
            record.line, "cut_off", "the record is not ended by ^", hint="Add the line ^."
        )
        return
    try:
        when: date | datetime = parse_date(record.get("D"), state.order)
        is_investment = record.section in _INVESTMENT_TYPES and record.get("N")
        made = _investment(state, draft, record) if is_investment else _bank(state, draft, record)
    except ValueError as error:
        state.log.add(record.line, "bad_value", str(error))
        return
    group = f"record-{record.line}" if len(made) > 1 else None
    for fields in made:
        draft.add(record.line, **({"effective_at": when, "group": group} | fields))


def _counter(category: str) -> tuple[str | None, str | None]:
    """Split `L`: `[Savings]/class` is a transfer to that account, anything else a category."""
    if category.startswith("[") and "]" in category:
        return category[1 : category.index("]")] or None, None
    return None, category or None


def _bank(state: _File, draft: AccountDraft, record: Record) -> list[dict[str, Any]]:
    amount = _number(state, record, "TU")
    if amount is None:
        msg = "the record has no amount (T)"
        raise ValueError(msg)
    counter, category = _counter(record.get("L"))
    payee = record.get("P")
    if payee.lower() == "opening balance" and counter in {draft.external_id, None}:
        counter = None
    shared: dict[str, Any] = {
        "payee": payee or None,
        "memo": record.get("M") or None,
        "reference": record.get("N") or None,
        "raw_type": record.section,
    }
    parts = _splits(state, record)
    if not parts:
        return [_leg(shared, amount, counter, category)]
    rest = numbers.add(amount, *(numbers.flipped(size) for _, _, size in parts))
    legs = []
    for written, memo, size in parts:
        part_counter, part_category = _counter(written)
        legs.append(
            _leg(shared | ({"memo": memo} if memo else {}), size, part_counter, part_category)
        )
    if rest:
        message = f"the splits differ from the total by {rest}; the difference has no category"
        state.log.assume(record.line, "split_difference", message, field="$")
        legs.append(_leg(shared, rest, None, None))
    return legs


def _leg(
    shared: dict[str, Any], amount: Decimal, counter: str | None, category: str | None
) -> dict[str, Any]:
    if counter is not None:
        kind = ActivityKind.TRANSFER_OUT if amount < 0 else ActivityKind.TRANSFER_IN
    else:
        kind = ActivityKind.WITHDRAWAL if amount < 0 else ActivityKind.DEPOSIT
    own = {"kind": kind, "amount": amount, "counter_account": counter, "category": category}
    return shared | own


def _splits(state: _File, record: Record) -> list[tuple[str, str, Decimal]]:
    """Return (category, memo, amount) per split: S starts one, E and $ belong to it."""
    parts: list[tuple[str, str, Decimal]] = []
    category: str | None = None
    memo = ""
    for letter, text, line in record.fields:
        if letter == "S":
            category, memo = text, ""
        elif letter == "E":
            memo = text
        elif letter == "$" and category is not None:
            parts.append((category, memo, numbers.parse_number(text, state.mark)))
            category, memo = None, ""
        elif letter == "%" and category is not None:
            message = "a split by percentage has no amount and was left to the difference"
            state.log.assume(line, "split_percentage", message)
    return parts


def _investment(state: _File, draft: AccountDraft, record: Record) -> list[dict[str, Any]]:
    counter, category = _counter(record.get("L"))
    fees = _number(state, record, "O")
    shared: dict[str, Any] = {
        "security": _hold(state, draft, record),
        "amount": _number(state, record, "TU"),
        "quantity": _number(state, record, "Q"),
        "unit_price": _number(state, record, "I"),
        "fees": fees.copy_abs() if fees is not None else Decimal(0),
        "payee": record.get("P") or None,
        "memo": record.get("M") or None,
        "category": category,
        "raw_type": record.get("N"),
    }
    made = activities(record.get("N"), shared, counter)
    if made is None:
        msg = f"the investment action {record.get('N')[:30]!r} is not known; the row was left out"
        raise ValueError(msg)
    return made
