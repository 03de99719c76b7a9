"""Shares of a scope by any taxonomy, as figures."""

import uuid
from decimal import Decimal

from bursar.portfolio.models.figures import FigureValue
from bursar.portfolio.models.summary import Slice
from bursar.portfolio.operations.asking import Asked, figure_value
from bursar.portfolio.operations.names import name_of
from bursar.portfolio.view.exact import positions
from bursar.portfolio.view.scope import Scope, ScopeKind
from bursar.portfolio.view.view import ACCOUNT, INSTRUMENT

KEYS_MAX = 500


def part_of(asked: Asked, taxonomy: str, value: str) -> Scope:
    """Return the part of the asked scope that has a value on a taxonomy."""
    accounts = asked.scope.ids if asked.scope.kind is ScopeKind.ACCOUNT else ()
    return Scope(ScopeKind.CLASS, accounts, (taxonomy, value))


def value_and_weight(asked: Asked, scope: Scope) -> tuple[FigureValue, FigureValue]:
    """Return the value of a part, and its share of the asked scope."""
    value = asked.id("value.v1").within(scope)
    weight = value.of("weight.v1").having(**{"in": str(asked.scope)})
    return figure_value(asked.view, value), figure_value(asked.view, weight)


def slices(asked: Asked, taxonomy: str) -> tuple[Slice, ...]:
    """Return the shares by a taxonomy, largest first; at most 500 keys."""
    key = ("slices", asked.scope, asked.day, asked.currency, taxonomy)
    found = asked.view.derived.get(key)
    if not isinstance(found, tuple):
        found = asked.view.derived[key] = _slices(asked, taxonomy)
    return found


def _slices(asked: Asked, taxonomy: str) -> tuple[Slice, ...]:
    names: dict[str, str] = {}
    for held in positions(asked.view, asked.scope, day=asked.day, currency=asked.currency):
        position = asked.view.book.positions[held.index]
        key = asked.view.classify(position, taxonomy)
        if taxonomy == INSTRUMENT:
            names[key] = name_of(asked.view, position)
        elif taxonomy == ACCOUNT:
            names[key] = asked.view.book.accounts[uuid.UUID(key)].name
        else:
            names[key] = key
    found = []
    for key, name in names.items():
        value, weight = value_and_weight(asked, part_of(asked, taxonomy, key))
        found.append(Slice(key=key, name=name, value=value, weight=weight))
    found.sort(key=lambda each: (-(each.value.value or Decimal(0)), each.key))
    return tuple(found[:KEYS_MAX])
