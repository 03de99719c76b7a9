"""The key ring: one random root under BURSAR_HOME/keys, from which every purpose has its own key.

With SECRET_KEY set the root is kept wrapped, so that the file alone opens nothing. Wrapping needs
no cipher: the root is 32 random bytes, masked by a 32-byte HMAC output used once and
authenticated by another. A ring made without SECRET_KEY is wrapped when one is first given, and
the root, and so every token, stays what it was.
"""

import functools
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from bursar.identity.errors import KeyRingError
from bursar.settings import Settings

FILE_NAME: Final = "keyring.json"
ROOT_BYTES: Final = 32
TOKEN_PEPPER: Final = "api-token-pepper"  # noqa: S105 - the name of a purpose, not a secret
FILE_BYTES_MAX: Final = 4096


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """Keys by purpose; its repr shows none."""

    _root: bytes

    def __repr__(self) -> str:
        return "KeyRing(hidden)"

    def key(self, purpose: str) -> bytes:
        """Return the 32-byte key of a purpose, such as TOKEN_PEPPER (one HKDF-expand step)."""
        return hmac.digest(self._root, purpose.encode() + b"\x01", "sha256")


def key_ring(settings: Settings) -> KeyRing:
    """Return the installation's key ring, made on first use; read from disk once per process.

    The first call takes some 50 ms when SECRET_KEY is set, later ones are a look-up. Raises
    KeyRingError when the file is damaged or was wrapped under another SECRET_KEY.
    """
    return _open(settings.bursar_home / "keys", settings.secret_key)


@functools.lru_cache(maxsize=8)
def _open(folder: Path, secret_key: SecretStr) -> KeyRing:
    file = folder / FILE_NAME
    protector = secret_key.get_secret_value().encode()
    try:
        if not file.exists():
            _create(file, _document(secrets.token_bytes(ROOT_BYTES), protector))
        if file.stat().st_size > FILE_BYTES_MAX:
            raise KeyRingError("the key ring file is damaged")
        document = json.loads(file.read_bytes())
        root = _root_of(document, protector)
        if protector and "root" in document:
            _replace(file, _document(root, protector))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeyRingError(f"the key ring cannot be read: {type(error).__name__}") from error
    return KeyRing(root)


def _document(root: bytes, protector: bytes) -> bytes:
    if not protector:
        return json.dumps({"version": 1, "root": root.hex()}).encode()
    nonce = secrets.token_bytes(16)
    masked, tag = _wrap(root, protector, nonce)
    wrapped = {"version": 1, "nonce": nonce.hex(), "wrapped": masked.hex(), "tag": tag.hex()}
    return json.dumps(wrapped).encode()


def _root_of(document: dict[str, str], protector: bytes) -> bytes:
    if "root" in document:
        root = bytes.fromhex(document["root"])
    elif not protector:
        raise KeyRingError("the key ring is protected, and SECRET_KEY is not set")
    else:
        nonce, masked = bytes.fromhex(document["nonce"]), bytes.fromhex(document["wrapped"])
        mask, tag_key = _wrapping_keys(protector, nonce)
        expected = hmac.digest(tag_key, masked, "sha256")
        if not hmac.compare_digest(expected, bytes.fromhex(document["tag"])):
            raise KeyRingError("SECRET_KEY is not the one the key ring was made with")
        root = _mask(masked, mask)
    if len(root) != ROOT_BYTES:
        raise KeyRingError("the key ring file is damaged")
    return root


def _wrap(root: bytes, protector: bytes, nonce: bytes) -> tuple[bytes, bytes]:
    mask, tag_key = _wrapping_keys(protector, nonce)
    masked = _mask(root, mask)
    return masked, hmac.digest(tag_key, masked, "sha256")


def _wrapping_keys(protector: bytes, nonce: bytes) -> tuple[bytes, bytes]:
    """Derive the mask and the tag key; scrypt, because a SECRET_KEY may be weaker than random."""
    both = hashlib.scrypt(protector, salt=nonce, n=2**14, r=8, p=1, dklen=2 * ROOT_BYTES)
    return both[:ROOT_BYTES], both[ROOT_BYTES:]


def _mask(data: bytes, mask: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(data, mask, strict=True))


def _create(file: Path, content: bytes) -> None:
    """Put the file there whole, or leave the one another process put there first."""
    temporary = _written_beside(file, content)
    try:
        os.link(temporary, file)  # fails when the file exists; a rename would replace it
    except FileExistsError:
        return
    finally:
        temporary.unlink()


def _replace(file: Path, content: bytes) -> None:
    _written_beside(file, content).replace(file)


def _written_beside(file: Path, content: bytes) -> Path:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return temporary
