"""Secrets and what is stored of them.

Random secrets have 256 bits, so one fast hash protects them; an API token's is keyed with the
key ring, so that a stolen database does not even tell a guessed token. Passwords are people's,
so they go through Argon2id, in a pool of four threads (64 MiB each) that bounds the memory.
"""

import asyncio
import hashlib
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from pwdlib import PasswordHash

from bursar.identity.calc.spelling import (
    ALPHABET,
    ID_CHARACTERS,
    SECRET_CHARACTERS,
    Credential,
    CredentialKind,
)
from bursar.identity.keyring import TOKEN_PEPPER, KeyRing
from bursar.runtime.context import refuse_open_transaction

PASSWORD_BYTES_MAX: Final = 1024
ARGON2_THREADS_MAX: Final = 4
# Verified when an account is unknown, so that the answer takes as long; nobody knows its password.
UNKNOWN_ACCOUNT_HASH: Final = "$argon2id$v=19$m=65536,t=3,p=4$E2Yg7f0U8J16FrsM8soGdw$4CCqHtLm68jhs0UZvuxmWhMtB2l0mQ+JkVdEXn3i1Dk"

_argon2 = PasswordHash.recommended()
_threads = ThreadPoolExecutor(ARGON2_THREADS_MAX, thread_name_prefix="argon2")


def new_credential(kind: CredentialKind) -> Credential:
    """Return a fresh random credential."""
    public_id = _random(ID_CHARACTERS) if kind is CredentialKind.API_TOKEN else ""
    return Credential(kind, public_id, _random(SECRET_CHARACTERS))


def secret_hash(credential: Credential) -> bytes:
    """Return what is stored of a session, link or invitation."""
    return hashlib.sha256(f"{credential.kind.value}:{credential.secret}".encode()).digest()


def token_digest(ring: KeyRing, credential: Credential) -> bytes:
    """Return what is stored of an API token."""
    message = f"{credential.public_id}:{credential.secret}".encode()
    return hmac.digest(ring.key(TOKEN_PEPPER), message, "sha256")


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password; call it from `prepare`, never in a transaction."""
    refuse_open_transaction("Argon2")
    return await asyncio.get_running_loop().run_in_executor(_threads, _argon2.hash, password)


async def verify_password(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Tell whether a password is right, and its new hash when the stored one is outdated.

    stored: None for an account that is unknown or has no password, which takes as long to refuse.
    """
    refuse_open_transaction("Argon2")
    right, renewed = await asyncio.get_running_loop().run_in_executor(
        _threads, _argon2.verify_and_update, password, stored or UNKNOWN_ACCOUNT_HASH
    )
    return right and stored is not None, renewed


def _random(characters: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(characters))
