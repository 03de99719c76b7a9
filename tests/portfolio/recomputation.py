"""A figure from its explanation alone, as a client would do it: JSON in, Decimal and numpy only.

Nothing of the portfolio is imported. What is written here is the formula that the explanation
states; where it does not suffice to get the figure, the explanation is at fault.
"""

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import numpy as np

EXACT = Context(prec=60)
Json = dict[str, Any]
Array = np.ndarray[Any, np.dtype[np.float64]]


def leaf(term: Json) -> Decimal:
    """One term: its sign times the product of what stands in it."""
    found = Decimal(term["sign"])
    if term["amount"] is not None:
        found = EXACT.multiply(found, Decimal(term["amount"]))
    else:
        found = EXACT.multiply(found, Decimal(term["quantity"]))
        if term["multiplier"] is not None:
            found = EXACT.multiply(found, Decimal(term["multiplier"]))
        if term["price"] is not None:
            found = EXACT.multiply(found, Decimal(term["price"]["price"]))
    if term["rate"] is not None:
        found = EXACT.multiply(found, Decimal(term["rate"]["rate"]))
    return found


def total(told: Json, side: str = "top") -> Decimal:
    found = Decimal(0)
    for term in told["terms"]:
        if term["side"] == side:
            found = EXACT.add(found, leaf(term))
    return found


def recomputed(told: Json, decimals: int = 2) -> Decimal | float:
    """The figure of an explanation; `decimals` are those of its currency."""
    definition = told["figure"]["definition"]
    if told["recipe"] == "quantity":
        return total(told)
    if told["recipe"] == "sum":
        return total(told).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
    if told["recipe"] == "quotient":
        share = float(total(told) / total(told, "bottom"))
        return share - float(told["parameters"].get("target", 0))
    if told["recipe"] == "average":
        return float(total(told)) / average_capital(told)
    return on_rows(definition, told)


def day_of(text: str) -> int:
    return dt.date.fromisoformat(text).toordinal()


def average_capital(told: Json) -> float:
    """Invested cost, weighted by the calendar days on which something was invested."""
    start, end = day_of(told["start"]), day_of(told["end"])
    changes: dict[int, Decimal] = {}
    for term in told["terms"]:
        if term["side"] == "bottom":
            day = day_of(term["day"])
            changes[day] = changes.get(day, Decimal(0)) + leaf(term)
    weighted = held_days = 0.0
    for day in range(start, end):
        level = sum((change for on, change in changes.items() if on <= day), Decimal(0))
        if abs(level) > Decimal("1e-9"):
            weighted += float(level)
            held_days += 1
    return weighted / held_days


def on_rows(definition: str, told: Json) -> float:
    rows = told["series"]
    value, inflow, outflow = (
        np.array([float(row[name]) for row in rows]) for name in ("value", "inflow", "outflow")
    )
    day = np.array([day_of(row["day"]) for row in rows], dtype=float)
    trading = np.array([row["trading"] for row in rows])
    if definition in ROWS:
        return ROWS[definition](day, value, inflow, outflow)
    if definition in ("twr_local.v1", "currency_effect_rate.v1"):
        opening = np.array([float(row["opening"]) for row in rows])
        local = linked(factors(opening[1:], value, inflow, outflow))
        whole = linked(factors(value[:-1], value, inflow, outflow))
        return local if definition == "twr_local.v1" else (1 + whole) / (1 + local) - 1
    if definition.startswith(("price_return", "total_return")):
        kind, costs, tax, _ = definition.split(".")
        extra = np.zeros(len(rows))
        for name, counted, sign in (
            ("income", kind == "total_return", 1),
            ("costs", costs == "net_of_costs", -1),
            ("tax", tax == "net_of_tax", -1),
        ):
            if counted:
                extra += sign * np.array([float(row[name]) for row in rows])
        return linked(factors(value[:-1], value, inflow, outflow, extra))
    daily = factors(value[:-1], value, inflow, outflow)
    return statistic(definition, told, daily, trading[1:], day)


def factors(
    opening: Array, value: Array, inflow: Array, outflow: Array, extra: Array | None = None
) -> Array:
    """Growth of each day after the first, NaN where no capital was there."""
    base = opening + inflow[1:]
    result = value[1:] + outflow[1:] + (0 if extra is None else extra[1:])
    scale = opening + inflow[1:] + outflow[1:]
    found = np.full(len(base), np.nan)
    np.divide(result, base, out=found, where=base > 1e-12 * scale)
    return found


