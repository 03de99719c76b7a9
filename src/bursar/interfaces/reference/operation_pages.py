"""The pages of operations and MCP tools, and the snapshot of the tools with their sizes."""

import json
from itertools import groupby
from typing import Any

from mcp.types import Tool

from bursar.interfaces.mcp.resources import RULES
from bursar.interfaces.mcp.tools import CORE, tool, tool_operations, toolset_of
from bursar.interfaces.reference.markdown import cell, code, table
from bursar.interfaces.reference.markdown import page as as_page
from bursar.interfaces.rest.routes import PREFIX
from bursar.runtime.registry import Operation, operations


def operations_page(known: list[Operation]) -> str:
    """Return docs/reference/operations.md."""
    lead = (
        "Each operation is stated once and reached by every interface. A write takes "
        "`Idempotency-Key` (a repeat returns the first answer) and `dry_run` (carry it out, show "
        "the result, change nothing)."
    )
    parts: list[str] = []
    for package, members in groupby(known, key=lambda o: o.name.partition(".")[0]):
        parts.append(f"## {package}\n")
        parts += [_operation(member) for member in members]
    return as_page("Operations", lead, parts)


def _operation(operation: Operation) -> str:
    lines = [
        f"### {operation.name}\n",
        f"{operation.description}\n",
        f"- REST: `{operation.method} {PREFIX}{operation.path}`",
        f"- Scope: {code(operation.scope or '') if operation.scope else 'none: it comes before a credential exists'}",
    ]
    if operation.tool:
        lines.append(f"- MCP tool: `{operation.tool}`")
    if operation.command:
        lines.append(f"- Command: `bursar {' '.join(operation.command)}`")
    if operation.writes:
        moves = "; moves money, so `Idempotency-Key` is required" if operation.moves_money else ""
        last = operation.destructive and not operation.moves_money
        lines.append("- Writes" + moves + ("; cannot be undone" if last else ""))
    fields = _fields(operation.input_model.model_json_schema())
    lines.append("")
    if fields:
        lines.append(table(("Field", "Type", "Required", "Meaning"), fields))
    return "\n".join(lines)


def _fields(schema: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    required = schema.get("required", ())
    return [
        (code(name), _kind(facts), "yes" if name in required else "", facts.get("description", ""))
        for name, facts in schema.get("properties", {}).items()
    ]


def _kind(facts: dict[str, Any]) -> str:
    """Return a short name of a field's type."""
    if "$ref" in facts:
        return str(facts["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in facts:
        return " or ".join(dict.fromkeys(_kind(part) for part in facts["anyOf"]))
    if facts.get("type") == "array":
        return f"list of {_kind(facts.get('items', {}))}"
    return str(facts.get("format") or facts.get("type", "any"))


def wire_bytes(made: Tool) -> int:
    """Return how many bytes a tool takes in a tools/list answer."""
    return len(json.dumps(_wire(made), separators=(",", ":"), ensure_ascii=False).encode())


def _wire(made: Tool) -> dict[str, Any]:
    document: dict[str, Any] = made.model_dump(mode="json", by_alias=True, exclude_none=True)
    return document


def tools_snapshot() -> dict[str, Any]:
    """Return every tool as it goes over the wire, and what the lists weigh."""
    known = tool_operations()
    sizes = {name: wire_bytes(tool(name)) for name in sorted(known)}
    core = [size for name, size in sizes.items() if toolset_of(known[name]) == CORE]
    total = sum(sizes.values())
    return {
        "sizes": {
            "tools": len(sizes),
            "bytes_total": total,
            "bytes_mean": round(total / len(sizes)) if sizes else 0,
            "core_tools": len(core),
            "core_bytes_total": sum(core),
        },
        "tools": [_wire(tool(name)) for name in sorted(known)],
    }


def tools_page() -> str:
    """Return docs/reference/tools.md."""
    lead = (
        "Tools of the toolset `core` are listed by default; `MCP_TOOLSETS` (or `bursar mcp "
        "--toolsets`) adds packages by name, or `all`. A token's scopes narrow the list further. "
        "Bytes are what a tool costs in the list an agent reads."
    )
    known = tool_operations()
    parts: list[str] = []
    for toolset in sorted({toolset_of(o) for o in known.values()}, key=lambda t: (t != CORE, t)):
        members = {n: o for n, o in sorted(known.items()) if toolset_of(o) == toolset}
        parts.append(f"## Toolset {toolset}\n")
        parts.append(
            table(
                ("Tool", "Operation", "Scope", "Bytes", "What it does"),
                (
                    (
                        code(name),
                        code(operation.name),
                        code(operation.scope or ""),
                        str(wire_bytes(tool(name))),
                        operation.summary,
                    )
                    for name, operation in members.items()
                ),
            )
        )
    parts.append("## Resources\n")
    served = [rule for rule in RULES if rule.operation in operations()]
    parts.append(
        table(
            ("Address", "Operation", "Title"),
            ((code(rule.address), code(rule.operation), cell(rule.title)) for rule in served),
        )
    )
    return as_page("MCP tools and resources", lead, parts)
