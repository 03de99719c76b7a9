"""A rebalance plan over all accounts of a policy's scope. It is computed, never carried out."""

import uuid
from collections import defaultdict
from decimal import Decimal
from typing import Any

from bursar.core.errors import InvalidInput
from bursar.core.money import from_units, round_to_units
from bursar.ledger.calc.lots.lot import Match
from bursar.ledger.calc.lots.position import Term
from bursar.ledger.calc.lots.select import LotPick, TradePreview
from bursar.portfolio.calc.allocation import ZERO
from bursar.portfolio.calc.placement import Room
from bursar.portfolio.calc.tax_estimate import TaxRates, estimate_tax
from bursar.portfolio.figures.result import ratio_text
from bursar.portfolio.models.rebalance import (
    LotTaken,
    PlannedTrade,
    PlannedWeight,
    RebalanceProposal,
    RebalanceRequest,
    WashWindowHit,
)
from bursar.portfolio.operations.drift import key_rows
from bursar.portfolio.operations.policy_scope import PolicyAsked, ask_policy
from bursar.portfolio.operations.quotes import quotes_of
from bursar.portfolio.planning.errors import CannotPlan, MissingValues
from bursar.portfolio.planning.outcome import Executed, Outcome, accounts_of, carried_out
from bursar.portfolio.planning.plan import TRADING_KINDS, Planner, Wishes
from bursar.portfolio.planning.sales import (
    PlannedBuy,
    Sale,
    SaleRules,
    is_planned,
    preview_sale,
    wash_windows,
)
from bursar.portfolio.planning.weights import asset_targets
from bursar.portfolio.view.view import ACCOUNT, currency_exponent, rounded
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

TAXABLE = "taxable"


@operation(
    "portfolio.rebalance_plan",
    scope="portfolio:read",
    http="POST /portfolio/rebalance",
    tool="rebalance_portfolio",
    command="portfolio rebalance",
)
async def rebalance_plan(context: Context, body: RebalanceRequest) -> RebalanceProposal:
    """Plan the trades that restore target weights, by account and lot; nothing is ordered.

    Cash is used before anything is sold. Shows drift, lots, gains, tax, fees and wash sales.
    """
    if body.tolerance < 0:
        raise InvalidInput("tolerance must not be negative", field="tolerance")
    found = _with_overrides(await ask_policy(context, body), body)
    _refuse_unknown_values(found)
    planner = await _planner(context, found, body)
    plan = planner.make()
    outcome = carried_out(planner, plan, found.asked.currency)
    return _proposal(found, body, outcome=outcome, notes=plan.notes)


def _with_overrides(found: PolicyAsked, body: RebalanceRequest) -> PolicyAsked:
    """Put the request's rules over the policy's, whose amounts are turned into report currency."""
    changes: dict[str, Any] = _converted_amounts(found)
    for name in ("cash_floor", "minimum_trade", "whole_units"):
        value = getattr(body, name)
        if value is not None:
            changes[name] = value
    for name in ("cash_floor", "minimum_trade"):
        if changes.get(name, ZERO) < 0:
            raise InvalidInput(f"{name} must not be negative", field=name)
    policy = found.policy.model_copy(update=changes)
    return PolicyAsked(found.asked, policy, found.assets, found.key_of, found.names)


def _converted_amounts(found: PolicyAsked) -> dict[str, Any]:
    asked, policy = found.asked, found.policy
    own = policy.currency or asked.view.base_currency
    amounts = {
        "cash_floor": policy.cash_floor,
        "minimum_trade": policy.minimum_trade,
        "fee_fixed": policy.fee_fixed,
    }
    if own == asked.currency or not any(amounts.values()):
        return {}
    known = own in asked.view.rates[asked.currency].row_of
    rate = asked.view.rate(own, asked.currency, asked.day) if known else None
    if rate is None:
        raise MissingValues(
            f"the policy's amounts are in {own}, and no rate leads to {asked.currency}"
        )
    return {name: rounded(amount * rate, asked.currency) for name, amount in amounts.items()}


def _refuse_unknown_values(found: PolicyAsked) -> None:
    missing = sorted(found.name(a.id) for a in found.assets.values() if a.value is None)
    if missing:
        raise MissingValues(f"there is no price or rate for {', '.join(missing[:10])}")
    for asset in found.assets.values():
        if not asset.cash and any(part.units < 0 for part in asset.held):
            raise CannotPlan(
                f"{found.name(asset.id)} is held short; a plan covers long holdings only",
                hint="Close the short position, or name accounts without it.",
            )


