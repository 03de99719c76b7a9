"""Ids are UUIDv7: unique without a round trip, and sorted by the time they were made (RFC 9562)."""

import os
import time
import uuid
from typing import NewType

WorkspaceId = NewType("WorkspaceId", uuid.UUID)
UserId = NewType("UserId", uuid.UUID)
AccountId = NewType("AccountId", uuid.UUID)
InstrumentId = NewType("InstrumentId", uuid.UUID)
TransferGroupId = NewType("TransferGroupId", uuid.UUID)


_random: list[int] = []
"""Random numbers of 80 bits, not used yet: one call of the system brings many."""
RANDOM_EACH = 128
RANDOM_BYTES = 10
# A child would hand out its parent's numbers a second time.
os.register_at_fork(after_in_child=_random.clear)


def _number() -> int:
    """Return the value of a new UUIDv7: 48 bits of milliseconds, 74 random bits."""
    try:
        random = _random.pop()  # atomic: no two threads take the same
    except IndexError:
        data = os.urandom(RANDOM_EACH * RANDOM_BYTES)
        random, *rest = (
            int.from_bytes(data[at : at + RANDOM_BYTES], "big")
            for at in range(0, len(data), RANDOM_BYTES)
        )
        _random.extend(rest)
    value = (time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76
    value |= (random >> 68) << 64
    value |= 0b10 << 62
    return value | random & 0x3FFF_FFFF_FFFF_FFFF


def new_id() -> uuid.UUID:
    """Return a new UUIDv7 (RFC 9562, section 5.7)."""
    return uuid.UUID(int=_number())


def new_id_text() -> str:
    """Return a new UUIDv7 as text, which is cheaper than text of an id."""
    text = f"{_number():032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
