"""From a request to the view, the scope, the day and the currency it is about."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from bursar.core.errors import InvalidInput, NotFound
from bursar.market.operations import instruments
from bursar.portfolio.calc.definitions import DEFINITIONS
from bursar.portfolio.calc.undefined import SENTENCES
from bursar.portfolio.figures.compute import compute
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.result import Result
from bursar.portfolio.models.figures import (
    Completeness,
    FigureValue,
    LotProblem,
    PriceProblem,
    RateProblem,
    ScopeRequest,
)
from bursar.portfolio.view.book import HeldPosition
from bursar.portfolio.view.days import date_of, number_of
from bursar.portfolio.view.exact import positions
from bursar.portfolio.view.freshness import aside
from bursar.portfolio.view.freshness import view as fresh_view
from bursar.portfolio.view.lots import are_derived, lots
from bursar.portfolio.view.scope import WORKSPACE, Scope, ScopeKind
from bursar.portfolio.view.view import ASSET_CLASS, BookView
from bursar.runtime.context import Context

PROBLEMS_MAX = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, resolved: figures are made from it."""

    view: BookView
    scope: Scope
    day: int
    day_reason: str
    currency: str

    @property
    def start(self) -> int:
        """The day before the scope's first activity: where "since the beginning" starts."""
        return self.view.axis.first

    @property
    def year_start(self) -> int:
        """The last day of the year before, or the beginning when that is later."""
        last = number_of(dt.date(date_of(self.day).year, 1, 1)) - 1
        return max(last, self.start)

    def id(self, definition: str, start: int | None = None) -> FigureId:
        """Return the id of a figure of this scope, on the day or over (start, day]."""
        return FigureId(definition, self.scope, start, self.day, self.currency)

    def figure(self, definition: str, start: int | None = None) -> FigureValue:
        """Compute a figure of this scope."""
        return figure_value(self.view, self.id(definition, start))

    def dated(self) -> dict[str, object]:
        """Return the fields every answer starts with."""
        return {
            "as_of": date_of(self.day),
            "as_of_reason": self.day_reason,
            "currency": self.currency,
            "scope": str(self.scope),
            "completeness": completeness(self),
        }


def figure_value(view: BookView, figure: FigureId) -> FigureValue:
    """Compute a figure and write it with its id, unit and reason."""
    return written(figure, compute(view, figure))


def written(figure: FigureId, found: Result) -> FigureValue:
    """Return a result as interfaces show it."""
    unit = DEFINITIONS[figure.definition].units
    return FigureValue(
        id=str(figure),
        definition=figure.definition,
        value=found.value,
        reason=None if found.reason is None else found.reason.value,
        reason_text=None if found.reason is None else SENTENCES[found.reason],
        unit=unit,
        currency=figure.currency if unit == "money" else None,
        observations=found.observations,
        roots=found.roots,
    )


async def ask(context: Context, request: ScopeRequest) -> Asked:
    """Resolve a request. Raises NotFound for unknown accounts, and what the market raises."""
    view = await fresh_view(context, currency=request.currency)
    currency = request.currency or view.base_currency
    scope = await _scope(context, view, request)
    today = number_of(context.clock.now().date())
    if request.as_of is not None:
        asked = Asked(view, scope, number_of(request.as_of), "requested", currency)
    else:
        asked = Asked(view, scope, *default_day(view, today), currency)
    if not are_derived(view, currency):
        await aside(context, partial(_derive, asked))
    return asked


def _derive(asked: Asked) -> None:
    """Derive what nearly every answer stands on."""
    completeness(asked)
    positions(asked.view, asked.scope, day=asked.day, currency=asked.currency)


def default_day(view: BookView, today: int) -> tuple[int, str]:
    """Return today, or the newest price's day when every held instrument's price is too old.

    Old prices are never passed off as today's.
    """
    key = ("default_day", today)
    found = view.derived.get(key)
    if not isinstance(found, tuple):
        found = view.derived[key] = _default_day(view, today)
    return found


def _default_day(view: BookView, today: int) -> tuple[int, str]:
    newest = view.quotes.newest_days(today)
    days = [
        found
        for position in view.book.positions
        if position.instrument_id is not None
        and view.book.units_held(position.index, today)
        and (found := newest[position.instrument_id]) is not None
    ]
    if days and today - max(days) > view.age_days_max:
        return max(days), "newest_price_day"
    return today, "today"


