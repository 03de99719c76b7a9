"""What if: prices, contributions and weights changed on paper, next to the real values.

Nothing here is stored; the result names both sides so that a page can show them together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from bursar.portfolio.calc.allocation import ZERO, Allocation, Taxonomy, allocate, check_targets
from bursar.portfolio.calc.errors import BadTargets

CENT = Decimal("0.01")
# A price change beyond this is a typing mistake, and its product overflows the arithmetic.
SHOCK_MAX = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Changes, applied in this order: price shocks, contributions, target weights.

    A shock of -0.2 takes 20 % off. An instrument's own shock replaces its class's, which replaces
    the one for all: the closest statement wins, they do not multiply. `class_shocks` go by the
    classes given to `apply_scenario`; a mixed instrument takes the weighted mean of its classes.
    `target_weights` redistribute the total, contributions included.
    """

    shock_all: Decimal = ZERO
    class_shocks: Mapping[str, Decimal] = field(default_factory=dict)
    instrument_shocks: Mapping[str, Decimal] = field(default_factory=dict)
    contributions: Mapping[str, Decimal] = field(default_factory=dict)
    target_weights: Mapping[str, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class HoldingChange:
    """One instrument before and after, in report currency; change = price effect + money moved."""

    instrument: str
    before: Decimal
    after: Decimal
    price_effect: Decimal
    moved: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Holdings and allocations before and after."""

    holdings: tuple[HoldingChange, ...]
    before: Allocation
    after: Allocation

    @property
    def change(self) -> Decimal:
        """Change of the total value, contributions included."""
        return self.after.total - self.before.total


def apply_scenario(
    values: Mapping[str, Decimal],
    scenario: Scenario,
    *,
    classes: Taxonomy | None = None,
    shown_by: Taxonomy | None = None,
    quantum: Decimal = CENT,
) -> Outcome:
    """Return the values under a scenario next to the real ones, rounded to `quantum`.

    `shown_by` is the taxonomy of the two allocations. Raises BadTargets for shocks below -1,
    weights that do not sum to 1 or a withdrawal that exceeds what is there.
    """
    shocked = {
        instrument: _rounded(value * (1 + _shock(instrument, scenario, classes)), quantum)
        for instrument, value in values.items()
    }
    after = dict(shocked)
    for instrument, amount in scenario.contributions.items():
        after[instrument] = after.get(instrument, ZERO) + amount
        if amount < 0 and after[instrument] < 0:
            msg = f"the withdrawal from {instrument} exceeds its value"
            raise BadTargets(msg, field=f"contributions.{instrument}")
    if scenario.target_weights is not None:
        after = _at_weights(sum(after.values(), ZERO), scenario.target_weights, quantum)
    names = dict.fromkeys((*values, *after))
    holdings = tuple(
        HoldingChange(
            instrument=name,
            before=values.get(name, ZERO),
            after=after.get(name, ZERO),
            price_effect=shocked.get(name, ZERO) - values.get(name, ZERO),
            moved=after.get(name, ZERO) - shocked.get(name, ZERO),
        )
        for name in names
    )
    return Outcome(holdings, allocate(values, shown_by), allocate(after, shown_by))


def _shock(instrument: str, scenario: Scenario, classes: Taxonomy | None) -> Decimal:
    shock = scenario.shock_all
    if instrument in scenario.instrument_shocks:
        shock = scenario.instrument_shocks[instrument]
    elif classes is not None and scenario.class_shocks:
        shares = classes.get(instrument, {})
        known = sum(shares.values(), ZERO)
        shock = scenario.shock_all * (1 - known) + sum(
            (
                share * scenario.class_shocks.get(key, scenario.shock_all)
                for key, share in shares.items()
            ),
            ZERO,
        )
    if shock < -1:
        msg = f"a shock of {shock} takes off more than everything"
        raise BadTargets(msg, field=instrument)
    if shock > SHOCK_MAX:
        msg = f"a shock is at most {SHOCK_MAX}, which is that many times the value"
        raise BadTargets(msg, field=instrument)
    return shock


def _at_weights(
    total: Decimal, weights: Mapping[str, Decimal], quantum: Decimal
) -> dict[str, Decimal]:
    """Split a total by weights; the rounding goes to the largest weight so that the sum holds."""
    check_targets(weights)
    parts = {key: _rounded(total * weight, quantum) for key, weight in weights.items()}
    largest = max(weights, key=lambda key: weights[key])
    parts[largest] += total - sum(parts.values(), ZERO)
    return parts


def _rounded(amount: Decimal, quantum: Decimal) -> Decimal:
    return amount.quantize(quantum, rounding=ROUND_HALF_EVEN)
