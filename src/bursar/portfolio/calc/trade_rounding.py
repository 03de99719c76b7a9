"""From ideal amounts to trades that can be placed: cents or whole units, no dust, cash never short."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from bursar.portfolio.calc.allocation import ZERO
from bursar.portfolio.calc.errors import BadTargets

WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class TradeRounding:
    """Cash to spend (negative: to raise), smallest trade, prices of whole units, smallest amount."""

    cash: Decimal
    minimum_trade: Decimal
    unit_prices: Mapping[str, Decimal]
    quantum: Decimal


@dataclass(frozen=True, slots=True)
class RoundedTrade:
    """Amount in report currency, negative for a sale; `units` with the same sign when whole."""

    amount: Decimal
    units: int | None


def round_trades(
    ideal: Mapping[str, Decimal], held: Mapping[str, Decimal], rounding: TradeRounding
) -> dict[str, RoundedTrade]:
    """Round ideal amounts so that purchases never exceed cash plus sales.

    Raises BadTargets for a unit price that is not above zero, or cash that whole units, or the
    smallest trade, cannot raise.
    """
    for name, price in rounding.unit_prices.items():
        if price <= 0:
            msg = f"the unit price of {name} must be above zero"
            raise BadTargets(msg, field=name)
    trades = {name: _round_one(name, a, held[name], rounding) for name, a in ideal.items()}
    short = sum((t.amount for t in trades.values()), ZERO) - rounding.cash
    if short > 0:
        short = _buy_less(trades, short, rounding)
    if short > 0:
        short = _sell_more(trades, held, short, rounding=rounding)
    if short > 0:
        msg = f"the plan stays {short} short of the cash to raise"
        raise BadTargets(msg, field="cash")
    if short < 0:
        _spend_rest(trades, ideal, -short, rounding=rounding)
    return trades


def _round_one(name: str, amount: Decimal, held: Decimal, rounding: TradeRounding) -> RoundedTrade:
    price = rounding.unit_prices.get(name)
    if price is None:
        exact = amount.quantize(rounding.quantum, rounding=ROUND_HALF_EVEN)
        # A sale of everything sells everything, whatever its last digit.
        exact = max(exact, -held)
        dust = abs(exact) < rounding.minimum_trade
        return RoundedTrade(ZERO if dust else exact, None)
    if amount >= 0:
        units = int((amount / price).quantize(WHOLE, rounding=ROUND_DOWN))
    else:
        most = int((held / price).quantize(WHOLE, rounding=ROUND_DOWN))
        units = -min(int((-amount / price).quantize(WHOLE, rounding=ROUND_HALF_UP)), most)
    if abs(units * price) < rounding.minimum_trade:
        units = 0
    return RoundedTrade(units * price, units)


def _buy_less(trades: dict[str, RoundedTrade], short: Decimal, rounding: TradeRounding) -> Decimal:
    """Lower purchases, largest first, until the cash suffices; return what is still short."""
    for name in sorted(trades, key=lambda n: (-trades[n].amount, n)):
        trade = trades[name]
        if short <= 0 or trade.amount <= 0:
            break
        price = rounding.unit_prices.get(name)
        if price is None:
            left = max(trade.amount - short, ZERO)
            new = RoundedTrade(ZERO if left < rounding.minimum_trade else left, None)
        else:
            fewer = _units_covering(short, price)
            units = max((trade.units or 0) - fewer, 0)
            units = 0 if units * price < rounding.minimum_trade else units
            new = RoundedTrade(units * price, units)
        short -= trade.amount - new.amount
        trades[name] = new
    return short


def _sell_more(
    trades: dict[str, RoundedTrade],
    held: Mapping[str, Decimal],
    short: Decimal,
    *,
    rounding: TradeRounding,
) -> Decimal:
    """Raise sales, largest holdings first: only when cash must be raised and rounding fell short."""
    for name in sorted(trades, key=lambda n: (-(held[n] + trades[n].amount), n)):
        if short <= 0:
            break
        trade, price = trades[name], rounding.unit_prices.get(name)
        room = held[name] + trade.amount
        if price is None:
            more = min(max(short, rounding.minimum_trade), room)
            more = more if more >= rounding.minimum_trade else ZERO
            new = RoundedTrade(trade.amount - more, None)
        else:
            wanted = _units_covering(max(short, rounding.minimum_trade), price)
            units = min(wanted, int(room / price))
            total = (trade.units or 0) - units
            new = RoundedTrade(total * price, total)
        short -= trade.amount - new.amount
        trades[name] = new
    return short


def _spend_rest(
    trades: dict[str, RoundedTrade],
    ideal: Mapping[str, Decimal],
    rest: Decimal,
    *,
    rounding: TradeRounding,
) -> None:
    """Spend what rounding left over where it bought too little or sold too much, largest gap first."""
    gaps = sorted(
        (n for n in trades if ideal[n] > trades[n].amount),
        key=lambda n: (trades[n].amount - ideal[n], n),
    )
    for name in gaps:
        trade, price = trades[name], rounding.unit_prices.get(name)
        gap = ideal[name] - trade.amount
        if price is None:
            more = min(rest, gap.quantize(rounding.quantum, rounding=ROUND_CEILING))
            new = RoundedTrade(trade.amount + more, None)
        elif price <= rest and gap * 2 >= price:
            new = RoundedTrade(trade.amount + price, (trade.units or 0) + 1)
        else:
            continue
        if new.amount == 0 or abs(new.amount) >= rounding.minimum_trade:
            rest -= new.amount - trade.amount
            trades[name] = new


def _units_covering(amount: Decimal, price: Decimal) -> int:
    """Return the smallest number of units worth at least an amount."""
    return int((amount / price).quantize(WHOLE, rounding=ROUND_CEILING))
