"""Coinbase's transaction report, in its four generations of headers, below a preamble.

Money may carry a currency sign; a sale's quantity is negative in the newer files and positive in
the older. `Total` contains the fee. A conversion is one row for the coin given; what was received
stands only in the notes ("Converted 0.5 ETH to 0.03 BTC") and is read from there.
"""

import re
from decimal import Decimal

from bursar.banking.formats import numbers
from bursar.banking.formats.cells import Cells
from bursar.banking.formats.csv_table import Row, Table
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.problems import ProblemLog
from bursar.banking.formats.statement import AccountKind, SecurityKind
from bursar.banking.formats.statement import ActivityKind as Kind

COLUMNS = frozenset({"timestamp", "transaction type", "asset", "quantity transacted"})

_CONVERTED = re.compile(
    r"Converted ([\d.,eE-]+) (\S+) to ([\d.,eE-]*\d) ([A-Za-z0-9]+)", re.IGNORECASE
)
_PAIR = re.compile(r"(?:Bought|Sold) [\d.,]+ \S+ for ([\d.,]*\d) (\S+) on \S+-(\S+)", re.IGNORECASE)
_FIAT = frozenset(
    [
        "USD",
        "EUR",
        "GBP",
        "CAD",
        "AUD",
        "CHF",
        "JPY",
        "SGD",
        "NZD",
        "SEK",
        "NOK",
        "DKK",
        "PLN",
        "CZK",
        "HUF",
        "BRL",
        "MXN",
        "TRY",
        "INR",
        "ZAR",
        "HKD",
    ]
)
_IN = {
    "receive": Kind.DELIVERY_IN,
    "incoming": Kind.DELIVERY_IN,
    "rewards income": Kind.STAKING_REWARD,
    "reward income": Kind.STAKING_REWARD,
    "staking income": Kind.STAKING_REWARD,
    "inflation reward": Kind.STAKING_REWARD,
    "learning reward": Kind.STAKING_REWARD,
    "coinbase earn": Kind.STAKING_REWARD,
    "subscription rebate": Kind.STAKING_REWARD,
    "airdrop": Kind.STAKING_REWARD,
    "deposit": Kind.DELIVERY_IN,
    "exchange deposit": Kind.DELIVERY_IN,
    "pro withdrawal": Kind.DELIVERY_IN,
    "admin credit": Kind.DELIVERY_IN,
    "asset migration in": Kind.DELIVERY_IN,
}
_OUT = {
    "send": Kind.DELIVERY_OUT,
    "withdrawal": Kind.DELIVERY_OUT,
    "exchange withdrawal": Kind.DELIVERY_OUT,
    "pro deposit": Kind.DELIVERY_OUT,
    "vault withdrawal": Kind.DELIVERY_OUT,
    "admin debit": Kind.DELIVERY_OUT,
    "card spend": Kind.SELL,
}
_INTERNAL = ("retail staking transfer", "retail unstaking transfer", "retail eth2 deprecation")


def read(table: Table, log: ProblemLog, filename: str) -> list[AccountDraft]:
    """Read the rows of one user's account."""
    del filename
    user = next((line for line in table.preamble if line.cells[0].strip().lower() == "user"), None)
    owner = [cell.strip() for cell in user.cells[1:] if cell.strip()] if user is not None else []
    draft = AccountDraft(
        log,
        external_id=owner[-1] if owner else "",
        institution="Coinbase",
        name=owner[0] if owner else None,
        kind=AccountKind.EXCHANGE,
    )
    for row in table.rows:
        _read_row(draft, row)
    return [draft]


