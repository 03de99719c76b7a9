"""The error catalogue: every refusal a caller can meet, found by walking the error tree."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import bursar
from bursar.core.errors import BursarError
from bursar.interfaces.reference.markdown import code, table
from bursar.interfaces.reference.markdown import page as as_page

# Interfaces state no errors of their own: they render those of the packages below them.
LEFT_OUT = ("bursar.interfaces", "bursar.__main__", "bursar.lab", "bursar.runtime.migrations")


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error: its code, HTTP status, meaning, standard hint and where it is defined."""

    code: str
    status: int
    name: str
    parent: str
    meaning: str
    hint: str | None
    package: str

    def as_json(self) -> dict[str, Any]:
        """Return the row as JSON values."""
        return asdict(self)


def rows() -> list[ErrorRow]:
    """Return every error class of the packages, by code and name."""
    for top in pkgutil.iter_modules(bursar.__path__, "bursar."):
        if top.name.startswith(LEFT_OUT):
            continue
        package = importlib.import_module(top.name)
        inner = getattr(package, "__path__", None)
        for module in pkgutil.walk_packages(inner, f"{top.name}.", onerror=_fail) if inner else ():
            if not module.name.startswith(LEFT_OUT):
                importlib.import_module(module.name)
    found = [_row(error) for error in _tree(BursarError) if _is_ours(error)]
    return sorted(found, key=lambda row: (row.code, row.name))


def _fail(name: str) -> None:
    msg = f"{name} cannot be imported"
    raise ImportError(msg)


def _tree(root: type[BursarError]) -> Iterator[type[BursarError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


def _is_ours(error: type[BursarError]) -> bool:
    return error.__module__.startswith("bursar.") and not error.__module__.startswith(LEFT_OUT)


def _row(error: type[BursarError]) -> ErrorRow:
    return ErrorRow(
        code=error.code,
        status=error.status,
        name=error.__name__,
        parent=error.__bases__[0].__name__,
        meaning=inspect.cleandoc(error.__doc__ or "").partition("\n\n")[0].replace("\n", " "),
        hint=error.default_hint,
        package=error.__module__.split(".")[1],
    )


def page(known: list[ErrorRow]) -> str:
    """Return docs/reference/errors.md."""
    lead = (
        "Every interface answers a refusal in one shape: `code`, `message` and `details`, with "
        "`hint` (what to do), `field` (which input) and `retry_after_seconds` where they help. "
        "Match on `code`; it is stable. REST sends it with the status below, MCP as a tool result "
        "marked as an error, the command line on standard error with exit code 1."
    )
    body = table(
        ("Code", "Status", "Package", "Meaning", "Standard hint"),
        (
            (code(row.code), str(row.status), row.package, row.meaning, row.hint or "")
            for row in known
        ),
    )
    return as_page("Errors", lead, [body])
