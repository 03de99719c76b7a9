"""Verify an export: no database, no network, one pass over the lines, at the speed of hashing."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from bursar.audit.calc.checkpoints import Checkpoint, KeyRegister
from bursar.audit.calc.documents import (
    ROW_START,
    Malformed,
    read_checkpoint,
    read_header,
    read_key,
)
from bursar.audit.calc.merkle import LEAF_PREFIX
from bursar.audit.calc.replay import ANCHORS_MAX, Fault, Replay, Verdict

KEY_START: Final = b'{"key":'
ROW_END: Final = b"}\n"
_sha256 = hashlib.sha256


class UntrustedKey(Malformed):
    """The keys of an export do not begin with one that the reader trusts."""


def verify_export(
    lines: Iterable[bytes],
    *,
    anchors: Iterable[Checkpoint] = (),
    trusted: frozenset[str] = frozenset(),
) -> Verdict:
    """Verify the lines of an export, each with its end; return the verdict with the first fault.

    anchors: checkpoints kept elsewhere. trusted: key ids the first key must be among; any when
    empty. Raises Malformed when the file does not begin as an export, and UntrustedKey.
    """
    stream = iter(lines)
    log_id, size = read_header(next(stream, b""))
    register, first = _keys(stream)
    untrusted = set(register.starting_points) - trusted
    if trusted and untrusted:
        raise UntrustedKey(f"the export is signed by the untrusted key {min(untrusted)}")
    replay = Replay(log_id, register, anchors)
    try:
        _replay(chain(first, stream), replay)
        return replay.finish(size)
    except Fault as fault:
        return replay.verdict(fault)


def read_anchors(lines: Iterable[bytes]) -> list[Checkpoint]:
    """Return the anchors of a file. Raises Malformed with the line's number.

    The last line may be cut short: the machine may have stopped while it was written.
    """
    found: list[Checkpoint] = []
    for number, raw in enumerate(lines, start=1):
        if not raw.endswith(b"\n"):
            break
        try:
            found.append(read_checkpoint(raw))
        except Malformed as error:
            raise Malformed(f"line {number}: {error}") from error
        if len(found) > ANCHORS_MAX:
            raise Malformed(f"more than {ANCHORS_MAX} anchors: pass a part of the file")
    return found


def _keys(stream: Iterator[bytes]) -> tuple[KeyRegister, list[bytes]]:
    """Read the keys; return them with the first line that is none."""
    register = KeyRegister()
    for raw in stream:
        if not raw.startswith(KEY_START):
            return register, [raw]
        problem = register.add(read_key(raw))
        if problem is not None:
            raise Malformed(problem)
    return register, []


def _replay(lines: Iterable[bytes], replay: Replay) -> None:
    """Feed every line. The way of a good row is written out: it decides the speed."""
    index, take = 0, replay.leaf
    for raw in lines:
        head, _, row = raw.partition(b',"row":')
        if row:
            digest = _sha256(LEAF_PREFIX + row[:-2])
            if row[-2:] == ROW_END and head == b'{"index":%d,"leaf":"%b"' % (
                index,
                digest.hexdigest().encode(),
            ):
                take(digest.digest())
                index += 1
                continue
        _other(raw, replay)


def _other(raw: bytes, replay: Replay) -> None:
    """Take a checkpoint, or say what is wrong with a row."""
    if not raw.startswith(ROW_START):
        try:
            checkpoint = read_checkpoint(raw)
        except Malformed as error:
            raise Fault(replay.size, f"the line after row {replay.size - 1}: {error}") from error
        replay.checkpoint(checkpoint)
        return
    head, _, row = raw.removesuffix(b"\n").partition(b',"row":')
    number, _, leaf = head.removeprefix(ROW_START).partition(b',"leaf":"')
    try:
        index, sealed = int(number), bytes.fromhex(leaf.removesuffix(b'"').decode())
    except ValueError:
        raise Fault(replay.size, "the row's line is damaged") from None
    content = row.removesuffix(b"}")
    replay.row(index, sealed, None if content == b"null" else content)
    raise Fault(index, "the row's line is not spelled as Bursar does")
