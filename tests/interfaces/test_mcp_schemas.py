"""The schemas agents read: small, and never narrower than what the server takes and answers."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field

from bursar.interfaces import catalogue
from bursar.interfaces.mcp.schemas import ARGUMENT_BYTES_MAX, input_schema, output_schema, weight
from bursar.interfaces.mcp.tools import DRY_RUN_FIELD, KEY_FIELD, tool, tool_operations

catalogue.load()
TOOLS = sorted(tool_operations())


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Inner(BaseModel):
    """An inner thing."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(description="Its name.", min_length=1, max_length=9, pattern="^[a-z]+$")
    day: date | None = Field(None, description="Its day.")
    parts: list[Self] = Field(default_factory=list, description="Its parts.")


class Given(BaseModel):
    """What is given."""

    model_config = ConfigDict(extra="forbid")
    inner: Inner = Field(description="The inner thing.")
    price: Decimal = Field(description="A price.", ge=0)
    colour: Colour = Field(Colour.RED, description="Red or green.")
    either: int | str | None = Field(None, description="A number or a text.")
    kept_null: Inner | None = Field(description="Null when there is none.")


@pytest.mark.requirement("MCP.09")
def test_a_slim_input_takes_what_the_model_takes() -> None:
    schema = input_schema(Given)
    validator = Draft202012Validator(schema)
    whole: dict[str, Any] = {
        "inner": {"name": "abc", "day": "2026-01-02", "parts": [{"name": "x", "parts": []}]},
        "price": "1.10",
        "colour": "green",
        "either": 3,
        "kept_null": None,
    }
    validator.validate(whole)
    validator.validate({k: whole[k] for k in ("inner", "price", "kept_null")})
    Given.model_validate(whole)
    assert not validator.is_valid({**whole, "unknown": 1})
    assert not validator.is_valid({**whole, "colour": "blue"})
    assert not validator.is_valid({"price": "1"})
    assert schema["properties"]["colour"]["description"] == "Red or green."
    assert schema["properties"]["colour"]["default"] == "red"
    assert {"$defs", "title", "description"}.isdisjoint(schema)


@pytest.mark.requirement("MCP.09")
@pytest.mark.parametrize("bytes_max", [60, 120, 200, 400, 5000])
def test_a_slim_output_holds_for_each_answer_at_every_size(bytes_max: int) -> None:
    schema = output_schema(Given, bytes_max)
    inner = Inner(name="abc", parts=[Inner(name="x", day=date(2026, 1, 2))])
    for kept_null in (None, inner):
        answer = Given(inner=inner, price=Decimal("1.10"), either="text", kept_null=kept_null)
        Draft202012Validator(schema).validate(answer.model_dump(mode="json"))
    names = schema.get("properties") or schema["required"]
    assert set(names) == set(Given.model_fields), "every first field is named"
    assert weight(schema) <= max(bytes_max, 100)


def test_a_larger_budget_says_more() -> None:
    sizes = [weight(output_schema(Given, n)) for n in (60, 200, 400, 5000)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


@pytest.mark.requirement("MCP.09")
@pytest.mark.parametrize("name", TOOLS)
def test_a_tools_fields_are_those_of_its_operation(name: str) -> None:
    made, operation = tool(name), tool_operations()[name]
    given = set(made.input_schema["properties"])
    added = {KEY_FIELD, DRY_RUN_FIELD} if operation.writes else set()
    full = operation.input_model.model_json_schema()
    assert given == set(full.get("properties", {})) | added
    required = set(full.get("required", ()))
    assert set(made.input_schema.get("required", ())) == required
    for field, part in made.input_schema["properties"].items():
        assert part.get("description"), f"{name}.{field} does not say what it is"
        assert weight(part) <= ARGUMENT_BYTES_MAX, f"{name}.{field}"
    assert made.output_schema is not None
    for schema in (made.input_schema, made.output_schema):
        Draft202012Validator.check_schema(schema)
