"""From what is held and wanted to trades by account: goals, amounts, placement, fees, conversions.

Fees are paid out of the plan's own cash, so the plan is made again with the fees of the last round
set aside until they are covered.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from bursar.portfolio.calc.allocation import ONE, ZERO
from bursar.portfolio.calc.goals import GoalRules, instrument_goals, weights_within_bands
from bursar.portfolio.calc.placement import Fees, Order, Placement, Room, place
from bursar.portfolio.calc.rebalance import RebalanceRules, Trade, plan_rebalance
from bursar.portfolio.calc.trade_rounding import TradeRounding, round_trades
from bursar.portfolio.models.targets import PolicyTerms
from bursar.portfolio.planning.errors import CannotPlan
from bursar.portfolio.planning.policy import band_of
from bursar.portfolio.planning.weights import Asset, asset_targets
from bursar.portfolio.view.view import ACCOUNT, CASH, CURRENCY, INSTRUMENT, BookView

ROUNDS_MAX = 6
VALUE_QUANTUM = Decimal("1e-10")
PLACES_MAX = 8
TRADING_KINDS = frozenset({"brokerage", "retirement", "exchange", "wallet"})
FRACTIONAL_KINDS = frozenset({"crypto", "fund"})


@dataclass(frozen=True, slots=True)
class Quote:
    """How an instrument trades: `unit_value` is price x multiplier x rate in report currency."""

    name: str
    kind: str
    price: Decimal
    multiplier: Decimal
    currency: str
    rate: Decimal
    places: int
    unit_value: Decimal


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the request asks for beside the policy; amounts in report currency."""

    contribution: Decimal = ZERO
    sell: bool = True
    tolerance: Decimal = ZERO
    to_band: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Where trades are placed; `fees` they cost, `reserve` what was set aside for that."""

    placement: Placement
    fees: Decimal
    reserve: Decimal
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planner:
    """All that a plan is made from."""

    view: BookView
    terms: PolicyTerms
    assets: Mapping[str, Asset]
    key_of: Mapping[str, str]
    quotes: Mapping[str, Quote]
    rooms: tuple[Room, ...]
    wishes: Wishes

    @property
    def values(self) -> dict[str, Decimal]:
        """Present value of each instrument."""
        return {
            a.id: (a.value or ZERO).quantize(VALUE_QUANTUM)
            for a in self.assets.values()
            if not a.cash
        }

    @property
    def cash(self) -> Decimal:
        """Present cash."""
        return sum((a.value or ZERO for a in self.assets.values() if a.cash), ZERO)

    @property
    def fee_rules(self) -> Fees:
        """The policy's fees."""
        return Fees(self.terms.fee_rate, self.terms.fee_fixed)

    def make(self) -> Plan:
        """Return the plan. Raises CannotPlan and BadTargets."""
        total = sum(self.values.values(), ZERO) + self.cash + self.wishes.contribution
        if total <= 0:
            raise CannotPlan(
                "there is nothing to plan with: holdings and cash are not above zero",
                field="contribution",
            )
        weights, keys = self._instrument_weights(total)
        plan = self._round(weights, keys, total=total, reserve=ZERO)
        for _ in range(ROUNDS_MAX):
            if plan.fees <= plan.reserve:
                break
            plan = self._round(weights, keys, total=total, reserve=plan.fees)
        return plan

    def _round(
        self, weights: dict[str, Decimal], keys: dict[str, str], *, total: Decimal, reserve: Decimal
    ) -> Plan:
        notes: list[str] = []
        trades = self._trades(weights, keys, total=total, reserve=reserve, notes=notes)
        placement = self._placed(trades)
        amounts = [abs(p.quantity) * self.quotes[p.instrument].unit_value for p in placement.pieces]
        fees = sum((self.fee_rules.of(amount) for amount in amounts), ZERO)
        return Plan(placement, fees, reserve, (*notes, *self._unplaced(placement)))

    def _instrument_weights(self, total: Decimal) -> tuple[dict[str, Decimal], dict[str, str]]:
        """Return target weights of instruments and their keys; the rest of 1 is cash."""
        terms = self.terms
        if terms.taxonomy == ACCOUNT:
            raise CannotPlan(
                "targets by account are reached by moving cash or holdings, not by trades",
                hint="Use targets by asset_class, instrument, sector or another taxonomy.",
            )
        if self.wishes.to_band:
            terms = terms.model_copy(update={"targets": self._band_targets(total)})
        wanted = asset_targets(terms, dict(self.assets), dict(self.key_of))
        covered = {each.key for each in wanted.values() if each.weight > 0}
        for key, weight in terms.targets.items():
            if weight > 0 and key not in covered and not self._is_cash_key(key):
                raise CannotPlan(
                    f"nothing is held in {key!r} and the policy names nothing to buy for it",
                    hint=f"Name instruments of {key!r} with their weights in assets.",
                )
        instruments = {
            asset: each
            for asset, each in wanted.items()
            if asset in self.quotes and not (asset in self.assets and self.assets[asset].cash)
        }
        return (
            {asset: each.weight for asset, each in instruments.items()},
            {asset: each.key for asset, each in instruments.items()},
        )

    def _is_cash_key(self, key: str) -> bool:
        if self.terms.taxonomy in (INSTRUMENT, CURRENCY):
            return key not in self.quotes
        return key == CASH

    def _band_targets(self, total: Decimal) -> dict[str, Decimal]:
        """Return the present weights, moved into the bands where they lie outside."""
        values: dict[str, Decimal] = defaultdict(Decimal)
        for asset in self.assets.values():
            values[asset.key] += asset.value or ZERO
        cash_keys = [k for k in (*self.terms.targets, *values) if self._is_cash_key(k)]
        if cash_keys:
            values[cash_keys[0]] += self.wishes.contribution
        current = {key: value / total for key, value in values.items()}
        bands = {}
        for key in dict.fromkeys((*self.terms.targets, *values)):
            target = self.terms.targets.get(key, ZERO)
            width = band_of(self.terms, key).width(target)
            bands[key] = (max(target - width, ZERO), min(target + width, ONE))
        return weights_within_bands(current, bands)

    def _trades(
        self,
        weights: Mapping[str, Decimal],
        keys: Mapping[str, str],
        *,
        total: Decimal,
        reserve: Decimal,
        notes: list[str],
    ) -> tuple[Trade, ...]:
        values = {name: self.values.get(name, ZERO) for name in weights}
        cash_goal = max((ONE - sum(weights.values(), ZERO)) * total, self.terms.cash_floor)
        investable = total - cash_goal - reserve
        if investable < 0:
            raise CannotPlan(
                f"the cash floor and fees of {cash_goal + reserve} exceed the whole value {total}",
                field="cash_floor",
            )
        cap = self.terms.asset_weight_max
        kept = frozenset(self.terms.no_sell)
        goals = instrument_goals(
            investable,
            weights,
            keys,
            values=values,
            rules=GoalRules(None if cap is None else cap * total, kept),
        )
        spare = investable - sum(goals.values(), ZERO)
        if spare > VALUE_QUANTUM * len(goals):
            notes.append("Caps leave part of the cash uninvested.")
        elif spare < -VALUE_QUANTUM * len(goals):
            if total - sum(goals.values(), ZERO) - reserve < self.terms.cash_floor:
                raise CannotPlan(
                    "the cash wanted cannot be raised without selling what is never to be sold",
                    field="no_sell",
                )
            notes.append("Holdings never to be sold exceed their targets.")
        fixed = {n for n in goals if n in kept and goals[n] <= values[n]}
        goals = {name: goal for name, goal in goals.items() if name not in fixed}
        return self._amounts(goals, {name: values[name] for name in goals}, notes)

    def _amounts(
        self, goals: dict[str, Decimal], values: dict[str, Decimal], notes: list[str]
    ) -> tuple[Trade, ...]:
        wanted = sum(goals.values(), ZERO)
        cash = wanted - sum(values.values(), ZERO)
        whole = {name: self.quotes[name].unit_value for name in goals if self._is_whole(name)}
        rules = RebalanceRules(
            cash=cash,
            sell_allowed=self.wishes.sell,
            tolerance=self.wishes.tolerance,
            minimum_trade=self.terms.minimum_trade,
            unit_prices=whole,
        )
        if cash < 0 and not self.wishes.sell:
            if self.cash + self.wishes.contribution < self.terms.cash_floor:
                raise CannotPlan("raising this cash needs sales", field="sell")
            notes.append("Cash is below its target, and sales are not allowed.")
            return ()
        if not goals:
            return ()
        if wanted <= 0:
            rounding = TradeRounding(cash, rules.minimum_trade, whole, rules.quantum)
            ideal = {name: -value for name, value in values.items()}
            rounded = round_trades(ideal, values, rounding)
            return tuple(
                Trade(n, t.amount, t.units, values[n], values[n] + t.amount)
                for n, t in rounded.items()
                if t.amount
            )
        shares = {name: goal / wanted for name, goal in goals.items()}
        largest = max(shares, key=lambda name: shares[name])
        shares[largest] += ONE - sum(shares.values(), ZERO)
        return plan_rebalance(values, shares, rules).trades

    def _is_whole(self, name: str) -> bool:
        how = self.terms.whole_units
        if how == "by_kind":
            return self.quotes[name].kind not in FRACTIONAL_KINDS
        return how == "all"

    def _placed(self, trades: tuple[Trade, ...]) -> Placement:
        sales: list[Order] = []
        purchases: list[Order] = []
        for trade in trades:
            order = self._order(trade)
            if order.quantity > 0:
                (sales if trade.amount < 0 else purchases).append(order)
        return place(
            self.rooms,
            sales,
            purchases,
            contribution=self.wishes.contribution,
            fees=self.fee_rules,
        )

    def _order(self, trade: Trade) -> Order:
        quote = self.quotes[trade.instrument]
        asset = self.assets.get(trade.instrument)
        accounts = self.view.book.accounts
        by_account: dict[str, Decimal] = defaultdict(Decimal)
        for part in asset.held if asset is not None else ():
            by_account[str(self.view.book.positions[part.index].account_id)] += part.quantity
        ordered = sorted(
            by_account,
            key=lambda a: (
                accounts[uuid.UUID(a)].tax_wrapper == "taxable",
                -by_account[a],
                a,
            ),
        )
        held = {account: by_account[account] for account in ordered}
        places = 0 if trade.units is not None else quote.places
        if trade.units is not None:
            quantity = Decimal(abs(trade.units))
        elif trade.amount < 0 and trade.value_after <= 0:
            quantity = sum(held.values(), ZERO)
        else:
            quantity = (abs(trade.amount) / quote.unit_value).quantize(
                Decimal(1).scaleb(-places), rounding=ROUND_DOWN
            )
        return Order(trade.instrument, quantity, quote.unit_value, places, held)

    def _unplaced(self, placement: Placement) -> list[str]:
        notes = []
        for name, quantity in placement.unplaced.items():
            if name == "cash":
                notes.append(f"{quantity} of the withdrawal is not covered by cash.")
            elif quantity > 0 and quantity * self.quotes[name].unit_value >= 1:
                notes.append(
                    f"{quantity.normalize():f} units of {self.quotes[name].name} find no cash in an "
                    "account that can buy them."
                )
        return notes
