import pytest

from tests.harness import Harness
from tests.payments.build import Door


@pytest.fixture
def door(harness: Harness) -> Door:
    return Door(harness)
