"""Weights by any taxonomy, and their drift from targets; exact Decimals throughout.

A taxonomy says for each instrument which keys it belongs to and with what share: a fund may be
60 % stocks and 40 % bonds. What a taxonomy does not cover is shown as unclassified, never dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bursar.portfolio.calc.errors import BadTargets
from bursar.portfolio.calc.undefined import Reason

UNCLASSIFIED = "unclassified"
ONE = Decimal(1)
ZERO = Decimal(0)

Taxonomy = Mapping[str, Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Slice:
    """One key of an allocation: value in report currency; weight None when there is no total."""

    key: str
    value: Decimal
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Allocation:
    """Slices, largest first; `reason` says why weights are missing."""

    total: Decimal
    slices: tuple[Slice, ...]
    reason: Reason | None

    def weights(self) -> dict[str, Decimal]:
        """Return the weight of each key, empty when there is no total."""
        return {s.key: s.weight for s in self.slices if s.weight is not None}


def allocate(values: Mapping[str, Decimal], taxonomy: Taxonomy | None = None) -> Allocation:
    """Sum values (instrument to report currency) by the keys of a taxonomy.

    Without a taxonomy each instrument is its own key. Raises BadTargets when the shares of an
    instrument are negative or exceed 1.
    """
    by_key: dict[str, Decimal] = {}
    for instrument, value in values.items():
        for key, share in _shares(instrument, taxonomy).items():
            by_key[key] = by_key.get(key, ZERO) + value * share
    total = sum(values.values(), ZERO)
    defined = total > 0
    slices = [
        Slice(key, value, value / total if defined else None) for key, value in by_key.items()
    ]
    slices.sort(key=lambda s: (-s.value, s.key))
    return Allocation(total, tuple(slices), None if defined else Reason.NO_VALUE)


def _shares(instrument: str, taxonomy: Taxonomy | None) -> dict[str, Decimal]:
    if taxonomy is None:
        return {instrument: ONE}
    shares = dict(taxonomy.get(instrument, {}))
    known = sum(shares.values(), ZERO)
    if known > 1 or any(s < 0 for s in shares.values()):
        msg = f"the shares of {instrument} must lie between 0 and 1 and sum to at most 1"
        raise BadTargets(msg, field=instrument)
    if known < 1:
        shares[UNCLASSIFIED] = shares.get(UNCLASSIFIED, ZERO) + (ONE - known)
    return shares


@dataclass(frozen=True, slots=True)
class Band:
    """How far a weight may stray: in points of weight, as a share of its target, or whichever is less."""

    absolute: Decimal | None = Decimal("0.05")
    relative: Decimal | None = None

    def width(self, target: Decimal) -> Decimal:
        """Return the allowed distance from a target weight."""
        widths = [w for w in (self.absolute, self._of(target)) if w is not None]
        if not widths or min(widths) < 0:
            msg = "a band needs an absolute or a relative width of at least 0"
            raise BadTargets(msg, field="band")
        return min(widths)

    def _of(self, target: Decimal) -> Decimal | None:
        return None if self.relative is None else self.relative * target


@dataclass(frozen=True, slots=True)
class KeyDrift:
    """Current minus target weight of one key (`drift.v1`) and the band it may move in."""

    key: str
    current: Decimal
    target: Decimal
    drift: Decimal
    low: Decimal
    high: Decimal
    over_threshold: bool


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Drift per key, largest distance first; `largest` is that distance's key."""

    keys: tuple[KeyDrift, ...]
    over_threshold: bool

    @property
    def largest(self) -> KeyDrift | None:
        """The key furthest from its target, or None without keys."""
        return self.keys[0] if self.keys else None


def check_targets(targets: Mapping[str, Decimal]) -> None:
    """Raise BadTargets unless targets lie between 0 and 1 and sum to 1."""
    for key, target in targets.items():
        if not 0 <= target <= 1:
            msg = f"the target of {key} is {target}; targets lie between 0 and 1"
            raise BadTargets(msg, field=key)
    total = sum(targets.values(), ZERO)
    if total != 1:
        gap = f"{1 - total} is missing" if total < 1 else f"that is {total - 1} too much"
        msg = f"the targets sum to {total}, not to 1: {gap}"
        raise BadTargets(msg, field="targets")


def measure_drift(
    weights: Mapping[str, Decimal],
    targets: Mapping[str, Decimal],
    *,
    bands: Mapping[str, Band] | None = None,
    default_band: Band | None = None,
) -> DriftReport:
    """Return the drift of every key held or targeted; a key without target has target 0."""
    check_targets(targets)
    fallback = default_band or Band()
    found: list[KeyDrift] = []
    for key in {**targets, **weights}:
        current, target = weights.get(key, ZERO), targets.get(key, ZERO)
        width = (bands or {}).get(key, fallback).width(target)
        found.append(
            KeyDrift(
                key=key,
                current=current,
                target=target,
                drift=current - target,
                low=max(target - width, ZERO),
                high=min(target + width, ONE),
                over_threshold=abs(current - target) > width,
            )
        )
    found.sort(key=lambda d: (-abs(d.drift), d.key))
    return DriftReport(tuple(found), any(d.over_threshold for d in found))
