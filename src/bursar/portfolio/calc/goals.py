"""What each instrument should be worth: targets under caps, floors and holdings never to sell.

One rule does it all: values in proportion to weights, each held between its bounds, summing to the
total. It is applied to the keys first and within each key after, so that what a bound displaces
stays in its own class as far as it can.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bursar.portfolio.calc.allocation import ONE, ZERO


@dataclass(frozen=True, slots=True)
class Bounds:
    """Smallest and largest value; `high` None is unbounded."""

    low: Decimal = ZERO
    high: Decimal | None = None

    def clamp(self, value: Decimal) -> Decimal:
        """Return the nearest value within the bounds; the lower one wins when they cross."""
        return max(value if self.high is None else min(value, self.high), self.low)


NO_BOUNDS = Bounds()


def fill(
    total: Decimal, weights: Mapping[str, Decimal], bounds: Mapping[str, Bounds]
) -> dict[str, Decimal]:
    """Return values level * weight, each within its bounds, that sum to `total`.

    When the bounds leave no such values, the sum is as close to `total` as they allow. Names
    without weight get their lower bound.
    """
    found = {name: bounds.get(name, NO_BOUNDS).clamp(ZERO) for name in weights}
    free = {name for name, weight in weights.items() if weight > 0}
    while free:
        rest = total - sum((v for name, v in found.items() if name not in free), ZERO)
        whole = sum((weights[name] for name in free), ZERO)
        wanted = {name: weights[name] / whole * max(rest, ZERO) for name in free}
        held = {name: bounds.get(name, NO_BOUNDS).clamp(value) for name, value in wanted.items()}
        excess = sum(held.values(), ZERO) - sum(wanted.values(), ZERO)
        # Of the two kinds of bound only the one that pulls the sum away more is final yet.
        fixed = {
            name
            for name in free
            if (excess >= 0 and held[name] > wanted[name])
            or (excess <= 0 and held[name] < wanted[name])
        }
        found |= {name: held[name] for name in fixed} if fixed else held
        free = free - fixed if fixed else set()
    return found


@dataclass(frozen=True, slots=True)
class GoalRules:
    """Limits of a plan: `cap` is the largest value of one instrument, `kept` are never sold."""

    cap: Decimal | None = None
    kept: frozenset[str] = frozenset()


def instrument_goals(
    investable: Decimal,
    weights: Mapping[str, Decimal],
    key_of: Mapping[str, str],
    *,
    values: Mapping[str, Decimal],
    rules: GoalRules,
) -> dict[str, Decimal]:
    """Divide `investable` over instruments by their target weights, keys first.

    `values` are present values; both mappings are in report currency. What caps leave over stays
    uninvested, so the sum may be less than `investable`; kept holdings can make it more.
    """
    bounds = {
        name: Bounds(values.get(name, ZERO) if name in rules.kept else ZERO, rules.cap)
        for name in weights
    }
    members: dict[str, list[str]] = defaultdict(list)
    for name in weights:
        members[key_of[name]].append(name)
    key_weights = {key: sum((weights[n] for n in names), ZERO) for key, names in members.items()}
    key_bounds = {
        key: Bounds(
            sum((bounds[n].low for n in names), ZERO),
            None
            if rules.cap is None
            else sum((max(rules.cap, bounds[n].low) for n in names if weights[n] > 0), ZERO),
        )
        for key, names in members.items()
    }
    by_key = fill(investable, key_weights, key_bounds)
    found: dict[str, Decimal] = {}
    for key, names in members.items():
        found |= fill(by_key[key], {n: weights[n] for n in names}, bounds)
    return found


def weights_within_bands(
    current: Mapping[str, Decimal], bands: Mapping[str, tuple[Decimal, Decimal]]
) -> dict[str, Decimal]:
    """Return the weights closest in proportion to `current` that lie within their bands.

    Each band is (low, high); the lows sum to at most 1 and the highs to at least 1.
    """
    names = dict.fromkeys((*bands, *current))
    limits = {n: Bounds(*bands.get(n, (ZERO, ZERO))) for n in names}
    weights = {n: max(current.get(n, ZERO), ZERO) for n in names}
    found = fill(ONE, weights, limits)
    rest = ONE - sum(found.values(), ZERO)
    # Keys without any value cannot grow in proportion: they take what is left up to their bands.
    for name in names:
        high = limits[name].high
        room = (high if high is not None else ONE) - found[name]
        step = max(min(rest, room), ZERO)
        found[name] += step
        rest -= step
    return found
