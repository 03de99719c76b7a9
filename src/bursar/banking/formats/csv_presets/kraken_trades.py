"""Kraken's `trades.csv`: one row per fill, cost and fee in the pair's quote currency."""

from decimal import Decimal

from bursar.banking.formats import numbers
from bursar.banking.formats.cells import Cells
from bursar.banking.formats.csv_presets.kraken_assets import FIAT, split_pair
from bursar.banking.formats.csv_table import Row, Table
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.problems import ProblemLog
from bursar.banking.formats.statement import AccountKind, SecurityKind
from bursar.banking.formats.statement import ActivityKind as Kind

COLUMNS = frozenset({"txid", "ordertxid", "pair", "time", "type", "cost", "fee", "vol"})


def read(table: Table, log: ProblemLog, filename: str) -> list[AccountDraft]:
    """Read the fills. Deposits, withdrawals and rewards are only in `ledgers.csv`."""
    del filename
    draft = AccountDraft(log, institution="Kraken", kind=AccountKind.EXCHANGE)
    for row in table.rows:
        _read_row(draft, row)
    return [draft]


def _read_row(draft: AccountDraft, row: Row) -> None:
    cells = Cells(draft, row)
    at, local_day = cells.moment("time")
    cost, fee, volume = cells.need("cost"), cells.need("fee"), cells.need("vol")
    pair, side = split_pair(row.get("pair")), row.get("type").lower()
    if pair is None:
        cells.problem("unknown_pair", f"the pair {row.get('pair')[:40]!r} is not known", "pair")
    if side not in {"buy", "sell"}:
        cells.problem("unknown_action", f"the type {side[:40]!r} is not buy or sell", "type")
    if cells.failed or pair is None:
        return
    base, quote = pair
    is_buy = side == "buy"
    shared = {
        "effective_at": at,
        "local_day": local_day,
        "raw_type": f"{side} {row.get('ordertype')}".strip(),
        "reference": row.get("ordertxid") or None,
    }
    quantity = volume if is_buy else numbers.flipped(volume)
    held = draft.hold(row.line, base[:200], symbol=base, kind=SecurityKind.CRYPTO)
    txid = row.get("txid")
    if quote in FIAT:
        gross = numbers.flipped(cost) if is_buy else cost
        cells.add(
            **shared,
            kind=Kind.BUY if is_buy else Kind.SELL,
            external_id=txid or None,
            security=held,
            quantity=quantity,
            unit_price=cells.number("price"),
            amount=numbers.add(gross, numbers.flipped(fee)),
            currency=quote,
            fees=fee,
        )
        return
    paid = draft.hold(row.line, quote[:200], symbol=quote, kind=SecurityKind.CRYPTO)
    legs: list[tuple[str, Kind, str | None, Decimal]] = [
        ("base", Kind.EXCHANGE_IN if is_buy else Kind.EXCHANGE_OUT, held, quantity),
        (
            "quote",
            Kind.EXCHANGE_OUT if is_buy else Kind.EXCHANGE_IN,
            paid,
            numbers.flipped(cost) if is_buy else cost,
        ),
    ]
    if fee:
        legs.append(("fee", Kind.FEE, paid, numbers.flipped(fee)))
    for suffix, kind, security, size in legs:
        cells.add(
            **shared,
            kind=kind,
            external_id=f"{txid}:{suffix}" if txid else None,
            group=txid or None,
            security=security,
            quantity=size,
        )
