"""Which trade of the underlying an exercised or assigned option of a statement ended in.

Institutions print two rows: the contracts that leave at no price, and the shares bought or sold at
the strike. They belong together when the day and the number of shares agree; of several that fit,
the one whose symbol the option's begins with.
"""

from collections.abc import Sequence
from decimal import Decimal

from bursar.banking.calc.securities import contract_size
from bursar.banking.formats.statement import Activity, ActivityKind, Security, SecurityKind

ENDS = frozenset({ActivityKind.OPTION_EXERCISE, ActivityKind.OPTION_ASSIGNMENT})
TRADES = frozenset({ActivityKind.BUY, ActivityKind.SELL})


def underlying_trades(
    activities: Sequence[Activity], securities: Sequence[Security]
) -> dict[int, int]:
    """Return the place of the trade at the strike by the place of the option's row."""
    known = {security.key: security for security in securities}
    found: dict[int, int] = {}
    for place, end in enumerate(activities):
        option = known.get(end.security or "")
        if end.kind not in ENDS or option is None or not end.quantity:
            continue
        shares = abs(end.quantity) * contract_size(option)
        fitting = [
            other
            for other, trade in enumerate(activities)
            if trade.kind in TRADES
            and trade.day == end.day
            and abs(trade.quantity or Decimal(0)) == shares
            and known[trade.security or ""].kind is not SecurityKind.OPTION
            and other not in found.values()
        ]
        named = [
            other for other in fitting if _begins(option, known[activities[other].security or ""])
        ]
        chosen = named or fitting
        if len({activities[other].security for other in chosen}) == 1:
            found[place] = chosen[0]
    return found


def _begins(option: Security, share: Security) -> bool:
    symbol = (share.symbol or "").upper()
    told = (option.symbol or option.name or "").upper().lstrip("-")
    return bool(symbol) and told.startswith(symbol)
