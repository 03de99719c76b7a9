"""What if: a scenario computed on the view beside the real figures. It only reads."""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from bursar.core.errors import BursarError, InvalidInput
from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations import instruments
from bursar.portfolio.calc.allocation import ONE, ZERO
from bursar.portfolio.calc.benchmark import beta
from bursar.portfolio.calc.risk import volatility
from bursar.portfolio.calc.undefined import Figure
from bursar.portfolio.calc.what_if import SHOCK_MAX, Outcome, Scenario, apply_scenario
from bursar.portfolio.figures.result import ratio, ratio_text
from bursar.portfolio.models.figures import FigureValue
from bursar.portfolio.models.targets import PolicyChoice, PolicyTerms
from bursar.portfolio.models.what_if import (
    WhatIf,
    WhatIfAsset,
    WhatIfDrift,
    WhatIfLots,
    WhatIfRequest,
    WhatIfRisk,
    WhatIfSlice,
)
from bursar.portfolio.operations.asking import (
    Asked,
    account_named,
    default_day,
    figure_value,
)
from bursar.portfolio.operations.drift import key_rows
from bursar.portfolio.operations.known import refuse_unknown_taxonomy
from bursar.portfolio.operations.names import name_of
from bursar.portfolio.operations.policy_scope import PolicyAsked
from bursar.portfolio.operations.targets import chosen_policy, instrument_key, resolve
from bursar.portfolio.planning.errors import CannotPlan, MissingValues, PolicyNotFound
from bursar.portfolio.planning.universe import Window, read_returns
from bursar.portfolio.planning.weights import Asset, asset_targets, assets_of, scope_of
from bursar.portfolio.view import number_of, view
from bursar.portfolio.view.view import ACCOUNT, ASSET_CLASS, CASH, CURRENCY, INSTRUMENT, rounded
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

QUANTUM = Decimal("1e-10")
PERIODS_PER_YEAR = 252
ASSETS_MAX = 500
ANY_TARGET = {CASH: ONE}
NOTE = (
    "On paper: taxes, fees and spreads of the changes are left out; shocks do not touch cash; risk "
    "comes from past returns."
)


@dataclass(frozen=True, slots=True)
class Held:
    """What is held on the day, with the instruments that the request adds."""

    asked: Asked
    assets: Mapping[str, Asset]
    values: Mapping[str, Decimal]
    rows: Mapping[str, InstrumentRow]

    def name(self, asset: str) -> str:
        """Return the ticker, name or currency of an asset."""
        if asset in self.assets:
            view = self.asked.view
            return name_of(view, view.book.positions[self.assets[asset].held[0].index])
        row = self.rows.get(asset)
        return asset if row is None else (row.ticker or row.name)

    def key(self, asset: str, taxonomy: str) -> str:
        """Return the key of an asset on a taxonomy."""
        if asset in self.assets:
            view = self.asked.view
            return view.classify(view.book.positions[self.assets[asset].held[0].index], taxonomy)
        row = self.rows.get(asset)
        if row is not None:
            return instrument_key(row, taxonomy)
        return asset if taxonomy in (INSTRUMENT, CURRENCY) else CASH


@operation(
    "portfolio.what_if",
    scope="portfolio:read",
    http="POST /portfolio/what-if",
    tool="run_what_if",
    command="portfolio what-if",
)
async def what_if(context: Context, body: WhatIfRequest) -> WhatIf:
    """Show what price shocks, contributions, weights or a lot method would change; writes nothing.

    Shocks come first, then contributions, then weights.
    """
    if ACCOUNT in (body.by, body.weights_by):
        raise InvalidInput(
            "a scenario knows assets, not accounts", field="by", hint="Use another taxonomy."
        )
    held = await _held(context, body)
    scenario = await _scenario(context, held, body)
    held = await _with_rows(context, held, scenario.target_weights or {})
    outcome = apply_scenario(
        held.values,
        scenario,
        classes={each: {held.key(each, ASSET_CLASS): ONE} for each in held.values},
        quantum=QUANTUM,
    )
    asked = held.asked
    report = asked.currency
    before = asked.figure("value.v1")
    after = rounded(outcome.after.total, report)
    moved = rounded(sum((h.moved for h in outcome.holdings), ZERO), report)
    change = after - (before.value or ZERO)
    answer: dict[str, Any] = {
        **asked.dated(),
        "value_before": before,
        "value_after": after,
        "change": change,
        "price_effect": change - moved,
        "moved": moved,
        "allocation": _allocation(held, outcome, body.by),
        "assets": _assets(held, outcome),
        "drift": await _drift(context, held, outcome, body),
        "risk": await _risk(context, held, outcome, body),
        "lots": _lots(asked, body),
        "note": NOTE,
    }
    return WhatIf.model_validate(answer)


