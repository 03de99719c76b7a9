"""The short form of the kill matrix: every part once, with clients writing all the while."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.crash import matrix
from tests.crash.installation import Installation
from tests.crash.money_writes import RECORD_TRANSACTION

pytestmark = pytest.mark.requirement("CONF.02", "LEDGER.03", "AUDIT.02")
WRITERS = 8


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "home with späces")
    yield made
    made.close()


def test_kills_of_every_part_lose_nothing_and_double_nothing(installation: Installation) -> None:
    outcome = matrix.run(
        installation, RECORD_TRANSACTION, targets=matrix.order(9, 1), writers=WRITERS, seed=1
    )
    assert outcome.kills.total() == len(matrix.TARGETS)
    assert outcome.clean, outcome
    assert outcome.replays > 0
    assert installation.wait_for(lambda: installation.pid("worker"))
    family = installation.kill()
    installation.start()
    assert not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in family)
    family = installation.family()
    assert installation.stop() == 0
    assert not any(process.is_running() for process in family)
