"""The key ring: private, made once, wrapped by SECRET_KEY, and honest when it cannot be opened."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from bursar.identity.errors import KeyRingError
from bursar.identity.keyring import TOKEN_PEPPER, KeyRing, _create, _document, _open

SECRET = SecretStr("a secret key of at least thirty-two characters")
NO_SECRET = SecretStr("")


def reopen(home: Path, secret: SecretStr = NO_SECRET) -> KeyRing:
    """Open as a new process does."""
    _open.cache_clear()
    return _open(home / "keys", secret)


def test_ring_is_private_and_stays_the_same(tmp_path: Path) -> None:
    key = reopen(tmp_path).key(TOKEN_PEPPER)
    file = tmp_path / "keys" / "keyring.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [p.name for p in file.parent.iterdir()] == ["keyring.json"]
    assert reopen(tmp_path).key(TOKEN_PEPPER) == key
    assert len(key) == 32
    assert reopen(tmp_path).key("another purpose") != key


def test_secret_key_hides_the_root(tmp_path: Path) -> None:
    ring = reopen(tmp_path, SECRET)
    written = (tmp_path / "keys" / "keyring.json").read_text()
    assert ring._root.hex() not in written
    assert "root" not in json.loads(written)
    assert reopen(tmp_path, SECRET) == ring
    assert ring._root.hex() not in repr(ring)
    assert repr(ring._root) not in repr(ring)


def test_first_secret_key_wraps_an_open_ring_and_keeps_its_keys(tmp_path: Path) -> None:
    before = reopen(tmp_path)
    assert reopen(tmp_path, SECRET) == before
    assert before._root.hex() not in (tmp_path / "keys" / "keyring.json").read_text()
    with pytest.raises(KeyRingError, match="SECRET_KEY is not set"):
        reopen(tmp_path)


def test_another_secret_key_is_refused(tmp_path: Path) -> None:
    reopen(tmp_path, SECRET)
    with pytest.raises(KeyRingError, match="not the one"):
        reopen(tmp_path, SecretStr("some other key of thirty-two characters or so"))


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"root": "00"}', '{"root": 7}', "x" * 5000])
def test_damaged_file_is_reported_not_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys" / "keyring.json"
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(KeyRingError):
        reopen(tmp_path)
    assert file.read_text() == content


def test_altered_wrapping_is_refused(tmp_path: Path) -> None:
    reopen(tmp_path, SECRET)
    file = tmp_path / "keys" / "keyring.json"
    document = json.loads(file.read_text())
    document["wrapped"] = ("0" if document["wrapped"][0] != "0" else "1") + document["wrapped"][1:]
    file.write_text(json.dumps(document))
    with pytest.raises(KeyRingError):
        reopen(tmp_path, SECRET)


def test_processes_that_create_at_once_share_one_ring(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "keyring.json"

    def create(number: int) -> str:
        _create(file, _document(bytes([number]) * 32, b""))
        return file.read_text()

    with ThreadPoolExecutor(16) as threads:
        seen = set(threads.map(create, range(64)))
    assert len(seen) == 1
    assert [p.name for p in file.parent.iterdir()] == ["keyring.json"]