async def _planner(context: Context, found: PolicyAsked, body: RebalanceRequest) -> Planner:
    view = found.asked.view
    wanted: set[str] = {a.id for a in found.assets.values() if not a.cash}
    if found.policy.taxonomy != ACCOUNT:
        named = asset_targets(found.policy, found.assets, found.key_of)
        wanted |= {each for each in named if _is_id(each)}
    cash: dict[uuid.UUID, Decimal] = defaultdict(Decimal)
    holders: set[uuid.UUID] = set()
    for asset in found.assets.values():
        for part in asset.held:
            account = view.book.positions[part.index].account_id
            if asset.cash:
                cash[account] += part.value.amount or ZERO
            else:
                holders.add(account)
    rooms = []
    for account_id in accounts_of(view, found.asked.scope):
        facts = view.book.accounts[account_id]
        rooms.append(
            Room(
                id=str(account_id),
                cash=cash[account_id],
                trades=facts.kind in TRADING_KINDS or account_id in holders,
                wrapped=facts.tax_wrapper != TAXABLE,
            )
        )
    return Planner(
        view=view,
        terms=found.policy,
        assets=found.assets,
        key_of=found.key_of,
        quotes=await quotes_of(context, found, sorted(wanted)),
        rooms=tuple(rooms),
        wishes=Wishes(
            contribution=body.contribution,
            sell=body.sell,
            tolerance=body.tolerance,
            to_band=body.to == "band",
        ),
    )


def _proposal(
    found: PolicyAsked,
    body: RebalanceRequest,
    *,
    outcome: Outcome,
    notes: tuple[str, ...],
) -> RebalanceProposal:
    asked, policy = found.asked, found.policy
    rates = None
    if policy.tax_rate_short is not None and policy.tax_rate_long is not None:
        rates = TaxRates(policy.tax_rate_short, policy.tax_rate_long)
    rules = SaleRules(asked.day, asked.currency, body.lot_method, rates)
    sales = {e: preview_sale(asked.view, _sale(found, e), rules) for e in _sold(outcome)}
    trades = [_trade(found, each, sales.get(each), rules) for each in outcome.executed]
    trades.sort(key=lambda t: (t.side == "buy", -t.value, t.name))
    wash = _wash(found, outcome, sales, rules)
    short, long = _taxable_gains(trades)
    report = asked.currency
    bought = sum((t.value for t in trades if t.side == "buy"), ZERO)
    tax = None
    if rates is not None and short is not None and long is not None:
        tax = rounded(estimate_tax(*_with_disallowed(wash, short, long), rates), report)
    if not trades:
        notes = (*notes, "Nothing to trade.")
    values: dict[str, Any] = {
        **asked.dated(),
        "policy": policy.name,
        "policy_version": policy.version,
        "taxonomy": policy.taxonomy,
        "trades": tuple(trades),
        "cash_moves": outcome.moves,
        "keys": _weights(found, outcome),
        "value_before": asked.figure("value.v1"),
        "cash_before": asked.figure("cash.v1"),
        "cash_after": rounded(outcome.cash_after, report),
        "bought": bought,
        "sold": sum((t.value for t in trades if t.side == "sell"), ZERO),
        "fees": rounded(outcome.fees, report),
        "gain_short": short,
        "gain_long": long,
        "tax": tax,
        "tax_note": _tax_note(rates, policy.name),
        "tax_rate_short": policy.tax_rate_short,
        "tax_rate_long": policy.tax_rate_long,
        "wash_sales": tuple(hit for hit, _ in wash),
        "notes": notes,
    }
    return RebalanceProposal.model_validate(values)


def _sold(outcome: Outcome) -> list[Executed]:
    return [each for each in outcome.executed if each.piece.quantity < 0]


def _sale(found: PolicyAsked, each: Executed) -> Sale:
    view = found.asked.view
    index = view.book.holding(uuid.UUID(each.piece.account), uuid.UUID(each.piece.instrument))
    own = currency_exponent(each.quote.currency)
    shifted = each.quote.rate.scaleb(currency_exponent(found.asked.currency) - own)
    return Sale(
        index=index,
        units=int(-each.piece.quantity.scaleb(view.book.positions[index].exponent)),
        gross=round_to_units(each.amount, own),
        fees=round_to_units(each.fees, own),
        rate=shifted.as_integer_ratio(),
    )


def _trade(
    found: PolicyAsked, each: Executed, preview: TradePreview | None, rules: SaleRules
) -> PlannedTrade:
    view, quote = found.asked.view, each.quote
    account = view.book.accounts[uuid.UUID(each.piece.account)]
    fields: dict[str, Any] = {
        "side": "buy" if preview is None else "sell",
        "account_id": account.id,
        "account": account.name,
        "instrument_id": each.piece.instrument,
        "name": quote.name,
        "quantity": abs(each.piece.quantity),
        "price": quote.price,
        "amount": each.amount,
        "fees": each.fees,
        "currency": quote.currency,
        "value": rounded(each.amount * quote.rate, rules.currency),
    }
    if preview is not None:
        index = view.book.holding(account.id, uuid.UUID(each.piece.instrument))
        exponents = (view.book.positions[index].exponent, currency_exponent(quote.currency))
        fields |= {
            "lot_method": rules.method or preview.method.value,
            "lots": tuple(_lot(pick, *exponents) for pick in preview.picks),
            "gain_short": _gain(preview, Term.SHORT, rules.currency),
            "gain_long": _gain(preview, Term.LONG, rules.currency),
            "taxed": account.tax_wrapper == TAXABLE,
        }
    return PlannedTrade.model_validate(fields)


