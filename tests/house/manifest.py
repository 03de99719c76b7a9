"""The requirement manifest, and the requirement ids that the tests name."""

import ast
from collections import Counter
from typing import Any

import yaml

from tests.house.rules import ROOT, python_files

MANIFEST = ROOT / "tests/requirements.yaml"


def entries() -> list[dict[str, Any]]:
    """Return the manifest's entries in their order."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(MANIFEST.read_text(encoding="utf-8"), loader)  # noqa: S506 - a safe loader
    listed: list[dict[str, Any]] = document["requirements"]
    return listed


def repeated(ids: list[str]) -> list[str]:
    """Return the ids that occur more than once."""
    return sorted(name for name, times in Counter(ids).items() if times > 1)


def claimed() -> dict[str, list[str]]:
    """Return each id that tests name, with the places that name it."""
    places: dict[str, list[str]] = {}
    for path in python_files("tests"):
        for name, line in markers(path.read_text(encoding="utf-8")):
            places.setdefault(name, []).append(f"{path.relative_to(ROOT)}:{line}")
    return places


def markers(source: str) -> list[tuple[str, int]]:
    """Return the ids given to `requirement(...)` in one file, with their lines."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr == "requirement":
            for argument in node.args:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    found.append((f"not a plain text: {ast.unparse(argument)}", node.lineno))
                else:
                    found.append((argument.value, node.lineno))
    return found
