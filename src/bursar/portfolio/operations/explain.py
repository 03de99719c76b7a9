"""Explaining a figure from its id alone, and the catalogue of definitions."""

import dataclasses
import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import numpy as np
from pydantic import Field

from bursar.core.model import Model
from bursar.market.models.prices import PricePoint
from bursar.market.operations.prices import prices_at
from bursar.portfolio.calc.definitions import DEFINITIONS
from bursar.portfolio.figures.compute import benchmark_of
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.figures.recompute import product, recompute
from bursar.portfolio.figures.terms import Term
from bursar.portfolio.figures.trace import SeriesRows, Trace, trace
from bursar.portfolio.models.explanation import (
    ExplainRequest,
    Explanation,
    LotOrigin,
    PriceOrigin,
    RateOrigin,
    SeriesRow,
    TermView,
)
from bursar.portfolio.models.figures import FigureValue
from bursar.portfolio.operations.asking import Asked, figure_value
from bursar.portfolio.operations.completeness import completeness
from bursar.portfolio.operations.known import refuse_unknown_parts
from bursar.portfolio.operations.names import name_of
from bursar.portfolio.operations.positions import scope_of
from bursar.portfolio.view import benchmark
from bursar.portfolio.view.days import date_of
from bursar.portfolio.view.freshness import view as fresh_view
from bursar.portfolio.view.view import ARITHMETIC, BookView
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

PLACES_SHOWN = Decimal("1e-12")
PRICE_DAYS_MAX = 50


@operation(
    "portfolio.explain",
    scope="portfolio:read",
    http="GET /portfolio/figures/{figure_id}",
    tool="explain_figure",
    command="portfolio explain",
    positional=("figure_id",),
)
async def explain(context: Context, body: ExplainRequest) -> Explanation:
    """Show where a figure comes from: formula, lots, flows, prices and rates, and compute it again.

    Works for the id of any figure. Parts are figures to look into next; long lists come in pages.
    """
    figure = FigureId.parse(body.figure_id)
    view = await fresh_view(context, currency=figure.currency, field="figure_id")
    await refuse_unknown_parts(context, view, figure)
    named = figure.parameter("benchmark")
    if named is not None:
        await benchmark.load(context, view, named, figure.currency)
    shown = figure_value(view, figure)
    made = trace(view, figure)
    definition = DEFINITIONS[figure.definition]
    terms = made.terms[body.offset : body.offset + body.limit]
    series = _rows(made.rows, body)
    series_total = 0 if made.rows is None else len(made.rows.series.day)
    end = body.offset + body.limit
    asked = Asked(view, figure.scope, figure.end, "requested", figure.currency)
    return Explanation(
        figure=shown,
        title=definition.title,
        formula=definition.formula,
        version=definition.version,
        source=definition.source,
        scope=str(figure.scope),
        start=None if figure.start is None else date_of(figure.start),
        end=date_of(figure.end),
        parameters=dict(figure.parameters),
        periods_per_year=None if made.rows is None else made.rows.series.periods_per_year,
        recipe=made.recipe,
        terms=await _terms(context, asked, figure, terms),
        terms_total=len(made.terms),
        series=series,
        series_total=series_total,
        benchmark=_benchmark(view, figure),
        next_offset=end if end < max(len(made.terms), series_total) else None,
        parts=_parts(view, made),
        left_out=_left_out(made),
        completeness=completeness(
            view,
            figure.scope,
            (figure.end if figure.start is None else figure.start, figure.end),
            figure.currency,
        ),
        recomputed=recompute(made) if shown.value is not None else None,
    )


def _parts(view: BookView, made: Trace) -> tuple[FigureValue, ...]:
    return tuple(figure_value(view, each) for each in made.parts)


def _benchmark(view: BookView, figure: FigureId) -> tuple[str | None, ...]:
    if figure.parameter("benchmark") is None:
        return ()
    found = benchmark_of(view, figure)
    return (
        ()
        if found is None
        else tuple(None if np.isnan(each) else repr(each) for each in found.tolist())
    )


def _left_out(made: Trace) -> tuple[str, ...]:
    found = ["Pending transfers, and activities that were reversed together with their reversals."]
    if made.rows is not None:
        found.append("Flows on the start day: they are inside the opening value.")
        if not bool(made.rows.series.trading[1:].all()):
            found.append(
                "Days without trading are linked into the next trading day in statistics, those "
                "after the last one into it."
            )
    return tuple(found)


def _rows(rows: SeriesRows | None, body: ExplainRequest) -> tuple[SeriesRow, ...]:
    if rows is None:
        return ()
    own = rows.series
    part = slice(body.offset, body.offset + body.limit)
    columns = [own.value, own.inflow, own.outflow]
    paid = rows.paid or (None, None, None)
    found = []
    for place in range(*part.indices(len(own.day))):
        value, inflow, outflow = (repr(float(column[place])) for column in columns)
        income, costs, tax = (
            None if column is None else repr(float(column[place])) for column in paid
        )
        found.append(
            SeriesRow(
                day=date_of(int(own.day[place])),
                value=value,
                inflow=inflow,
                outflow=outflow,
                trading=bool(own.trading[place]),
                opening=None if rows.opening is None else repr(float(rows.opening[place])),
                income=income,
                costs=costs,
                tax=tax,
            )
        )
    return tuple(found)