def _read_row(draft: AccountDraft, row: Row) -> None:
    cells = Cells(draft, row)
    kind_text = row.get("transaction type")
    at, local_day = cells.moment("timestamp")
    quantity = cells.need("quantity transacted")
    fees = cells.number("fees and/or spread", "fees")
    total = cells.number("total (inclusive of fees and/or spread)", "total")
    shared: dict[str, object] = {
        "effective_at": at,
        "local_day": local_day,
        "external_id": row.get("id") or None,
        "currency": row.get("price currency", "spot price currency") or None,
        "memo": row.get("notes") or None,
        "raw_type": kind_text,
    }
    cost = fees.copy_abs() if fees is not None else Decimal(0)
    name = kind_text.lower()
    asset = row.get("asset")
    if not asset:
        cells.problem("missing_asset", "the row has no asset", "asset")
        return
    if name in {"buy", "advanced trade buy", "sell", "advanced trade sell"}:
        _trade(cells, shared, is_buy=name.endswith("buy"), fees=cost, total=total)
    elif name == "convert":
        _convert(cells, shared, fees=cost)
    elif name in _INTERNAL:
        _units(cells, shared, Kind.DELIVERY_IN if quantity > 0 else Kind.DELIVERY_OUT, total)
    elif asset in _FIAT and name in _IN | _OUT:
        is_in = name in _IN
        size = quantity.copy_abs() if is_in else numbers.negative(quantity)
        kind = Kind.DEPOSIT if is_in else Kind.WITHDRAWAL
        cells.add(**(shared | {"kind": kind, "amount": size, "currency": asset}))
    elif name == "card spend":
        _trade(cells, shared, is_buy=False, fees=cost, total=total)
    elif name in _IN | _OUT or name.endswith(("income", "reward", "rewards")):
        _units(cells, shared, (_IN | _OUT).get(name, Kind.STAKING_REWARD), total)
    else:
        hint = "Enter it by hand, or import the other rows only."
        message = f"the type {kind_text[:60]!r} is not known"
        cells.problem("unknown_action", message, "transaction type", hint)


def _hold(cells: Cells, asset: str) -> str | None:
    return cells.draft.hold(cells.row.line, asset[:200], symbol=asset, kind=SecurityKind.CRYPTO)


def _trade(
    cells: Cells, shared: dict[str, object], *, is_buy: bool, fees: Decimal, total: Decimal | None
) -> None:
    quantity = cells.need("quantity transacted").copy_abs()
    if total is None:
        subtotal = cells.need("subtotal").copy_abs()
        total = numbers.add(subtotal, fees if is_buy else numbers.flipped(fees))
    size = total.copy_abs()
    paid = _PAIR.search(cells.text("notes")[:1_000])
    if paid is not None and paid[3].upper() == paid[2].upper() != shared["currency"]:
        # Traded against another currency than the report's: the notes have the cash that moved.
        message = (
            f"traded in {paid[2]} and shown in {shared['currency']}: the report's figure is taken"
        )
        cells.draft.log.assume(cells.row.line, "other_currency", message, field="notes")
    cells.add(
        **shared,
        kind=Kind.BUY if is_buy else Kind.SELL,
        security=_hold(cells, cells.text("asset")),
        quantity=quantity if is_buy else numbers.negative(quantity),
        unit_price=cells.number("price at transaction", "spot price at transaction"),
        amount=numbers.negative(size) if is_buy else size,
        fees=fees,
    )


def _units(cells: Cells, shared: dict[str, object], kind: Kind, value: Decimal | None) -> None:
    quantity = cells.need("quantity transacted")
    is_in = kind in {Kind.DELIVERY_IN, Kind.STAKING_REWARD}
    cells.add(
        **shared,
        kind=kind,
        security=_hold(cells, cells.text("asset")),
        quantity=quantity.copy_abs() if is_in else numbers.negative(quantity),
        unit_price=cells.number("price at transaction", "spot price at transaction"),
        value=value.copy_abs() if value is not None else None,
    )


def _convert(cells: Cells, shared: dict[str, object], *, fees: Decimal) -> None:
    notes = cells.text("notes")
    match = _CONVERTED.search(notes[:1_000])
    if match is None:
        hint = "Enter the conversion by hand."
        cells.problem("missing_number", "the notes do not say what was received", "notes", hint)
        return
    given, received = match[2].upper(), match[4].upper()
    try:
        got = numbers.parse_number(match[3], ".")
    except ValueError as error:
        cells.problem("bad_number", str(error), "notes")
        return
    subtotal = cells.number("subtotal")
    worth = subtotal.copy_abs() if subtotal is not None else None
    row_id = shared["external_id"]
    group = row_id or f"line-{cells.row.line}"
    for suffix, kind, asset, quantity in (
        ("out", Kind.EXCHANGE_OUT, given, numbers.negative(cells.need("quantity transacted"))),
        ("in", Kind.EXCHANGE_IN, received, got.copy_abs()),
    ):
        own = {
            "kind": kind,
            "external_id": f"{row_id}:{suffix}" if row_id else None,
            "group": group,
            "security": _hold(cells, asset),
            "quantity": quantity,
            "value": worth,
            "fees": fees if suffix == "out" else Decimal(0),
        }
        cells.add(**(shared | own))
