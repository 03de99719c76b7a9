"""Numbers as statements write them: currency signs, thousands marks, brackets for a minus.

The decimal mark of one lone number can be undecidable ("1.234"): a caller that has the whole
column decides once with `decimal_mark_of` and passes the result. Arithmetic goes through `EXACT`,
because the default context silently rounds after 28 digits.
"""

import re
from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Literal

from bursar.core.money import parse_decimal

DecimalMark = Literal[".", ","]

EXACT = Context(prec=120)

_TEXT_MAX = 64
_EXPONENT_MAX = 40
_GROUP_DIGITS = 3
_SPACES = str.maketrans(
    dict.fromkeys("\u00a0\u202f\u2009'\u2019 _", None) | {"\u2212": "-", "\uff0b": "+"}
)
_SIGNED = re.compile(
    r"^(?P<minus>[-+(]*)(?P<digits>[0-9][0-9.,]*|[.,][0-9]+)(?P<exp>[eE][-+]?[0-9]{1,3})?(?P<tail>[-+)]*)$"
)
_CURRENCY = re.compile(r"[$€£¥₹₿]|^[-+(]*(?:[A-Za-z]{3})(?=[-+(\d.,])|(?<=[\d.,)])[A-Za-z]{3}$")


def parse_number(text: str, decimal_mark: DecimalMark | None = None) -> Decimal:
    """Read an exact number such as `-$1,234.50`, `(12.00)`, `1.234,56` or `12,5-`.

    Without `decimal_mark` the last of two different marks is the decimal one, and a lone mark is
    the decimal one unless it repeats. Raises ValueError with a sentence for the user.
    """
    shown = text.strip()[:40]
    if len(text) > _TEXT_MAX:
        msg = f"{shown!r} is too long for a number"
        raise ValueError(msg)
    bare = _CURRENCY.sub("", text.strip().translate(_SPACES))
    match = _SIGNED.match(bare)
    if match is None:
        msg = f"{shown!r} is not a number"
        raise ValueError(msg)
    signs = match["minus"] + match["tail"]
    negative = signs.count("-") + signs.count("(") > 0
    if signs.count("-") > 1 or signs.count("(") != signs.count(")") or len(signs) > len("(-)"):
        msg = f"{shown!r} is not a number"
        raise ValueError(msg)
    digits = _plain(match["digits"], decimal_mark, shown)
    exponent = match["exp"] or ""
    if exponent and abs(int(exponent[1:])) > _EXPONENT_MAX:
        msg = f"{shown!r} is out of range"
        raise ValueError(msg)
    number = parse_decimal(f"{digits}{exponent}")
    return number.copy_negate() if negative and number else number.copy_abs()


def _plain(digits: str, decimal_mark: DecimalMark | None, shown: str) -> str:
    """Remove the thousands marks and write the decimal mark as a point."""
    mark = decimal_mark or _mark_in(digits) or "."
    other = "," if mark == "." else "."
    whole, _, fraction = digits.partition(mark)
    if other in fraction or mark in fraction:
        msg = f"{shown!r} does not have {mark!r} as its decimal mark"
        raise ValueError(msg)
    groups = whole.split(other)
    if len(groups) > 1 and not _is_grouped(groups):
        msg = f"{shown!r} has its thousands marks in the wrong places"
        raise ValueError(msg)
    return f"{''.join(groups) or '0'}.{fraction}" if fraction else "".join(groups) or "0"


def _is_grouped(groups: list[str]) -> bool:
    """Groups of three, or the Indian pattern (a group of three after groups of two)."""
    first, *rest = groups
    if not first or len(rest[-1]) != _GROUP_DIGITS:
        return False
    return all(len(g) in {2, _GROUP_DIGITS} for g in rest)


def _mark_in(digits: str) -> DecimalMark | None:
    """Return the decimal mark that one number shows, or None where it has no mark."""
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma < 0 and point < 0:
        return None
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    mark: DecimalMark = "," if comma >= 0 else "."
    if digits.count(mark) > 1:
        return "." if mark == "," else ","
    return mark


def decimal_mark_of(texts: Iterable[str]) -> DecimalMark | None:
    """Decide the decimal mark of a whole column, or None where nothing in it decides.

    A number with both marks decides; so does a lone mark not followed by exactly three digits, or
    one that repeats. A column of only `1,234` stays undecided. Contradictions give None too.
    """
    votes: set[DecimalMark] = set()
    for text in texts:
        match = re.search(r"[0-9.,]*[0-9][0-9.,]*", text[:_TEXT_MAX].translate(_SPACES))
        if match is None:
            continue
        digits = match.group()
        mark = _mark_in(digits)
        if mark is None:
            continue
        both = "," in digits and "." in digits
        repeated = digits.count(",") > 1 or digits.count(".") > 1
        tail = digits.rpartition(mark)[2]
        head = digits.partition(mark)[0]
        if (
            both
            or repeated
            or len(tail) != _GROUP_DIGITS
            or head in {"", "0"}
            or len(head) > _GROUP_DIGITS
        ):
            votes.add(mark)
    return votes.pop() if len(votes) == 1 else None


def add(*values: Decimal | None) -> Decimal:
    """Sum exactly; None counts as zero."""
    total = Decimal(0)
    for value in values:
        if value is not None:
            total = EXACT.add(total, value)
    return total


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """Multiply exactly (both operands have at most 38 digits)."""
    return EXACT.multiply(left, right)


def negative(value: Decimal) -> Decimal:
    """Return minus the magnitude of `value`."""
    return value.copy_abs().copy_negate() if value else Decimal(0)


def positive(value: Decimal) -> Decimal:
    """Return the magnitude of `value`."""
    return value.copy_abs()


def flipped(value: Decimal) -> Decimal:
    """Return `value` with the other sign, exactly, and never minus zero."""
    return value.copy_negate() if value else Decimal(0)
