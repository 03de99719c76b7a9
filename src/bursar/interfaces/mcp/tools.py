"""Tools, made from the registry: names, schemas and hints; small, because agents pay by the byte.

A tool with a name of its own belongs to the toolset `core`, which is shown by default; the others
belong to their package's toolset, and so does every tool that moves money: an agent sees those only
where somebody switched them on. Scopes and toolsets only ever narrow what a caller sees.
"""

from functools import cache
from typing import Any

from mcp.types import Tool, ToolAnnotations

from bursar.interfaces.mcp.schemas import input_schema, output_schema
from bursar.runtime.actor import Actor
from bursar.runtime.registry import Operation, operations

KEY_FIELD = "idempotency_key"
KEY_TEXT = "New for each new request."
DRY_RUN_FIELD = "dry_run"
DRY_RUN_TEXT = "Preview; change nothing."
CORE = "core"
EVERY_TOOLSET = "all"
OUTPUT_BYTES_MAX = 330


def toolset_of(operation: Operation) -> str:
    """Return the toolset a tool belongs to."""
    derived = operation.name.replace(".", "_")
    own = operation.tool == derived or operation.moves_money
    return operation.name.partition(".")[0] if own else CORE


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
    within = operation.scope is None or actor.may(operation.scope)
    return within and is_exposed(operation, toolsets)


def is_exposed(operation: Operation, toolsets: frozenset[str]) -> bool:
    """Tell whether a tool's toolset is switched on."""
    return EVERY_TOOLSET in toolsets or toolset_of(operation) in toolsets


@cache
def tool(name: str) -> Tool:
    """Return one tool's definition."""
    operation = tool_operations()[name]
    return Tool(
        name=name,
        title=name.replace("_", " ").capitalize(),
        description=" ".join(operation.description.split()),
        input_schema=_arguments(operation),
        output_schema=output_schema(operation.output_model, OUTPUT_BYTES_MAX),
        annotations=ToolAnnotations(
            read_only_hint=not operation.writes,
            destructive_hint=operation.destructive,
            idempotent_hint=not operation.writes,
        ),
    )


def _arguments(operation: Operation) -> dict[str, Any]:
    schema = input_schema(operation.input_model)
    if not operation.writes:
        return schema
    schema["properties"][KEY_FIELD] = {"type": "string", "description": KEY_TEXT}
    schema["properties"][DRY_RUN_FIELD] = {"type": "boolean", "description": DRY_RUN_TEXT}
    return schema
