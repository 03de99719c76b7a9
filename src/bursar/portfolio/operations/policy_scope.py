"""From a request about targets to the view, the policy, its scope and its day."""

import uuid
from dataclasses import dataclass

from bursar.market.operations import instruments
from bursar.portfolio.models.targets import PolicyChoice, TargetPolicy
from bursar.portfolio.operations.asking import Asked, default_day
from bursar.portfolio.operations.names import name_of
from bursar.portfolio.operations.targets import chosen_policy, instrument_key
from bursar.portfolio.planning.weights import Asset, assets_of, scope_of
from bursar.portfolio.view import number_of, view
from bursar.runtime.context import Context


@dataclass(frozen=True, slots=True)
class PolicyAsked:
    """A policy with what its scope holds; `key_of` covers the instruments the policy names."""

    asked: Asked
    policy: TargetPolicy
    assets: dict[str, Asset]
    key_of: dict[str, str]
    names: dict[str, str]

    def name(self, key: str) -> str:
        """Return the name of an instrument's or account's id; other keys name themselves."""
        return self.names.get(key, key)


async def ask_policy(context: Context, request: PolicyChoice) -> PolicyAsked:
    """Resolve a request about targets."""
    book = await view(context, currency=request.currency)
    policy = await chosen_policy(context, book, request)
    currency = request.currency or policy.currency or book.base_currency
    if currency not in book.rates:
        book = await view(context, currency=currency)
    if request.as_of is None:
        day, reason = default_day(book, number_of(context.clock.now().date()))
    else:
        day, reason = number_of(request.as_of), "requested"
    asked = Asked(book, scope_of(book, policy), day, reason, currency)
    assets = assets_of(book, asked.scope, policy.taxonomy, day=day, currency=currency)
    named = await instruments.get_many(context, [uuid.UUID(each) for each in policy.assets])
    key_of = {str(row.id): instrument_key(row, policy.taxonomy) for row in named.values()}
    names = {str(a.id): a.name for a in book.book.accounts.values()} | policy.names
    for asset in assets.values():
        names[asset.id] = name_of(book, book.book.positions[asset.held[0].index])
    return PolicyAsked(asked, policy, assets, key_of, names)
