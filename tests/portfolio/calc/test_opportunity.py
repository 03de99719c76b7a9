"""The opportunity score: against numpy, by properties, and blind to what comes later."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.portfolio.calc.opportunity import (
    AVERAGE_PRICES,
    PARTS,
    RETURNS_MIN,
    Measured,
    Series,
    measure,
    score,
)
from bursar.portfolio.calc.undefined import Figure, Reason

pytestmark = pytest.mark.requirement("DASH.13")
WEIGHTS = {name: part.weight for name, part in PARTS.items()}
TODAY = 20_000


def walk(seed: int, count: int, last: int = TODAY) -> Series:
    """Prices on five days of seven, ending on `last`."""
    random = np.random.default_rng(seed)
    day = np.arange(last - 2 * count, last + 1)
    day = day[day % 7 < 5][-count:]
    index = np.exp(np.cumsum(random.normal(0.0003, 0.02, len(day))))
    return Series(day, index / index[0], 50.0, 1.5)


def values(series: Series, today: int = TODAY) -> dict[str, float | None]:
    return {name: each.figure.value for name, each in measure(series, today).items()}


@pytest.mark.parametrize("seed", range(5))
def test_parts_equal_an_independent_calculation(seed: int) -> None:
    series = walk(seed, 300)
    by_day = dict(zip(series.day.tolist(), series.index.tolist(), strict=True))

    def level(on: int) -> float:
        return by_day[max(day for day in by_day if day <= on)]

    year = [day for day in sorted(by_day) if day >= TODAY - 365]
    logs = np.array([by_day[day] for day in year])
    simple = np.diff(logs) / logs[:-1]
    variance = ((simple - simple.mean()) ** 2).sum() / (len(simple) - 1)
    found = values(series)
    assert found["momentum"] == pytest.approx(level(TODAY - 30) / level(TODAY - 365) - 1)
    assert found["volatility"] == pytest.approx(
        np.sqrt(variance * len(simple) * 365 / (year[-1] - year[0]))
    )
    assert found["drawdown"] == pytest.approx(logs[-1] / max(logs) - 1)
    tail = series.index[-AVERAGE_PRICES:]
    assert found["trend"] == pytest.approx(series.index[-1] * len(tail) / sum(tail) - 1)
    assert found["dividend_yield"] == pytest.approx(0.03)


@given(st.integers(0, 999), st.integers(1, 200), st.floats(0.01, 100))
def test_nothing_after_the_day_changes_a_part(seed: int, later: int, factor: float) -> None:
    series = walk(seed, 500)
    today = TODAY - later
    changed = np.where(series.day > today, series.index * factor, series.index)
    other = Series(series.day, changed, series.price, series.dividends)
    assert measure(series, today) == measure(other, today)


@given(st.integers(0, 999), st.floats(0.001, 1000))
def test_the_unit_of_the_prices_does_not_matter(seed: int, factor: float) -> None:
    series = walk(seed, 300)
    scaled = Series(series.day, series.index * factor, series.price * factor, 1.5 * factor)
    assert values(scaled) == pytest.approx(values(series), rel=1e-9, abs=1e-12)


def test_too_short_a_history_is_null_with_a_reason() -> None:
    found = measure(walk(1, RETURNS_MIN), TODAY)
    for name in ("momentum", "volatility", "drawdown", "trend"):
        assert found[name].figure == Figure.undefined(
            Reason.SHORT_HISTORY, observations=found[name].figure.observations
        )
    unpaid = Series(walk(1, 300).day, walk(1, 300).index, 50.0, None)
    assert measure(unpaid, TODAY)["dividend_yield"].figure.reason is Reason.NO_DIVIDENDS


def known(**parts: float | None) -> dict[str, Measured]:
    missing = Figure.undefined(Reason.SHORT_HISTORY)
    return {n: Measured(missing if v is None else Figure.of(v)) for n, v in parts.items()}


def test_scores_equal_an_independent_calculation() -> None:
    random = np.random.default_rng(3)
    table = {name: random.normal(0.1, 0.2, 40) for name in PARTS}
    rows = [known(**{name: float(column[i]) for name, column in table.items()}) for i in range(40)]
    scored, compared = score(rows, WEIGHTS)
    signs = {name: 1 if part.prefers == "more" else -1 for name, part in PARTS.items()}
    expected = sum(
        WEIGHTS[name] * signs[name] * np.clip((c - c.mean()) / np.sqrt(((c - c.mean()) ** 2).mean()), -3, 3)
        for name, c in table.items()
    )  # fmt: skip
    assert [each.score.value for each in scored] == pytest.approx(list(expected))
    assert compared["trend"].mean == pytest.approx(float(table["trend"].mean()))


cell = st.one_of(st.none(), st.floats(-1, 1).map(lambda x: round(x, 3)))


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(PARTS, cell)), min_size=1, max_size=12))
def test_contributions_sum_to_the_score_and_unknown_parts_have_none(
    table: list[dict[str, float | None]],
) -> None:
    scored, _ = score([known(**row) for row in table], WEIGHTS)
    again, _ = score([known(**row) for row in reversed(table)], WEIGHTS)
    for each, same, row in zip(scored, reversed(again), table, strict=True):
        assert each.score.value == pytest.approx(same.score.value)
        shares = [p.contribution for p in each.parts if p.contribution is not None]
        covered = sum(p.weight for p in each.parts if p.contribution is not None)
        assert each.coverage == pytest.approx(covered)
        for part in each.parts:
            assert (part.contribution is None) == (part.z.reason is not None)
            assert part.contribution is None or row[part.name] is not None
        if each.score.value is None:
            assert covered < 0.5 + 1e-9
        else:
            assert each.score.value == pytest.approx(sum(shares))
            assert abs(each.score.value) <= 3 + 1e-9


@given(st.floats(0.001, 1.0), st.sampled_from(sorted(PARTS)))
def test_a_better_value_never_lowers_the_own_score(step: float, name: str) -> None:
    random = np.random.default_rng(5)
    rows = [{n: float(random.normal()) for n in PARTS} for _ in range(8)]
    before, _ = score([known(**row) for row in rows], WEIGHTS)
    rows[0][name] += step if PARTS[name].prefers == "more" else -step
    after, _ = score([known(**row) for row in rows], WEIGHTS)
    assert after[0].score.value >= before[0].score.value - 1e-9


def test_the_weights_sum_to_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)
