"""QIF investment actions. Quicken writes them with an X when the cash goes to another account.

`BuyX` is a buy whose cash comes in the same moment from the account in brackets, so it is two
activities of one group: the buy, and the transfer that pays for it.
"""

from decimal import Decimal
from typing import Any

from bursar.banking.formats import numbers
from bursar.banking.formats.statement import ActivityKind as Kind

Fields = dict[str, Any]

_TRADES = {"buy": Kind.BUY, "sell": Kind.SELL, "cvrshrt": Kind.BUY, "shtsell": Kind.SELL}
_INCOME = {
    "div": Kind.DIVIDEND,
    "intinc": Kind.INTEREST,
    "cglong": Kind.CAPITAL_GAIN_DISTRIBUTION,
    "cgmid": Kind.CAPITAL_GAIN_DISTRIBUTION,
    "cgshort": Kind.CAPITAL_GAIN_DISTRIBUTION,
    "miscinc": Kind.DIVIDEND,
    "rtrncap": Kind.RETURN_OF_CAPITAL,
}
_REINVESTED = {
    "reinvdiv": Kind.DIVIDEND,
    "reinvint": Kind.INTEREST,
    "reinvlg": Kind.CAPITAL_GAIN_DISTRIBUTION,
    "reinvmd": Kind.CAPITAL_GAIN_DISTRIBUTION,
    "reinvsh": Kind.CAPITAL_GAIN_DISTRIBUTION,
}
_COSTS = {"miscexp": Kind.FEE, "margint": Kind.INTEREST}
_CASH = {"xin": Kind.TRANSFER_IN, "xout": Kind.TRANSFER_OUT}
_CONTRIBUTED = {"contrib": Kind.TRANSFER_IN, "withdrw": Kind.TRANSFER_OUT}
_PLAIN = {"cash": Kind.DEPOSIT}
_DELIVERIES = {"shrsin": Kind.DELIVERY_IN, "shrsout": Kind.DELIVERY_OUT}
_SPLIT_BASE = Decimal(10)


def activities(action: str, shared: Fields, counter_account: str | None) -> list[Fields] | None:
    """Return the activities of one record, or None when the action is not known.

    `shared` has amount (T or U), quantity, unit_price, fees, security as written, without signs of
    their own. Raises ValueError with a sentence when a number that the action needs is missing.
    """
    name = action.lower()
    is_paid_elsewhere = (
        name.endswith("x") and name[:-1] in _TRADES | _INCOME | _COSTS | _CONTRIBUTED
    )
    base = name[:-1] if is_paid_elsewhere else name
    made = _cash_only(base, shared)
    if made is None:
        made = _with_units(base, shared)
    if made is None:
        return None
    if base in _CASH | _CONTRIBUTED | _DELIVERIES:
        return [fields | {"counter_account": counter_account} for fields in made]
    if is_paid_elsewhere:
        made.append(_payment(made[0]["amount"], shared, counter_account))
    return made


def _cash_only(base: str, shared: Fields) -> list[Fields] | None:
    money = {key: value for key, value in shared.items() if key not in {"quantity", "unit_price"}}
    if base in _INCOME:
        return [money | {"kind": _INCOME[base], "amount": _need(shared, "amount")}]
    if base in _COSTS:
        amount = numbers.negative(_need(shared, "amount"))
        return [money | {"kind": _COSTS[base], "amount": amount}]
    if base in _CASH | _CONTRIBUTED:
        kind = (_CASH | _CONTRIBUTED)[base]
        size = _need(shared, "amount").copy_abs()
        amount = size if kind is Kind.TRANSFER_IN else numbers.negative(size)
        return [money | {"kind": kind, "amount": amount}]
    if base in _PLAIN:
        amount = _need(shared, "amount")
        return [money | {"kind": Kind.WITHDRAWAL if amount < 0 else Kind.DEPOSIT, "amount": amount}]
    return None


def _with_units(base: str, shared: Fields) -> list[Fields] | None:
    if base in _TRADES:
        is_buy = _TRADES[base] is Kind.BUY
        size, quantity = _total(shared, is_buy=is_buy), _need(shared, "quantity").copy_abs()
        signed = {
            "amount": numbers.negative(size) if is_buy else size,
            "quantity": quantity if is_buy else numbers.negative(quantity),
        }
        return [shared | {"kind": _TRADES[base]} | signed]
    if base in _REINVESTED:
        size, quantity = _total(shared, is_buy=True).copy_abs(), _need(shared, "quantity")
        income = {"kind": _REINVESTED[base], "amount": size, "quantity": None, "unit_price": None}
        buy = {"kind": Kind.BUY, "amount": numbers.negative(size), "quantity": quantity.copy_abs()}
        return [shared | income | {"fees": Decimal(0)}, shared | buy]
    if base in _DELIVERIES:
        is_in = _DELIVERIES[base] is Kind.DELIVERY_IN
        quantity = _need(shared, "quantity").copy_abs()
        value = {"value": shared.get("amount"), "amount": None}
        signed = {"quantity": quantity if is_in else numbers.negative(quantity)}
        return [shared | {"kind": _DELIVERIES[base]} | signed | value]
    if base == "stksplit":
        # Quicken writes the ratio as new units for ten old ones: Q20 is two for one.
        ratio = {"ratio_new": _need(shared, "quantity"), "ratio_old": _SPLIT_BASE}
        return [shared | {"kind": Kind.SPLIT, "quantity": None, "amount": None} | ratio]
    return None


def _need(shared: Fields, name: str) -> Decimal:
    value = shared.get(name)
    if not isinstance(value, Decimal):
        msg = f"the action needs {'an amount (T)' if name == 'amount' else 'a quantity (Q)'}"
        raise ValueError(msg)  # noqa: TRY004 - the reader turns ValueError into a problem
    return value


def _total(shared: Fields, *, is_buy: bool) -> Decimal:
    """Return the cash of a trade: as written, or price times quantity with the commission."""
    amount, price = shared.get("amount"), shared.get("unit_price")
    if isinstance(amount, Decimal):
        return amount.copy_abs()
    if not isinstance(price, Decimal):
        msg = "the trade has neither an amount (T) nor a price (I)"
        raise ValueError(msg)  # noqa: TRY004 - as above
    gross = numbers.multiply(price.copy_abs(), _need(shared, "quantity").copy_abs())
    fees = shared.get("fees") or Decimal(0)
    return numbers.add(gross, fees if is_buy else numbers.flipped(fees))


def _payment(amount: Decimal, shared: Fields, counter_account: str | None) -> Fields:
    """Return the transfer that pays for, or takes away, the cash of the activity before it."""
    back = numbers.flipped(amount)
    return {
        "kind": Kind.TRANSFER_OUT if back < 0 else Kind.TRANSFER_IN,
        "amount": back,
        "currency": shared.get("currency"),
        "memo": shared.get("memo"),
        "counter_account": counter_account,
    }
