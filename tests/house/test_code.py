"""The tree obeys the house rules, and each rule is seen to catch a planted violation."""

import configparser
from pathlib import Path

import pytest

from tests.house.rules import ROOT, examine, python_files

CORE_FILES = {"__init__", "clock", "errors", "ids", "model", "money"}
RUNTIME_FILES = {
    "__init__", "actor", "batch", "batcher", "cache", "cleanup", "context", "database", "doctor",
    "effects", "embedded", "feed", "journal", "migrations", "pages", "registry", "row_security",
    "store", "tables",
}  # fmt: skip
NOT_DOMAINS = {"lab", "core", "settings", "runtime", "providers", "interfaces", "sandbox"}


def test_every_file_obeys_the_house_rules() -> None:
    found = [
        str(finding)
        for path in python_files("src", "tests", "bench")
        for finding in examine(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert not found, "\n".join(found)


PLANTED = {
    "function-lines": "def long():\n" + "    x = 1\n" * 70,
    "file-lines": "x = 1\n" * 401,
    "positional-parameters": "def f(a, b, c, d, e):\n    return a\n",
    "float-money": "class Row:\n    fee_total: float | None = None\n",
    "commit": "async def f(session):\n    await session.commit()\n",
    "bare-noqa": "import os  # noqa\n",
    "unexplained-noqa": "import os  # noqa: F401\n",
    "bare-type-ignore": "x = 1  # type: ignore\n",
    "class-suffix": "class AccountService:\n    pass\n",
}


@pytest.mark.parametrize("rule", sorted(PLANTED))
def test_a_planted_violation_is_found(rule: str) -> None:
    found = examine(PLANTED[rule], "src/bursar/ledger/planted.py")
    assert [finding.rule for finding in found] == [rule]


def test_a_forbidden_file_name_is_found() -> None:
    assert [f.rule for f in examine("x = 1\n", "src/bursar/ledger/utils.py")] == ["file-name"]


def test_what_the_rules_allow_is_not_reported() -> None:
    allowed = {
        "src/bursar/runtime/planted.py": "async def f(session):\n    await session.rollback()\n",
        "src/bursar/portfolio/calc/planted.py": "def value(prices: list[float]) -> None: ...\n",
        "src/bursar/ledger/planted.py": (
            "class A:\n    def f(self, a, b, c, d, *, e): ...\n"
            "x = 1  # noqa: F401 - why\ny = 2  # type: ignore[attr-defined]\n"
            "def volatility(returns: float) -> float: ...\n"
        ),
    }
    for path, source in allowed.items():
        assert examine(source, path) == []


@pytest.mark.parametrize(("folder", "names"), [("core", CORE_FILES), ("runtime", RUNTIME_FILES)])
def test_core_and_runtime_grow_only_on_purpose(folder: str, names: set[str]) -> None:
    assert modules(ROOT / "src/bursar" / folder) == names, (
        f"{folder} has a fixed list of files: put code of one domain there, or change the list"
    )


def modules(folder: Path) -> set[str]:
    """Return the names of a package's modules and packages."""
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return packages | {path.stem for path in folder.glob("*.py")}


def domains() -> set[str]:
    return modules(ROOT / "src/bursar") - NOT_DOMAINS - {"__init__", "__main__"}


def listed(section: configparser.SectionProxy, option: str) -> set[str]:
    return {line.strip() for line in section[option].splitlines() if line.strip()}


@pytest.mark.requirement("ARCH.04")
def test_import_contracts_name_every_package() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    packages = {f"bursar.{name}" for name in domains()}
    base = {"bursar.core", "bursar.settings", "bursar.runtime"}
    sdks = listed(contracts["importlinter:contract:sdks"], "source_modules")
    frameworks = listed(contracts["importlinter:contract:frameworks"], "source_modules")
    assert sdks == packages | base | {"bursar.interfaces", "bursar.lab"}
    assert frameworks == packages | base | {"bursar.providers"}
    for name in domains():
        private = contracts[f"importlinter:contract:private-{name}"]
        assert listed(private, "protected_modules") == {
            f"bursar.{name}.tables",
            f"bursar.{name}.store",
        }
        assert listed(private, "allowed_importers") == {f"bursar.{name}"}
