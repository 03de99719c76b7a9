"""What is tracked is source: nothing large, such as an export left behind, comes into the repository."""

import subprocess

import pytest

from tests.house.rules import ROOT

FILE_BYTES_MAX = 1024 * 1024


def test_no_tracked_file_is_large() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    sizes = {
        name: (ROOT / name).stat().st_size
        for name in listed.stdout.split("\0")
        if name and (ROOT / name).is_file()
    }
    assert sizes
    assert {name: size for name, size in sizes.items() if size > FILE_BYTES_MAX} == {}
