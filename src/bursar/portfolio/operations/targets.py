"""Target policies: stored by name, every version kept."""

import uuid
from collections.abc import Iterable

from bursar.core.errors import InvalidInput
from bursar.core.ids import new_id
from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations import instruments
from bursar.portfolio import store
from bursar.portfolio.models.targets import (
    DEFAULT_POLICY,
    DeletedTargets,
    DeleteTargets,
    GetTargets,
    PolicyChoice,
    PolicyTerms,
    SetTargets,
    TargetPolicies,
    TargetPolicy,
)
from bursar.portfolio.operations.asking import account_named
from bursar.portfolio.planning.errors import PolicyNotFound
from bursar.portfolio.planning.policy import CASH_PREFIX, check_assets, check_terms
from bursar.portfolio.tables import TargetPolicyVersion
from bursar.portfolio.view import BookView, view
from bursar.portfolio.view.view import (
    ACCOUNT,
    ASSET_CLASS,
    CASH,
    CURRENCY,
    INSTRUMENT,
    UNCLASSIFIED,
)
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

INLINE = "inline"


@operation(
    "portfolio.set_targets", scope="portfolio:write", http="PUT /portfolio/targets", writes=True
)
async def set_targets(context: Context, body: SetTargets) -> TargetPolicy:
    """Store target weights with bands, constraints, and the tax and fee rates of plans.

    Weights sum to exactly 1. A new version is added; older ones are kept.
    """
    resolved = await resolve(context, await view(context), body)
    version = await store.lock_policy(context.session, context.workspace_id, body.name) + 1
    row = TargetPolicyVersion(
        id=new_id(),
        workspace_id=context.workspace_id,
        name=body.name,
        version=version,
        terms=resolved.model_dump(mode="json"),
        created_at=context.clock.now(),
    )
    context.session.add(row)
    await context.session.flush()
    context.fact("portfolio.targets_set", body.name, version=version)
    return (await _shown(context, [row]))[0]


@operation("portfolio.get_targets", scope="portfolio:read", http="GET /portfolio/targets")
async def get_targets(context: Context, body: GetTargets) -> TargetPolicies:
    """Show target policies: weights, bands, constraints, tax and fee rates."""
    rows = await store.policies(
        context.session, context.workspace_id, name=body.name, history=body.history
    )
    kept = [row for row in rows if row.terms is not None]
    if body.name is not None and not kept:
        raise PolicyNotFound(f"there is no target policy {body.name!r}", field="name")
    return TargetPolicies(items=await _shown(context, kept))


@operation(
    "portfolio.delete_targets",
    scope="portfolio:write",
    http="DELETE /portfolio/targets/{name}",
    writes=True,
    destructive=True,
    tool=None,
    positional=("name",),
)
async def delete_targets(context: Context, body: DeleteTargets) -> DeletedTargets:
    """Delete a target policy; its versions stay in the history."""
    version = await store.lock_policy(context.session, context.workspace_id, body.name) + 1
    rows = await store.policies(
        context.session, context.workspace_id, name=body.name, history=False
    )
    if not rows or rows[0].terms is None:
        raise PolicyNotFound(f"there is no target policy {body.name!r}", field="name")
    context.session.add(
        TargetPolicyVersion(
            id=new_id(),
            workspace_id=context.workspace_id,
            name=body.name,
            version=version,
            terms=None,
            created_at=context.clock.now(),
        )
    )
    await context.session.flush()
    context.fact("portfolio.targets_deleted", body.name, version=version)
    return DeletedTargets(name=body.name, version=version)


async def chosen_policy(context: Context, book: BookView, choice: PolicyChoice) -> TargetPolicy:
    """Return the policy a request means: stored, or stored terms with the request's own weights.

    Raises PolicyNotFound when there is none and the request gives no targets.
    """
    stored = await _stored(context, choice)
    if choice.targets is None:
        if stored is None:
            raise PolicyNotFound("there is no target policy yet", field="policy")
        if choice.taxonomy not in (None, stored.taxonomy):
            raise InvalidInput(
                f"policy {stored.name!r} has targets by {stored.taxonomy}",
                field="taxonomy",
                hint="Leave taxonomy out, or give targets with it.",
            )
        return stored
    given: dict[str, object] = {"targets": choice.targets}
    if stored is not None:
        kept = stored.model_dump(exclude={"name", "version", "created_at", "names"})
        taxonomy = choice.taxonomy or stored.taxonomy
        given = {**kept, "taxonomy": taxonomy, "targets": choice.targets, "bands": {}, "assets": {}}
    elif choice.taxonomy is not None:
        given["taxonomy"] = choice.taxonomy
    resolved = await resolve(context, book, PolicyTerms.model_validate(given))
    names = await _names(context, [resolved])
    return TargetPolicy(
        **resolved.model_dump(), name=INLINE, version=0, created_at=context.clock.now(), names=names
    )


