"""A signed-in owner on a fresh installation."""

import pytest

from tests.harness import Harness
from tests.identity.build import World, make_world


@pytest.fixture
async def world(harness: Harness) -> World:
    return await make_world(harness)
