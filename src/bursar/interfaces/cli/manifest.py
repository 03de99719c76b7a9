"""The command line's list of commands, generated from the registry and kept beside the code.

Importing every domain takes longer than answering `bursar --help` may take, so the commands are
read from `commands.json`. A test fails when that file is not what the registry says.
"""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("commands.json")


def load() -> list[dict[str, Any]]:
    """Return the stored commands."""
    commands: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return commands


def describe(operation: Any) -> dict[str, Any]:
    """Return one operation as a command: its words, arguments, options and route."""
    schema = operation.input_model.model_json_schema()
    required = set(schema.get("required", ()))
    definitions = schema.get("$defs", {})
    return {
        "words": list(operation.command),
        "operation": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "method": operation.method,
        "path": operation.path,
        "writes": operation.writes,
        "moves_money": operation.moves_money,
        "parameters": [
            {
                "name": name,
                "kind": kind_of(facts, definitions),
                "required": name in required,
                "argument": name in operation.positional,
                "choices": choices_of(facts, definitions),
                "help": facts.get("description", ""),
            }
            for name, facts in schema.get("properties", {}).items()
        ],
    }


def kind_of(facts: dict[str, Any], definitions: dict[str, Any]) -> str:
    """Return text, integer, boolean, list or json: how a parameter is written on a command line."""
    facts = _resolve(facts, definitions)
    several = [_resolve(f, definitions) for f in facts.get("anyOf", ())]
    kinds = {f.get("type") for f in several} - {"null"} or {facts.get("type")}
    if "array" in kinds:
        whole = facts if facts.get("type") == "array" else next(f for f in several if "items" in f)
        item = _resolve(whole.get("items", {}), definitions)
        return "list" if item.get("type") in ("string", "integer") else "json"
    if kinds <= {"string"}:
        return "text"
    if kinds == {"integer"}:
        return "integer"
    if kinds == {"boolean"}:
        return "boolean"
    return "json" if "object" in kinds else "text"


def choices_of(facts: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    """Return the values a parameter may take, when they are a short fixed list."""
    for part in (facts, facts.get("items", {}), *facts.get("anyOf", ())):
        found = _resolve(part, definitions)
        found = _resolve(found.get("items", found), definitions)
        if "enum" in found:
            return [str(value) for value in found["enum"]]
    return []


def _resolve(facts: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in facts:
        found: dict[str, Any] = definitions[facts["$ref"].rsplit("/", 1)[-1]]
        return found
    return facts
