"""The official Inspector, in short: one strict listing; `make conformance` runs the whole of it."""

from pathlib import Path

import pytest

from tests.conformance.inspector import Inspector
from tests.conformance.tools import missing
from tests.interfaces.live import Live


@pytest.mark.requirement("MCP.12")
@pytest.mark.skipif(missing() is not None, reason=missing() or "")
@pytest.mark.parametrize("transport", ["http legacy", "http modern", "sse"])
def test_the_inspector_lists_tools_strictly(live: Live, tmp_path: Path, transport: str) -> None:
    inspector = Inspector(live, tmp_path)
    done = inspector.ask(transport, "--method", "tools/list", "--strict")
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "", "every schema finding, warnings too, is one too many"
    assert inspector.ask(transport, "--method", "tools/list", token=None).returncode == 3
