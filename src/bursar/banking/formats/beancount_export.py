"""Statements as Beancount text: every activity a balanced transaction, exact to the last digit.

Units are posted at the total price they were traded for (`10 AAPL @@ 1500.00 USD`) and not at
cost: cost lots would make Beancount match sales against purchases, and a statement seldom holds all
purchases. What has no cash leg is balanced against Equity and Income accounts that name the reason.
Stated balances are comments, because a statement may start in the middle of a history.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from bursar.banking.formats import numbers
from bursar.banking.formats.statement import (
    AccountKind,
    Activity,
    ActivityKind,
    Security,
    Statement,
    StatementAccount,
    activity_keys,
)
from bursar.core.money import format_decimal

_COMMODITY_MAX = 24
_COMPONENT_MAX = 60
_NO_CURRENCY = "XXX"
_COUNTER = {
    ActivityKind.DIVIDEND: "Income:Dividends",
    ActivityKind.CAPITAL_GAIN_DISTRIBUTION: "Income:Capital-Gain-Distributions",
    ActivityKind.INTEREST: "Income:Interest",
    ActivityKind.FEE: "Expenses:Fees",
    ActivityKind.TAX: "Expenses:Taxes",
    ActivityKind.TAX_REFUND: "Expenses:Taxes",
    ActivityKind.STAKING_REWARD: "Income:Staking",
    ActivityKind.SPLIT: "Equity:Corporate-Actions",
    ActivityKind.SPIN_OFF: "Equity:Corporate-Actions",
    ActivityKind.MERGER: "Equity:Corporate-Actions",
    ActivityKind.RENAME: "Equity:Corporate-Actions",
    ActivityKind.RETURN_OF_CAPITAL: "Equity:Return-Of-Capital",
    ActivityKind.EXCHANGE_IN: "Equity:Exchanges",
    ActivityKind.EXCHANGE_OUT: "Equity:Exchanges",
}
_TRADES = frozenset({ActivityKind.BUY, ActivityKind.SELL})
_CASH_FLOWS = frozenset({ActivityKind.DEPOSIT, ActivityKind.WITHDRAWAL})


@dataclass
class _Book:
    """Accounts and commodities in use, so that each is declared once."""

    opened: dict[str, date] = field(default_factory=dict)
    commodities: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Security] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def account(self, name: str, day: date) -> str:
        """Return the name and remember the first day on which it is used."""
        self.opened[name] = min(day, self.opened.get(name, day))
        return name

    def commodity(self, name: str) -> str:
        """Return a legal commodity for a symbol; two symbols never share one."""
        known = self.commodities.get(name)
        if known is not None:
            return known
        bare = re.sub(r"[^A-Z0-9'._-]", "-", name.upper())
        bare = bare if bare[:1].isalpha() else f"X{bare}"
        bare = bare[: _COMMODITY_MAX - 3].rstrip("'._-") or "X"
        made = bare if len(bare) > 1 else f"{bare}X"
        number = 2
        while made in self.taken:
            made = f"{bare[: _COMMODITY_MAX - 7]}-{number}"
            number += 1
        self.commodities[name] = made
        self.taken.add(made)
        return made


@dataclass(frozen=True)
class _Posting:
    account: str
    number: Decimal
    commodity: str
    total: tuple[Decimal, str] | None = None


def dump_beancount(statement: Statement) -> bytes:
    """Return UTF-8 Beancount text with everything declared before it is used."""
    book = _Book()
    used: dict[str, int] = {}
    body: list[str] = []
    for account in statement.accounts:
        base = _base_name(account, used)
        body.extend(_account(book, account, base))
    head = [f"; {_line(note)}" for note in statement.notes]
    head.append('option "title" "Bursar export"')
    head.extend(f"{day} open {name}" for name, day in sorted(book.opened.items()))
    first = min(book.opened.values(), default=date(1970, 1, 1))
    for name, security in sorted(book.metadata.items()):
        head.append(f"{first} commodity {name}")
        facts = (
            ("symbol", security.symbol),
            ("name", security.name),
            ("isin", security.isin),
            ("cusip", security.cusip),
        )
        head.extend(f"  {label}: {_quoted(text)}" for label, text in facts if text)
    return ("\n".join([*head, "", *body]) + "\n").encode()


def _base_name(account: StatementAccount, used: dict[str, int]) -> str:
    root = "Liabilities" if account.kind is AccountKind.CREDIT_CARD else "Assets"
    parts = (account.institution or "Unknown", account.name or "", account.external_id or "Account")
    name = ":".join([root, *(_component(part) for part in parts if part)])
    used[name] = used.get(name, 0) + 1
    return name if used[name] == 1 else f"{name}-{used[name]}"


def _component(text: str) -> str:
    """Make one part of an account name: it starts with a capital or a digit; letters, digits, -."""
    bare = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:_COMPONENT_MAX].rstrip("-")
    return bare[:1].upper() + bare[1:] if bare else "Other"


def _line(text: str) -> str:
    return " ".join(text.split())


def _quoted(text: str) -> str:
    escaped = _line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _account(book: _Book, account: StatementAccount, base: str) -> Iterator[str]:
    securities = {s.key: s for s in account.securities}
    for activity, key in zip(account.activities, activity_keys(account), strict=True):
        yield from _transaction(book, account, activity, key=key, base=base, held=securities)
    for balance in account.balances:
        currency = balance.currency or account.currency or _NO_CURRENCY
        stated = f"{format_decimal(balance.amount)} {currency}"
        yield f"; stated {balance.kind} balance of {base}: {stated} at {balance.as_of}"


def _transaction(
    book: _Book,
    account: StatementAccount,
    activity: Activity,
    *,
    key: str,
    base: str,
    held: dict[str, Security],
) -> Iterator[str]:
    day = activity.day
    payee, memo = activity.payee or "", activity.memo or ""
    yield f"{day} * {_quoted(payee)} {_quoted(memo)}"
    yield f"  id: {_quoted(key)}"
    yield f"  kind: {_quoted(activity.kind.value)}"
    if activity.category:
        yield f"  category: {_quoted(activity.category)}"
    for posting in _postings(book, account, activity, base=base, held=held):
        name = book.account(posting.account, day)
        text = f"  {name}  {format_decimal(posting.number)} {posting.commodity}"
        if posting.total is not None:
            text += f" @@ {format_decimal(posting.total[0])} {posting.total[1]}"
        yield text
    yield ""


def _postings(
    book: _Book,
    account: StatementAccount,
    activity: Activity,
    *,
    base: str,
    held: dict[str, Security],
) -> Iterable[_Posting]:
    currency = book.commodity(activity.currency or account.currency or _NO_CURRENCY)
    cash, counter = f"{base}:Cash", _counter(activity)
    amount, units = activity.amount, activity.quantity
    commodity = ""
    if activity.security is not None:
        security = held[activity.security]
        commodity = book.commodity(security.symbol or activity.security)
        book.metadata.setdefault(commodity, security)
    if activity.kind is ActivityKind.FX_CONVERSION and amount is not None:
        yield from _conversion(book, activity, amount, cash=cash, currency=currency)
        return
    # What the units, or the reason for the cash, must weigh for the transaction to come to zero.
    rest = numbers.add(amount, activity.fees, activity.taxes)
    if amount:
        yield _Posting(cash, amount, currency)
        yield from _costs(activity, currency)
    if units and commodity:
        weight = numbers.flipped(rest)
        is_priced = bool(amount) and activity.kind in _TRADES and (weight > 0) == (units > 0)
        if is_priced and weight:
            total = (weight.copy_abs(), currency)
            yield _Posting(f"{base}:Holdings", units, commodity, total)
            return
        yield _Posting(f"{base}:Holdings", units, commodity)
        yield _Posting(counter, numbers.flipped(units), commodity)
    if amount and rest:
        yield _Posting(counter, numbers.flipped(rest), currency)


def _costs(activity: Activity, currency: str) -> Iterator[_Posting]:
    if activity.fees:
        yield _Posting("Expenses:Fees", activity.fees, currency)
    if activity.taxes:
        yield _Posting("Expenses:Taxes", activity.taxes, currency)


def _conversion(
    book: _Book, activity: Activity, amount: Decimal, *, cash: str, currency: str
) -> Iterator[_Posting]:
    """Post both sides; a cost stands apart, so that the price is that of the exchange alone."""
    other = activity.counter_amount
    exchanged = numbers.add(amount, activity.fees, activity.taxes)
    yield from _costs(activity, currency)
    costs = numbers.add(activity.fees, activity.taxes)
    if costs:
        yield _Posting(cash, numbers.flipped(costs), currency)
    if not other or activity.counter_currency is None or (other > 0) == (exchanged > 0):
        yield _Posting(cash, exchanged, currency)
        yield _Posting("Equity:Conversions", numbers.flipped(exchanged), currency)
        return
    counter_currency = book.commodity(activity.counter_currency)
    yield _Posting(cash, exchanged, currency, (other.copy_abs(), counter_currency))
    yield _Posting(cash, other, counter_currency)


def _counter(activity: Activity) -> str:
    """Return the account on the other side of an activity."""
    if activity.counter_account:
        return f"Equity:Transfers:{_component(activity.counter_account)}"
    if activity.kind in _CASH_FLOWS:
        root = "Expenses" if (activity.amount or Decimal(0)) < 0 else "Income"
        return f"{root}:{_component(activity.category or 'Uncategorized')}"
    return _COUNTER.get(activity.kind, "Equity:Transfers")
