"""Which currency an OFX amount is in.

`<CURRENCY>` says that the amounts beside it are in that currency, not converted; `<ORIGCURRENCY>`
says that they were converted into the statement's currency. `CURRATE` is statement currency per
unit of the other.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from bursar.banking.formats.ofx.tree import Node
from bursar.banking.formats.ofx.values import number
from bursar.banking.formats.problems import ProblemLog

_CODE = re.compile(r"^[A-Z]{3}$")


class Money(NamedTuple):
    """The currency of a row's amounts, and account currency per unit of it where they differ."""

    currency: str | None
    rate: Decimal | None


def currency_code(text: str, line: int, log: ProblemLog) -> str | None:
    """Return an ISO 4217 code, or None (with a warning when something else stands there)."""
    code = text.strip().upper()
    if _CODE.match(code):
        return code
    if code:
        log.assume(line, "bad_currency", f"{text[:20]!r} is not a currency code", field="CURRENCY")
    return None


def money_of(node: Node, account_currency: str | None, log: ProblemLog) -> Money:
    """Return the currency of the amounts in `node`."""
    stated = node.find("CURRENCY")
    if stated is None:
        return Money(account_currency, None)
    code = currency_code(stated.get("CURSYM"), stated.line, log)
    if code is None or code == account_currency:
        return Money(code or account_currency, None)
    return Money(code, number(stated, "CURRATE", log))
