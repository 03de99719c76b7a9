"""Schemas as agents read them: JSON Schema 2020-12, small, in the dialect every model host takes.

An agent pays for each byte of each listed tool, so a schema says what a caller must know and no
more: the server checks everything again and names the field. Inputs keep their prose and choices,
but a large inner object keeps only its fields' names and types. Outputs keep names and types as
deep as a budget allows, then the names alone; the full form of every answer is in the OpenAPI
document. References are written out, because some hosts do not follow them, and a `null` that only
means "may be left out" is left out.
"""

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

DEPTH_MAX = 12
# A nested argument over the first loses its prose; over the second it is written out in the
# OpenAPI document only.
INNER_BYTES_MAX = 400
ARGUMENT_BYTES_MAX = 700
CHOICES_MAX = 12
ANY_OBJECT = {"type": "object"}
NULL = {"type": "null"}
# What the server checks and explains anyway; a model fills in a field by its name and description.
LEFT_OUT = frozenset(
    {
        "title",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
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
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "enum",
}
FORMATS = frozenset({"date", "date-time", "uuid"})
FORMATS_OF_OUTPUTS = frozenset({"date", "date-time"})
NO_NEWS: tuple[Any, ...] = (None, False, "", [], {})

Schema = dict[str, Any]


def input_schema(model: type[BaseModel]) -> Schema:
    """Return the schema of a tool's arguments; unknown arguments are refused."""
    document = model.model_json_schema()
    schema = _inlined(document, document.get("$defs", {}), 0)
    schema.pop("description", None)
    slim = _input(schema)
    fields = slim.setdefault("properties", {})
    for name, part in fields.items():
        if weight(part) > INNER_BYTES_MAX:
            short = {**_terse(part), **_described(part)}
            fields[name] = short if weight(short) <= ARGUMENT_BYTES_MAX else _plain(part)
    slim["additionalProperties"] = False
    return slim


def output_schema(model: type[BaseModel], bytes_max: int) -> Schema:
    """Return the schema of a tool's answer, in the fullest form that fits in `bytes_max`."""
    document = model.model_json_schema(mode="serialization")
    whole = _output(_inlined(document, document.get("$defs", {}), 0))
    for depth in range(DEPTH_MAX, 0, -1):
        for with_names in (True, False):
            form: Schema = _finished(_pruned(whole, depth, with_names=with_names))
            if weight(form) <= bytes_max:
                return form
    return _pruned(whole, 0, with_names=True)


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
    if "properties" in slim:
        slim["required"] = list(slim["properties"])  # answers are sent whole, defaults included
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


def _pruned(schema: Schema, depth: int, *, with_names: bool) -> Schema:
    """Cut what lies more than `depth` objects deep; a cut object still names its fields, or not."""
    kept: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            if depth > 0:
                kept[key] = {
                    name: _pruned(part, depth - 1, with_names=with_names)
                    for name, part in value.items()
                }
        elif key == "required":
            if depth > 0 or with_names:
                kept[key] = value
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            if depth > 0 or with_names:
                kept[key] = _pruned(value, depth, with_names=with_names)
        elif key in ("anyOf", "oneOf", "allOf"):
            kept[key] = [_pruned(part, depth, with_names=with_names) for part in value]
        elif key != "prefixItems" or depth > 0:
            kept[key] = value
    return kept


def _finished(schema: Any) -> Any:
    """Drop each list of required names that only repeats the properties beside it."""
    if isinstance(schema, list):
        return [_finished(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    named = isinstance(schema.get("properties"), dict) and isinstance(schema.get("required"), list)
    return {
        key: _finished(part) for key, part in schema.items() if not (named and key == "required")
    }


def _terse(schema: Any) -> Any:
    """Drop the prose and the long lists of choices of an inner object."""
    if isinstance(schema, list):
        return [_terse(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: _terse(part) for name, part in value.items()}
        elif not (
            (key == "description" and isinstance(value, str))
            or (key == "enum" and len(value) > CHOICES_MAX)
        ):
            kept[key] = _terse(value)
    return kept


def _described(schema: Schema) -> Schema:
    return {key: schema[key] for key in ("description",) if key in schema}