def linked(growth: Array) -> float:
    return float(np.nanprod(growth)) - 1


def weighted_dietz(day: Array, value: Array, inflow: Array, outflow: Array, late: int = 0) -> float:
    flow = (inflow - outflow)[1:]
    length = day[-1] - day[0]
    weight = (day[-1] - day[1:] + late) / length
    return float((value[-1] - value[0] - flow.sum()) / (value[0] + (weight * flow).sum()))


def chained_dietz(day: Array, value: Array, inflow: Array, outflow: Array) -> float:
    found = 1.0
    for place in range(1, len(day)):
        flow = inflow[place] - outflow[place]
        capital = value[place - 1] + flow / 2
        scale = value[place - 1] + inflow[place] + outflow[place]
        if capital > 1e-12 * scale:
            found *= 1 + (value[place] - value[place - 1] - flow) / capital
    return found - 1


def internal_rate(day: Array, value: Array, inflow: Array, outflow: Array) -> float:
    """Bisection on ln(1 + r); the caller knows that the rate is unique."""
    amount = outflow - inflow
    amount[0] = -value[0]
    amount[-1] += value[-1]
    years = (day - day[np.flatnonzero(amount)[0]]) / 365

    def worth(x: float) -> float:
        return float((amount * np.exp(-x * years)).sum())

    grid = np.linspace(-60.0, np.log(10_001), 4_001)
    signs = [worth(x) for x in grid]
    for place in range(len(grid) - 1):
        if signs[place] * signs[place + 1] <= 0:
            low, high = grid[place], grid[place + 1]
            for _ in range(200):
                middle = (low + high) / 2
                low, high = (low, middle) if signs[place] * worth(middle) <= 0 else (middle, high)
            return float(np.exp((low + high) / 2)) - 1
    raise AssertionError("no rate")


def start_timed(_: Array, value: Array, inflow: Array, outflow: Array) -> float:
    base = value[:-1] + inflow[1:] - outflow[1:]
    held = base > 1e-12 * (value[:-1] + inflow[1:] + outflow[1:])
    return float(np.prod(value[1:][held] / base[held])) - 1


def end_timed(_: Array, value: Array, inflow: Array, outflow: Array) -> float:
    held = value[:-1] > 1e-12 * (value[:-1] + inflow[1:] + outflow[1:])
    result = value[1:] - inflow[1:] + outflow[1:]
    return float(np.prod(result[held] / value[:-1][held])) - 1


def weighted(_: Array, value: Array, inflow: Array, outflow: Array) -> float:
    return linked(factors(value[:-1], value, inflow, outflow))


def annualised(day: Array, value: Array, inflow: Array, outflow: Array) -> float:
    whole = weighted(day, value, inflow, outflow)
    return float((1 + whole) ** (365 / (day[-1] - day[0]))) - 1


def simple(_: Array, value: Array, inflow: Array, outflow: Array) -> float:
    flow = (inflow - outflow)[1:].sum()
    return float((value[-1] - value[0] - flow) / value[0])


ROWS: dict[str, Callable[[Array, Array, Array, Array], float]] = {
    "twr.v1": weighted,
    "twr_start.v1": start_timed,
    "twr_end.v1": end_timed,
    "twr_annualised.v1": annualised,
    "xirr.v1": internal_rate,
    "modified_dietz.v1": weighted_dietz,
    "modified_dietz_start.v1": lambda d, v, i, o: weighted_dietz(d, v, i, o, late=1),
    "dietz_chain.v1": chained_dietz,
    "simple_gain.v1": simple,
}


def trading_days(growth: Array, trading: Any) -> tuple[Array, list[int]]:
    """Link days without trading into the next trading day; those after the last one into it."""
    places = np.flatnonzero(trading).tolist() or list(range(len(growth)))
    found, kept = [], []
    first = 0
    for number, place in enumerate(places):
        last = len(growth) - 1 if number == len(places) - 1 else place
        part = growth[first : last + 1]
        first = last + 1
        known = part[~np.isnan(part)]
        found.append(float(np.prod(known)) - 1 if len(known) else np.nan)
        kept.append(place)
    return np.array(found), kept


def statistic(definition: str, told: Json, growth: Array, trading: Any, day: Array) -> float:
    returns, places = trading_days(growth, trading)
    known = ~np.isnan(returns)
    if told["benchmark"] and definition in AGAINST:
        other = np.array([np.nan if b is None else float(b) for b in told["benchmark"]])
        both = known & ~np.isnan(other)
        return against(definition, told, returns[both], other[both])
    days = np.concatenate((day[:1], day[1:][places][known]))
    return alone(definition, told, returns[known], days)