async def _held(context: Context, body: WhatIfRequest) -> Held:
    book = await view(context, currency=body.currency)
    currency = body.currency or book.base_currency
    if body.as_of is None:
        day, reason = default_day(book, number_of(context.clock.now().date()))
    else:
        day, reason = number_of(body.as_of), "requested"
    accounts = tuple(str(account_named(book, each)) for each in body.account)
    refuse_unknown_taxonomy(book, body.by, field="by")
    scope = scope_of(book, PolicyTerms(account=accounts, targets=ANY_TARGET))
    asked = Asked(book, scope, day, reason, currency)
    assets = assets_of(book, scope, ASSET_CLASS, day=day, currency=currency)
    missing = [asset for asset in assets.values() if asset.value is None]
    if missing:
        names = sorted(name_of(book, book.book.positions[a.held[0].index]) for a in missing)
        raise MissingValues(f"there is no price or rate for {', '.join(names[:10])}")
    values = {a.id: (a.value or ZERO).quantize(QUANTUM) for a in assets.values()}
    named = [*body.instrument_shocks, *body.contributions]
    found = [await instruments.find(context, each) for each in named]
    return Held(asked, assets, values, {str(row.id): row for row in found})


async def _with_rows(context: Context, held: Held, weights: Mapping[str, Decimal]) -> Held:
    """Add the instruments that weights name and nobody holds."""
    new = [each for each in weights if each not in held.assets and not _is_currency(held, each)]
    found = await instruments.get_many(context, [uuid.UUID(each) for each in new])
    return replace(held, rows={**held.rows, **{str(row.id): row for row in found.values()}})


def _is_currency(held: Held, asset: str) -> bool:
    return asset == held.asked.currency or asset in held.asked.view.currencies


async def _scenario(context: Context, held: Held, body: WhatIfRequest) -> Scenario:
    shocks = {a.id: ZERO for a in held.assets.values() if a.cash}
    for reference, shock in body.instrument_shocks.items():
        row = await instruments.find(context, reference)
        if str(row.id) not in held.assets:
            raise InvalidInput(f"{reference} is not held", field=f"instrument_shocks.{reference}")
        shocks[str(row.id)] = shock
    classes = {held.key(asset, ASSET_CLASS) for asset in held.assets}
    for key in body.class_shocks:
        if key not in classes:
            raise InvalidInput(
                f"nothing of class {key!r} is held",
                field=f"class_shocks.{key}",
                hint="Held are " + ", ".join(sorted(classes)) + ".",
            )
    money: dict[str, Decimal] = defaultdict(Decimal)
    if body.contribution:
        money[held.asked.currency] += body.contribution
    for reference, amount in body.contributions.items():
        money[str((await instruments.find(context, reference)).id)] += amount
    return Scenario(
        shock_all=body.shock,
        class_shocks=body.class_shocks,
        instrument_shocks=shocks,
        contributions=money,
        target_weights=await _weights(context, held, body),
    )


async def _weights(context: Context, held: Held, body: WhatIfRequest) -> dict[str, Decimal] | None:
    """Return target weights by asset: each key's weight divided by the present mix of the key."""
    if body.weights is None:
        return None
    asked = held.asked
    terms = PolicyTerms(targets=body.weights, taxonomy=body.weights_by)
    terms = await resolve(context, asked.view, terms)
    assets = assets_of(
        asked.view, asked.scope, terms.taxonomy, day=asked.day, currency=asked.currency
    )
    found: dict[str, Decimal] = {}
    wanted = asset_targets(terms, assets, {})
    for key, weight in terms.targets.items():
        parts = {name: t.weight for name, t in wanted.items() if t.key == key and t.weight > 0}
        if weight > 0 and not parts:
            if key != CASH:
                raise CannotPlan(
                    f"nothing is held in {key!r}, so its weight cannot be divided",
                    field=f"weights.{key}",
                    hint="Give weights by instrument (weights_by).",
                )
            parts = {asked.currency: weight}
        for name, part in parts.items():
            found[name] = found.get(name, ZERO) + part
    largest = max(found, key=lambda name: found[name])
    found[largest] += ONE - sum(found.values(), ZERO)
    return found


