"""The engine that figures are read from; import what is named here and nothing deeper.

- `view(context, currency=...)` returns the fresh `BookView` of the caller's workspace
- `Scope` says which part of it; `Scope.parse` reads the text that figure ids carry
- `positions(view, scope, day, currency)` values every position exactly, with price, rate and age
- `view.history(scope, currency)` gives value, inflow and outflow on every calendar day as arrays
- `period(view, scope, start, end, currency)` gives the value series and returns of (start, end]
- `totals(view, scope, start, end, currency)` sums flows, income, fees and taxes exactly

Days are numbers (`number_of`, `date_of`). Amounts are exact Decimals, unrounded until `rounded`.
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
