"""Cumulative adjustment factors to the splits and dividends they stand for.

A row `last_date,price_factor,split_factor,reference_close` holds up to and including its date, so
what changes between two rows happened on the next trading day. A split's ratio is the next split
factor over this one, rounded to a small fraction because the stored decimals are rounded; a cash
dividend is reference_close * (1 - this price factor / the next). The first row's reference is a
placeholder: it opens the series and is no event.
"""

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise

HEADER = ("last_date", "price_factor", "split_factor", "reference_close")
ROWS_MAX = 10_000
DIGITS = 28
# factors carry seven significant digits, so a ratio of two is off by a few parts in a million
RATIO_TOLERANCE = Fraction(5, 1_000_000)
FACTOR_TOLERANCE = Decimal("0.00000015")
PLACES_MAX = 6
ARITHMETIC = Context(prec=DIGITS)
ONE = Decimal(1)


class BadFactorFile(ValueError):
    """A factor file that cannot be read; the text names the line."""


@dataclass(frozen=True, slots=True)
class FactorRow:
    """Factors that hold up to and including a day."""

    last_date: dt.date
    price_factor: Decimal
    split_factor: Decimal
    reference_close: Decimal


@dataclass(frozen=True, slots=True)
class Split:
    """`numerator` shares for each `denominator` held before the ex-date."""

    ex_date: dt.date
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Dividend:
    """Cash for each share held before the ex-date, in the instrument's currency."""

    ex_date: dt.date
    amount: Decimal


def parse(text: str) -> list[FactorRow]:
    """Read a factor file, checked and in order. Raises BadFactorFile naming the line."""
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    header = tuple(name.strip().lower() for name in next(reader, []))
    if header != HEADER:
        raise BadFactorFile(f"line 1: the columns must be {','.join(HEADER)}")
    rows: list[FactorRow] = []
    for fields in reader:
        if not any(fields):
            continue
        line = f"line {reader.line_num}"
        if len(fields) != len(HEADER):
            raise BadFactorFile(f"{line}: {len(fields)} fields instead of {len(HEADER)}")
        try:
            row = FactorRow(dt.date.fromisoformat(fields[0].strip()), *map(Decimal, fields[1:]))
        except (ValueError, InvalidOperation):
            raise BadFactorFile(f"{line}: a day and three numbers are expected") from None
        if not all(f.is_finite() and f > 0 for f in (row.price_factor, row.split_factor)):
            raise BadFactorFile(f"{line}: factors must be greater than zero")
        if rows and row.last_date <= rows[-1].last_date:
            raise BadFactorFile(f"{line}: the days must rise from row to row")
        rows.append(row)
        if len(rows) > ROWS_MAX:
            raise BadFactorFile(f"{line}: a factor file has at most {ROWS_MAX} rows")
    return rows


def events(
    rows: list[FactorRow], next_trading_day: Callable[[dt.date], dt.date]
) -> Iterator[Split | Dividend]:
    """Yield what happened between the rows, in order.

    Raises BadFactorFile when a dividend has no usable reference close.
    """
    for place, (this, following) in enumerate(pairwise(rows)):
        ratio = Fraction(following.split_factor) / Fraction(this.split_factor)
        fraction = simplest_fraction(ratio, RATIO_TOLERANCE)
        paid = _dividend(this, following)
        if place == 0 and paid is not None and this.reference_close <= ONE:
            # an event on the very first day has no close before it to be measured against
            raise BadFactorFile(
                f"{this.last_date}: the first row's reference close is a placeholder"
            )
        if fraction == 1 and paid is None:
            continue
        ex_date = next_trading_day(this.last_date)
        if fraction != 1:
            yield Split(ex_date, fraction.numerator, fraction.denominator)
        if paid is not None:
            yield Dividend(ex_date, paid)


def simplest_fraction(value: Fraction, tolerance: Fraction) -> Fraction:
    """Return the fraction with the smallest denominator within a relative tolerance of `value`."""
    denominator = 1
    while True:
        guess = value.limit_denominator(denominator)
        if abs(guess - value) <= tolerance * value:
            return guess
        denominator += max(1, denominator // 8)


def _dividend(this: FactorRow, following: FactorRow) -> Decimal | None:
    """Return the cash dividend between two rows, None when there was none."""
    if this.price_factor == following.price_factor:
        return None
    if this.reference_close <= 0:
        raise BadFactorFile(f"{this.last_date}: a dividend needs a reference close")
    ratio = ARITHMETIC.divide(this.price_factor, following.price_factor)
    amount = ARITHMETIC.multiply(this.reference_close, ONE - ratio)
    if amount <= 0:
        raise BadFactorFile(f"{this.last_date}: the price factors fall, which no dividend explains")
    error = ARITHMETIC.multiply(this.reference_close, FACTOR_TOLERANCE / following.price_factor)
    return _fewest_places(amount, error)


def _fewest_places(amount: Decimal, error: Decimal) -> Decimal:
    """Round to the fewest decimal places that stay within the error of the stored factors."""
    for places in range(2, PLACES_MAX):
        rounded = amount.quantize(Decimal(1).scaleb(-places))
        if rounded > 0 and abs(rounded - amount) <= error:
            return rounded
    return amount.quantize(Decimal(1).scaleb(-PLACES_MAX))
