"""Money is exact: integers of a commodity's smallest unit inside, decimal strings at the edges.

A JSON number is refused as an amount, because a float has already lost the cents by the time it
arrives. Parts of a whole are split by the largest remainder, so they always sum to it.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

DIGITS_MAX = 38
EXPONENT_MAX = 18
AMOUNT_TEXT_MAX = 64


def parse_decimal(value: object) -> Decimal:
    """Read an exact decimal from text or Decimal; floats, NaN and infinities are refused.

    Raises ValueError with a sentence for the user.
    """
    if isinstance(value, bool | float):
        msg = 'write amounts as text, such as "12.34"; a JSON number can lose digits'
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns ValueError into a field error
    if isinstance(value, int):
        msg = 'write amounts as text, such as "12"; a JSON number can lose digits'
        raise ValueError(msg)  # noqa: TRY004 - as above
    text = value if isinstance(value, str) else str(value)
    if len(text) > AMOUNT_TEXT_MAX:
        msg = f"an amount has at most {AMOUNT_TEXT_MAX} characters"
        raise ValueError(msg)
    try:
        number = value if isinstance(value, Decimal) else Decimal(text.strip())
    except InvalidOperation:
        msg = f"{text[:40]!r} is not a decimal number"
        raise ValueError(msg) from None
    if not number.is_finite():
        msg = "an amount must be a finite number"
        raise ValueError(msg)
    sign, digits, exponent = number.as_tuple()
    if len(digits) + max(int(exponent), 0) > DIGITS_MAX or -int(exponent) > DIGITS_MAX:
        msg = f"an amount has at most {DIGITS_MAX} digits"
        raise ValueError(msg)
    del sign
    return number


def format_decimal(value: Decimal) -> str:
    """Render without exponent notation: Decimal('1E+3') becomes '1000', '-0' becomes '0'."""
    text = format(value, "f")
    return text.removeprefix("-") if value == 0 else text


class _ExactDecimal:
    """Pydantic glue: decimal strings in both schema modes, never a JSON number."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            parse_decimal,
            serialization=core_schema.plain_serializer_function_ser_schema(
                format_decimal, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "decimal"}


Amount = Annotated[Decimal, _ExactDecimal]
"""An exact decimal in major units ("12.34"); floats and JSON numbers are refused."""


def to_units(amount: Decimal, exponent: int) -> int:
    """Convert major units to the commodity's smallest units; refuse digits that would be lost.

    `exponent` is the number of decimal places (0 to 18). Raises ValueError.
    """
    scaled = amount.scaleb(exponent)
    units = int(scaled)
    if scaled != units:
        msg = f"{format_decimal(amount)} has more than {exponent} decimal places"
        raise ValueError(msg)
    return units


def round_to_units(amount: Decimal, exponent: int) -> int:
    """Convert to smallest units, rounding half to even: for computed amounts, never for input."""
    return int(amount.scaleb(exponent).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def from_units(units: int, exponent: int) -> Decimal:
    """Convert smallest units to an exact decimal in major units, keeping all its places."""
    return Decimal(units).scaleb(-exponent)


def split_units(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to non-negative integer `weights` by the largest remainder.

    The parts sum to `total` exactly; ties go to the earlier weight. Raises ValueError when the
    weights are negative or sum to zero.
    """
    whole = sum(weights)
    if whole <= 0 or any(w < 0 for w in weights):
        msg = "weights must be non-negative and sum to more than zero"
        raise ValueError(msg)
    sign = -1 if total < 0 else 1
    magnitude = abs(total)
    parts = [magnitude * w // whole for w in weights]
    rest = magnitude - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(magnitude * weights[i] % whole), i))
    for i in by_remainder[:rest]:
        parts[i] += 1
    return [sign * p for p in parts]
