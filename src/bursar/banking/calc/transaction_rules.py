"""Which fields a kind of transaction needs and which it cannot have, told all at once."""

from collections.abc import Collection

from bursar.ledger.models.activities import ActivityKind as Kind

_CASH = frozenset({"amount", "currency", "fees", "taxes"})
_UNITS = frozenset({"instrument", "quantity"})
_SHARED = frozenset({"payee", "memo", "category", "external_id"})
_INCOME = _CASH | {"instrument"}
_TRADE = _CASH | _UNITS | {"unit_price"}
_MOVE = _CASH | _UNITS | {"unit_price"}
_SUCCESSION = _CASH | _UNITS | {"counter_instrument", "counter_quantity"}

ALLOWED: dict[Kind, frozenset[str]] = {
    Kind.BUY: _TRADE,
    Kind.SELL: _TRADE | {"lots"},
    Kind.DEPOSIT: _CASH,
    Kind.WITHDRAWAL: _CASH | _UNITS,
    Kind.TRANSFER_IN: _MOVE | {"counter_account", "acquired_on"},
    Kind.TRANSFER_OUT: _MOVE | {"counter_account", "counter_amount", "counter_currency"},
    Kind.DIVIDEND: _INCOME | {"quantity"},
    Kind.INTEREST: _INCOME,
    Kind.INTEREST_CHARGE: _INCOME,
    Kind.FEE: _INCOME | {"quantity"},
    Kind.TAX: _INCOME,
    Kind.TAX_REFUND: _INCOME,
    Kind.FX_CONVERSION: _CASH | {"counter_amount", "counter_currency", "counter_account"},
    Kind.SPLIT: _CASH | _UNITS | {"ratio"},
    Kind.SPIN_OFF: _SUCCESSION | {"ratio"},
    Kind.MERGER: _SUCCESSION,
    Kind.RENAME: _SUCCESSION,
    Kind.RETURN_OF_CAPITAL: _INCOME,
    Kind.STAKING_REWARD: _MOVE,
    Kind.DELIVERY_IN: _MOVE | {"acquired_on"},
    Kind.DELIVERY_OUT: _MOVE,
    Kind.OTHER_INCOME: _INCOME,
    Kind.OPENING_BALANCE: _MOVE | {"acquired_on"},
    Kind.OPTION_EXERCISE: _UNITS | {"counter_instrument", "counter_quantity"},
    Kind.OPTION_ASSIGNMENT: _UNITS | {"counter_instrument", "counter_quantity"},
    Kind.OPTION_EXPIRY: _UNITS,
}
NEEDED: dict[Kind, tuple[tuple[str, ...], ...]] = {
    Kind.BUY: (("instrument",), ("quantity",), ("unit_price", "amount")),
    Kind.SELL: (("instrument",), ("quantity",), ("unit_price", "amount")),
    Kind.FX_CONVERSION: (("amount",), ("counter_amount",), ("counter_currency",)),
    Kind.SPLIT: (("instrument",), ("ratio",)),
    Kind.SPIN_OFF: (("instrument",), ("counter_instrument",), ("counter_quantity",)),
    Kind.MERGER: (("instrument",), ("counter_instrument", "amount")),
    Kind.RENAME: (("instrument",), ("counter_instrument",)),
    Kind.DELIVERY_IN: (("instrument",), ("quantity",)),
    Kind.DELIVERY_OUT: (("instrument",), ("quantity",)),
    Kind.TRANSFER_IN: (("amount", "quantity"),),
    Kind.TRANSFER_OUT: (("amount", "quantity"),),
    Kind.FEE: (("amount", "quantity"),),
    Kind.WITHDRAWAL: (("amount", "quantity"),),
    Kind.STAKING_REWARD: (("amount", "quantity"),),
    Kind.OPENING_BALANCE: (("amount", "quantity"),),
    Kind.OPTION_EXERCISE: (("instrument",), ("quantity",), ("counter_instrument",)),
    Kind.OPTION_ASSIGNMENT: (("instrument",), ("quantity",), ("counter_instrument",)),
    Kind.OPTION_EXPIRY: (("instrument",),),
}
"""Each inner list names fields of which at least one is needed; kinds not listed need an amount."""


def faults_of(kind: Kind, given: Collection[str]) -> list[tuple[str, str]]:
    """Return (field, sentence) for each field that is missing or does not belong to the kind."""
    faults = [
        (names[0], f"a {kind} needs {' or '.join(names)}")
        for names in NEEDED.get(kind, (("amount",),))
        if not set(names) & set(given)
    ]
    if "quantity" in given and "instrument" not in given and "instrument" in ALLOWED[kind]:
        faults.append(("instrument", "a quantity needs the instrument it counts"))
    allowed = ALLOWED[kind] | _SHARED
    faults += [(name, f"a {kind} has no {name}") for name in sorted(set(given) - allowed)]
    return list(dict.fromkeys(faults))
