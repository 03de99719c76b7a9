"""One leg: an amount of one commodity that moves from one account to another."""

import uuid
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

Commodity = uuid.UUID | str
"""An instrument by its id, or a currency by its code."""


class SystemAccount(StrEnum):
    """The other side of what happens: made once per workspace."""

    WORLD = "world"
    DIVIDEND_INCOME = "dividend_income"
    INTEREST_INCOME = "interest_income"
    REWARD_INCOME = "reward_income"
    OTHER_INCOME = "other_income"
    FEE_COST = "fee_cost"
    TAX_COST = "tax_cost"
    INTEREST_COST = "interest_cost"
    CONVERSION = "conversion"
    ROUNDING = "rounding"


class LegCode(IntEnum):
    """What a leg is within its activity."""

    CASH = 1
    QUANTITY = 2
    FEES = 3
    TAXES = 4
    COUNTER_CASH = 5
    COUNTER_QUANTITY = 6


LEG_FIELDS = {
    LegCode.CASH: "amount",
    LegCode.QUANTITY: "quantity",
    LegCode.FEES: "fees",
    LegCode.TAXES: "taxes",
    LegCode.COUNTER_CASH: "counter_amount",
    LegCode.COUNTER_QUANTITY: "counter_quantity",
}
"""The input field a leg's amount comes from, for messages."""

Holder = uuid.UUID | SystemAccount


@dataclass(frozen=True, slots=True)
class Leg:
    """`amount` (> 0, major units) of `commodity` moves from `debit` to `credit`."""

    debit: Holder
    credit: Holder
    commodity: Commodity
    amount: Decimal
    code: LegCode
