"""Schemas as agents read them: JSON Schema 2020-12, small, in the dialect every model host takes.

An agent pays for each byte of each listed tool, so a schema says what a caller must know and no
more: the server checks all limits again and names the field. Inputs keep their prose, choices and
ranges. Outputs keep names and types, and leave out inner levels that do not fit in the budget;
the full form of every answer is in the OpenAPI document. References are written out, because some
hosts do not follow them, and so is each `null` that only means "may be left out".
"""

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

DEPTH_MAX = 12
# A nested argument over this is written out in the OpenAPI document only.
ARGUMENT_BYTES_MAX = 1_500
ANY_OBJECT = {"type": "object"}
NULL = {"type": "null"}
# What the server checks and explains anyway; a model fills in a field by its name and description.
LEFT_OUT = frozenset(
    {
        "title",
        "minLength",
        "maxLength",
        "minItems",
        "minProperties",
        "maxProperties",
        "propertyNames",
        "pattern",
        "discriminator",
        "examples",
    }
)
LEFT_OUT_OF_OUTPUTS = LEFT_OUT | {
    "description",
    "default",
    "required",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "maxItems",
    "enum",
}
FORMATS = frozenset({"date", "date-time", "uuid"})
FORMATS_OF_OUTPUTS = frozenset({"date", "date-time"})
NO_NEWS: tuple[Any, ...] = (None, False, [], {})

Schema = dict[str, Any]


def input_schema(model: type[BaseModel]) -> Schema:
    """Return the schema of a tool's arguments; unknown arguments are refused."""
    document = model.model_json_schema()
    schema = _inlined(document, document.get("$defs", {}), 0)
    schema.pop("description", None)
    slim = _input(schema)
    slim.setdefault("properties", {})
    slim["properties"] = {
        name: part if weight(part) <= ARGUMENT_BYTES_MAX else _plain(part)
        for name, part in slim["properties"].items()
    }
    slim["additionalProperties"] = False
    return slim


def output_schema(model: type[BaseModel], bytes_max: int) -> Schema:
    """Return the schema of a tool's answer: all first fields, and further levels within `bytes_max`."""
    document = model.model_json_schema(mode="serialization")
    whole = _output(_inlined(document, document.get("$defs", {}), 0))
    for depth in range(DEPTH_MAX, 1, -1):
        pruned = _pruned(whole, depth)
        if weight(pruned) <= bytes_max:
            return pruned
    return _pruned(whole, 1)


def weight(schema: Schema) -> int:
    """Return the bytes a schema takes on the wire."""
    return len(json.dumps(schema, separators=(",", ":"), ensure_ascii=False).encode())


def _plain(argument: Schema) -> Schema:
    """Return a large nested argument by its kind and prose alone; the server explains the rest."""
    return {key: argument[key] for key in ("type", "description") if key in argument} or dict(
        ANY_OBJECT
    )


def _inlined(node: Any, definitions: Schema, depth: int) -> Any:
    """Write references out; a type that contains itself ends as a plain object."""
    if isinstance(node, list):
        return [_inlined(part, definitions, depth) for part in node]
    if not isinstance(node, dict):
        return node
    if depth > DEPTH_MAX:
        return dict(ANY_OBJECT)
    reference = node.get("$ref")
    if isinstance(reference, str):
        target = _inlined(definitions[reference.rsplit("/", 1)[-1]], definitions, depth + 1)
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return {**target, **_inlined(beside, definitions, depth)}
    return {
        key: _inlined(value, definitions, depth + (key in ("properties", "items")))
        for key, value in node.items()
        if key != "$defs"
    }


def _input(schema: Schema) -> Schema:
    """Slim one level of an input."""
    slim = _slim(schema, LEFT_OUT, FORMATS, _input)
    if slim.get("additionalProperties") is False:
        del slim["additionalProperties"]
    if any(slim.get("default", ...) == nothing for nothing in NO_NEWS):
        del slim["default"]
    required = set(slim.get("required", ()))
    for name, part in slim.get("properties", {}).items():
        if name not in required:
            slim["properties"][name] = _without_null(part)
    return slim


def _without_null(schema: Schema) -> Schema:
    """Return what an optional field takes when it is given."""
    alternatives = [part for part in schema.get("anyOf", ()) if part != NULL]
    if len(alternatives) != 1:
        return schema
    beside = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**alternatives[0], **beside}


def _output(schema: Schema) -> Schema:
    """Slim one level of an output."""
    slim = _slim(schema, LEFT_OUT_OF_OUTPUTS, FORMATS_OF_OUTPUTS, _output)
    if slim.get("additionalProperties") in (False, True):
        del slim["additionalProperties"]
    return slim or dict(ANY_OBJECT)


def _slim(
    schema: Schema,
    left_out: frozenset[str],
    formats: frozenset[str],
    inner: Callable[[Schema], Schema],
) -> Schema:
    kept: Schema = {}
    for key, value in schema.items():
        if key in left_out or (key == "format" and value not in formats):
            continue
        if key in ("properties", "patternProperties"):
            kept[key] = {name: inner(part) for name, part in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            kept[key] = inner(value)
        elif key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            kept[key] = [inner(part) for part in value]
        elif key == "const" and "enum" in left_out:
            kept.setdefault("type", "string")
        else:
            kept[key] = value
    return kept


def _pruned(schema: Schema, depth: int) -> Schema:
    """Cut what lies more than `depth` objects or lists deep."""
    kept: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            if depth > 0:
                kept[key] = {name: _pruned(part, depth - 1) for name, part in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            if depth > 0:
                kept[key] = _pruned(value, depth - 1)
        elif key in ("anyOf", "oneOf", "allOf"):
            kept[key] = [_pruned(part, depth) for part in value]
        elif key != "prefixItems" or depth > 0:
            kept[key] = value
    return kept
