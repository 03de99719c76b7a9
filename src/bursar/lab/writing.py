"""Figures in words: money as the server wrote it, ratios in percent, gaps with their reason."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

GAP = "\N{EN DASH}"


def money(value: str | None, currency: str) -> str:
    """Write an amount exactly as it came, with its currency."""
    return GAP if value is None else f"{value} {currency}"


def percent(value: str | None) -> str:
    """Write a ratio in percent with two places."""
    return GAP if value is None else f"{Decimal(value) * 100:.2f} %"


def number(value: str | None) -> str:
    """Write a number with three places."""
    return GAP if value is None else f"{Decimal(value):.3f}"


def figure(found: Mapping[str, Any] | None) -> str:
    """Write a figure by its unit; an undefined one says why."""
    if found is None:
        return GAP
    if found["value"] is None:
        return f"{GAP} ({found.get('reason_text') or found.get('reason')})"
    if found["unit"] == "money":
        return money(found["value"], found["currency"])
    if found["unit"].startswith("ratio"):
        return percent(found["value"])
    return str(found["value"])


def as_of(answer: Mapping[str, Any]) -> str:
    """Say which day, which currency, and what is missing behind an answer."""
    because = {
        "today": "today",
        "requested": "as asked",
        "newest_price_day": "the newest day with prices",
    }
    reason = because.get(answer["as_of_reason"], answer["as_of_reason"])
    text = f"As of {answer['as_of']} ({reason}), in {answer['currency']}."
    gaps = answer.get("completeness")
    if gaps is not None and not gaps["complete"]:
        parts = [f"{len(rows)} {name}" for name, rows in gaps.items() if isinstance(rows, list)]
        named = ", ".join(each.replace("_", " ") for each in parts if not each.startswith("0 "))
        text += f" Some inputs are missing or stale: {named or 'see completeness'}."
    return text


def decimal_text(value: float, places: int) -> str:
    """Write a slider's position as the decimal text the server takes."""
    return f"{value:.{places}f}"


def day_text(value: dt.date | None) -> str | None:
    """Write a day, or nothing."""
    return None if value is None else value.isoformat()
