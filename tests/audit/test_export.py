"""Verifying an export: pure, offline, and not one bit is free."""

import datetime as dt
import uuid
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.audit.calc.checkpoints import Checkpoint, PublicKey, key_body, key_id_of
from bursar.audit.calc.documents import (
    Malformed,
    checkpoint_line,
    header_line,
    key_line,
    read_checkpoint,
    row_line,
)
from bursar.audit.calc.export_file import UntrustedKey, read_anchors, verify_export
from bursar.audit.calc.merkle import Frontier, hash_leaf
from bursar.audit.calc.replay import Fault, Verdict

pytestmark = pytest.mark.requirement("AUDIT.02")
LOG = uuid.UUID(int=5)
NOW = dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
FIRST, SECOND = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))


def public(key: Ed25519PrivateKey, endorser: Ed25519PrivateKey | None = None) -> PublicKey:
    raw = key.public_key().public_bytes_raw()
    before = None if endorser is None else key_id_of(endorser.public_key().public_bytes_raw())
    endorsement = (endorser or key).sign(key_body(raw, NOW, before))
    return PublicKey(key_id_of(raw), raw, NOW, before, endorsement)


def rows_of(count: int) -> list[str]:
    return [f'{{"v":1,"seq":{n},"facts":[{{"note": "é \\" {n}"}}]}}' for n in range(count)]


def checkpoint(frontier: Frontier, key: Ed25519PrivateKey = FIRST) -> Checkpoint:
    unsigned = Checkpoint(LOG, frontier.size, frontier.root(), NOW, public(key).key_id)
    return unsigned.signed(key)


def export_of(
    rows: list[str], sizes: tuple[int, ...], *, key: Ed25519PrivateKey = FIRST
) -> list[bytes]:
    keys = [public(FIRST)] + ([] if key is FIRST else [public(key, FIRST)])
    lines = [header_line(LOG, sizes[-1] if sizes else 0), *map(key_line, keys)]
    frontier = Frontier()
    for index, row in enumerate(rows):
        leaf = hash_leaf(row.encode())
        frontier.extend([leaf])
        lines.append(row_line(index, leaf.hex(), row))
        if index + 1 in sizes:
            lines.append(checkpoint_line(checkpoint(frontier, key if index else FIRST)))
    return lines


@cache
def whole() -> bytes:
    return b"".join(export_of(rows_of(11), (1, 4, 11), key=SECOND))


def verified(content: bytes, **more: object) -> Verdict:
    return verify_export(content.splitlines(keepends=True), **more)  # type: ignore[arg-type]


def fault_of(content: bytes | list[bytes], **more: object) -> Fault:
    joined = content if isinstance(content, bytes) else b"".join(content)
    fault = verified(joined, **more).fault
    assert fault is not None
    return fault


def test_a_whole_export_holds_with_a_rotated_key() -> None:
    verdict = verified(whole())
    assert verdict.fault is None
    assert (verdict.rows, verdict.checkpoints) == (11, 3)
    assert verdict.keys == (public(FIRST).key_id,)


def test_an_empty_log_holds() -> None:
    assert verified(header_line(LOG, 0)).holds


def holds_with_flipped_bit(content: bytes, place: int, bit: int) -> bool:
    changed = bytearray(content)
    changed[place] ^= 1 << bit
    # As a file is read: lines end at line feeds and nowhere else.
    lines = [line + b"\n" for line in bytes(changed).split(b"\n")]
    lines[-1] = lines[-1][:-1]
    try:
        return verify_export([line for line in lines if line]).holds
    except Malformed:
        return False


def test_every_single_flipped_bit_of_a_small_export_is_refused() -> None:
    content = b"".join(export_of(rows_of(2), (2,)))
    free = [
        (place, bit)
        for place in range(len(content))
        for bit in range(8)
        if holds_with_flipped_bit(content, place, bit)
    ]
    assert free == []


