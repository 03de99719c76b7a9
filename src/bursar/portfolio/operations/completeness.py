"""What is missing or stale behind the figures of a scope and period, by name and by day.

Three questions, each about the days on which something was held: is there a price that is not too
old, is there such a rate, and do the lots tell what everything cost. What fails on the last day and
what failed inside the period are listed apart: the first spoils values, the second returns.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable

from bursar.portfolio.figures.costs import unstated_costs
from bursar.portfolio.models.figures import (
    Completeness,
    Gap,
    LotProblem,
    PriceGap,
    PriceProblem,
    RateGap,
    RateProblem,
)
from bursar.portfolio.operations.names import name_of
from bursar.portfolio.view.days import date_of
from bursar.portfolio.view.lots import lots
from bursar.portfolio.view.quotes import Carried
from bursar.portfolio.view.scope import Scope
from bursar.portfolio.view.view import BookView

PROBLEMS_MAX = 100
Span = tuple[int, int]


def completeness(view: BookView, scope: Scope, span: Span, currency: str) -> Completeness:
    """Say what is missing or stale behind figures over (start, end] and on its last day."""
    key = ("completeness", scope, span, currency)
    found = view.derived.get(key)
    if not isinstance(found, Completeness):
        found = view.derived[key] = _completeness(view, scope, span, currency)
    return found


def _completeness(view: BookView, scope: Scope, span: Span, currency: str) -> Completeness:
    day = span[1]
    every = view.member(scope).indices.tolist()
    held = [index for index in every if view.book.units_held(index, day)]
    prices = _prices(view, held, day)
    rates = _rates(view, held, day=day, currency=currency)
    price_gaps = _price_gaps(view, every, span)
    rate_gaps = _rate_gaps(view, every, span, currency=currency)
    problems = _lots(view, scope, day=day, currency=currency)
    rows = (prices, rates, price_gaps, rate_gaps, problems)
    return Completeness(
        complete=not any(rows),
        prices=tuple(prices[:PROBLEMS_MAX]),
        rates=tuple(rates[:PROBLEMS_MAX]),
        price_gaps=tuple(price_gaps[:PROBLEMS_MAX]),
        rate_gaps=tuple(rate_gaps[:PROBLEMS_MAX]),
        lots=tuple(problems[:PROBLEMS_MAX]),
        not_shown=sum(max(len(each) - PROBLEMS_MAX, 0) for each in rows),
    )


def _lots(view: BookView, scope: Scope, *, day: int, currency: str) -> list[LotProblem]:
    inside = view.member(scope).inside
    found = [
        LotProblem(
            account_id=view.book.positions[index].account_id,
            instrument_id=view.book.positions[index].instrument_id,
            name=name_of(view, view.book.positions[index]),
            code="lots_undefined",
            problem=holding.problem,
        )
        for index, holding in lots(view, method=None, currency=currency, day=day).items()
        if holding.problem is not None and inside[index]
    ]
    for unstated in unstated_costs(view).values():
        position = view.book.positions[unstated.position]
        if inside[unstated.position] and unstated.activity.day <= day:
            found.append(
                LotProblem(
                    account_id=position.account_id,
                    instrument_id=position.instrument_id,
                    name=name_of(view, position),
                    code=unstated.code,
                    problem=unstated.sentence,
                    transaction_id=unstated.activity.id,
                    hint=unstated.hint,
                )
            )
    return found


def _prices(view: BookView, indices: Iterable[int], day: int) -> list[PriceProblem]:
    newest = view.quotes.newest_days(day)
    held = {
        position.instrument_id: name_of(view, position)
        for index in indices
        if (position := view.book.positions[index]).instrument_id is not None
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
    for code in sorted({view.currency_of[index] for index in indices} - {currency}):
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


def _price_gaps(view: BookView, indices: Iterable[int], span: Span) -> list[PriceGap]:
    """Return the stretches of the period on which an instrument was held without a fresh price."""
    by_instrument: dict[uuid.UUID, list[int]] = defaultdict(list)
    for index in indices:
        instrument_id = view.book.positions[index].instrument_id
        if instrument_id is not None:
            by_instrument[instrument_id].append(index)
    found = []
    for instrument_id, positions in by_instrument.items():
        carried = view.quotes.carried(instrument_id, span, age_days_max=view.age_days_max)
        name = name_of(view, view.book.positions[positions[0]])
        found += [
            PriceGap(
                instrument_id=instrument_id,
                name=name,
                price_day=None if seen is None else date_of(seen),
                **gap.model_dump(),
            )
            for gap, seen in _while_held(view, positions, carried, end=span[1])
        ]
    return sorted(found, key=lambda gap: (-gap.days, gap.name, gap.first_day))


def _rate_gaps(
    view: BookView, indices: Iterable[int], span: Span, *, currency: str
) -> list[RateGap]:
    by_currency: dict[str, list[int]] = defaultdict(list)
    for index in indices:
        if view.currency_of[index] != currency:
            by_currency[view.currency_of[index]].append(index)
    found = []
    for code, positions in by_currency.items():
        carried = view.rates[currency].carried(code, span, age_days_max=view.age_days_max)
        found += [
            RateGap(
                currency=code,
                rate_day=None if seen is None else date_of(seen),
                **gap.model_dump(),
            )
            for gap, seen in _while_held(view, positions, carried, end=span[1])
        ]
    return sorted(found, key=lambda gap: (-gap.days, gap.currency, gap.first_day))


def _while_held(
    view: BookView, positions: Iterable[int], carried: Iterable[Carried], *, end: int
) -> list[tuple[Gap, int | None]]:
    """Cut stretches to the days on which one of the positions was held.

    A stretch that is still open and held on the last day stands among that day's problems.
    """
    stretches = list(carried)
    if not stretches:
        return []
    held = _joined(span for each in positions for span in view.book.held_spans(each, end))
    found = []
    for stretch in stretches:
        for first, last in held:
            low, high = max(first, stretch.first), min(last, stretch.last)
            if low <= high < end:
                found.append(
                    (
                        Gap(
                            problem="missing" if stretch.seen is None else "stale",
                            first_day=date_of(low),
                            last_day=date_of(high),
                            days=high - low + 1,
                        ),
                        stretch.seen,
                    )
                )
    return found


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Merge spans of days that overlap or touch."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
