"""From an activity to its legs: what moves from where to where, each leg in one commodity.

A leg takes from its debit side and gives to its credit side, so an account's balance is credits
less debits: positive is held, negative is owed or short. Whatever crosses the border of the own
accounts meets a system account that says why: world, an income, a cost, or conversion, which sits
between the two commodities of a trade.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from bursar.ledger.calc.currencies import currency as currency_of
from bursar.ledger.calc.leg import Commodity, Holder, Leg, LegCode, SystemAccount
from bursar.ledger.errors import InvalidActivity
from bursar.ledger.models.activities import ActivityKind, InstrumentRef, NewActivity

ZERO = Decimal(0)


@dataclass(slots=True)
class Legs:
    """The legs of one activity while they are put together."""

    activity: NewActivity
    currency: str | None
    amount: Decimal | None
    quantity: Decimal | None
    held: Decimal | None = None
    moves: list[Leg] = field(default_factory=list)

    @property
    def account(self) -> uuid.UUID:
        """The account of the activity."""
        return self.activity.account_id

    def move(
        self,
        debit: Holder,
        credit: Holder,
        commodity: Commodity,
        amount: Decimal,
        *,
        code: LegCode,
    ) -> None:
        """Add a leg; nothing moves for an amount of zero."""
        if amount:
            self.moves.append(Leg(debit, credit, commodity, amount, code))

    def cash(self, debit: Holder, credit: Holder) -> None:
        """Move the gross amount; the kind requires one."""
        self.move(debit, credit, self.cash_currency(), self.cash_amount(), code=LegCode.CASH)

    def units(self, debit: Holder, credit: Holder) -> None:
        """Move the quantity of the instrument; the kind requires both."""
        self.move(
            debit,
            credit,
            self.instrument().instrument_id,
            self.held_quantity(),
            code=LegCode.QUANTITY,
        )

    def costs(self) -> None:
        """Add the legs of fees and taxes."""
        for amount, account, code in (
            (self.activity.fees, SystemAccount.FEE_COST, LegCode.FEES),
            (self.activity.taxes, SystemAccount.TAX_COST, LegCode.TAXES),
        ):
            if amount:
                self.move(self.account, account, self.cash_currency(), amount, code=code)

    def cash_currency(self) -> str:
        """Return the currency, or say that it is missing."""
        if self.currency is None:
            raise missing(self.activity, "currency")
        return self.currency

    def cash_amount(self) -> Decimal:
        """Return the gross amount, or say that it is missing."""
        if self.amount is None:
            raise missing(self.activity, "amount")
        return self.amount

    def instrument(self) -> InstrumentRef:
        """Return the instrument, or say that it is missing."""
        if self.activity.instrument is None:
            raise missing(self.activity, "instrument")
        return self.activity.instrument

    def held_quantity(self) -> Decimal:
        """Return the quantity, or say that it is missing."""
        if self.quantity is None:
            raise missing(self.activity, "quantity")
        return self.quantity


def missing(activity: NewActivity, name: str) -> InvalidActivity:
    """Return the error for a field that this kind needs."""
    return InvalidActivity(f"a {activity.kind} needs {name}", field=name)


def legs_of(
    activity: NewActivity, *, account_currency: str | None, held: Decimal | None = None
) -> Legs:
    """Return the legs of an activity, with its gross amount and quantity filled in.

    `held`: units of the instrument held at that moment, needed by a split, merger or rename that
    names no quantity. Raises InvalidActivity naming the field.
    """
    _check_signs(activity)
    code = activity.currency or account_currency
    legs = Legs(activity, code, _gross(activity, code), _quantity(activity, held), held)
    _COMPILE[activity.kind](legs)
    legs.costs()
    if not legs.moves:
        raise InvalidActivity(
            f"this {activity.kind} moves nothing",
            field="amount",
            hint="Give an amount or a quantity above zero.",
        )
    return legs


def needs_held(activity: NewActivity) -> bool:
    """Tell whether the quantity follows from what is held at that moment."""
    if activity.kind is ActivityKind.OPTION_EXPIRY:
        return True
    return activity.quantity is None and activity.kind in (
        ActivityKind.SPLIT,
        ActivityKind.SPIN_OFF,
        ActivityKind.MERGER,
        ActivityKind.RENAME,
    )


def cash_change(legs: Legs) -> Decimal | None:
    """Return what the account's cash in the activity's currency gained; None when none moved."""
    total, moved = ZERO, False
    for leg in legs.moves:
        if leg.commodity == legs.currency and legs.account in (leg.debit, leg.credit):
            total += leg.amount if leg.credit == legs.account else -leg.amount
            moved = True
    return total if moved else None


def _check_signs(activity: NewActivity) -> None:
    names = ["quantity", "unit_price", "fees", "taxes", "counter_quantity", "counter_amount"]
    if activity.kind is not ActivityKind.OPENING_BALANCE:
        names.append("amount")
    for name in names:
        value = getattr(activity, name)
        if value is not None and value < 0:
            raise InvalidActivity(
                f"{name} must not be negative",
                field=name,
                hint="The kind of activity says which way it goes.",
            )
    if activity.ratio is not None and min(activity.ratio) <= 0:
        raise InvalidActivity("ratio must be two positive whole numbers", field="ratio")


def _gross(activity: NewActivity, code: str | None) -> Decimal | None:
    if activity.amount is not None or activity.kind not in (ActivityKind.BUY, ActivityKind.SELL):
        return activity.amount
    if activity.quantity is None or activity.unit_price is None:
        return None
    exponent = currency_exponent(code) if code is not None else 0
    product = activity.quantity * activity.unit_price
    return product.quantize(Decimal(1).scaleb(-exponent), rounding=ROUND_HALF_EVEN)


def currency_exponent(code: str) -> int:
    """Return the decimal places of a currency; raises InvalidActivity for an unknown code."""
    try:
        return currency_of(code).exponent
    except ValueError as error:
        raise InvalidActivity(str(error), field="currency") from None


def _quantity(activity: NewActivity, held: Decimal | None) -> Decimal | None:
    if activity.quantity is not None or held is None:
        return activity.quantity
    if activity.kind is ActivityKind.SPLIT:
        if activity.ratio is None or activity.instrument is None:
            return None
        numerator, denominator = activity.ratio
        units = int(held.scaleb(activity.instrument.exponent))
        magnitude = abs(units) * numerator // denominator
        after = -magnitude if units < 0 else magnitude
        return Decimal(after - units).scaleb(-activity.instrument.exponent)
    return abs(held) if activity.kind is ActivityKind.OPTION_EXPIRY else held


def _buy(legs: Legs) -> None:
    legs.cash(legs.account, SystemAccount.CONVERSION)
    legs.units(SystemAccount.CONVERSION, legs.account)


def _sell(legs: Legs) -> None:
    legs.units(legs.account, SystemAccount.CONVERSION)
    legs.cash(SystemAccount.CONVERSION, legs.account)


def _from(source: SystemAccount) -> Callable[[Legs], None]:
    return lambda legs: legs.cash(source, legs.account)


def _to(target: SystemAccount) -> Callable[[Legs], None]:
    def compile_cost(legs: Legs) -> None:
        if legs.activity.instrument is not None and legs.quantity and legs.amount is None:
            legs.units(legs.account, target)  # a cost paid in kind, such as a coin's network fee
        else:
            legs.cash(legs.account, target)

    return compile_cost


def _transfer(legs: Legs, source: Holder, target: Holder) -> None:
    if legs.activity.instrument is not None:
        legs.units(source, target)
    elif legs.activity.counter_amount is not None:
        _exchange(legs, source, target)
    else:
        legs.cash(source, target)


def _transfer_in(legs: Legs) -> None:
    other = legs.activity.counter_account_id or SystemAccount.WORLD
    if legs.activity.counter_amount is not None:
        raise InvalidActivity(
            "a transfer between currencies is told from the sending side",
            field="counter_amount",
            hint="Post it as transfer_out of the other account.",
        )
    _transfer(legs, other, legs.account)


def _transfer_out(legs: Legs) -> None:
    _transfer(legs, legs.account, legs.activity.counter_account_id or SystemAccount.WORLD)


def _exchange(legs: Legs, source: Holder, target: Holder) -> None:
    activity = legs.activity
    if activity.counter_currency is None:
        raise missing(activity, "counter_currency")
    if activity.counter_amount is None:
        raise missing(activity, "counter_amount")
    currency_exponent(activity.counter_currency)
    legs.cash(source, SystemAccount.CONVERSION)
    legs.move(
        SystemAccount.CONVERSION,
        target,
        activity.counter_currency,
        activity.counter_amount,
        code=LegCode.COUNTER_CASH,
    )


def _fx_conversion(legs: Legs) -> None:
    _exchange(legs, legs.account, legs.activity.counter_account_id or legs.account)


def _split(legs: Legs) -> None:
    if legs.activity.ratio is None:
        raise missing(legs.activity, "ratio")
    numerator, denominator = legs.activity.ratio
    change = legs.held_quantity()
    if legs.activity.quantity is not None and numerator < denominator:
        change = -change
    source: Holder = SystemAccount.CONVERSION if change > 0 else legs.account
    target: Holder = legs.account if change > 0 else SystemAccount.CONVERSION
    legs.move(source, target, legs.instrument().instrument_id, abs(change), code=LegCode.QUANTITY)
    _cash_in_lieu(legs)


def _cash_in_lieu(legs: Legs) -> None:
    if legs.amount:
        legs.cash(SystemAccount.CONVERSION, legs.account)


def _receive(legs: Legs, quantity: Decimal | None) -> None:
    activity = legs.activity
    if activity.counter_instrument is None:
        raise missing(activity, "counter_instrument")
    if quantity is None:
        raise missing(activity, "counter_quantity")
    legs.move(
        SystemAccount.CONVERSION,
        legs.account,
        activity.counter_instrument.instrument_id,
        quantity,
        code=LegCode.COUNTER_QUANTITY,
    )


def _spin_off(legs: Legs) -> None:
    legs.instrument()
    _receive(legs, legs.activity.counter_quantity)
    _cash_in_lieu(legs)


def _merger(legs: Legs) -> None:
    legs.units(legs.account, SystemAccount.CONVERSION)
    if legs.activity.counter_instrument is not None:
        _receive(legs, legs.activity.counter_quantity)
    elif legs.amount is None:
        raise missing(legs.activity, "counter_instrument")
    _cash_in_lieu(legs)


def _rename(legs: Legs) -> None:
    legs.units(legs.account, SystemAccount.CONVERSION)
    _receive(legs, legs.activity.counter_quantity or legs.quantity)


def _reward(legs: Legs) -> None:
    if legs.activity.instrument is not None:
        legs.units(SystemAccount.REWARD_INCOME, legs.account)
    else:
        legs.cash(SystemAccount.REWARD_INCOME, legs.account)


def _option_expiry(legs: Legs) -> None:
    """Contracts held leave, contracts written come back; what was held says which they are."""
    held = legs.held or ZERO
    if not held:
        raise InvalidActivity(
            "nothing was held just before the option_expiry",
            field="effective_at",
            hint="Give the day of expiry, after the day it was bought or written.",
        )
    if legs.held_quantity() > abs(held):
        raise InvalidActivity(f"only {abs(held)} contracts were open", field="quantity")
    legs.units(
        legs.account if held > 0 else SystemAccount.CONVERSION,
        SystemAccount.CONVERSION if held > 0 else legs.account,
    )


def _opening_balance(legs: Legs) -> None:
    if legs.activity.instrument is not None:
        legs.units(SystemAccount.WORLD, legs.account)
        return
    amount, code = legs.cash_amount(), legs.cash_currency()
    source, target = SystemAccount.WORLD, legs.account
    if amount < 0:
        legs.move(target, source, code, -amount, code=LegCode.CASH)
    else:
        legs.move(source, target, code, amount, code=LegCode.CASH)


_COMPILE: dict[ActivityKind, Callable[[Legs], None]] = {
    ActivityKind.BUY: _buy,
    ActivityKind.SELL: _sell,
    ActivityKind.DEPOSIT: _from(SystemAccount.WORLD),
    ActivityKind.WITHDRAWAL: _to(SystemAccount.WORLD),
    ActivityKind.TRANSFER_IN: _transfer_in,
    ActivityKind.TRANSFER_OUT: _transfer_out,
    ActivityKind.DIVIDEND: _from(SystemAccount.DIVIDEND_INCOME),
    ActivityKind.INTEREST: _from(SystemAccount.INTEREST_INCOME),
    ActivityKind.INTEREST_CHARGE: _to(SystemAccount.INTEREST_COST),
    ActivityKind.FEE: _to(SystemAccount.FEE_COST),
    ActivityKind.TAX: _to(SystemAccount.TAX_COST),
    ActivityKind.TAX_REFUND: _from(SystemAccount.TAX_COST),
    ActivityKind.FX_CONVERSION: _fx_conversion,
    ActivityKind.SPLIT: _split,
    ActivityKind.SPIN_OFF: _spin_off,
    ActivityKind.MERGER: _merger,
    ActivityKind.RENAME: _rename,
    ActivityKind.RETURN_OF_CAPITAL: _from(SystemAccount.CONVERSION),
    ActivityKind.STAKING_REWARD: _reward,
    ActivityKind.DELIVERY_IN: lambda legs: legs.units(SystemAccount.WORLD, legs.account),
    ActivityKind.DELIVERY_OUT: lambda legs: legs.units(legs.account, SystemAccount.WORLD),
    ActivityKind.OTHER_INCOME: _from(SystemAccount.OTHER_INCOME),
    ActivityKind.OPENING_BALANCE: _opening_balance,
    ActivityKind.OPTION_EXERCISE: lambda legs: legs.units(legs.account, SystemAccount.CONVERSION),
    ActivityKind.OPTION_ASSIGNMENT: lambda legs: legs.units(SystemAccount.CONVERSION, legs.account),
    ActivityKind.OPTION_EXPIRY: _option_expiry,
}