def _by_key(held: Held, values: Mapping[str, Decimal], taxonomy: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for asset, value in values.items():
        found[held.key(asset, taxonomy)] += value
    return found


def _allocation(held: Held, outcome: Outcome, taxonomy: str) -> tuple[WhatIfSlice, ...]:
    report = held.asked.currency
    before = _by_key(held, {h.instrument: h.before for h in outcome.holdings}, taxonomy)
    after = _by_key(held, {h.instrument: h.after for h in outcome.holdings}, taxonomy)
    totals = (outcome.before.total, outcome.after.total)
    rows = [
        WhatIfSlice(
            key=key,
            name=held.name(key) if taxonomy == INSTRUMENT else key,
            value_before=rounded(before[key], report),
            value_after=rounded(after[key], report),
            weight_before=ratio_text(before[key] / totals[0]) if totals[0] > 0 else None,
            weight_after=ratio_text(after[key] / totals[1]) if totals[1] > 0 else None,
        )
        for key in before
    ]
    return tuple(sorted(rows, key=lambda row: (-row.value_after, row.key))[:ASSETS_MAX])


def _assets(held: Held, outcome: Outcome) -> tuple[WhatIfAsset, ...]:
    report = held.asked.currency
    rows = [
        WhatIfAsset(
            asset=each.instrument,
            name=held.name(each.instrument),
            before=rounded(each.before, report),
            price_effect=rounded(each.price_effect, report),
            moved=rounded(each.moved, report),
            after=rounded(each.after, report),
        )
        for each in outcome.holdings
    ]
    rows.sort(key=lambda row: (-abs(row.after - row.before), row.name))
    return tuple(rows[:ASSETS_MAX])


async def _drift(
    context: Context, held: Held, outcome: Outcome, body: WhatIfRequest
) -> tuple[WhatIfDrift, ...]:
    asked = held.asked
    try:
        policy = await chosen_policy(context, asked.view, PolicyChoice(policy=body.policy))
    except (PolicyNotFound, InvalidInput):
        if body.policy is not None:
            raise
        return ()
    if policy.taxonomy == ACCOUNT:
        return ()
    assets = assets_of(
        asked.view, asked.scope, policy.taxonomy, day=asked.day, currency=asked.currency
    )
    found = PolicyAsked(asked, policy, assets, {}, {each: held.name(each) for each in assets})
    after = _by_key(held, {h.instrument: h.after for h in outcome.holdings}, policy.taxonomy)
    total = outcome.after.total
    return tuple(
        WhatIfDrift(
            key=row.key,
            name=row.name,
            target=row.target,
            drift_before=row.drift,
            drift_after=ratio_text(after.get(row.key, ZERO) / total) - row.target
            if total > 0
            else None,
        )
        for row in key_rows(found)
    )


async def _risk(context: Context, held: Held, outcome: Outcome, body: WhatIfRequest) -> WhatIfRisk:
    """Measure past returns of both mixes; what lacks prices makes the figures undefined."""
    if body.market_shock is not None and body.benchmark is None:
        raise InvalidInput("market_shock needs a benchmark", field="benchmark")
    if body.market_shock is not None and abs(body.market_shock) > SHOCK_MAX:
        raise InvalidInput(f"a shock is at most {SHOCK_MAX}", field="market_shock")
    asked = held.asked
    wanted = [
        h for h in outcome.holdings if (h.before or h.after) and not _is_cash(held, h.instrument)
    ]
    rows = [row for h in wanted if (row := _row(held, h.instrument)) is not None]
    against = None if body.benchmark is None else await instruments.find(context, body.benchmark)
    known = {row.id: row for row in (*rows, *([against] if against is not None else []))}
    if not known:
        return WhatIfRisk(
            volatility_before=ZERO, volatility_after=ZERO, periods=0, reason="Only cash is held."
        )
    window = Window(asked.day - body.look_back_days, asked.day, asked.currency)
    try:
        found = await read_returns(context, list(known.values()), window)
    except BursarError as error:
        return WhatIfRisk(
            volatility_before=None, volatility_after=None, periods=0, reason=error.message
        )
    column = {str(instrument_id): n for n, instrument_id in enumerate(known)}
    figures: dict[str, Any] = {"periods": len(found.day)}
    for side, total in (("before", outcome.before.total), ("after", outcome.after.total)):
        weights = np.zeros(len(known))
        for h in wanted:
            value = h.before if side == "before" else h.after
            weights[column[h.instrument]] = float(value / total) if total > 0 else 0.0
        mixed = found.returns @ weights
        figures[f"volatility_{side}"] = ratio(
            volatility(mixed, periods_per_year=PERIODS_PER_YEAR)
        ).value
        if against is not None:
            slope = beta(mixed, found.returns[:, column[str(against.id)]])
            figures[f"beta_{side}"] = ratio(slope).value
            figures[f"market_loss_{side}"] = _loss(slope, total, body, asked.currency)
    return WhatIfRisk.model_validate(figures)


def _loss(slope: Figure, total: Decimal, body: WhatIfRequest, currency: str) -> Decimal | None:
    if slope.value is None or body.market_shock is None:
        return None
    return rounded(total * ratio_text(slope.value) * body.market_shock, currency)


def _is_cash(held: Held, asset: str) -> bool:
    known = held.assets.get(asset)
    return asset not in held.rows if known is None else known.cash


def _row(held: Held, asset: str) -> InstrumentRow | None:
    known = held.assets.get(asset)
    if known is None:
        return held.rows.get(asset)
    instrument_id = held.asked.view.book.positions[known.held[0].index].instrument_id
    return None if instrument_id is None else held.asked.view.instrument(instrument_id)


def _lots(asked: Asked, body: WhatIfRequest) -> WhatIfLots | None:
    if body.lot_method is None:
        return None

    def both(definition: str, start: int | None = None) -> tuple[FigureValue, FigureValue]:
        real = asked.id(definition, start)
        tried = real.having(method=str(body.lot_method))
        return figure_value(asked.view, real), figure_value(asked.view, tried)

    return WhatIfLots(
        method=body.lot_method,
        cost=both("cost_basis.v1"),
        realised=both("realised_gain.v1", asked.start),
        unrealised=both("unrealised_gain.v1"),
    )
