"""A signed-in owner on a fresh installation."""

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from bursar.identity import hashing
from tests.harness import Harness
from tests.identity.build import World, make_world

CHEAP = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
CHEAP_UNKNOWN = CHEAP.hash("nobody's password")


@pytest.fixture
def real_argon2() -> None:
    """Ask for this to hash passwords at full cost, where the cost is what is tested."""


@pytest.fixture(autouse=True)
def cheap_argon2(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash at a thousandth of the cost: the same code, other parameters."""
    if "real_argon2" not in request.fixturenames:
        monkeypatch.setattr(hashing, "_argon2", CHEAP)
        monkeypatch.setattr(hashing, "UNKNOWN_ACCOUNT_HASH", CHEAP_UNKNOWN)


@pytest.fixture
async def world(harness: Harness) -> World:
    return await make_world(harness)
