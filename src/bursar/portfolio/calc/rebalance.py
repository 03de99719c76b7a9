"""What to trade so that targets are met: money in first, sales only when it is not enough.

Targets name keys. Without exposures a key is an instrument and the ideal amounts are exact; with
exposures (a fund holds many keys, keys share funds) they are the least squares solution, and what
cannot be met is shown as the residual of each target.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

import numpy as np

from bursar.portfolio.calc.allocation import ONE, ZERO, Taxonomy, allocate, check_targets
from bursar.portfolio.calc.errors import BadTargets
from bursar.portfolio.calc.trade_rounding import TradeRounding, round_trades

INSTRUMENTS_MAX = 2_000
# Weight of the budget against the targets, and of staying put among equally good answers.
BUDGET_WEIGHT = 1e5
STAY_WEIGHT = 1e-4

Side = Literal["buy_only", "sell_only", "both"]


@dataclass(frozen=True, slots=True)
class RebalanceRules:
    """`cash` is new money to invest (negative: money to raise), in report currency.

    No sale happens while buying alone brings every key within `tolerance` (points of weight). Trades
    under `minimum_trade` are left out. With `unit_prices` only whole units are traded; instruments
    without a price there trade in any amount.
    """

    cash: Decimal = ZERO
    sell_allowed: bool = True
    tolerance: Decimal = ZERO
    minimum_trade: Decimal = ZERO
    unit_prices: Mapping[str, Decimal] | None = None
    quantum: Decimal = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Trade:
    """Amount to buy (positive) or sell (negative); `units` when whole units were asked for."""

    instrument: str
    amount: Decimal
    units: int | None
    value_before: Decimal
    value_after: Decimal


@dataclass(frozen=True, slots=True)
class TargetResult:
    """Weight of a key before and after, of the total with new cash; residual = after - target."""

    key: str
    target: Decimal
    before: Decimal
    after: Decimal
    residual: Decimal


@dataclass(frozen=True, slots=True)
class RebalancePlan:
    """Trades by instrument, what they reach, and the cash that stays uninvested."""

    trades: tuple[Trade, ...]
    targets: tuple[TargetResult, ...]
    cash_left: Decimal
    sold: Decimal
    bought: Decimal

    @property
    def residual(self) -> Decimal:
        """Root of the summed squares of the residuals."""
        return sum((t.residual**2 for t in self.targets), ZERO).sqrt()


def plan_rebalance(
    values: Mapping[str, Decimal],
    targets: Mapping[str, Decimal],
    rules: RebalanceRules,
    *,
    exposures: Taxonomy | None = None,
) -> RebalancePlan:
    """Return the trades that bring `values` (instrument to report currency) to `targets`.

    Buying instruments not held needs them in `targets`, or in `exposures` when given. Raises
    BadTargets for targets that do not sum to 1, short positions, a total that is not above zero, or
    a withdrawal without sales.
    """
    held = _checked(values, targets, rules, exposures)
    names = list(dict.fromkeys((*held, *(exposures if exposures is not None else targets))))
    held = {name: held.get(name, ZERO) for name in names}
    amounts = _ideal_amounts(held, targets, rules, exposures)
    rounding = TradeRounding(
        rules.cash, rules.minimum_trade, rules.unit_prices or {}, rules.quantum
    )
    final = round_trades(amounts, held, rounding)
    trades = tuple(
        Trade(name, t.amount, t.units, held[name], held[name] + t.amount)
        for name, t in final.items()
        if t.amount != 0
    )
    moved = {name: t.amount for name, t in final.items()}
    sold = -sum((a for a in moved.values() if a < 0), ZERO)
    bought = sum((a for a in moved.values() if a > 0), ZERO)
    return RebalancePlan(
        trades=trades,
        targets=_results(held, moved, targets, exposures=exposures, cash=rules.cash),
        cash_left=rules.cash + sold - bought,
        sold=sold,
        bought=bought,
    )


def _checked(
    values: Mapping[str, Decimal],
    targets: Mapping[str, Decimal],
    rules: RebalanceRules,
    exposures: Taxonomy | None,
) -> dict[str, Decimal]:
    check_targets(targets)
    if len(values) + len(targets) + len(exposures or {}) > INSTRUMENTS_MAX:
        msg = f"at most {INSTRUMENTS_MAX} instruments and targets can be planned at once"
        raise BadTargets(msg, field="values")
    for name, value in values.items():
        if value < 0:
            msg = f"{name} is a short position; a plan covers long holdings only"
            raise BadTargets(msg, field=name)
    if rules.cash < 0 and not rules.sell_allowed:
        msg = "raising cash needs sales; allow them or add cash"
        raise BadTargets(msg, field="cash")
    if sum(values.values(), ZERO) + rules.cash <= 0:
        msg = "there is nothing to plan with: holdings and cash are not above zero"
        raise BadTargets(msg, field="cash")
    if min(rules.tolerance, rules.minimum_trade) < 0 or rules.quantum <= 0:
        msg = "tolerance and minimum trade are at least 0, the quantum is above 0"
        raise BadTargets(msg, field="tolerance")
    return dict(values)


def _ideal_amounts(
    held: dict[str, Decimal],
    targets: Mapping[str, Decimal],
    rules: RebalanceRules,
    exposures: Taxonomy | None,
) -> dict[str, Decimal]:
    """Return unrounded amounts that sum to the cash: one-sided if that suffices, else both ways."""

    def solve(side: Side) -> dict[str, Decimal]:
        if exposures is None:
            return _exact_amounts(held, targets, cash=rules.cash, side=side)
        return _least_squares_amounts(
            held, targets, exposures=exposures, cash=rules.cash, side=side
        )

    one_sided = solve("sell_only" if rules.cash < 0 else "buy_only")
    if not rules.sell_allowed:
        return one_sided
    after = _results(held, one_sided, targets, exposures=exposures, cash=rules.cash)
    if all(abs(t.residual) <= rules.tolerance for t in after):
        return one_sided
    return solve("both")


def _exact_amounts(
    held: dict[str, Decimal], targets: Mapping[str, Decimal], *, cash: Decimal, side: Side
) -> dict[str, Decimal]:
    total = sum(held.values(), ZERO) + cash
    wanted = {name: targets.get(name, ZERO) * total - value for name, value in held.items()}
    if side == "both":
        return wanted
    # One side only: the closest amounts are the wishes on that side, lowered by one common level.
    sign = ONE if side == "buy_only" else -ONE
    wishes = sorted((w * sign for w in wanted.values() if w * sign > 0), reverse=True)
    level, spent = ZERO, ZERO
    for count, wish in enumerate(wishes, start=1):
        spent += wish
        level = (spent - cash * sign) / count
        below = wishes[count] if count < len(wishes) else ZERO
        if level >= below:
            break
    return {name: sign * max(w * sign - max(level, ZERO), ZERO) for name, w in wanted.items()}


def _least_squares_amounts(
    held: dict[str, Decimal],
    targets: Mapping[str, Decimal],
    *,
    exposures: Taxonomy,
    cash: Decimal,
    side: Side,
) -> dict[str, Decimal]:
    """Solve min |E x - g| with sum x = 1 and x >= 0, in shares of the total; ties stay put."""
    from scipy.optimize import nnls  # noqa: PLC0415 - heavy, loaded on first use

    names, total = list(held), sum(held.values(), ZERO) + cash
    keys = list(dict.fromkeys((*targets, *(k for n in names for k in exposures.get(n, {})))))
    current = np.array([float(held[n] / total) for n in names])
    exposure = np.array([[float(exposures.get(n, {}).get(k, ZERO)) for n in names] for k in keys])
    goal = np.array([float(targets.get(k, ZERO)) for k in keys])
    matrix = np.vstack(
        (exposure, BUDGET_WEIGHT * np.ones(len(names)), STAY_WEIGHT * np.eye(len(names)))
    )
    right = np.concatenate((goal, [BUDGET_WEIGHT], STAY_WEIGHT * current))
    # Solve for the change on one side, or for the new holding when both are allowed.
    if side == "both":
        shares = nnls(matrix, right)[0] - current
    elif side == "buy_only":
        shares = nnls(matrix, right - matrix @ current)[0]
    else:
        sold = nnls(matrix, matrix @ current - right)[0]
        shares = -np.minimum(sold, current)
    exact = total * Decimal("1e-12")
    amounts = {
        name: (Decimal(repr(float(share))) * total).quantize(exact, rounding=ROUND_HALF_EVEN)
        for name, share in zip(names, shares, strict=True)
    }
    return {name: max(amount, -held[name]) for name, amount in amounts.items()}


def _results(
    held: dict[str, Decimal],
    moved: dict[str, Decimal],
    targets: Mapping[str, Decimal],
    *,
    exposures: Taxonomy | None,
    cash: Decimal,
) -> tuple[TargetResult, ...]:
    before = {s.key: s.value for s in allocate(held, exposures).slices}
    after_values = {name: value + moved.get(name, ZERO) for name, value in held.items()}
    after = {s.key: s.value for s in allocate(after_values, exposures).slices}
    total_before, total_after = sum(held.values(), ZERO), sum(held.values(), ZERO) + cash
    found = []
    for key in dict.fromkeys((*targets, *after)):
        target = targets.get(key, ZERO)
        old = before.get(key, ZERO) / total_before if total_before > 0 else ZERO
        new = after.get(key, ZERO) / total_after
        found.append(TargetResult(key, target, old, new, new - target))
    return tuple(found)
