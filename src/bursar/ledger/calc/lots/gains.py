"""Realised gains, summed by period, currency and term. Sums are integers, so they are exact."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bursar.ledger.calc.lots.lot import Match
from bursar.ledger.calc.lots.position import Term


class Period(StrEnum):
    """How long a period of a summary is."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class GainSummary:
    """The matches of one period, currency and term, in smallest currency units.

    `starts_on` is None for the whole time. `gains` and `losses` (<= 0) sum to `gain`. `fees` are
    those of both sides, already inside `proceeds` and `cost`. `report_gain` is None when a match
    lacks a rate.
    """

    starts_on: date | None
    currency: str
    term: Term
    matches: int
    proceeds: int
    cost: int
    gain: int
    gains: int
    losses: int
    fees: int
    report_gain: int | None


def period_start(
    day: date, period: Period, *, year_starts: tuple[int, int] = (1, 1)
) -> date | None:
    """Return the first day of the period that holds `day`; None for the whole time.

    `year_starts` is (month, day), for example (4, 6) in the United Kingdom; it moves years only.
    """
    match period:
        case Period.DAY:
            return day
        case Period.MONTH:
            return day.replace(day=1)
        case Period.QUARTER:
            return date(day.year, day.month - (day.month - 1) % 3, 1)
        case Period.YEAR:
            start = date(day.year, *year_starts)
            return start if day >= start else date(day.year - 1, *year_starts)
        case Period.ALL:
            return None


def summarise_gains(
    matches: Iterable[Match],
    period: Period = Period.YEAR,
    *,
    year_starts: tuple[int, int] = (1, 1),
) -> tuple[GainSummary, ...]:
    """Sum realised gains by period of the disposal, currency and term, in that order."""
    groups: dict[tuple[date | None, str, Term], list[Match]] = {}
    for match in matches:
        start = period_start(match.closed_on, period, year_starts=year_starts)
        groups.setdefault((start, match.currency, match.term), []).append(match)
    ordered = sorted(groups, key=lambda key: (key[0] or date.min, key[1], key[2]))
    return tuple(_summary(key, groups[key]) for key in ordered)


def _summary(key: tuple[date | None, str, Term], matches: list[Match]) -> GainSummary:
    start, currency, term = key
    known = [gain for match in matches if (gain := match.report_gain) is not None]
    return GainSummary(
        starts_on=start,
        currency=currency,
        term=term,
        matches=len(matches),
        proceeds=sum(match.proceeds for match in matches),
        cost=sum(match.cost for match in matches),
        gain=sum(match.gain for match in matches),
        gains=sum(match.gain for match in matches if match.gain > 0),
        losses=sum(match.gain for match in matches if match.gain < 0),
        fees=sum(match.opening_fees + match.closing_fees for match in matches),
        report_gain=sum(known) if len(known) == len(matches) else None,
    )
