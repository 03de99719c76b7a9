"""What a policy's scope holds, by key and by asset, and the weight each asset should have.

Liabilities stay outside: a mortgage is no negative part of an allocation. An asset is an instrument
over all accounts of the scope, or the cash of one currency.
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from bursar.core.errors import InvalidInput
from bursar.portfolio.calc.allocation import ONE, ZERO
from bursar.portfolio.models.targets import PolicyTerms
from bursar.portfolio.view.exact import Valued, positions
from bursar.portfolio.view.scope import ACCOUNTS_MAX, WORKSPACE, Scope, ScopeKind
from bursar.portfolio.view.view import INSTRUMENT, BookView


@dataclass(frozen=True, slots=True)
class Asset:
    """An instrument or a cash currency: `value` in report currency, None without price or rate."""

    id: str
    key: str
    cash: bool
    value: Decimal | None
    held: tuple[Valued, ...]


def scope_of(view: BookView, terms: PolicyTerms) -> Scope:
    """Return the scope a policy is about: its accounts, or every asset account."""
    if terms.account:
        return Scope(ScopeKind.ACCOUNT, tuple(sorted(uuid.UUID(each) for each in terms.account)))
    accounts = {view.book.accounts[p.account_id] for p in view.book.positions}
    if all(a.account_class == "asset" for a in accounts):
        return WORKSPACE
    chosen = sorted(a.id for a in accounts if a.account_class == "asset")
    if len(chosen) > ACCOUNTS_MAX:
        raise InvalidInput(
            f"there are {len(chosen)} accounts beside the debts; a policy covers {ACCOUNTS_MAX}",
            field="account",
            hint="Name the accounts in the policy.",
        )
    return Scope(ScopeKind.ACCOUNT, tuple(chosen)) if chosen else WORKSPACE


def assets_of(
    view: BookView, scope: Scope, taxonomy: str, *, day: int, currency: str
) -> dict[str, Asset]:
    """Return the assets of a scope by id."""
    held: dict[str, list[Valued]] = defaultdict(list)
    for each in positions(view, scope, day=day, currency=currency):
        held[view.classify(view.book.positions[each.index], INSTRUMENT)].append(each)
    found = {}
    for asset_id, parts in held.items():
        first = view.book.positions[parts[0].index]
        amounts = [part.value.amount for part in parts]
        known = [amount for amount in amounts if amount is not None]
        found[asset_id] = Asset(
            id=asset_id,
            key=view.classify(first, taxonomy),
            cash=first.is_cash,
            value=sum(known, ZERO) if len(known) == len(amounts) else None,
            held=tuple(parts),
        )
    return found


@dataclass(frozen=True, slots=True)
class AssetTarget:
    """Target weight of an asset; `implied` by the present mix of its key, or stated."""

    key: str
    weight: Decimal
    implied: bool


def asset_targets(
    terms: PolicyTerms, assets: dict[str, Asset], key_of: dict[str, str]
) -> dict[str, AssetTarget]:
    """Return target weights by asset. A key that holds nothing and names nothing has none.

    `key_of` gives the keys of the instruments that the policy names.
    """
    found: dict[str, AssetTarget] = {}
    stated = {key_of[asset] for asset in terms.assets}
    for asset_id, share in terms.assets.items():
        key = key_of[asset_id]
        found[asset_id] = AssetTarget(key, terms.targets[key] * share, implied=False)
    if terms.taxonomy == INSTRUMENT:
        for key, weight in terms.targets.items():
            found[key] = AssetTarget(key, weight, implied=False)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for asset in assets.values():
        sums[asset.key] += max(asset.value or ZERO, ZERO)
    for asset in assets.values():
        if asset.id in found:
            continue
        target = terms.targets.get(asset.key, ZERO)
        if asset.key in stated or terms.taxonomy == INSTRUMENT or not sums[asset.key]:
            share = ZERO
        else:
            share = max(asset.value or ZERO, ZERO) / sums[asset.key]
        found[asset.id] = AssetTarget(asset.key, target * min(share, ONE), implied=True)
    return found
