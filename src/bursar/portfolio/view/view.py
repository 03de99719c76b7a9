"""The view: one workspace's book, prices and rates in memory, and what is derived from them.

Everything derived (value histories, lots) hangs off the view and is corrected or dropped when what
it was derived from changes. The view itself never asks a clock or a database.
"""

import uuid
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np

from bursar.core.errors import NotFound
from bursar.ledger.calc.currencies import currency as currency_of
from bursar.market.models.instruments import InstrumentRow
from bursar.portfolio.calc.arrays import BoolArray, IntArray
from bursar.portfolio.calc.flows import ScopeFlows
from bursar.portfolio.calc.quantities import Changes
from bursar.portfolio.calc.valuation import Positions, ValueHistory
from bursar.portfolio.view.book import Book, Growth, HeldPosition
from bursar.portfolio.view.flows import Crossing, Earnings, crossings, earnings
from bursar.portfolio.view.quotes import CASH_ROW, Axis, Quotes, Rates, Tail, UsedPrice
from bursar.portfolio.view.scope import Scope, ScopeKind
from bursar.portfolio.view.trading import TradingDays, trading_days

HISTORIES_MAX = 64
# A change of more days than this has all flows summed anew.
FLOW_DAYS_MAX = 16
ARITHMETIC = Context(prec=60, rounding=ROUND_HALF_EVEN)
ASSET_CLASS, ACCOUNT, CURRENCY, INSTRUMENT = "asset_class", "account", "currency", "instrument"
CASH = "cash"
UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, slots=True)
class Member:
    """The positions of a scope, as a mask and as indices."""

    inside: BoolArray
    indices: IntArray


