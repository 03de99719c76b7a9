"""What the scope earned: by month and by instrument, before and after tax, and how often."""

import datetime as dt
import uuid
from collections import defaultdict
from decimal import Decimal
from typing import Literal

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.models.figures import FigureValue
from bursar.portfolio.models.income import (
    Allocation,
    AllocationRequest,
    Income,
    IncomeRequest,
    InstrumentIncome,
    MonthIncome,
)
from bursar.portfolio.operations.asking import Asked, ask, figure_value
from bursar.portfolio.operations.known import refuse_unknown_taxonomy
from bursar.portfolio.operations.slices import part_of, slices
from bursar.portfolio.view.days import date_of, number_of
from bursar.portfolio.view.scope import Scope, ScopeKind
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

Rhythm = Literal["monthly", "quarterly", "half_yearly", "yearly", "irregular"]
# Median days between payments of each rhythm, and how far the middle half may stray from it.
RHYTHMS: tuple[tuple[Rhythm, int, int], ...] = (
    ("monthly", 30, 8),
    ("quarterly", 91, 20),
    ("half_yearly", 182, 35),
    ("yearly", 365, 50),
)
PAYMENTS_MIN = 3


@operation(
    "portfolio.income",
    scope="portfolio:read",
    http="GET /portfolio/income",
    command="portfolio income",
)
async def income(context: Context, body: IncomeRequest) -> Income:
    """Show dividends, interest and rewards by month and instrument: gross, tax, net, yield, rhythm."""
    asked = await ask(context, body)
    start = asked.start if body.start is None else max(number_of(body.start), asked.start)
    if start >= asked.day:
        raise InvalidInput(f"the period must start before {date_of(asked.day)}", field="start")
    book = _Payments(asked, start)
    return Income.model_validate(
        {
            **asked.dated(start),
            "start": date_of(start),
            **before_and_after_tax(asked, asked.id("income.v1", start)),
            "months": book.months(),
            "instruments": book.instruments(),
        }
    )


def before_and_after_tax(asked: Asked, gross: FigureId) -> dict[str, FigureValue]:
    """Return an income figure, the tax on it, and what is left, each with its id."""
    wanted = {"gross": gross, "tax": gross.of("income_tax.v1"), "net": gross.of("net_income.v1")}
    return {name: figure_value(asked.view, figure) for name, figure in wanted.items()}


class _Payments:
    """The income moves of a scope and period."""

    def __init__(self, asked: Asked, start: int) -> None:
        self.asked, self.start = asked, start
        view = asked.view
        moves = view.book.moves
        earned = view.earned(asked.scope)
        day = moves.day[earned.income]
        self.places: list[int] = earned.income[(day > start) & (day <= asked.day)].tolist()

    def months(self) -> tuple[MonthIncome, ...]:
        """Return the months with income."""
        days = (date_of(int(self.asked.view.book.moves.day[place])) for place in self.places)
        by_month = {(day.year, day.month) for day in days}
        found = []
        for year, month in sorted(by_month):
            first = number_of(dt.date(year, month, 1)) - 1
            after = dt.date(year + month // 12, month % 12 + 1, 1)
            span = (max(first, self.start), min(number_of(after) - 1, self.asked.day))
            figures = before_and_after_tax(self.asked, self.asked.id("income.v1").over(*span))
            found.append(MonthIncome(month=f"{year:04d}-{month:02d}", **figures))
        return tuple(found)

    def instruments(self) -> tuple[InstrumentIncome, ...]:
        """Return what each instrument paid; income without instrument comes as one row."""
        view, moves = self.asked.view, self.asked.view.book.moves
        by_instrument: dict[uuid.UUID | None, list[int]] = defaultdict(list)
        for place in self.places:
            subject = int(moves.subject[place])
            position = view.book.positions[subject if subject >= 0 else int(moves.position[place])]
            by_instrument[position.instrument_id].append(place)
        rows = [self._row(each, places) for each, places in by_instrument.items()]
        return tuple(sorted(rows, key=lambda row: (-(row.gross.value or Decimal(0)), row.name)))

    def _row(self, instrument_id: uuid.UUID | None, places: list[int]) -> InstrumentIncome:
        view = self.asked.view
        scope = self._scope(instrument_id)
        here = self.asked.id("income.v1", self.start).within(scope)
        days = sorted({int(view.book.moves.day[place]) for place in places})
        known = None if instrument_id is None else view.instrument(instrument_id)
        name = "cash" if known is None else known.ticker or known.name
        paid = None
        if instrument_id is not None:
            paid = figure_value(view, here.of("yield_on_cost.v1").on(self.asked.day))
        return InstrumentIncome(
            instrument_id=instrument_id,
            name=name,
            **before_and_after_tax(self.asked, here),
            yield_on_cost=paid,
            payments=len(days),
            last_payment=date_of(days[-1]) if days else None,
            rhythm=rhythm(days),
        )

    def _scope(self, instrument_id: uuid.UUID | None) -> Scope:
        own = self.asked.scope
        if own.kind not in (ScopeKind.ALL, ScopeKind.ACCOUNT):
            return own
        if instrument_id is None:
            return part_of(self.asked, "asset_class", "cash")
        return part_of(self.asked, "instrument", str(instrument_id))


def rhythm(days: list[int]) -> Rhythm | None:
    """Classify payment days by the middle of the gaps between them; None under three payments."""
    if len(days) < PAYMENTS_MIN:
        return None
    gaps = np.diff(np.array(days, dtype=np.int64))
    middle = float(np.median(gaps))
    low, high = np.quantile(gaps, [0.25, 0.75]).tolist()
    for name, typical, allowed in RHYTHMS:
        if all(abs(each - typical) <= allowed for each in (middle, low, high)):
            return name
    return "irregular"


@operation(
    "portfolio.allocation",
    scope="portfolio:read",
    http="GET /portfolio/allocation",
    command="portfolio allocation",
)
async def allocation(context: Context, body: AllocationRequest) -> Allocation:
    """Show how a scope is spread by class, account, currency, instrument, sector or any taxonomy."""
    asked = await ask(context, body)
    refuse_unknown_taxonomy(asked.view, body.by, field="by")
    return Allocation.model_validate(
        {
            **asked.dated(),
            "by": body.by,
            "total": asked.figure("value.v1"),
            "slices": slices(asked, body.by),
        }
    )