@settings(max_examples=300)
@given(st.integers(0, 2**20), st.integers(0, 7))
def test_any_flipped_bit_of_an_export_with_two_keys_is_refused(place: int, bit: int) -> None:
    assert not holds_with_flipped_bit(whole(), place % len(whole()), bit)


@given(st.integers(0, 10), st.sampled_from(["drop", "double", "edit"]))
def test_the_bad_index_is_named(index: int, what: str) -> None:
    lines = export_of(rows_of(11), (1, 4, 11))
    place = next(n for n, raw in enumerate(lines) if raw.startswith(b'{"index":%d,' % index))
    if what == "drop":
        del lines[place]
    elif what == "double":
        lines.insert(place, lines[place])
        index += 1
    else:
        lines[place] = lines[place].replace(b"facts", b"fancy")
    assert fault_of(lines).index == index


def test_swapped_rows_and_missing_checkpoints_are_found() -> None:
    rows = rows_of(11)
    lines = export_of(rows, (1, 4, 11))
    rows[6], rows[8] = rows[8], rows[6]
    swapped = export_of(rows, (1, 4, 11))
    forged = [
        old if new.startswith(b'{"checkpoint"') else new
        for old, new in zip(lines, swapped, strict=True)
    ]
    fault = fault_of(forged)
    assert (fault.index, fault.index_end) == (4, 11)
    assert fault_of(lines[:-1]).index == 4
    assert fault_of(lines[:-2]).index == 10


def test_a_cut_tail_needs_an_anchor() -> None:
    rows = rows_of(11)
    frontier = Frontier()
    frontier.extend([hash_leaf(row.encode()) for row in rows])
    anchor = checkpoint(frontier)
    cut = export_of(rows[:4], (1, 4))
    assert verified(b"".join(cut)).holds
    fault = fault_of(cut, anchors=[anchor])
    assert (fault.index, "tail was cut: 4 rows" in fault.reason) == (4, True)
    whole_again = verified(b"".join(export_of(rows, (1, 4, 11))), anchors=[anchor])
    assert (whole_again.holds, whole_again.anchors) == (True, 1)


def test_an_anchor_between_checkpoints_is_met() -> None:
    rows = rows_of(11)
    frontier = Frontier()
    frontier.extend([hash_leaf(row.encode()) for row in rows[:7]])
    anchor = checkpoint(frontier)
    assert verified(b"".join(export_of(rows, (11,))), anchors=[anchor]).anchors == 1
    rows[2] = rows[2].replace("facts", "fancy")
    fault = fault_of(export_of(rows, (11,)), anchors=[anchor])
    assert (fault.index, fault.index_end) == (0, 7)


def test_only_trusted_keys_begin_a_chain() -> None:
    assert verified(whole(), trusted=frozenset({public(FIRST).key_id})).holds
    with pytest.raises(UntrustedKey):
        verified(whole(), trusted=frozenset({public(SECOND).key_id}))


def test_a_key_endorsed_by_a_stranger_is_refused() -> None:
    forged = public(SECOND, FIRST)
    stranger = PublicKey(
        forged.key_id, forged.public_key, NOW, forged.previous_key_id,
        SECOND.sign(forged.body),
    )  # fmt: skip
    lines = [header_line(LOG, 0), key_line(public(FIRST)), key_line(stranger)]
    with pytest.raises(Malformed, match="not endorsed"):
        verify_export(lines)


@pytest.mark.parametrize(
    "line", [b"", b"{}\n", b"[]\n", b"\xff\n", b'{"format":"x"}\n', b"[" * 100_000]
)
def test_what_is_no_export_is_said(line: bytes) -> None:
    with pytest.raises(Malformed):
        verify_export([line])


def test_anchors_are_read_strictly_but_for_a_last_line_cut_short() -> None:
    frontier = Frontier()
    frontier.extend([hash_leaf(b"x")])
    line = checkpoint_line(checkpoint(frontier))
    assert read_anchors([line, line, line[:50]]) == [read_checkpoint(line)] * 2
    with pytest.raises(Malformed, match="line 2"):
        read_anchors([line, b"{}\n"])