def per_period(told: Json, name: str) -> float:
    return float((1 + float(told["parameters"].get(name, 0))) ** (1 / told["periods_per_year"]) - 1)


def grown(returns: Array, ppy: int) -> float:
    return float(np.prod(1 + returns) ** (ppy / len(returns))) - 1


def alone(definition: str, told: Json, r: Array, days: Array) -> float:
    ppy = told["periods_per_year"]
    risk_free, minimum = per_period(told, "rf"), per_period(told, "mar")
    quantile = float(told["parameters"].get("q", 0.05))
    wealth = np.concatenate(([1.0], np.cumprod(1 + r)))
    fall = float((wealth / np.maximum.accumulate(wealth) - 1).min())
    below = float(np.sqrt(np.mean(np.minimum(r - minimum, 0) ** 2))) * ppy**0.5
    logs = np.log1p(r)
    away = logs - logs.mean()
    n = len(r)
    ordered = np.sort(r)
    fit = np.corrcoef(np.arange(n), np.cumsum(logs))[0, 1] if n > 2 else 1.0
    over = r - minimum
    measures: dict[str, Callable[[], float]] = {
        "cagr.v1": lambda: grown(r, ppy),
        "volatility.v1": lambda: float(r.std(ddof=1)) * ppy**0.5,
        "sharpe.v1": lambda: float((r - risk_free).mean() / r.std(ddof=1)) * ppy**0.5,
        "downside_deviation.v1": lambda: below,
        "sortino.v1": lambda: float((r - minimum).mean()) * ppy / below,
        "max_drawdown.v1": lambda: fall,
        "calmar.v1": lambda: grown(r, ppy) / -fall,
        "var.v1": lambda: float(np.quantile(r, quantile)),
        "cvar.v1": lambda: float(ordered[: int((n - 1) * quantile) + 1].mean()),
        "omega.v1": lambda: float(over[over > 0].sum() / -over[over < 0].sum()),
        "stability.v1": lambda: float(fit) ** 2,
        "log_volatility.v1": lambda: float(logs.std(ddof=1)) * n**0.5,
        "log_semi_deviation.v1": lambda: float(
            np.sqrt((np.minimum(away, 0) ** 2).sum() / (n - 1) * n)
        ),
        "drawdown_duration.v1": lambda: under_water(wealth, days),
        "distance_from_high.v1": lambda: float(wealth[-1] / wealth.max()) - 1,
    }
    return measures[definition]()


def under_water(wealth: Array, days: Array) -> float:
    """Longest time from a high until it is reached again, or to the end."""
    high, since, longest = wealth[0], days[0], 0.0
    low = False
    for level, day in zip(wealth[1:], days[1:], strict=True):
        if level >= high * (1 - 1e-12):
            longest = max(longest, day - since) if low else longest
            high, since, low = max(level, high), day, False
        else:
            low = True
    return float(max(longest, days[-1] - since) if low else longest)


AGAINST = frozenset(
    {
        "beta.v1", "alpha.v1", "alpha_linear.v1", "tracking_error.v1", "information_ratio.v1",
        "information_ratio_annual.v1", "capture.v1", "up_capture.v1", "down_capture.v1",
    }
)  # fmt: skip


def against(definition: str, told: Json, r: Array, b: Array) -> float:
    ppy, risk_free = told["periods_per_year"], per_period(told, "rf")
    beta = float(np.cov(r, b, ddof=1)[0, 1] / np.var(b, ddof=1))
    alpha = float(((r - risk_free) - beta * (b - risk_free)).mean())
    apart = r - b
    measures: dict[str, Callable[[], float]] = {
        "beta.v1": lambda: beta,
        "alpha.v1": lambda: (1 + alpha) ** ppy - 1,
        "alpha_linear.v1": lambda: alpha * ppy,
        "tracking_error.v1": lambda: float(apart.std(ddof=1)) * ppy**0.5,
        "information_ratio.v1": lambda: float(apart.mean() / apart.std(ddof=1)),
        "information_ratio_annual.v1": lambda: float(apart.mean() / apart.std(ddof=1) * ppy**0.5),
        "capture.v1": lambda: grown(r, ppy) / grown(b, ppy),
        "up_capture.v1": lambda: grown(r[b > 0], ppy) / grown(b[b > 0], ppy),
        "down_capture.v1": lambda: grown(r[b < 0], ppy) / grown(b[b < 0], ppy),
    }
    return measures[definition]()
