"""From a request to the view, the scope, the day and the currency it is about."""

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import partial

from bursar.core.errors import InvalidInput, NotFound
from bursar.market.operations import instruments
from bursar.portfolio.calc.definitions import DEFINITIONS
from bursar.portfolio.calc.undefined import SENTENCES
from bursar.portfolio.figures.compute import compute
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.result import Result
from bursar.portfolio.models.figures import FigureValue, ScopeRequest
from bursar.portfolio.operations.completeness import completeness
from bursar.portfolio.view.days import date_of, number_of
from bursar.portfolio.view.exact import positions
from bursar.portfolio.view.freshness import aside
from bursar.portfolio.view.freshness import view as fresh_view
from bursar.portfolio.view.lots import are_derived
from bursar.portfolio.view.scope import WORKSPACE, Scope, ScopeKind
from bursar.portfolio.view.view import ASSET_CLASS, BookView
from bursar.runtime.context import Context


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

    def dated(self, start: int | None = None) -> dict[str, object]:
        """Return the fields every answer starts with; `start`: of its period, if any."""
        return {
            "as_of": date_of(self.day),
            "as_of_reason": self.day_reason,
            "currency": self.currency,
            "scope": str(self.scope),
            "completeness": completeness(
                self.view,
                self.scope,
                (self.day if start is None else start, self.day),
                self.currency,
            ),
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
    completeness(asked.view, asked.scope, (asked.day, asked.day), asked.currency)
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