async def _scope(context: Context, view: BookView, request: ScopeRequest) -> Scope:
    given = [name for name in ("account", "instrument", "asset_class") if getattr(request, name)]
    if "asset_class" in given and len(given) > 1:
        raise InvalidInput(
            "asset_class cannot be combined with account or instrument", field="asset_class"
        )
    if request.asset_class is not None:
        return Scope(ScopeKind.CLASS, (), (ASSET_CLASS, request.asset_class))
    accounts = tuple(dict.fromkeys(account_named(view, each) for each in request.account))
    if request.instrument is None:
        return Scope(ScopeKind.ACCOUNT, tuple(sorted(accounts))) if accounts else WORKSPACE
    found = await instruments.find(context, request.instrument)
    if not accounts:
        return Scope(ScopeKind.INSTRUMENT, (found.id,))
    if len(accounts) > 1:
        raise InvalidInput("name one account with an instrument", field="account")
    return Scope(ScopeKind.POSITION, (accounts[0], found.id))


def account_named(view: BookView, reference: str) -> uuid.UUID:
    """Return the account an id or an exact name means. Raises NotFound."""
    try:
        wanted = uuid.UUID(reference)
        if wanted in view.book.accounts:
            return wanted
    except ValueError:
        pass
    named = [
        a.id
        for a in view.book.accounts.values()
        if a.name == reference and a.account_class in ("asset", "liability")
    ]
    if len(named) == 1:
        return named[0]
    raise NotFound(
        f"{'several accounts are' if named else 'no account is'} named {reference[:80]!r}",
        field="account",
        hint="Give the account's id; 'bursar account list' shows it.",
    )


def name_of(view: BookView, position: HeldPosition) -> str:
    """Return the ticker, name or currency code of a position."""
    if position.instrument_id is None:
        return position.code
    known = view.instrument(position.instrument_id)
    return position.code if known is None else (known.ticker or known.name)


def completeness(asked: Asked) -> Completeness:
    """Say what is missing or stale behind the values of the day."""
    key = ("completeness", asked.scope, asked.day, asked.currency)
    found = asked.view.derived.get(key)
    if not isinstance(found, Completeness):
        found = asked.view.derived[key] = _completeness(asked)
    return found


def _completeness(asked: Asked) -> Completeness:
    view, day = asked.view, asked.day
    indices = [i for i in view.member(asked.scope).indices.tolist() if view.book.units_held(i, day)]
    prices = _prices(view, indices, day)
    rates = _rates(view, indices, day=day, currency=asked.currency)
    wrong = lots(view, method=None, currency=asked.currency, day=day)
    problems = [
        LotProblem(
            account_id=view.book.positions[i].account_id,
            instrument_id=view.book.positions[i].instrument_id,
            problem=holding.problem,
        )
        for i, holding in wrong.items()
        if holding.problem is not None and view.member(asked.scope).inside[i]
    ]
    return Completeness(
        complete=not (prices or rates or problems),
        prices=tuple(prices[:PROBLEMS_MAX]),
        rates=tuple(rates[:PROBLEMS_MAX]),
        lots=tuple(problems[:PROBLEMS_MAX]),
    )


def _prices(view: BookView, indices: Iterable[int], day: int) -> list[PriceProblem]:
    newest = view.quotes.newest_days(day)
    held = {
        position.instrument_id: name_of(view, position)
        for i in indices
        if (position := view.book.positions[i]).instrument_id is not None
    }
    found = []
    for instrument_id, name in held.items():
        seen = newest[instrument_id]
        age = None if seen is None else day - seen
        if age is None or age > view.age_days_max:
            found.append(
                PriceProblem(
                    instrument_id=instrument_id,
                    name=name,
                    problem="missing" if age is None else "stale",
                    price_day=None if seen is None else date_of(seen),
                    age_days=age,
                )
            )
    return sorted(found, key=lambda each: (each.problem, each.name))


def _rates(view: BookView, indices: Iterable[int], *, day: int, currency: str) -> list[RateProblem]:
    found = []
    for code in sorted({view.currency_of[i] for i in indices} - {currency}):
        seen = view.rates[currency].observed_day(code, day)
        age = None if seen is None else day - seen
        if age is None or age > view.age_days_max:
            found.append(
                RateProblem(
                    currency=code,
                    problem="missing" if age is None else "stale",
                    rate_day=None if seen is None else date_of(seen),
                    age_days=age,
                )
            )
    return found
