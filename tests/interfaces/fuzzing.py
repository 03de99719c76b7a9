"""Hostile inputs for every operation, made from its schema: deterministic by seed.

Each body starts from a form that fits and gets one to three values that do not: the wrong type, the
wrong size, text that databases and parsers stumble over.
"""

import random
from collections.abc import Iterator
from typing import Any

from bursar.runtime.registry import Operation
from tests.interfaces.schema_values import least, leaves, with_value

DEEP: Any = "bottom"
for _ in range(200):
    DEEP = [DEEP]
HOSTILE: tuple[Any, ...] = (
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202e\ufeff", "x" * 100_000,
    "'; DROP TABLE account; --", "../../etc/passwd", "%00", "%s%n", "{{7*7}}", "=1+1", "\r\nX: y",
    "NaN", "Infinity", "-Infinity", "1e999999", "1e-999999", "-0", "9" * 400, "0." + "0" * 400 + "1",
    "1_000", "٣", "0x10", "1,5",
    0, -1, 2**31, 2**63, 2**64, 10**300, -(10**300), 1.5, 1e308, float("nan"), float("inf"),
    None, True, False, [], {}, [[]], [None], {"": ""}, {"a": {"b": {"c": None}}}, DEEP,
    ["x"] * 3000, {str(n): n for n in range(3000)},
    "0001-01-01", "9999-12-31", "0000-00-00", "2024-02-30", "10000-01-01", "-0001-01-01",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59", "24:00", "P1D",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "zz-not-an-id",
    "USD", "XXX", "usd", "ZZZZZZZZZZ", "AAPL", "isin:US0378331005", "isin:", ":", "isin:\x00",
)  # fmt: skip
# Values that fit the form of a place and lie at the edge of what it means.
EDGES: dict[str, tuple[Any, ...]] = {
    "date": ("0001-01-01", "9999-12-31", "1969-12-31", "2022-12-28"),
    "date-time": ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"),
    "decimal": ("0", "-1", "1e30", "-99999999999999999999999999.999999", "0.000000000000000001"),
    "uuid": ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
}
TEXTS = ("AAPL", "Brokerage", "USD", "asset_class", "0001-01-01", "9999-12-31", "1y", "all")


def bodies(operation: Operation, rounds: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Bodies for one operation: the empty one, the least one, and `rounds` hostile ones."""
    # Text seeds are hashed without the process's own salt, so every run makes the same bodies.
    chance = random.Random(f"{operation.name} {seed}")  # noqa: S311 - repeatable, not secret
    schema = operation.input_model.model_json_schema()
    least_body = least(schema, schema)
    yield {}
    yield least_body
    places = list(leaves(schema))
    for _ in range(rounds):
        body = least_body
        for _ in range(chance.randint(1, 3)):
            if not places:
                body = {chance.choice(("x", "", "\x00")): chance.choice(HOSTILE)}
                continue
            path, leaf = chance.choice(places)
            if chance.random() < 0.3:
                path = path[: chance.randint(1, len(path))]
                value = chance.choice(HOSTILE)
            elif chance.random() < 0.5:
                value = chance.choice(EDGES.get(str(leaf.get("format")), TEXTS))
                value = chance.choice(leaf["enum"]) if "enum" in leaf else value
            else:
                value = chance.choice(HOSTILE)
            try:
                body = with_value(body, path, value, schema)
            except (AssertionError, KeyError, TypeError):
                body = {**body, path[0]: value}  # an earlier value took the place
        yield body
