"""The lock pins every package by version and hash and names no index."""

import re
import tomllib

import pytest

from tests.house.rules import ROOT

PINNED = re.compile(r"^[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==[^\s;]+(\s*;[^\\]*)?\s*\\$")


def broken(lock: str) -> list[str]:
    """Return what is wrong with a lock file."""
    found = [line for line in lock.splitlines() if "://" in line or "--index" in line]
    blocks = re.split(r"\n(?=\S)", "\n" + lock)
    for block in (b.strip("\n") for b in blocks):
        if not block or block.startswith("#"):
            continue
        first = block.splitlines()[0]
        if not PINNED.match(first) or "--hash=sha256:" not in block:
            found.append(first)
    return found


def locked(lock: str) -> set[str]:
    return {normal(name) for name in re.findall(r"^([a-z0-9][a-z0-9._-]*)", lock, re.MULTILINE)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", ["requirements.lock", "deploy/requirements.lock"])
def test_every_package_is_pinned_with_hashes_and_no_address(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert broken(lock) == []
    assert "#    make lock" in lock.splitlines()[1]


def test_the_lock_holds_every_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["optimize"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    names = {normal(re.split(r"[\[<>=!~ ;]", text)[0]) for text in declared}
    assert names <= locked((ROOT / "requirements.lock").read_text(encoding="utf-8"))


GOOD = "pip==1.0 \\\n    --hash=sha256:ab\n    # via x\n"


@pytest.mark.parametrize(
    "planted",
    [
        "--index-url somewhere\n" + GOOD,
        "pip @ https" + "://host/pip.whl \\\n    --hash=sha256:ab\n",
        "pip>=1.0 \\\n    --hash=sha256:ab\n",
        "pip==1.0\n",
    ],
)
def test_a_planted_loose_pin_is_found(planted: str) -> None:
    assert broken(planted)
    assert broken(GOOD) == []


@pytest.mark.requirement("ARCH.05", "ARCH.06")
def test_no_unmaintained_library_is_locked() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not locked(lock) & {"python-jose", "passlib", "bcrypt"}
    assert re.search(r"^pydantic==2\.", lock, re.MULTILINE)
    assert re.search(r"^mcp==", lock, re.MULTILINE)
