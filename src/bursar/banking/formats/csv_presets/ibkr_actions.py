"""Corporate actions in Interactive Brokers' words.

"AAA(US0000000001) Split 4 for 1 (AAA, AAA INC, US0000000001)" with the change in units: the last
bracket names the security whose units change, the numbers are the ratio of new to old.
"""

import re
from collections.abc import Callable
from decimal import Decimal

from bursar.banking.formats.ibkr_records import FlexRow
from bursar.banking.formats.numbers import parse_number
from bursar.banking.formats.statement import ActivityKind as Kind

_SUBJECT = re.compile(r"\(([^(),]{1,40}),\s*[^()]*,\s*([A-Z0-9]{6,14})\)\s*$")
_FIRST = re.compile(r"^\s*([^()]{1,40}?)\s*\(([A-Z0-9]{6,14})\)")
_RATIO = re.compile(r"([\d.]+) for ([\d.]+)", re.IGNORECASE)
_KINDS = (
    (re.compile(r"\bsplit\b|stock dividend", re.IGNORECASE), Kind.SPLIT),
    (re.compile(r"spin-?off", re.IGNORECASE), Kind.SPIN_OFF),
    (re.compile(r"merged|merger|acquisition|tendered|exchange", re.IGNORECASE), Kind.MERGER),
    (re.compile(r"(cusip|isin|symbol|name)(/\w+)? change", re.IGNORECASE), Kind.RENAME),
    (re.compile(r"delisted|rights issue|subscri", re.IGNORECASE), Kind.MERGER),
    (re.compile(r"full call|early redemption|maturity|bond", re.IGNORECASE), Kind.SELL),
)


def read_corporate_action(row: FlexRow, hold: Callable[[str, str], str | None]) -> None:
    """Read one row; `hold` lists a security by symbol and id and returns its key."""
    description = row.text("description")[:1_000]
    kind = next((kind for pattern, kind in _KINDS if pattern.search(description)), None)
    shared, quantity = row.shared(), row.number("quantity")
    if kind is None:
        message = f"the corporate action {description[:80]!r} is not known and was left out"
        row.problem("unknown_action", message, "Description")
    if kind is None or shared is None:
        return
    subject = _SUBJECT.search(description) or _FIRST.match(description)
    if subject is None:
        row.problem("missing_security", "the corporate action names no security", "Description")
        return
    ratio = _RATIO.search(description) if kind in {Kind.SPLIT, Kind.SPIN_OFF} else None
    proceeds = row.number("proceeds")
    row.add(
        **shared,
        kind=kind,
        security=hold(subject[1].strip(), subject[2]),
        quantity=quantity,
        amount=proceeds or None,
        value=row.number("value"),
        ratio_new=_part(ratio, 1),
        ratio_old=_part(ratio, 2),
        raw_type="Corporate Action",
    )


def _part(ratio: re.Match[str] | None, index: int) -> Decimal | None:
    if ratio is None:
        return None
    try:
        return parse_number(ratio[index].rstrip("."), ".")
    except ValueError:
        return None
