"""Ids are UUIDv7: unique without a round trip, and sorted by the time they were made (RFC 9562)."""

import secrets
import time
import uuid
from typing import NewType

WorkspaceId = NewType("WorkspaceId", uuid.UUID)
UserId = NewType("UserId", uuid.UUID)
AccountId = NewType("AccountId", uuid.UUID)
InstrumentId = NewType("InstrumentId", uuid.UUID)
TransferGroupId = NewType("TransferGroupId", uuid.UUID)


def new_id() -> uuid.UUID:
    """Return a new UUIDv7: 48 bits of milliseconds, 74 random bits (RFC 9562, section 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(secrets.token_bytes(10), "big")  # one call of the system, 80 bits
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76
    value |= (random >> 68) << 64
    value |= 0b10 << 62
    value |= random & 0x3FFF_FFFF_FFFF_FFFF
    return uuid.UUID(int=value)
