"""The key that signs checkpoints: one file under BURSAR_HOME/keys, or a setting; rotated by endorsement.

The file holds one private key and the public halves of those before it, each with the signature by
which its predecessor handed over. An old private key is gone after a rotation; its public half stays.
"""

import datetime as dt
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bursar.audit.calc.checkpoints import PublicKey, key_body, key_id_of
from bursar.audit.calc.documents import key_line, read_key
from bursar.audit.errors import SigningKeyUnusable
from bursar.core.clock import Clock
from bursar.runtime.embedded.home import write_atomically
from bursar.settings import Settings

FILE_NAME: Final = "journal-signing-key.json"
HISTORY_MAX: Final = 1000
FILE_BYTES_MAX: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its public half."""

    private: Ed25519PrivateKey = field(repr=False)
    public: PublicKey
    history: tuple[PublicKey, ...] = ()

    @property
    def key_id(self) -> str:
        """The id of the public half."""
        return self.public.key_id


def signing_key(settings: Settings, clock: Clock) -> SigningKey:
    """Return the key of this installation, made on first use (0600). Raises SigningKeyUnusable."""
    given = settings.journal_signing_key.get_secret_value()
    if given:
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(given))
        return _first(private, clock.now())
    file = _file(settings)
    try:
        if not file.exists():
            _create(file, _document(_first(Ed25519PrivateKey.generate(), clock.now())))
        return _read(file)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SigningKeyUnusable(
            f"the journal's signing key cannot be read: {type(error).__name__}",
            hint=f"Restore {file} from a backup, or move it away: a new key is made, and its id "
            "has to be made known to whoever verifies exports.",
        ) from error


def rotate(settings: Settings, clock: Clock) -> tuple[str, str]:
    """Put a new key in the place of the old one, endorsed by it; return the ids of both.

    Running sealers take it up by themselves. Raises SigningKeyUnusable, also when the key comes
    from the settings: then it is for whoever keeps it there.
    """
    if settings.journal_signing_key.get_secret_value():
        raise SigningKeyUnusable(
            "the journal's signing key is set by JOURNAL_SIGNING_KEY",
            hint="Put another value there and restart; the old public key stays valid.",
        )
    old = signing_key(settings, clock)
    private, created_at = Ed25519PrivateKey.generate(), clock.now()
    public = private.public_key().public_bytes_raw()
    endorsement = old.private.sign(key_body(public, created_at, old.key_id))
    new = SigningKey(
        private,
        PublicKey(key_id_of(public), public, created_at, old.key_id, endorsement),
        (*old.history, old.public),
    )
    if len(new.history) > HISTORY_MAX:
        raise SigningKeyUnusable(f"a signing key can be rotated at most {HISTORY_MAX} times")
    write_atomically(_file(settings), _document(new))
    return old.key_id, new.key_id


def changed_at(settings: Settings) -> int:
    """Return when the key's file was last replaced, in nanoseconds; 0 when there is none."""
    try:
        return _file(settings).stat().st_mtime_ns
    except OSError:
        return 0


def _file(settings: Settings) -> Path:
    return settings.bursar_home / "keys" / FILE_NAME


def _first(private: Ed25519PrivateKey, created_at: dt.datetime) -> SigningKey:
    """Return a key that nobody handed over to; it vouches for itself."""
    public = private.public_key().public_bytes_raw()
    endorsement = private.sign(key_body(public, created_at, None))
    return SigningKey(private, PublicKey(key_id_of(public), public, created_at, None, endorsement))


def _document(key: SigningKey) -> str:
    publics = [key_line(each).decode() for each in (*key.history, key.public)]
    return json.dumps(
        {"version": 1, "seed": key.private.private_bytes_raw().hex(), "public_keys": publics}
    )


def _read(file: Path) -> SigningKey:
    with file.open(encoding="utf-8") as stream:
        document = json.loads(stream.read(FILE_BYTES_MAX))
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(document["seed"]))
    *history, public = [read_key(line.encode()) for line in document["public_keys"]]
    if public.public_key != private.public_key().public_bytes_raw():
        msg = "the public key is not that of the seed"
        raise ValueError(msg)
    return SigningKey(private, public, tuple(history))


def _create(file: Path, content: str) -> None:
    """Put the file there whole, or leave the one that another process put there first."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    write_atomically(temporary, content)
    try:
        os.link(temporary, file)
    except FileExistsError:
        return
    finally:
        temporary.unlink()
