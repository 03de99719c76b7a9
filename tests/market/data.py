"""Where the real price files are, and a skip with a reason when they are not."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("BURSAR_SHARED_DATA", "../shared/data"))


def real_file(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"real data is absent: {name} is not under {SHARED}")
    return path
