"""The house rules no linter has: one pass over each file's tree and comments.

`examine` returns what is wrong with one file; test_code.py runs it over the repository and proves
each rule once on a planted violation.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
POSITIONAL_MAX = 4
FILE_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "manager"})
CLASS_SUFFIXES = ("Service", "Repository", "Manager")
MONEY_WORDS = frozenset(
    [
        "amount",
        "amounts",
        "price",
        "prices",
        "cost",
        "costs",
        "fee",
        "fees",
        "tax",
        "taxes",
        "balance",
        "balances",
        "cash",
        "proceeds",
        "payment",
        "payments",
        "deposit",
        "withdrawal",
    ]
)
# Analytics on numpy arrays may hold money as float64; figures leave them as Decimal or as ratios.
FLOAT_MONEY_FOLDER = "calc"
FLOAT_MONEY_FILES: frozenset[str] = frozenset()
BARE_NOQA = re.compile(r"#\s*noqa(?!:\s*[A-Z]+[0-9]+)", re.IGNORECASE)
UNEXPLAINED_NOQA = re.compile(r"#\s*noqa:\s*[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*\s*$")
BARE_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[)")


@dataclass(frozen=True)
class Finding:
    """One broken rule at one place."""

    rule: str
    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


def examine(source: str, path: str) -> list[Finding]:
    """Return every broken rule in one file; `path` is relative to the repository root."""
    found = [Finding(rule, path, line, text) for rule, line, text in _comments(source)]
    tree = ast.parse(source)
    checks = [*_names(tree, path)]
    if path.startswith("src/"):
        checks += [*_sizes(tree, source), *_money(tree, path), *_transactions(tree, path)]
    return found + [Finding(rule, path, line, text) for rule, line, text in checks]


Found = Iterator[tuple[str, int, str]]


def _comments(source: str) -> Found:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if BARE_NOQA.search(token.string):
            yield "bare-noqa", line, "name the code: # noqa: ABC123 - why"
        if UNEXPLAINED_NOQA.search(token.string):
            yield "unexplained-noqa", line, "say why after the code"
        if BARE_IGNORE.search(token.string):
            yield "bare-type-ignore", line, "name the code: # type: ignore[code]"


def _names(tree: ast.Module, path: str) -> Found:
    if PurePosixPath(path).stem in FILE_NAMES:
        yield "file-name", 1, "name the file after what it holds"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith(CLASS_SUFFIXES):
            yield "class-suffix", node.lineno, f"{node.name}: write functions in a module"


def _sizes(tree: ast.Module, source: str) -> Found:
    lines = source.count("\n")
    if lines > FILE_LINES_MAX:
        yield "file-lines", 1, f"{lines} lines; split by noun at {FILE_LINES_MAX}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > FUNCTION_LINES_MAX:
            yield "function-lines", node.lineno, f"{node.name}: {length} lines"
        given = [a for a in (*node.args.posonlyargs, *node.args.args) if a.arg not in _BOUND]
        if len(given) > POSITIONAL_MAX:
            yield (
                "positional-parameters",
                node.lineno,
                f"{node.name}: {len(given)}; make them keyword-only",
            )


_BOUND = ("self", "cls")


def _money(tree: ast.Module, path: str) -> Found:
    if path in FLOAT_MONEY_FILES or FLOAT_MONEY_FOLDER in PurePosixPath(path).with_suffix("").parts:
        return
    for name, annotation, line in _annotated(tree):
        if MONEY_WORDS & set(name.lower().split("_")) and _mentions_float(annotation):
            yield "float-money", line, f"{name}: use Decimal or int of the smallest unit"


def _annotated(tree: ast.Module) -> Iterator[tuple[str, ast.expr, int]]:
    """Yield every annotated variable, field, parameter and return value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            yield node.arg, node.annotation, node.lineno
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.annotation, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            yield node.name, node.returns, node.lineno


def _mentions_float(annotation: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "float" for n in ast.walk(annotation))


def _transactions(tree: ast.Module, path: str) -> Found:
    if path.startswith("src/bursar/runtime/"):
        return
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in ("commit", "rollback"):
            yield "commit", node.lineno, f".{called.attr}(): the runtime owns the transaction"


def python_files(*folders: str) -> list[Path]:
    """Return the Python files of the repository under these folders."""
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "__pycache__" not in path.parts
    )
