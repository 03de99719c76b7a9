"""The engine that figures are read from. Its reading API, each in the module that is named:

- `freshness.view(context, currency=...)`: the fresh `BookView` of the caller's workspace
- `scope.Scope`: which part of it; `Scope.parse` reads the text that figure ids carry
- `exact.positions(view, scope, day=..., currency=...)`: every position held, valued exactly
- `exact.totals(view, scope, (start, end), currency)`: flows, income, fees and taxes of (start, end]
- `lots.lots(view, method=..., currency=..., day=...)`: lots and realised gains by position index
- `view.BookView.history(scope, currency)`: value, inflow and outflow of every calendar day
- `view.BookView.classify(position, taxonomy)`: class, account, currency, sector and so on
- `quotes`, `benchmark`: the prices and rates behind them, with the day each was observed

Above it, `figures.compute.compute(view, FigureId)` gives any figure and `figures.period.series` the
returns of a period. Days are numbers (`days.number_of`, `days.date_of`); amounts are exact Decimals,
unrounded until `view.rounded`. Everything after `view()` is synchronous and reads no database.
"""

from bursar.portfolio.view.days import date_of, number_of
from bursar.portfolio.view.freshness import view
from bursar.portfolio.view.scope import WORKSPACE, Scope, ScopeKind
from bursar.portfolio.view.view import BookView, currency_exponent, rounded

__all__ = [
    "WORKSPACE",
    "BookView",
    "Scope",
    "ScopeKind",
    "currency_exponent",
    "date_of",
    "number_of",
    "rounded",
    "view",
]
