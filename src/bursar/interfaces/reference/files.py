"""The list of generated files, and the comparison with what lies on disk."""

import json
from pathlib import Path
from typing import Any

import typer.main

from bursar.interfaces import catalogue
from bursar.interfaces.cli import main as command_line
from bursar.interfaces.cli import manifest
from bursar.interfaces.reference import command_pages, errors, figures, operation_pages, variables
from bursar.interfaces.rest import openapi
from bursar.runtime.registry import operations

SNAPSHOTS = "tests/snapshots"
PAGES = "docs/reference"
COMMANDS = "src/bursar/interfaces/cli/commands.json"


def generated() -> dict[str, str]:
    """Return every generated file: its path from the repository root, and its text."""
    catalogue.load()
    known = sorted(operations().values(), key=lambda o: o.name)
    commands = [manifest.describe(o) for o in known if o.command]
    tree = typer.main.get_command(command_line.build(commands))
    rows = errors.rows()
    return {
        COMMANDS: as_json(commands),
        ".env.example": variables.example(),
        f"{PAGES}/operations.md": operation_pages.operations_page(known),
        f"{PAGES}/tools.md": operation_pages.tools_page(),
        f"{PAGES}/cli.md": command_pages.page(tree),
        f"{PAGES}/errors.md": errors.page(rows),
        f"{PAGES}/settings.md": variables.page(),
        f"{PAGES}/figures.md": figures.page(),
        f"{SNAPSHOTS}/openapi.json": as_json(openapi.build()),
        f"{SNAPSHOTS}/mcp_tools.json": as_json(operation_pages.tools_snapshot()),
        f"{SNAPSHOTS}/cli_help.txt": command_pages.snapshot(tree),
        f"{SNAPSHOTS}/errors.json": as_json([row.as_json() for row in rows]),
    }


def as_json(document: Any) -> str:
    """Return JSON text in the one layout that gives readable differences."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def stale(root: Path) -> list[str]:
    """Return the generated files under `root` that are missing or not what the code says."""
    return [name for name, text in generated().items() if _read(root / name) != text]


def write(root: Path) -> None:
    """Write every generated file under `root`."""
    for name, text in generated().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if _read(path) != text:
            path.write_text(text, encoding="utf-8")


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
