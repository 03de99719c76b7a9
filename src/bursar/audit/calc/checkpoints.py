"""Signed tree heads and the keys that sign them.

What is signed is a short text of fixed form, so that nothing depends on how JSON is written:

    bursar-journal/v1/<log>
    <size>
    <root in base64>
    at <UTC time>

A key's id is the beginning of its own hash. Each key but the first is endorsed by the one before
it, so whoever noted down one key id can follow the rotations from there.
"""

import base64
import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ORIGIN: Final = "bursar-journal/v1"
KEY_ORIGIN: Final = "bursar-journal-key/v1"
KEY_ID_HEX_DIGITS: Final = 16
INSTALLATION_LOG: Final = uuid.UUID(int=0)
"""The log of rows that belong to no workspace, such as refused sign-ins."""


def time_text(moment: dt.datetime) -> str:
    """Return a moment as the one spelling that is hashed and signed: UTC, microseconds, Z."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def key_id_of(public_key: bytes) -> str:
    """Return the id of a public key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:KEY_ID_HEX_DIGITS]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that checkpoints are verified with; `endorsement` is a signature of the key before."""

    key_id: str
    public_key: bytes
    created_at: dt.datetime
    previous_key_id: str | None
    endorsement: bytes

    @property
    def body(self) -> bytes:
        """The text that the endorsement signs."""
        return key_body(self.public_key, self.created_at, self.previous_key_id)

    def verifier(self) -> Ed25519PublicKey:
        """Return the key. Raises ValueError when it is not 32 bytes."""
        return Ed25519PublicKey.from_public_bytes(self.public_key)


def key_body(public_key: bytes, created_at: dt.datetime, previous_key_id: str | None) -> bytes:
    """Return the text that endorses a key."""
    lines = (KEY_ORIGIN, public_key.hex(), time_text(created_at), previous_key_id or "first")
    return "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement: this log had this many rows with this root at this time."""

    log_id: uuid.UUID
    size: int
    root: bytes
    at: dt.datetime
    key_id: str
    signature: bytes = b""

    @property
    def body(self) -> bytes:
        """The text that is signed."""
        root = base64.b64encode(self.root).decode()
        return f"{ORIGIN}/{self.log_id}\n{self.size}\n{root}\nat {time_text(self.at)}\n".encode()

    def signed(self, key: Ed25519PrivateKey) -> "Checkpoint":
        """Return the checkpoint with its signature."""
        return Checkpoint(
            self.log_id, self.size, self.root, self.at, self.key_id, key.sign(self.body)
        )


class KeyRegister:
    """The public keys of a log by id, each checked when it is added."""

    def __init__(self) -> None:
        self._verifiers: dict[str, Ed25519PublicKey] = {}
        self._first: list[str] = []

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._verifiers

    @property
    def starting_points(self) -> tuple[str, ...]:
        """Keys that no other key of the register endorsed: what a reader has to trust."""
        return tuple(self._first)

    def add(self, key: PublicKey) -> str | None:
        """Take a key in; return what is wrong with it, or None."""
        if key_id_of(key.public_key) != key.key_id:
            return f"key {key.key_id} is not the hash of its public key"
        try:
            verifier = key.verifier()
        except ValueError:
            return f"key {key.key_id} is no Ed25519 key"
        if key.previous_key_id is None:
            endorser = verifier
            self._first.append(key.key_id)
        elif key.previous_key_id in self._verifiers:
            endorser = self._verifiers[key.previous_key_id]
        else:
            return f"key {key.key_id} names the unknown key {key.previous_key_id} before it"
        if not _signed_by(endorser, key.endorsement, key.body):
            return f"key {key.key_id} is not endorsed by the key before it"
        self._verifiers[key.key_id] = verifier
        return None

    def verify(self, checkpoint: Checkpoint) -> str | None:
        """Return what is wrong with a checkpoint's signature, or None."""
        verifier = self._verifiers.get(checkpoint.key_id)
        if verifier is None:
            return f"it is signed by the unknown key {checkpoint.key_id}"
        if not _signed_by(verifier, checkpoint.signature, checkpoint.body):
            return f"its signature by key {checkpoint.key_id} is wrong"
        return None


def register_of(keys: Mapping[str, PublicKey]) -> tuple[KeyRegister, list[str]]:
    """Return a register of keys given in the order they were made, and what is wrong with them."""
    register = KeyRegister()
    problems = [problem for key in keys.values() if (problem := register.add(key)) is not None]
    return register, problems


def _signed_by(key: Ed25519PublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body)
    except InvalidSignature:
        return False
    return True
