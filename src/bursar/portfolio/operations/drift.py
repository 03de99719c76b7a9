"""Drift of a scope from its targets, every weight and every drift a figure that can be explained."""

from decimal import Decimal

from bursar.portfolio.calc.allocation import ONE, ZERO
from bursar.portfolio.calc.undefined import Reason
from bursar.portfolio.figures.drift import drift_from, drift_id
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.result import Result, money, quotient, ratio_text
from bursar.portfolio.models.drift import (
    AllocationDrift,
    AssetDriftRow,
    DriftRequest,
    KeyDriftRow,
    LargestDrift,
)
from bursar.portfolio.models.figures import FigureValue
from bursar.portfolio.operations.asking import Asked, written
from bursar.portfolio.operations.policy_scope import PolicyAsked, ask_policy
from bursar.portfolio.operations.slices import part_of
from bursar.portfolio.planning.policy import as_band, band_of
from bursar.portfolio.planning.weights import asset_targets
from bursar.portfolio.view.exact import NOTHING, Sum, positions, total
from bursar.portfolio.view.view import ACCOUNT, INSTRUMENT
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

ASSETS_MAX = 500


@operation(
    "portfolio.drift",
    scope="portfolio:read",
    http="GET /portfolio/drift",
    tool="get_allocation_drift",
    command="portfolio drift",
)
async def get_drift(context: Context, body: DriftRequest) -> AllocationDrift:
    """Show how far current weights are from target weights, by class and by asset.

    Names the largest drift and flags every key outside its band.
    """
    found = await ask_policy(context, body)
    keys = key_rows(found)
    assets = _asset_rows(found) if body.assets else []
    return AllocationDrift.model_validate(
        {
            **found.asked.dated(),
            "policy": found.policy.name,
            "policy_version": found.policy.version,
            "taxonomy": found.policy.taxonomy,
            "over_threshold": any(row.over_threshold for row in keys),
            "largest": _largest(keys),
            "largest_asset": _largest(assets),
            "keys": tuple(keys),
            "assets": tuple(assets[:ASSETS_MAX]),
        }
    )


def key_rows(found: PolicyAsked) -> list[KeyDriftRow]:
    """Return the drift of every key held or targeted, largest distance first."""
    policy, asked = found.policy, found.asked
    sums = _sums(asked, policy.taxonomy)
    whole = total(sums.values())
    rows = []
    for key in dict.fromkeys((*policy.targets, *sums)):
        target = policy.targets.get(key, ZERO)
        width = band_of(policy, key).width(target)
        value = asked.id("value.v1").within(part_of(asked, policy.taxonomy, key))
        own = sums.get(key, NOTHING)
        weight, moved = _weight_and_drift(
            asked, value, quotient(own, whole, Reason.NO_VALUE), target
        )
        rows.append(
            KeyDriftRow(
                key=key,
                name=found.name(key),
                target=target,
                low=max(target - width, ZERO),
                high=min(target + width, ONE),
                value=written(value, money(own, asked.currency)),
                weight=weight,
                drift=moved,
                over_threshold=moved.value is not None and abs(moved.value) > width,
            )
        )
    rows.sort(key=lambda row: (-abs(row.drift.value or ZERO), row.key))
    return rows


def _asset_rows(found: PolicyAsked) -> list[AssetDriftRow]:
    policy, asked = found.policy, found.asked
    if policy.taxonomy == ACCOUNT:
        return []
    sums = _sums(asked, INSTRUMENT)
    whole = total(sums.values())
    rows = []
    for asset, wanted in asset_targets(policy, found.assets, found.key_of).items():
        target = min(ratio_text(wanted.weight), ONE)
        width = as_band(policy.band).width(target)
        value = asked.id("value.v1").within(part_of(asked, INSTRUMENT, asset))
        share = quotient(sums.get(asset, NOTHING), whole, Reason.NO_VALUE)
        weight, moved = _weight_and_drift(asked, value, share, target)
        rows.append(
            AssetDriftRow(
                asset=asset,
                name=found.name(asset),
                key=wanted.key,
                target=target,
                implied=wanted.implied,
                weight=weight,
                drift=moved,
                over_threshold=moved.value is not None and abs(moved.value) > width,
            )
        )
    rows.sort(key=lambda row: (-abs(row.drift.value or ZERO), row.asset))
    return rows


def _sums(asked: Asked, taxonomy: str) -> dict[str, Sum]:
    """Sum the scope by key in one pass: the figures' own sum for each part, without a mask each."""
    found: dict[str, Sum] = {}
    for each in positions(asked.view, asked.scope, day=asked.day, currency=asked.currency):
        key = asked.view.classify(asked.view.book.positions[each.index], taxonomy)
        found[key] = found.get(key, NOTHING) + each.value
    return found


def _weight_and_drift(
    asked: Asked, value: FigureId, share: Result, target: Decimal
) -> tuple[FigureValue, FigureValue]:
    weight = value.of("weight.v1").having(**{"in": str(asked.scope)})
    return written(weight, share), written(drift_id(weight, target), drift_from(share, target))


def _largest(rows: list[KeyDriftRow] | list[AssetDriftRow]) -> LargestDrift | None:
    if not rows or rows[0].drift.value is None:
        return None
    return LargestDrift(name=rows[0].name, drift=rows[0].drift)
