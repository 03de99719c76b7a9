"""What a plan does when carried out: exact amounts, cash by account and currency, weights after."""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

from bursar.portfolio.calc.allocation import ZERO
from bursar.portfolio.calc.placement import Fees, Piece
from bursar.portfolio.models.rebalance import CashMove
from bursar.portfolio.planning.plan import Plan, Planner, Quote
from bursar.portfolio.view.scope import Scope, ScopeKind
from bursar.portfolio.view.view import CASH, CURRENCY, INSTRUMENT, BookView, currency_exponent

Balances = dict[tuple[str, str], Decimal]


@dataclass(frozen=True, slots=True)
class Executed:
    """A piece with its amounts in the instrument's currency, as they would be booked."""

    piece: Piece
    quote: Quote
    amount: Decimal
    fees: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything after the plan. `weights` are by key, of the value after fees."""

    executed: tuple[Executed, ...]
    moves: tuple[CashMove, ...]
    cash_after: Decimal
    fees: Decimal
    weights: dict[str, Decimal]


def carried_out(planner: Planner, plan: Plan, currency: str) -> Outcome:
    """Work out what the plan leaves in each account; `currency` is the report's."""
    executed = tuple(
        _executed(planner, piece, planner.fee_rules) for piece in plan.placement.pieces
    )
    balances: Balances = defaultdict(Decimal)
    rates: dict[str, Decimal] = {currency: Decimal(1)}
    for asset in planner.assets.values():
        if asset.cash:
            for part in asset.held:
                account = str(planner.view.book.positions[part.index].account_id)
                balances[account, asset.id] += part.quantity
                rates[asset.id] = part.rate or ZERO
    for each in executed:
        sign = -1 if each.piece.quantity > 0 else 1
        balances[each.piece.account, each.quote.currency] += sign * each.amount - each.fees
        rates[each.quote.currency] = each.quote.rate
    moves = _moves(plan, balances, currency) + _conversions(balances, rates)
    return Outcome(
        executed=executed,
        moves=tuple(moves),
        cash_after=sum((b * rates[c] for (_, c), b in balances.items()), ZERO),
        fees=sum((e.fees * e.quote.rate for e in executed), ZERO),
        weights=_weights(planner, executed, balances, rates),
    )


def _executed(planner: Planner, piece: Piece, fees: Fees) -> Executed:
    quote = planner.quotes[piece.instrument]
    unit = Decimal(1).scaleb(-currency_exponent(quote.currency))
    amount = abs(piece.quantity) * quote.price * quote.multiplier
    fee = amount * fees.rate + fees.fixed / quote.rate
    return Executed(
        piece,
        quote,
        amount.quantize(unit, rounding=ROUND_HALF_EVEN),
        fee.quantize(unit, rounding=ROUND_HALF_EVEN),
    )


def _moves(plan: Plan, balances: Balances, currency: str) -> list[CashMove]:
    made = []
    for move in plan.placement.moves:
        leaves, enters = move.source, move.target
        if leaves is not None:
            balances[leaves, currency] -= move.amount
        if enters is not None:
            balances[enters, currency] += move.amount
        kind = "transfer"
        if leaves is None or enters is None:
            kind = "deposit" if leaves is None else "withdrawal"
        made.append(
            CashMove.model_validate(
                {
                    "kind": kind,
                    "account_id": leaves or enters,
                    "amount": move.amount,
                    "currency": currency,
                    "to_account_id": enters if kind == "transfer" else None,
                }
            )
        )
    return made


def _conversions(balances: Balances, rates: dict[str, Decimal]) -> list[CashMove]:
    """Cover each currency that fell below zero out of the account's other currencies."""
    made = []
    for (account, short), missing in sorted(balances.items()):
        needed = -missing
        if needed <= 0:
            continue
        others = [
            (code, balance)
            for (owner, code), balance in balances.items()
            if owner == account and balance > 0 and rates[code] > 0
        ]
        for code, balance in sorted(others, key=lambda o: (-o[1] * rates[o[0]], o[0])):
            unit = Decimal(1).scaleb(-currency_exponent(code))
            price = rates[short] / rates[code]
            paid = min((needed * price).quantize(unit, rounding=ROUND_CEILING), balance)
            exact = Decimal(1).scaleb(-currency_exponent(short))
            received = min((paid / price).quantize(exact, rounding=ROUND_HALF_EVEN), needed)
            if received <= 0:
                continue
            balances[account, code] -= paid
            balances[account, short] += received
            needed -= received
            made.append(
                CashMove(
                    kind="conversion",
                    account_id=uuid.UUID(account),
                    amount=paid,
                    currency=code,
                    to_amount=received,
                    to_currency=short,
                )
            )
            if needed <= 0:
                break
    return made


def _weights(
    planner: Planner,
    executed: tuple[Executed, ...],
    balances: Balances,
    rates: dict[str, Decimal],
) -> dict[str, Decimal]:
    taxonomy = planner.terms.taxonomy
    values: dict[str, Decimal] = defaultdict(Decimal)
    for asset in planner.assets.values():
        if not asset.cash:
            values[asset.key] += asset.value or ZERO
    for each in executed:
        name = each.piece.instrument
        known = planner.assets.get(name)
        key = known.key if known is not None else planner.key_of.get(name, name)
        values[key] += each.piece.quantity * each.quote.unit_value
    for (_, code), balance in balances.items():
        values[code if taxonomy in (INSTRUMENT, CURRENCY) else CASH] += balance * rates[code]
    total = sum(values.values(), ZERO)
    return {key: value / total for key, value in values.items()} if total > 0 else {}


def accounts_of(view: BookView, scope: Scope) -> tuple[uuid.UUID, ...]:
    """Return the accounts that a policy's scope may trade and move cash in."""
    if scope.kind is ScopeKind.ACCOUNT:
        return scope.ids
    return tuple(sorted(a.id for a in view.book.accounts.values() if a.account_class == "asset"))
