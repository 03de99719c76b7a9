"""The official tools as `make conformance` installs them, and how one is run."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "deploy" / "conformance"
PROGRAMS = FOLDER / "node_modules" / ".bin"
SECONDS_MAX = 300


@dataclass(frozen=True)
class Line:
    """One line of the report; `passed` None means not applicable."""

    group: str
    name: str
    passed: bool | None
    note: str = ""

    def __str__(self) -> str:
        verdict = {True: "ok", False: "FAILED", None: "n/a"}[self.passed]
        return f"{verdict:<7}{self.group:<12}{self.name:<58}{self.note}".rstrip()


def missing() -> str | None:
    """Say what is not installed, or None when everything is there."""
    for program in ("node", "mcp-inspector", "conformance"):
        if not (PROGRAMS / program).exists():
            return f"{program} is not installed; `make conformance` does it"
    return None


def run(
    program: str, *arguments: str, home: Path, variables: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run one of the programs with the pinned Node and a home folder of its own."""
    environment = {
        **os.environ,
        **(variables or {}),
        "HOME": str(home),
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [str(PROGRAMS / "node"), str(PROGRAMS / program), *arguments],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
