"""Rank every instrument Bursar holds prices of by a stated score over past figures."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations import instruments
from bursar.portfolio.calc.opportunity import (
    PARTS,
    PRICE_GAP_DAYS_MAX,
    SCORE,
    SCORE_DEFINITION,
    YEAR_DAYS,
    Comparison,
    Measured,
    Scored,
    ScoredPart,
    Series,
    change,
    measure,
    score,
)
from bursar.portfolio.calc.undefined import Figure, Reason
from bursar.portfolio.figures.result import ratio_text
from bursar.portfolio.models.figures import ScopeRequest
from bursar.portfolio.models.scan import (
    LeftOut,
    Scan,
    ScanIndicator,
    ScanPart,
    ScanPartDefinition,
    ScanRequest,
    ScanRow,
)
from bursar.portfolio.operations.asking import Asked, ask
from bursar.portfolio.planning.candidates import (
    Candidates,
    RateSeries,
    read_candidates,
    read_rate_series,
)
from bursar.portfolio.view import date_of
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

INSTRUMENTS_MAX = 5000
INDICATORS_MAX = 50
EXAMPLES = 10
QUARTER_DAYS = 91
INDICATOR_CLASS = "indicator"
NOTE = (
    "Past figures in each price's own currency, compared across the instruments held in Bursar. "
    "It ranks what was measured, foresees nothing and recommends nothing. Figures count by their "
    "day, not by when they were recorded."
)


@operation(
    "portfolio.scan_opportunities",
    scope="portfolio:read",
    http="POST /portfolio/scan",
    tool="scan_opportunities",
    command="portfolio scan",
)
async def scan(context: Context, body: ScanRequest) -> Scan:
    """Rank instruments by a stated score over past figures.

    No forecast, no advice.
    """
    weights = _weights(body)
    asked = await ask(context, ScopeRequest(as_of=body.as_of))
    known = await instruments.active(context, INSTRUMENTS_MAX)
    rows = sorted(known, key=lambda row: (_name(row), row.id))
    found = await read_candidates(
        context,
        [row for row in rows if row.asset_class != INDICATOR_CLASS],
        asked.day,
        history_days_min=body.history_days_min,
    )
    levels = await read_candidates(
        context,
        [row for row in rows if row.asset_class == INDICATOR_CLASS][:INDICATORS_MAX],
        asked.day,
        history_days_min=1,
    )
    currencies = [row.currency for row in found.rows]
    rates = await read_rate_series(context, currencies, asked.currency, asked.day)
    given = await _given(context, body)
    measured = await asyncio.to_thread(_measured, found, asked, rates=rates, given=given)
    scored, compared = score(measured, weights)
    shown = _shown(body, found, scored, held=_held(asked))
    return Scan(
        as_of=date_of(asked.day),
        as_of_reason=asked.day_reason,
        currency=asked.currency,
        definition=SCORE,
        formula=SCORE_DEFINITION.formula,
        rows=tuple(shown[: body.limit]),
        matched=len(shown),
        compared=len(found.rows),
        left_out=_left_out(found),
        parts=_definitions(weights, compared),
        macro=_macro(levels, rates, asked),
        note=NOTE,
    )


def _weights(body: ScanRequest) -> dict[str, float]:
    if not body.weights:
        return {name: part.weight for name, part in PARTS.items()}
    for name, weight in body.weights.items():
        if not 0 <= weight <= 1:
            raise InvalidInput(
                f"the weight of {name} is {weight}; a weight is 0 to 1", field=f"weights.{name}"
            )
    made = {name: float(body.weights.get(part.name, 0)) for name, part in PARTS.items()}
    if sum(made.values()) <= 0:
        raise InvalidInput("at least one weight must be above 0", field="weights")
    return made


async def _given(context: Context, body: ScanRequest) -> dict[uuid.UUID, float]:
    return {
        (await instruments.find(context, reference, as_of=body.as_of)).id: float(value)
        for reference, value in body.earnings_yields.items()
    }


def _measured(
    found: Candidates,
    asked: Asked,
    *,
    rates: Mapping[str, RateSeries],
    given: Mapping[uuid.UUID, float],
) -> list[dict[str, Measured]]:
    trends = {code: _change(each.day, each.rate, asked.day) for code, each in rates.items()}
    trends[asked.currency] = Measured(Figure.of(0.0), asked.day, asked.day)
    made = []
    for row, series in zip(found.rows, found.series, strict=True):
        parts = measure(series, asked.day)
        parts["currency_trend"] = trends[row.currency]
        if row.id in given:
            parts["earnings_yield"] = Measured(Figure.of(given[row.id]), asked.day, asked.day)
        made.append(parts)
    return made


def _change(day: Any, level: Any, today: int, days: int = YEAR_DAYS) -> Measured:
    if len(day) == 0:
        return Measured(Figure.undefined(Reason.MISSING_RATE))
    return change(day, level, today - days, today)


def _held(asked: Asked) -> set[uuid.UUID]:
    return {
        each.instrument_id
        for each in asked.view.book.positions
        if each.instrument_id is not None and asked.view.book.units_held(each.index, asked.day)
    }


def _shown(
    body: ScanRequest, found: Candidates, scored: Sequence[Scored], *, held: set[uuid.UUID]
) -> list[ScanRow]:
    """Return the rows that pass the filters in order; the filters change no score."""
    wanted = set(body.asset_class)
    kept = [
        (row, series, each)
        for row, series, each in zip(found.rows, found.series, scored, strict=True)
        if (not wanted or row.asset_class in wanted)
        and (body.held == "any" or (row.id in held) == (body.held == "held"))
    ]
    # Twelve digits, as they are written: equal texts keep the order of names.
    kept.sort(key=lambda each: -_sortable(each[2].score))
    return [
        _row(row, series, each, rank=rank, held=row.id in held)
        for rank, (row, series, each) in enumerate(kept, start=1)
    ]


def _sortable(figure: Figure) -> float:
    return float("-inf") if figure.value is None else float(ratio_text(figure.value))


def _row(row: InstrumentRow, series: Series, scored: Scored, *, rank: int, held: bool) -> ScanRow:
    value = scored.score.value
    return ScanRow(
        rank=None if value is None else rank,
        instrument_id=row.id,
        name=_name(row),
        asset_class=row.asset_class,
        currency=row.currency,
        held=held,
        score=None if value is None else ratio_text(value),
        reason=None if scored.score.reason is None else scored.score.reason.value,
        coverage=ratio_text(scored.coverage),
        price_day=date_of(int(series.day[-1])),
        history_days=len(series.day),
        parts=tuple(_part(each) for each in scored.parts),
    )


def _part(each: ScoredPart) -> ScanPart:
    measured = each.measured
    fields: dict[str, Any] = {
        "part": each.name,
        "value": _text(measured.figure.value),
        "z": _text(each.z.value),
        "weight": ratio_text(each.weight),
        "contribution": _text(each.contribution),
        "reason": None if each.z.reason is None else each.z.reason.value,
        "first_day": None if measured.first_day is None else date_of(measured.first_day),
        "last_day": None if measured.last_day is None else date_of(measured.last_day),
        "observations": measured.figure.observations,
    }
    return ScanPart.model_validate(fields)


def _definitions(
    weights: Mapping[str, float], compared: Mapping[str, Comparison]
) -> tuple[ScanPartDefinition, ...]:
    total = sum(weights.values())
    return tuple(
        ScanPartDefinition(
            part=part.name,
            definition=part.definition.id,
            formula=part.definition.formula,
            unit=part.definition.units,
            prefers=part.prefers,
            weight=ratio_text(weights[name] / total),
            compared=compared[name].count,
            mean=_text(compared[name].mean),
            deviation=_text(compared[name].deviation),
            reason=None if (reason := compared[name].reason) is None else reason.value,
        )
        for name, part in PARTS.items()
    )


def _left_out(found: Candidates) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(
            reason=reason,
            instruments=len(rows),
            examples=tuple(_name(row) for row in rows[:EXAMPLES]),
        )
        for reason, rows in sorted(found.unfit.items())
    )


def _macro(
    levels: Candidates, rates: Mapping[str, RateSeries], asked: Asked
) -> tuple[ScanIndicator, ...]:
    made = [
        _indicator(
            f"{code}/{asked.currency}", "exchange_rate", each.day, each.rate, today=asked.day
        )
        for code, each in rates.items()
    ]
    for row, series in zip(levels.rows, levels.series, strict=True):
        level = series.index * (series.price / series.index[-1])
        made.append(_indicator(_name(row), "indicator", series.day, level, today=asked.day))
    return tuple(made)


def _indicator(name: str, kind: str, day: Any, level: Any, *, today: int) -> ScanIndicator:
    place = int(np.searchsorted(day, today, side="right")) - 1
    fresh = place >= 0 and today - int(day[place]) <= PRICE_GAP_DAYS_MAX
    fields: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "level": ratio_text(float(level[place])) if fresh else None,
        "day": date_of(int(day[place])) if fresh else None,
        "change_3_months": _text(_change(day, level, today, QUARTER_DAYS).figure.value),
        "change_12_months": _text(_change(day, level, today).figure.value),
    }
    return ScanIndicator.model_validate(fields)


def _text(number: float | None) -> Any:
    return None if number is None else ratio_text(number)


def _name(row: InstrumentRow) -> str:
    return row.ticker or row.name