def _lot(pick: LotPick, places: int, money: int) -> LotTaken:
    match = pick.match
    return LotTaken(
        lot_id=match.lot_id,
        acquired_on=match.opened_on,
        quantity=from_units(match.quantity, places),
        proceeds=from_units(match.proceeds, money),
        cost=from_units(match.cost, money),
        gain=from_units(match.gain, money),
        term=match.term.value,
        days_until_long=pick.days_until_long,
    )


def _gain(preview: TradePreview, term: Term, currency: str) -> Decimal | None:
    """Return the gain of a term in report currency, None when a lot lacks a rate."""
    gains = [pick.match.report_gain for pick in preview.picks if pick.match.term is term]
    known = [gain for gain in gains if gain is not None]
    if len(known) < len(gains):
        return None
    return from_units(sum(known), currency_exponent(currency))


def _taxable_gains(trades: list[PlannedTrade]) -> tuple[Decimal | None, Decimal | None]:
    taxed = [trade for trade in trades if trade.taxed]
    sums = []
    for gains in ([t.gain_short for t in taxed], [t.gain_long for t in taxed]):
        known = [gain for gain in gains if gain is not None]
        sums.append(sum(known, ZERO) if len(known) == len(gains) else None)
    return sums[0], sums[1]


def _wash(
    found: PolicyAsked,
    outcome: Outcome,
    sales: dict[Executed, TradePreview],
    rules: SaleRules,
) -> list[tuple[WashWindowHit, Match]]:
    if not found.policy.wash_sale_days:
        return []
    view = found.asked.view
    exponent = {p.instrument_id: p.exponent for p in view.book.positions}
    by_instrument: dict[str, list[Executed]] = defaultdict(list)
    for each in outcome.executed:
        by_instrument[each.piece.instrument].append(each)
    hits = []
    for instrument, pieces in by_instrument.items():
        instrument_id = uuid.UUID(instrument)
        if instrument_id not in exponent:
            continue
        places = exponent[instrument_id]
        windows = wash_windows(
            view,
            instrument_id,
            planned=[p.match for e in pieces if e in sales for p in sales[e].picks],
            buys=[
                PlannedBuy(uuid.UUID(e.piece.account), int(e.piece.quantity.scaleb(places)))
                for e in pieces
                if e.piece.quantity > 0
            ],
            rules=rules,
            window_days=found.policy.wash_sale_days,
        )
        quote = pieces[0].quote
        for window in windows:
            loss = from_units(window.disallowed, currency_exponent(quote.currency)) * quote.rate
            hit = WashWindowHit(
                instrument_id=instrument_id,
                name=quote.name,
                sold_on=window.match.closed_on,
                planned_sale=is_planned(window.match),
                starts_on=window.starts_on,
                ends_on=window.ends_on,
                replaced=from_units(window.replaced_quantity, places),
                disallowed=rounded(loss, rules.currency),
            )
            hits.append((hit, window.match))
    return hits


def _with_disallowed(
    wash: list[tuple[WashWindowHit, Match]], short: Decimal, long: Decimal
) -> tuple[Decimal, Decimal]:
    """Leave the losses at risk out of the estimate."""
    for hit, match in wash:
        if hit.planned_sale and match.term is Term.SHORT:
            short += hit.disallowed
        elif hit.planned_sale:
            long += hit.disallowed
    return short, long


def _weights(found: PolicyAsked, outcome: Outcome) -> tuple[PlannedWeight, ...]:
    rows = []
    for row in key_rows(found):
        after = ratio_text(outcome.weights.get(row.key, ZERO))
        rows.append(
            PlannedWeight(
                key=row.key,
                name=row.name,
                target=row.target,
                drift_before=row.drift,
                weight_after=after,
                drift_after=after - row.target,
            )
        )
    return tuple(rows)


def _tax_note(rates: TaxRates | None, policy: str) -> str:
    if rates is None:
        return "Not estimated: the policy has no tax rates."
    return (
        f"Estimate from the rates stored in policy {policy!r}, short {rates.short} and long "
        f"{rates.long}: gains and losses netted, losses in wash-sale windows left out, accounts "
        "with a tax wrapper not taxed. It is no tax return."
    )


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