async def resolve(context: Context, book: BookView, terms: PolicyTerms) -> PolicyTerms:
    """Check terms and put ids in the place of names."""
    check_terms(terms)
    keys = {key: await _key(context, book, terms.taxonomy, key) for key in terms.targets}
    if len(set(keys.values())) < len(keys):
        raise InvalidInput("two targets name the same thing", field="targets")
    assets = {ref: await instruments.find(context, ref) for ref in terms.assets}
    no_sell = [(await instruments.find(context, ref)).id for ref in terms.no_sell]
    found = {
        **terms.model_dump(include=set(PolicyTerms.model_fields)),
        "account": tuple(sorted({str(account_named(book, each)) for each in terms.account})),
        "targets": {keys[key]: weight for key, weight in terms.targets.items()},
        "bands": {keys[key]: band for key, band in terms.bands.items()},
        "assets": {str(assets[ref].id): share for ref, share in terms.assets.items()},
        "no_sell": tuple(dict.fromkeys(str(each) for each in no_sell)),
    }
    resolved = PolicyTerms.model_validate(found)
    key_of = {str(row.id): instrument_key(row, terms.taxonomy) for row in assets.values()}
    check_assets(resolved, key_of)
    return resolved


def instrument_key(row: InstrumentRow, taxonomy: str) -> str:
    """Return the key of an instrument on a taxonomy, whether it is held or not."""
    if taxonomy == INSTRUMENT:
        return str(row.id)
    if taxonomy == CURRENCY:
        return row.currency
    if taxonomy == ASSET_CLASS:
        return row.asset_class
    return row.classification.get(taxonomy, UNCLASSIFIED)


async def _key(context: Context, book: BookView, taxonomy: str, key: str) -> str:
    if taxonomy == ACCOUNT:
        return str(account_named(book, key))
    if taxonomy != INSTRUMENT:
        return key
    if key == CASH:
        return book.base_currency
    if key.startswith(CASH_PREFIX) or key in book.currencies:
        return key.removeprefix(CASH_PREFIX)
    return str((await instruments.find(context, key)).id)


async def _stored(context: Context, choice: PolicyChoice) -> TargetPolicy | None:
    rows = await store.policies(
        context.session, context.workspace_id, name=choice.policy, history=False
    )
    kept = [row for row in rows if row.terms is not None]
    if choice.policy is not None and not kept:
        raise PolicyNotFound(f"there is no target policy {choice.policy!r}", field="policy")
    named = [row for row in kept if row.name == DEFAULT_POLICY] or kept
    if len(named) > 1 and choice.targets is None:
        raise InvalidInput(
            f"there are {len(named)} target policies",
            field="policy",
            hint="Name one: " + ", ".join(row.name for row in named[:10]) + ".",
        )
    return (await _shown(context, named))[0] if len(named) == 1 else None


async def _shown(context: Context, rows: Iterable[TargetPolicyVersion]) -> tuple[TargetPolicy, ...]:
    shown = [
        TargetPolicy(
            **PolicyTerms.model_validate(row.terms).model_dump(),
            name=row.name,
            version=row.version,
            created_at=row.created_at,
        )
        for row in rows
    ]
    names = await _names(context, shown)
    return tuple(
        each.model_copy(update={"names": {i: n for i, n in names.items() if i in _ids(each)}})
        for each in shown
    )


def _ids(terms: PolicyTerms) -> set[str]:
    keys = set(terms.targets) if terms.taxonomy in (INSTRUMENT, ACCOUNT) else set()
    return keys | set(terms.assets) | set(terms.no_sell) | set(terms.account)


async def _names(context: Context, policies: Iterable[PolicyTerms]) -> dict[str, str]:
    """Return tickers or names of the instruments and accounts that policies name by id."""
    wanted = {each for policy in policies for each in _ids(policy)}
    ids = [found for each in sorted(wanted) if (found := _id(each)) is not None]
    if not ids:
        return {}
    known = await instruments.get_many(context, ids)
    names = {str(i): row.ticker or row.name for i, row in known.items()}
    if len(names) < len(ids):
        book = await view(context)
        accounts = {str(a.id): a.name for a in book.book.accounts.values()}
        names |= {str(i): accounts[str(i)] for i in ids if str(i) in accounts}
    return names


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
