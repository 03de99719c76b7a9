"""Tools, made from the registry: names, schemas and hints; small, because agents pay by the byte.

A tool with a name of its own belongs to the toolset `core`, which is shown by default; the others
belong to their package's toolset. Scopes and toolsets only ever narrow what a caller sees.
"""

from functools import cache
from typing import Any

from mcp.types import Tool, ToolAnnotations

from bursar.runtime.actor import Actor
from bursar.runtime.registry import Operation, operations

KEY_FIELD = "idempotency_key"
DRY_RUN_FIELD = "dry_run"
CORE = "core"
EVERY_TOOLSET = "all"


def toolset_of(operation: Operation) -> str:
    """Return the toolset a tool belongs to."""
    derived = operation.name.replace(".", "_")
    return operation.name.partition(".")[0] if operation.tool == derived else CORE


def tool_operations() -> dict[str, Operation]:
    """Return the operations that are tools, by tool name."""
    return {o.tool: o for o in operations().values() if o.tool is not None}


def visible(actor: Actor, toolsets: frozenset[str]) -> list[Tool]:
    """Return the tools an actor may call, within the toolsets that are switched on."""
    return [
        tool(name)
        for name, operation in sorted(tool_operations().items())
        if may_call(operation, actor, toolsets)
    ]


def may_call(operation: Operation, actor: Actor, toolsets: frozenset[str]) -> bool:
    """Tell whether a tool is both switched on and within the actor's scopes."""
    exposed = EVERY_TOOLSET in toolsets or toolset_of(operation) in toolsets
    return exposed and (operation.scope is None or actor.may(operation.scope))


@cache
def tool(name: str) -> Tool:
    """Return one tool's definition."""
    operation = tool_operations()[name]
    schema = compact(operation.input_model.model_json_schema(), keep_descriptions=True)
    properties = schema.setdefault("properties", {})
    if operation.writes:
        properties[KEY_FIELD] = {"type": "string", "description": "New for each new request."}
        properties[DRY_RUN_FIELD] = {"type": "boolean", "description": "Preview; change nothing."}
    return Tool(
        name=name,
        title=operation.summary.rstrip("."),
        description=operation.description,
        input_schema=schema,
        output_schema=compact(
            operation.output_model.model_json_schema(mode="serialization"), keep_descriptions=False
        ),
        annotations=ToolAnnotations(
            title=operation.summary.rstrip("."),
            read_only_hint=not operation.writes,
            destructive_hint=operation.destructive,
            idempotent_hint=not operation.writes,
            open_world_hint=False,
        ),
    )


def compact(schema: Any, *, keep_descriptions: bool) -> Any:
    """Drop what a schema's reader does not need: titles, null defaults and, in outputs, prose."""
    if isinstance(schema, list):
        return [compact(part, keep_descriptions=keep_descriptions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "title" and isinstance(value, str):
            continue
        if key == "default" and value is None:
            continue
        if key == "description" and isinstance(value, str) and not keep_descriptions:
            continue
        if key in ("properties", "$defs"):
            kept[key] = {
                name: compact(part, keep_descriptions=keep_descriptions)
                for name, part in value.items()
            }
        else:
            kept[key] = compact(value, keep_descriptions=keep_descriptions)
    return kept
