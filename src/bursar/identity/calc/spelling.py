"""How a credential is spelled: `bur_live_{id}_{secret}{checksum}`.

The prefix lets secret scanners find a leaked credential, and the CRC-32 at the end refuses a
mistyped one without a look-up. A checksum is no protection: the 256-bit secret is.
"""

import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_CHARACTERS: Final = 8
SECRET_CHARACTERS: Final = 43  # 43 characters of 62 are 256 bits
CHECKSUM_CHARACTERS: Final = 6  # 62**6 > 2**32
CREDENTIAL_CHARACTERS_MAX: Final = 128
_SYMBOLS: Final = frozenset(ALPHABET)


class CredentialKind(StrEnum):
    """What a credential opens; the value is the second word of its spelling."""

    API_TOKEN = "live"  # noqa: S105 - the public prefix of a token, not a secret
    SESSION = "session"
    SIGN_IN_LINK = "link"
    INVITATION = "invite"


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """A well-formed credential; its repr shows no secret."""

    kind: CredentialKind
    public_id: str
    secret: str

    def __repr__(self) -> str:
        return f"Credential({self.kind.value}, {self.public_id!r}, secret hidden)"

    def text(self) -> str:
        """Return the full spelling, which is the secret itself: show it once, store it nowhere."""
        body = f"{prefix(self.kind, self.public_id)}{self.secret}"
        return body + checksum(body)


def prefix(kind: CredentialKind, public_id: str = "") -> str:
    """Return what stands before the secret; this part may be shown."""
    return f"bur_{kind.value}_{public_id}_" if public_id else f"bur_{kind.value}_"


def checksum(text: str) -> str:
    """Return the CRC-32 of `text` in six characters of base 62."""
    value = zlib.crc32(text.encode())
    digits = []
    for _ in range(CHECKSUM_CHARACTERS):
        value, digit = divmod(value, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def parse(text: str) -> Credential | None:
    """Read a credential; return None when it was not spelled by Bursar or was mistyped."""
    if len(text) > CREDENTIAL_CHARACTERS_MAX or not text.isascii():
        return None
    brand, _, rest = text.partition("_")
    word, _, rest = rest.partition("_")
    if brand != "bur" or word not in set(CredentialKind):
        return None
    kind = CredentialKind(word)
    public_id = ""
    if kind is CredentialKind.API_TOKEN:
        public_id, _, rest = rest.partition("_")
        if len(public_id) != ID_CHARACTERS or not _SYMBOLS.issuperset(public_id):
            return None
    if len(rest) != SECRET_CHARACTERS + CHECKSUM_CHARACTERS or not _SYMBOLS.issuperset(rest):
        return None
    if checksum(text[:-CHECKSUM_CHARACTERS]) != rest[SECRET_CHARACTERS:]:
        return None
    return Credential(kind, public_id, rest[:SECRET_CHARACTERS])