async def _terms(
    context: Context, asked: Asked, figure: FigureId, terms: Sequence[Term]
) -> tuple[TermView, ...]:
    origins = await _origins(context, asked.view, terms)
    return tuple(_term(asked, figure, each, origins) for each in terms)


Origins = dict[tuple[uuid.UUID, int], PricePoint]


async def _origins(context: Context, view: BookView, terms: Sequence[Term]) -> Origins:
    """Find the stored prices behind terms, for at most 50 different days of a page."""
    wanted: dict[int, set[uuid.UUID]] = defaultdict(set)
    for term in terms:
        if term.price is None or term.position < 0:
            continue
        instrument_id = view.book.positions[term.position].instrument_id
        if instrument_id is not None and (used := view.quotes.used(instrument_id, term.day)):
            wanted[used.day].add(instrument_id)
    found: Origins = {}
    for day in sorted(wanted, reverse=True)[:PRICE_DAYS_MAX]:
        rows = [row for each in wanted[day] if (row := view.instrument(each)) is not None]
        moment = dt.datetime.combine(date_of(day), dt.time.max, tzinfo=dt.UTC)
        for instrument_id, point in (await prices_at(context, rows, moment)).items():
            found[instrument_id, day] = point
    return found


def _term(asked: Asked, figure: FigureId, term: Term, origins: Origins) -> TermView:
    view = asked.view
    position = None if term.position < 0 else view.book.positions[term.position]
    with localcontext(ARITHMETIC):
        value = product(term)
        shown = None if value is None else value.quantize(PLACES_SHOWN, rounding=ROUND_HALF_EVEN)
    part: str | None = None
    if position is not None and term.kind == "position":
        alone = FigureId(
            "value.v1", scope_of(asked, position.index), None, term.day, figure.currency
        )
        part = str(alone)
    return TermView(
        kind=term.kind,
        side=term.side,
        sign=term.sign,
        day=date_of(term.day),
        account_id=None if position is None else position.account_id,
        instrument_id=None if position is None else position.instrument_id,
        name="" if position is None else name_of(view, position),
        quantity=term.quantity,
        multiplier=term.multiplier,
        price=_price(view, term, origins),
        amount=term.amount,
        currency=term.currency,
        rate=_rate(view, figure, term),
        activity_id=term.activity_id,
        lot_id=term.lot_id,
        lot=None if term.lot is None else LotOrigin(**dataclasses.asdict(term.lot)),
        value=shown,
        figure_id=part,
    )


def _price(view: BookView, term: Term, origins: Origins) -> PriceOrigin | None:
    instrument_id = view.book.positions[term.position].instrument_id if term.position >= 0 else None
    if term.price is None or instrument_id is None:
        return None
    used = view.quotes.used(instrument_id, term.day)
    if used is None:
        return None
    point = origins.get((instrument_id, used.day))
    source = "own_trade" if used.from_trade else ("" if point is None else point.source)
    return PriceOrigin(
        price=term.price,
        day=date_of(used.day),
        source=source,
        time=None if point is None or used.from_trade else point.time,
        basis=None if point is None or used.from_trade else point.basis.value,
    )


def _rate(view: BookView, figure: FigureId, term: Term) -> RateOrigin | None:
    if term.rate is None or term.rate_day is None or term.currency == figure.currency:
        return None
    seen = view.rates[figure.currency].observed_day(term.currency, term.rate_day)
    return RateOrigin(
        base=term.currency,
        quote=figure.currency,
        rate=term.rate,
        day=None if seen is None else date_of(seen),
    )


class ListDefinitions(Model):
    """Which definitions to list."""

    search: str | None = Field(None, max_length=100, description="Part of an id or title.")


class DefinitionRow(Model):
    """What a definition id means."""

    id: str = Field(description="Id with its version.")
    title: str = Field(description="Name.")
    formula: str = Field(description="Formula.")
    unit: str = Field(description="Unit of its value.")
    source: str = Field(description="Where the formula comes from.")


class Definitions(Model):
    """The catalogue."""

    items: tuple[DefinitionRow, ...] = Field(description="The definitions, by id.")


@operation(
    "portfolio.list_definitions",
    scope="portfolio:read",
    http="GET /portfolio/definitions",
    command="portfolio definitions",
)
async def list_definitions(context: Context, body: ListDefinitions) -> Definitions:
    """List every measure with its formula, unit and where the definition comes from."""
    del context
    wanted = (body.search or "").lower()
    return Definitions(
        items=tuple(
            DefinitionRow(
                id=each.id,
                title=each.title,
                formula=each.formula,
                unit=each.units,
                source=each.source,
            )
            for each in sorted(DEFINITIONS.values(), key=lambda each: each.id)
            if wanted in each.id or wanted in each.title.lower()
        )
    )
