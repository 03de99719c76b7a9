"""What is generated from the code is what lies in the repository."""

import subprocess
import sys
from pathlib import Path

import pytest

from bursar.interfaces.reference import generated, stale, write
from tests.house.rules import ROOT


@pytest.mark.requirement("DOCS.01")
def test_no_generated_file_is_stale() -> None:
    # In a process of its own, because other tests may have registered operations and errors.
    found = subprocess.run(
        [sys.executable, "-m", "bursar.interfaces.reference", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr


def test_a_changed_or_missing_file_is_found(tmp_path: Path) -> None:
    write(tmp_path)
    assert stale(tmp_path) == []
    (tmp_path / "docs/reference/errors.md").write_text("edited by hand\n", encoding="utf-8")
    (tmp_path / ".env.example").unlink()
    assert set(stale(tmp_path)) == {"docs/reference/errors.md", ".env.example"}


def test_nothing_generated_depends_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = generated()
    monkeypatch.setenv("SERVER_PORT", "9999")
    monkeypatch.setenv("BURSAR_HOME", "/elsewhere")
    monkeypatch.setenv("COLUMNS", "40")
    assert generated() == before
