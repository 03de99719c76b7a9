"""Kraken's `ledgers.csv`: one row per balance change, tied together by `refid`.

A trade is two rows of one refid, one asset out and one in; the fee is charged on top of a row, in
that row's asset. Money against a coin is a buy or a sell, coin against coin is an exchange, money
against money a conversion. A fee in a coin becomes an activity of its own, because it takes units.
"""

from decimal import Decimal
from typing import Any, NamedTuple

from bursar.banking.formats import numbers
from bursar.banking.formats.cells import Cells
from bursar.banking.formats.csv_presets.kraken_assets import FIAT, asset_code
from bursar.banking.formats.csv_table import Row, Table
from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.problems import ProblemLog
from bursar.banking.formats.statement import AccountKind, SecurityKind
from bursar.banking.formats.statement import ActivityKind as Kind

COLUMNS = frozenset({"txid", "refid", "time", "type", "asset", "amount", "fee"})

_TRADES = frozenset({"trade", "spend", "receive", "conversion", "settled", "sale"})
_REWARDS = frozenset({"staking", "earn", "reward", "dividend", "airdrop", "creator"})
_INTERNAL = frozenset(
    [
        "spottostaking",
        "stakingfromspot",
        "stakingtospot",
        "spotfromstaking",
        "allocation",
        "deallocation",
        "autoallocation",
        "migration",
        "spottofutures",
        "spotfromfutures",
    ]
)


class _Leg(NamedTuple):
    """One balance change: net `amount` before the fee, and the fee, in `asset`."""

    cells: Cells
    asset: str
    amount: Decimal
    fee: Decimal
    shared: dict[str, Any]

    @property
    def is_cash(self) -> bool:
        return self.asset in FIAT


def read(table: Table, log: ProblemLog, filename: str) -> list[AccountDraft]:
    """Read the rows; rows of one refid are read together."""
    del filename
    draft = AccountDraft(log, institution="Kraken", kind=AccountKind.EXCHANGE)
    groups: dict[str, list[_Leg]] = {}
    for row in table.rows:
        if not row.get("txid"):
            message = "the row has no txid: it is the pending form of another row, and left out"
            log.assume(row.line, "pending_row", message, field="txid")
            continue
        leg = _leg(draft, row)
        if leg is None:
            continue
        name = row.get("type").lower()
        if name in _TRADES:
            groups.setdefault(row.get("refid"), []).append(leg)
        else:
            _single(leg, name, row.get("subtype").lower())
    for refid, legs in groups.items():
        _trade(refid, legs)
    draft.activities.sort(key=lambda activity: activity.line)
    return [draft]


def _leg(draft: AccountDraft, row: Row) -> _Leg | None:
    cells = Cells(draft, row)
    at, local_day = cells.moment("time")
    amount, fee = cells.need("amount"), cells.number("fee") or Decimal(0)
    if not row.get("asset"):
        cells.problem("missing_asset", "the row has no asset", "asset")
    if cells.failed:
        return None
    shared = {
        "effective_at": at,
        "local_day": local_day,
        "external_id": row.get("txid"),
        "reference": row.get("refid") or None,
        "raw_type": " ".join(part for part in (row.get("type"), row.get("subtype")) if part),
        "memo": row.get("wallet") or None,
    }
    return _Leg(cells, asset_code(row.get("asset")), amount, fee, shared)


def _hold(leg: _Leg) -> str | None:
    return leg.cells.draft.hold(
        leg.cells.row.line, leg.asset[:200], symbol=leg.asset, kind=SecurityKind.CRYPTO
    )


def _single(leg: _Leg, name: str, subtype: str) -> None:
    is_in = leg.amount > 0
    kind: Kind | None
    if name in {"deposit", "withdrawal", "transfer"} or subtype in _INTERNAL:
        kind = None
    elif name in _REWARDS:
        kind = Kind.INTEREST if leg.is_cash else Kind.STAKING_REWARD
    elif name in {"margin", "rollover", "nft_rebate", "adjustment"}:
        kind = Kind.INTEREST if leg.is_cash else Kind.FEE
    else:
        hint = "Enter it by hand, or import the other rows only."
        leg.cells.problem("unknown_action", f"the type {name[:60]!r} is not known", "type", hint)
        return
    if kind is None and leg.is_cash:
        kind = Kind.DEPOSIT if is_in else Kind.WITHDRAWAL
    elif kind is None:
        kind = Kind.DELIVERY_IN if is_in else Kind.DELIVERY_OUT
    if leg.is_cash:
        net = numbers.add(leg.amount, numbers.flipped(leg.fee))
        own = {"amount": net, "fees": leg.fee, "currency": leg.asset}
        leg.cells.add(**(leg.shared | {"kind": kind} | own))
        return
    own_units = {"kind": kind, "security": _hold(leg), "quantity": leg.amount}
    leg.cells.add(**(leg.shared | own_units))
    _coin_fee(leg, leg.shared["external_id"])


def _coin_fee(leg: _Leg, group: str) -> None:
    if leg.fee and not leg.is_cash:
        own = {
            "kind": Kind.FEE,
            "external_id": f"{leg.shared['external_id']}:fee",
            "group": group,
            "security": _hold(leg),
            "quantity": numbers.flipped(leg.fee),
        }
        leg.cells.add(**(leg.shared | own))


def _trade(refid: str, legs: list[_Leg]) -> None:
    """Turn the rows of one refid into activities: two legs, or nothing that can be trusted."""
    for leg in legs:
        if not leg.amount:
            # A fee paid in fee credits (KFEE) is a row of its own that moves nothing else.
            _coin_fee(leg, refid)
    given = [leg for leg in legs if leg.amount < 0]
    taken = [leg for leg in legs if leg.amount > 0]
    if given and taken and not any(leg.is_cash for leg in given + taken):
        for leg in given + taken:
            kind = Kind.EXCHANGE_OUT if leg.amount < 0 else Kind.EXCHANGE_IN
            own = {"kind": kind, "group": refid, "security": _hold(leg), "quantity": leg.amount}
            leg.cells.add(**(leg.shared | own))
            _coin_fee(leg, refid)
        return
    if len(given) != 1 or len(taken) != 1:
        hint = "Download a period that contains both rows of the trade."
        for leg in given + taken:
            message = f"the trade {refid[:40]} has {len(given)} rows out and {len(taken)} rows in"
            leg.cells.problem("unpaired_trade", message, "refid", hint)
        return
    out, into = given[0], taken[0]
    if out.is_cash and into.is_cash:
        counter = {
            "counter_amount": numbers.add(into.amount, numbers.flipped(into.fee)),
            "counter_currency": into.asset,
        }
        _cash_leg(out, {"kind": Kind.FX_CONVERSION, "group": refid} | counter)
        return
    _bought_or_sold(refid, cash=out if out.is_cash else into, coin=into if out.is_cash else out)


def _cash_leg(leg: _Leg, own: dict[str, Any]) -> None:
    net = numbers.add(leg.amount, numbers.flipped(leg.fee))
    cash = {"amount": net, "fees": leg.fee, "currency": leg.asset}
    leg.cells.add(**(leg.shared | cash | own))


def _bought_or_sold(refid: str, *, cash: _Leg, coin: _Leg) -> None:
    own = {
        "kind": Kind.BUY if coin.amount > 0 else Kind.SELL,
        "external_id": coin.shared["external_id"],
        "group": refid,
        "security": _hold(coin),
        "quantity": coin.amount,
    }
    _cash_leg(cash, own)
    _coin_fee(coin, refid)
