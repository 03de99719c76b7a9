"""JSON schemas walked and filled: where ids stand in an input, and the least body that has its form."""

import copy
from collections.abc import Iterator
from typing import Any

Path = tuple[str, ...]
ITEM, KEY, VALUE = "[]", "{key}", "{value}"


def leaves(schema: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every value of a schema that holds no other, with the way to it."""
    yield from _leaves(schema, schema, ())


def _leaves(
    part: dict[str, Any], root: dict[str, Any], path: Path
) -> Iterator[tuple[Path, dict[str, Any]]]:
    part = resolved(part, root)
    choices = [c for c in part.get("anyOf", []) if c.get("type") != "null"]
    if choices:
        for choice in choices:
            outer = {k: v for k, v in part.items() if k != "anyOf"}
            yield from _leaves({**outer, **resolved(choice, root)}, root, path)
    elif part.get("type") == "array":
        # What the list is said to hold is said of each of its items.
        said = {name: part[name] for name in ("description",) if name in part}
        yield from _leaves({**said, **part.get("items", {})}, root, (*path, ITEM))
    elif "properties" in part:
        for name, inner in part["properties"].items():
            yield from _leaves(inner, root, (*path, name))
    elif part.get("type") == "object":
        yield (*path, KEY), resolved(part.get("propertyNames", {}), root)
        if isinstance(part.get("additionalProperties"), dict):
            yield from _leaves(part["additionalProperties"], root, (*path, VALUE))
    else:
        yield path, part


def resolved(part: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in part:
        rest = {name: value for name, value in part.items() if name != "$ref"}
        return {**root["$defs"][part["$ref"].rpartition("/")[2]], **rest}
    return part


def least(part: dict[str, Any], root: dict[str, Any]) -> Any:
    """The smallest value of a schema's form."""
    part = resolved(part, root)
    if "default" in part and part["default"] is not None:
        return copy.deepcopy(part["default"])
    if "enum" in part:
        return part["enum"][0]
    if "const" in part:
        return part["const"]
    if "anyOf" in part:
        return least(part["anyOf"][0], root)
    match part.get("type"):
        case "object":
            wanted = part.get("required", [])
            made = {name: least(part["properties"][name], root) for name in wanted}
            if not made and part.get("minProperties"):
                made["x"] = least(part.get("additionalProperties") or {}, root)
            return made
        case "array":
            return [least(part["items"], root)] * part.get("minItems", 0)
        case "integer" | "number":
            return max(part.get("minimum", 0), part.get("exclusiveMinimum", -1) + 1)
        case "boolean":
            return False
    return _text(part)


def _text(part: dict[str, Any]) -> str:
    named = {
        "uuid": "00000000-0000-7000-8000-000000000000",
        "date": "2022-12-01",
        "date-time": "2022-12-01T00:00:00Z",
        "decimal": "1",
    }
    if part.get("format") in named:
        return named[part["format"]]
    if part.get("pattern", "").startswith("^[A-Z]"):
        return "USD"
    return "x" * max(1, part.get("minLength", 1))


def with_value(body: Any, path: Path, value: Any, schema: dict[str, Any]) -> Any:
    """A copy of `body` with `value` at the end of the way, and what it needs around it."""
    return _with(copy.deepcopy(body), path, value, schema, schema)


def _with(body: Any, path: Path, value: Any, part: dict[str, Any], root: dict[str, Any]) -> Any:
    if not path:
        return value
    part = _choice(resolved(part, root), path[0], root)
    step, rest = path[0], path[1:]
    if step == ITEM:
        first = body[0] if isinstance(body, list) and body else least(part["items"], root)
        return [_with(first, rest, value, part["items"], root)]
    if step == KEY:
        inner = part.get("additionalProperties")
        return {value: least(inner, root) if isinstance(inner, dict) else "x"}
    if step == VALUE:
        return {"x": _with(None, rest, value, part["additionalProperties"], root)}
    made = dict(body) if isinstance(body, dict) else least(part, root)
    made[step] = _with(made.get(step), rest, value, part["properties"][step], root)
    return made


def _choice(part: dict[str, Any], step: str, root: dict[str, Any]) -> dict[str, Any]:
    """The alternative of a schema that has this step."""
    if "anyOf" not in part:
        return part
    for raw in part["anyOf"]:
        choice = resolved(raw, root)
        if step == ITEM and choice.get("type") == "array":
            return choice
        if step in (KEY, VALUE) and choice.get("type") == "object" and "properties" not in choice:
            return choice
        if step in choice.get("properties", {}):
            return choice
    raise AssertionError(f"no alternative has {step}")
