"""The data quality check: unexplained jumps, gaps against the calendar, stale and missing prices."""

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal

import numpy as np

from bursar.core.errors import InvalidInput
from bursar.market import calendars
from bursar.market.calc import price_checks
from bursar.market.calc.price_checks import Gap, Jump
from bursar.market.calc.price_years import Days, Floats
from bursar.market.models.actions import ActionKind
from bursar.market.models.instruments import InstrumentRow
from bursar.market.models.quality import (
    CHECKED_MAX,
    FINDINGS_MAX,
    CheckQuality,
    Finding,
    FindingKind,
    QualityReport,
)
from bursar.market.operations import actions, instruments, prices
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

JUMP_MIN = Decimal("1.4")
RATIO_PLACES = Decimal("0.0001")
YEARS_BACK_MAX = 99
ORDER = (FindingKind.NO_PRICE, FindingKind.JUMP, FindingKind.GAP, FindingKind.STALE)
RESTATED = frozenset({ActionKind.SPLIT, ActionKind.STOCK_DIVIDEND})


@operation("market.check_quality", scope="market:read", http="GET /market/quality")
async def check_quality(context: Context, body: CheckQuality) -> QualityReport:
    """Check stored prices: unexplained jumps, missing trading days, stale and missing prices.

    Nothing is changed. A jump that looks like a split usually means an unrecorded one.
    """
    jump_min = body.jump_min if body.jump_min is not None else JUMP_MIN
    if jump_min <= 1:
        raise InvalidInput("the ratio must be greater than 1", field="jump_min")
    today = context.clock.now().date()
    last = body.last_day or today
    first = body.first_day or dt.date(max(last.year - YEARS_BACK_MAX, 1), 1, 1)
    if body.instruments:
        found = await prices.find_many(context, body.instruments)
        rows = list({row.id: row for row in found.values()}.values())
    else:
        rows = await instruments.active(context, CHECKED_MAX)
    reading = await prices.read_prices(context, [row.id for row in rows], first, last)
    splits: dict[object, dict[np.datetime64, float]] = {}
    for action in await actions.actions_of(context, reading.instrument_ids):
        if action.kind in RESTATED and action.ratio_numerator and action.ratio_denominator:
            ratio = action.ratio_numerator / action.ratio_denominator
            splits.setdefault(action.instrument_id, {})[np.datetime64(action.ex_date)] = ratio
    findings: list[Finding] = []
    checked = 0
    place = {instrument_id: n for n, instrument_id in enumerate(reading.instrument_ids)}
    for row in rows:
        column = reading.closes[:, place[row.id]]
        priced = ~np.isnan(column)
        checked += int(priced.sum())
        known = {} if row.id in reading.adjusted else splits.get(row.id, {})
        findings += _findings(
            row,
            reading.days[priced],
            column[priced],
            known,
            limits=(float(jump_min), body.gap_days_min),
        )
        stale_after = context.settings.price_age_days_max
        findings += _staleness(row, reading.days[priced], min(last, today), stale_after)
    findings.sort(key=lambda finding: (ORDER.index(finding.kind), -finding.days))
    return QualityReport(
        instruments_checked=len(rows),
        prices_checked=checked,
        findings_total=len(findings),
        findings=tuple(findings[:FINDINGS_MAX]),
    )


def _findings(
    row: InstrumentRow,
    days: Days,
    closes: Floats,
    splits: Mapping[np.datetime64, float],
    *,
    limits: tuple[float, int],
) -> Iterator[Finding]:
    jump_min, gap_days_min = limits
    if len(days) == 0:
        yield _finding(row, FindingKind.NO_PRICE, message="There is no price; load or fetch some.")
        return
    for jump in price_checks.jumps(days, closes, splits, jump_min):
        yield _finding(
            row,
            FindingKind.JUMP,
            first_day=_date(jump.day),
            last_day=_date(jump.day),
            ratio=Decimal(jump.ratio).quantize(RATIO_PLACES),
            message=_jump_words(jump),
        )
    trading = calendars.trading_days(row.calendar, days[0].item(), days[-1].item())
    for gap in price_checks.gaps(days, trading, gap_days_min):
        yield _gap(row, gap)


def _staleness(row: InstrumentRow, days: Days, on: dt.date, age_max: int) -> Iterator[Finding]:
    if len(days) == 0 or not row.active:
        return
    newest: dt.date = days[-1].item()
    age = (on - newest).days
    if age > age_max:
        yield _finding(
            row,
            FindingKind.STALE,
            first_day=newest,
            days=age,
            message=f"The newest price is {age} days old; refresh it, or mark it inactive.",
        )


def _date(day: np.datetime64) -> dt.date:
    return dt.date.fromisoformat(str(day))


def _jump_words(jump: Jump) -> str:
    words = f"The price is {jump.ratio:.4f} times the one before, and no recorded split says why."
    if jump.looks_like is not None:
        new, old = jump.looks_like.numerator, jump.looks_like.denominator
        words += f" It looks like a {new}:{old} split: record it if there was one."
    return words


def _gap(row: InstrumentRow, gap: Gap) -> Finding:
    return _finding(
        row,
        FindingKind.GAP,
        first_day=_date(gap.first_day),
        last_day=_date(gap.last_day),
        days=gap.days,
        message=f"{gap.days} trading days have no price; load them, or the last one is carried.",
    )


def _finding(
    row: InstrumentRow,
    kind: FindingKind,
    *,
    message: str,
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
    days: int = 0,
    ratio: Decimal | None = None,
) -> Finding:
    return Finding(
        kind=kind,
        instrument_id=row.id,
        ticker=row.ticker,
        first_day=first_day,
        last_day=last_day,
        days=days,
        ratio=ratio,
        message=message,
    )