class BookView:
    """All that portfolio figures are computed from. `token` is the snapshot it stands for."""

    def __init__(
        self,
        book: Book,
        quotes: Quotes,
        *,
        token: str,
        base_currency: str,
        age_days_max: int,
    ) -> None:
        self.book = book
        self.quotes = quotes
        self.token = token
        self.base_currency = base_currency
        self.age_days_max = age_days_max
        self.rates: dict[str, Rates] = {}
        self.derived: dict[tuple[object, ...], object] = {}
        self.lot_books: dict[str, object] = {}
        self.lots_touched: dict[str, set[int]] = {}
        self.benchmarks: dict[tuple[uuid.UUID, str], object] = {}
        self._histories: OrderedDict[tuple[Scope, str], ValueHistory] = OrderedDict()
        self._members: dict[Scope, Member] = {}
        # With how many of the book's moves each covers: new moves are added, not all judged anew.
        self._crossings: dict[Scope, tuple[int, Crossing]] = {}
        self._earned: dict[Scope, tuple[int, Earnings]] = {}
        self.trading_days: dict[Scope, TradingDays] = {}
        self._arrange()

    def _arrange(self) -> None:
        positions = self.book.positions
        self.cash: BoolArray = np.array([p.is_cash for p in positions], dtype=np.bool_)
        self.multipliers = [self._multiplier(p) for p in positions]
        self.currency_of = [self._currency(p) for p in positions]
        units = (
            float(multiplier.scaleb(-position.exponent))
            for multiplier, position in zip(self.multipliers, positions, strict=True)
        )
        self.unit = np.fromiter(units, dtype=np.float64, count=len(positions))
        self.price_row = np.array(
            [
                CASH_ROW if p.instrument_id is None else self.quotes.row_of[p.instrument_id]
                for p in positions
            ],
            dtype=np.int64,
        )

    @property
    def axis(self) -> Axis:
        """The calendar days the arrays cover."""
        return self.quotes.axis

    @property
    def currencies(self) -> tuple[str, ...]:
        """Every currency that something is held or priced in, in order."""
        return tuple(sorted({*self.currency_of, self.base_currency}))

    @property
    def first_day(self) -> int | None:
        """The day of the first activity, or None for an empty book."""
        days = self.book.moves.day
        return int(days.min()) if len(days) else None

    def instrument(self, instrument_id: uuid.UUID) -> InstrumentRow | None:
        """Return what the market knows of an instrument."""
        return self.quotes.instruments.get(instrument_id)

    def member(self, scope: Scope) -> Member:
        """Return the positions of a scope. Raises NotFound for an account that is not there."""
        found = self._members.get(scope)
        if found is None or len(found.inside) != len(self.book.positions):
            inside = self._inside(scope)
            found = self._members[scope] = Member(inside, np.flatnonzero(inside))
        return found

    def classify(self, position: HeldPosition, taxonomy: str) -> str:
        """Return the value of a position on a taxonomy: its class, account, sector and so on."""
        if taxonomy == ACCOUNT:
            return str(position.account_id)
        if taxonomy == CURRENCY:
            return self.currency_of[position.index]
        if taxonomy == INSTRUMENT:
            return position.code if position.is_cash else str(position.instrument_id)
        if position.instrument_id is None:
            return CASH
        known = self.instrument(position.instrument_id)
        if known is None:
            return UNCLASSIFIED
        if taxonomy == ASSET_CLASS:
            return known.asset_class
        return known.classification.get(taxonomy, UNCLASSIFIED)

    def history(self, scope: Scope, currency: str) -> ValueHistory:
        """Return value, flows and gaps per day of a scope; built once, then kept up."""
        key = (scope, currency)
        found = self._histories.get(key)
        if found is None:
            found = self._histories[key] = self._build(scope, currency)
            while len(self._histories) > HISTORIES_MAX:
                self._histories.popitem(last=False)
        self._histories.move_to_end(key)
        return found

    def crossing(self, scope: Scope) -> Crossing:
        """Return the moves that are external flows of a scope."""
        known, found = self._crossings.get(scope, (0, None))
        moves = len(self.book.units)
        if found is None or known < moves:
            member = self.member(scope).inside
            fresh = crossings(self.book, member, self.cash, first=known)
            found = fresh if found is None else found + fresh
            self._crossings[scope] = (moves, found)
        return found

    def earned(self, scope: Scope) -> Earnings:
        """Return the moves that are income, fees and taxes of a scope."""
        known, found = self._earned.get(scope, (0, None))
        moves = len(self.book.units)
        if found is None or known < moves:
            fresh = earnings(self.book, self.member(scope).inside, first=known)
            found = fresh if found is None else found + fresh
            self._earned[scope] = (moves, found)
        return found

    def price(self, position: int, day: int) -> UsedPrice | None:
        """Return the price that values a position on a day; cash is 1 of its own currency."""
        instrument_id = self.book.positions[position].instrument_id
        if instrument_id is None:
            return UsedPrice(Decimal(1), day, from_trade=False)
        return self.quotes.used(instrument_id, day)

    def native_value(self, position: int, units: int, day: int) -> Decimal | None:
        """Return what units of a position are worth on a day, in the position's own currency."""
        if units == 0:
            return Decimal(0)
        used = self.price(position, day)
        if used is None:
            return None
        quantity = Decimal(units).scaleb(-self.book.positions[position].exponent)
        product = ARITHMETIC.multiply(quantity, self.multipliers[position])
        return ARITHMETIC.multiply(product, used.price)

    def value(self, position: int, units: int, *, day: int, currency: str) -> Decimal | None:
        """Return the same in a report currency, unrounded; None without price or rate."""
        own = self.native_value(position, units, day)
        if not own:
            return own
        rate = self.rate(self.currency_of[position], currency, day)
        return None if rate is None else ARITHMETIC.multiply(own, rate)

    def rate(self, currency: str, report: str, day: int) -> Decimal | None:
        """Return report-currency units per unit of a currency on a day, or None."""
        if currency == report:
            return Decimal(1)
        return self.rates[report].on(currency, day)

    def forget(self, growth: Growth, *, all_flows: bool) -> None:
        """Correct what depends on a change of the book; `all_flows` when prices changed as well."""
        self.derived.clear()
        if growth.taken_back:  # the places of moves have shifted
            self._crossings.clear()
            self._earned.clear()
        self._touch_lots(p for p in growth.positions if not self.cash[p])
        for (scope, currency), history in self._histories.items():
            member = self.member(scope)
            for position in growth.positions:
                if member.inside[position]:
                    own = int(np.searchsorted(member.indices, position))
                    places = np.flatnonzero(self.book.moves.position == position)
                    day = self.book.moves.day[places] - self.axis.first
                    history.replace_position(own, day, self.book.moves.units[places])
            if all_flows or len(growth.days) > FLOW_DAYS_MAX:
                history.replace_flows(self._flows(scope, currency))
                continue
            crossing = self.crossing(scope)
            crossed = self.book.moves.day[crossing.place]
            for touched in growth.days:
                part = crossed == touched
                flows = self.flows_of(Crossing(crossing.place[part], crossing.sign[part]), currency)
                place = touched - self.axis.first
                history.replace_flows_of_day(place, replace(flows, day=flows.day - place))

    def reprice(self, instrument_id: uuid.UUID, place: int) -> None:
        """Correct what depends on an instrument's prices from a place of the axis on."""
        self.derived.clear()
        self.trading_days.clear()
        self._touch_lots(p.index for p in self.book.positions if p.instrument_id == instrument_id)
        for history in self._histories.values():
            history.refresh_instrument(self.quotes.row_of[instrument_id], place)

    def reprice_days(self, tail: Tail) -> None:
        """Correct what depends on the prices of many instruments from a place of the axis on."""
        if len(tail.rows) == 0:
            return
        self.derived.clear()
        for traded in self.trading_days.values():
            traded.mask[tail.place :] = self.quotes.priced_days(traded.rows, tail.place)
        for history in self._histories.values():
            history.refresh_days(tail.rows, tail.place)
        days = self.book.moves.day
        if len(days) and int(days.max()) - self.axis.first >= tail.place:
            # What was delivered in kind on these days is worth something else.
            self._touch_lots(np.flatnonzero(np.isin(self.price_row, tail.rows)).tolist())
            for (scope, currency), history in self._histories.items():
                history.replace_flows(self._flows(scope, currency))

    def trading(self, scope: Scope) -> TradingDays:
        """Return the trading days of a scope: those with a price, or for cash Monday to Friday."""
        found = self.trading_days.get(scope)
        if found is None:
            indices = self.member(scope).indices
            found = self.trading_days[scope] = trading_days(self.book, self.quotes, indices)
        return found

    def replace_rates(self, currency: str, rates: Rates) -> None:
        """Take corrected rates; histories in that currency are built anew when asked for."""
        self.rates[currency] = rates
        self.derived.clear()
        self.lot_books.clear()
        for key in [key for key in self._histories if key[1] == currency]:
            del self._histories[key]

    def _touch_lots(self, positions: Iterable[int]) -> None:
        """Note whose lots have to be derived anew, in every report currency."""
        touched = set(positions)
        for currency in self.lot_books:
            self.lots_touched.setdefault(currency, set()).update(touched)

    def _inside(self, scope: Scope) -> BoolArray:
        positions = self.book.positions
        chosen: list[bool]
        match scope.kind:
            case ScopeKind.ALL:
                chosen = [True] * len(positions)
            case ScopeKind.ACCOUNT:
                self._need_accounts(scope.ids)
                chosen = [p.account_id in scope.ids for p in positions]
            case ScopeKind.HOLDINGS:
                self._need_accounts(scope.ids)
                chosen = [
                    not p.is_cash and (not scope.ids or p.account_id in scope.ids)
                    for p in positions
                ]
            case ScopeKind.INSTRUMENT:
                chosen = [p.instrument_id == scope.ids[0] for p in positions]
            case ScopeKind.POSITION:
                self._need_accounts(scope.ids[:1])
                chosen = [(p.account_id, p.instrument_id) == scope.ids for p in positions]
            case ScopeKind.CLASS:
                taxonomy, value = scope.words
                self._need_accounts(scope.ids)
                chosen = [
                    (not scope.ids or p.account_id in scope.ids)
                    and self.classify(p, taxonomy) == value
                    for p in positions
                ]
        return np.array(chosen, dtype=np.bool_)

    def _need_accounts(self, ids: tuple[uuid.UUID, ...]) -> None:
        for account_id in ids:
            if account_id not in self.book.accounts:
                raise NotFound(
                    f"there is no account {account_id}",
                    field="account",
                    hint="'bursar account list' shows the accounts of this workspace.",
                )

    def _build(self, scope: Scope, currency: str) -> ValueHistory:
        indices = self.member(scope).indices
        rates = self.rates[currency]
        positions = Positions(
            self.price_row[indices],
            np.array([rates.row_of[self.currency_of[p]] for p in indices.tolist()], dtype=np.int64),
            self.unit[indices],
        )
        return ValueHistory(
            positions,
            self._changes(indices),
            prices=self.quotes.table,
            rates=rates.matrix,
            flows=self._flows(scope, currency),
        )

    def _changes(self, indices: IntArray) -> Changes:
        m = self.book.moves
        own = np.full(len(self.book.positions), -1, np.int64)
        own[indices] = np.arange(len(indices))
        row = own[m.position]
        chosen = row >= 0
        return Changes(row[chosen], m.day[chosen] - self.axis.first, m.units[chosen])

    def _flows(self, scope: Scope, currency: str) -> ScopeFlows:
        return self.flows_of(self.crossing(scope), currency)

    def flows_of(self, crossing: Crossing, currency: str) -> ScopeFlows:
        """Return moves as dated flows; those in kind at the price of their day."""
        m = self.book.moves
        position, day = m.position[crossing.place], m.day[crossing.place] - self.axis.first
        price = np.ones(len(position))
        for k in np.flatnonzero(~self.cash[position]).tolist() if len(position) else []:
            price[k] = self.quotes.table.row(int(self.price_row[position[k]]))[day[k]]
        rows = self.rates[currency].row_of
        row = np.array([rows[each] for each in self.currency_of], dtype=np.int64)
        amount = m.units[crossing.place] * crossing.sign * self.unit[position] * price
        return ScopeFlows(day, row[position], amount, np.full(len(day), np.nan))

    def _multiplier(self, position: HeldPosition) -> Decimal:
        known = None if position.instrument_id is None else self.instrument(position.instrument_id)
        return Decimal(1) if known is None else known.multiplier

    def _currency(self, position: HeldPosition) -> str:
        if position.instrument_id is None:
            return position.code
        known = self.instrument(position.instrument_id)
        if known is not None:
            return known.currency
        traded = (
            a.currency
            for a in self.book.counted()
            if a.instrument_id == position.instrument_id and a.currency is not None
        )
        return next(traded, self.base_currency)


def currency_exponent(code: str) -> int:
    """Return the decimal places figures in a currency are rounded to."""
    try:
        return currency_of(code).exponent
    except ValueError:
        return 2


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round an exact amount to the currency's smallest unit, half to even."""
    unit = Decimal(1).scaleb(-currency_exponent(currency))
    return amount.quantize(unit, rounding=ROUND_HALF_EVEN, context=ARITHMETIC)
