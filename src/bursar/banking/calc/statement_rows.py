"""From what the book holds back to the neutral statement: the other way round than `conversion`.

A transfer between two accounts is two rows, one in each; a merger is what leaves and what arrives.
Every row carries an id, so that reading the file again adds nothing twice.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bursar.banking.calc.conversion import OPENING_TYPE
from bursar.banking.formats.statement import Activity
from bursar.banking.formats.statement import ActivityKind as Stated
from bursar.ledger.calc.posting_order import is_timed
from bursar.ledger.models.activities import ActivityKind
from bursar.ledger.models.log import LoggedActivity

ZERO = Decimal(0)
OWN_ID = "bursar:"
"""What the id of a row begins with that has no other id than ours."""

_CASH_IN = {
    ActivityKind.DEPOSIT: Stated.DEPOSIT,
    ActivityKind.DIVIDEND: Stated.DIVIDEND,
    ActivityKind.INTEREST: Stated.INTEREST,
    ActivityKind.TAX_REFUND: Stated.TAX_REFUND,
    ActivityKind.RETURN_OF_CAPITAL: Stated.RETURN_OF_CAPITAL,
    ActivityKind.OTHER_INCOME: Stated.FEE,
    ActivityKind.TRANSFER_IN: Stated.TRANSFER_IN,
    ActivityKind.STAKING_REWARD: Stated.STAKING_REWARD,
}
_CASH_OUT = {
    ActivityKind.WITHDRAWAL: Stated.WITHDRAWAL,
    ActivityKind.INTEREST_CHARGE: Stated.INTEREST,
    ActivityKind.FEE: Stated.FEE,
    ActivityKind.TAX: Stated.TAX,
    ActivityKind.TRANSFER_OUT: Stated.TRANSFER_OUT,
}
_ARRIVING = frozenset(
    {ActivityKind.DELIVERY_IN, ActivityKind.TRANSFER_IN, ActivityKind.OPENING_BALANCE}
)

Fields = dict[str, Any]
Placed = tuple[uuid.UUID, Activity]


@dataclass(frozen=True, slots=True)
class Names:
    """How accounts and instruments are called in the file: account names, security keys."""

    accounts: Mapping[uuid.UUID, str]
    securities: Mapping[uuid.UUID, str]


def rows_of(activity: LoggedActivity, names: Names) -> list[Placed]:
    """Return the rows of one activity, each with the account that it belongs to."""
    return _Rows(activity, names).made()


class _Rows:
    def __init__(self, activity: LoggedActivity, names: Names) -> None:
        self.activity = activity
        self.names = names
        self.costs = (activity.fees or ZERO) + (activity.taxes or ZERO)

    def made(self) -> list[Placed]:
        kind = ActivityKind(self.activity.kind)
        in_units = self.activity.instrument_id is not None and bool(self.activity.quantity)
        special: dict[ActivityKind, Callable[[], list[Placed]]] = {
            ActivityKind.BUY: self._trade,
            ActivityKind.SELL: self._trade,
            ActivityKind.SPLIT: self._split,
            ActivityKind.SPIN_OFF: self._spin_off,
            ActivityKind.MERGER: self._succession,
            ActivityKind.RENAME: self._succession,
            ActivityKind.FX_CONVERSION: self._conversion,
            ActivityKind.OPTION_EXERCISE: self._option_end,
            ActivityKind.OPTION_ASSIGNMENT: self._option_end,
            ActivityKind.OPTION_EXPIRY: self._option_end,
        }
        if kind in special:
            return special[kind]()
        if in_units and kind is ActivityKind.STAKING_REWARD:
            return [self._here(kind=Stated.STAKING_REWARD, **self._units(1))]
        if in_units and kind in (ActivityKind.FEE, ActivityKind.WITHDRAWAL):
            if self.activity.amount is None:
                paid = Stated.FEE if kind is ActivityKind.FEE else Stated.DELIVERY_OUT
                return [self._here(kind=paid, **(self._units(-1) | {"value": None}))]
        elif in_units and kind not in _CASH_IN.keys() - _ARRIVING:
            return self._delivery(kind)
        return self._cash(kind)

    def _cash(self, kind: ActivityKind) -> list[Placed]:
        gross = self.activity.amount or ZERO
        if kind is ActivityKind.OPENING_BALANCE:
            stated = Stated.WITHDRAWAL if gross < 0 else Stated.DEPOSIT
            return [self._here(kind=stated, amount=gross, raw_type=OPENING_TYPE)]
        if kind in _CASH_IN:
            stated, net = _CASH_IN[kind], gross - self.costs
        else:
            stated, net = _CASH_OUT[kind], -gross - self.costs
        rows = [self._here(kind=stated, amount=net, **self._costs())]
        other = self.activity.counter_account_id
        if other is not None:
            leaves = kind is ActivityKind.TRANSFER_OUT
            fields: Fields = {"kind": Stated.TRANSFER_IN if leaves else Stated.TRANSFER_OUT}
            if leaves and self.activity.counter_amount is not None:
                fields["amount"] = self.activity.counter_amount
                fields["currency"] = self.activity.counter_currency
            else:
                fields["amount"] = gross if leaves else -gross
            rows += self._there(other, fields)
        return rows

    def _trade(self) -> list[Placed]:
        buys = self.activity.kind == ActivityKind.BUY
        gross = self.activity.amount or ZERO
        net = -gross - self.costs if buys else gross - self.costs
        fields = self._units(1 if buys else -1) | {"value": None, "amount": net}
        return [self._here(kind=Stated(self.activity.kind), **fields, **self._costs())]

    def _option_end(self) -> list[Placed]:
        """State contracts that ended: held ones leave, written ones come back."""
        written = self.activity.kind == ActivityKind.OPTION_ASSIGNMENT or (
            self.activity.metadata.get("side") == "written"
        )
        fields = self._units(1 if written else -1) | {"value": None}
        return [self._here(kind=Stated(self.activity.kind), **fields)]

    def _delivery(self, kind: ActivityKind) -> list[Placed]:
        arrives = kind in _ARRIVING
        fields = self._units(1 if arrives else -1)
        if kind is ActivityKind.OPENING_BALANCE:
            fields["raw_type"] = OPENING_TYPE
        rows = [self._here(kind=Stated.DELIVERY_IN if arrives else Stated.DELIVERY_OUT, **fields)]
        other = self.activity.counter_account_id
        if other is not None:
            back = self._units(-1 if arrives else 1)
            back["kind"] = Stated.DELIVERY_OUT if arrives else Stated.DELIVERY_IN
            rows += self._there(other, back)
        if self.costs:
            rows.append(self._here(kind=Stated.FEE, amount=-self.costs, suffix="costs"))
        return rows

    def _split(self) -> list[Placed]:
        new, old = self.activity.ratio or (1, 1)
        fields = self._units(1 if new > old else -1) | {"value": None}
        fields |= {"ratio_new": Decimal(new), "ratio_old": Decimal(old)}
        return [self._here(kind=Stated.SPLIT, **fields, amount=self.activity.amount)]

    def _spin_off(self) -> list[Placed]:
        received = self._received(Stated.SPIN_OFF)
        return [self._here(**received, amount=self.activity.amount)]

    def _succession(self) -> list[Placed]:
        kind = Stated(self.activity.kind)
        leaving = self._units(-1) | {"value": None}
        rows = [self._here(kind=kind, **leaving, amount=self.activity.amount)]
        if self.activity.counter_instrument_id is not None:
            rows.append(self._here(**self._received(kind), suffix="in"))
        return rows

    def _received(self, kind: Stated) -> Fields:
        quantity = self.activity.counter_quantity or self.activity.quantity
        key = self.activity.counter_instrument_id
        security = None if key is None else self.names.securities[key]
        return {"kind": kind, "security": security, "quantity": quantity}

    def _conversion(self) -> list[Placed]:
        net = -(self.activity.amount or ZERO) - self.costs
        counter: Fields = {
            "counter_amount": self.activity.counter_amount,
            "counter_currency": self.activity.counter_currency,
        }
        other = self.activity.counter_account_id
        if other is None:
            return [self._here(kind=Stated.FX_CONVERSION, amount=net, **counter, **self._costs())]
        arrival: Fields = {
            "kind": Stated.TRANSFER_IN,
            "amount": self.activity.counter_amount,
            "currency": self.activity.counter_currency,
        }
        here = self._here(kind=Stated.TRANSFER_OUT, amount=net, **self._costs())
        return [here, *self._there(other, arrival)]

    def _units(self, sign: int) -> Fields:
        activity = self.activity
        key = activity.instrument_id
        return {
            "security": None if key is None else self.names.securities[key],
            "quantity": sign * (activity.quantity or ZERO),
            "unit_price": activity.unit_price,
            "value": activity.amount,
        }

    def _costs(self) -> Fields:
        return {"fees": self.activity.fees or ZERO, "taxes": self.activity.taxes or ZERO}

    def _there(self, account_id: uuid.UUID, fields: Fields) -> list[Placed]:
        """Return the row of the account on the other side, when that account is exported too."""
        if account_id not in self.names.accounts:
            return []
        fields = {"counter_account": self.names.accounts.get(self.activity.account_id)} | fields
        return [(account_id, self._row(fields, suffix="there"))]

    def _here(self, *, suffix: str = "", **fields: Any) -> Placed:
        other = self.activity.counter_account_id
        name = None if other is None else self.names.accounts.get(other)
        return self.activity.account_id, self._row(
            fields | {"counter_account": name}, suffix=suffix
        )

    def _row(self, fields: Fields, *, suffix: str) -> Activity:
        activity = self.activity
        own_id = activity.external_id or f"{OWN_ID}{activity.id}"
        at = activity.effective_at.astimezone(dt.UTC)
        shared: Fields = {
            "effective_at": at if is_timed(at) else at.date(),
            "external_id": f"{own_id}:{suffix}" if suffix else own_id,
            "group": str(activity.id),
            "currency": activity.currency,
            "payee": activity.payee,
            "memo": activity.memo,
            "category": activity.own_category or activity.category,
            "raw_type": activity.metadata.get("type") or "",
            "reference": activity.metadata.get("reference"),
        }
        key = activity.instrument_id
        if "security" not in fields and key is not None and key in self.names.securities:
            shared["security"] = self.names.securities[key]
        return Activity.model_validate(shared | fields)
