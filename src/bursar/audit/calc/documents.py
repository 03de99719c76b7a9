"""The lines of an export and of the anchors file: JSON in one spelling, read back strictly.

A row's line holds the row as it is hashed, letter for letter, so that verifying needs no JSON:

    {"index":0,"leaf":"<hash>","row":<the sealed text>}

All other lines are read, written again, and must come out the same, so not one bit is free.
"""

import datetime as dt
import json
import uuid
from typing import Any, Final

from bursar.audit.calc.checkpoints import Checkpoint, PublicKey, time_text

FORMAT: Final = "bursar-journal-export/v1"
LINE_BYTES_MAX: Final = 16 * 1024 * 1024
ROW_START: Final = b'{"index":'


class Malformed(ValueError):
    """A line is not one that Bursar writes."""


def line(document: dict[str, Any]) -> bytes:
    """Return a document in its one spelling, with the line's end."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def header_line(log_id: uuid.UUID, size: int) -> bytes:
    """Return the first line of an export."""
    return line({"format": FORMAT, "log": str(log_id), "size": size})


def row_line(index: int, leaf: str, row: str | None) -> bytes:
    """Return a row's line; `row` is the text that is hashed, None when the row is gone."""
    return f'{{"index":{index},"leaf":"{leaf}","row":{row or "null"}}}\n'.encode()


def key_line(key: PublicKey) -> bytes:
    """Return a public key's line."""
    return line(
        {
            "key": key.key_id,
            "public_key": key.public_key.hex(),
            "created_at": time_text(key.created_at),
            "previous": key.previous_key_id,
            "endorsement": key.endorsement.hex(),
        }
    )


def checkpoint_line(checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint's line; an anchor is written the same way."""
    return line(
        {
            "checkpoint": checkpoint.size,
            "log": str(checkpoint.log_id),
            "root": checkpoint.root.hex(),
            "at": time_text(checkpoint.at),
            "key": checkpoint.key_id,
            "signature": checkpoint.signature.hex(),
        }
    )


def read_header(raw: bytes) -> tuple[uuid.UUID, int]:
    """Return the log and its size. Raises Malformed."""
    document = _document(raw, "format", "log", "size")
    try:
        log_id, size = uuid.UUID(document["log"]), int(document["size"])
    except (ValueError, TypeError, AttributeError) as error:
        raise Malformed("the first line does not name a log and its size") from error
    if document["format"] != FORMAT or header_line(log_id, size) != raw:
        raise Malformed(f"the first line is not that of a {FORMAT}")
    return log_id, size


def read_key(raw: bytes) -> PublicKey:
    """Return the key of a line. Raises Malformed."""
    document = _document(raw, "key", "public_key", "created_at", "previous", "endorsement")
    try:
        key = PublicKey(
            key_id=str(document["key"]),
            public_key=bytes.fromhex(document["public_key"]),
            created_at=_time(document["created_at"]),
            previous_key_id=document["previous"],
            endorsement=bytes.fromhex(document["endorsement"]),
        )
    except (ValueError, TypeError) as error:
        raise Malformed("this line is no public key") from error
    if key_line(key) != raw:
        raise Malformed("this public key is not spelled as Bursar does")
    return key


def read_checkpoint(raw: bytes) -> Checkpoint:
    """Return the checkpoint of a line. Raises Malformed."""
    document = _document(raw, "checkpoint", "log", "root", "at", "key", "signature")
    try:
        checkpoint = Checkpoint(
            log_id=uuid.UUID(document["log"]),
            size=int(document["checkpoint"]),
            root=bytes.fromhex(document["root"]),
            at=_time(document["at"]),
            key_id=str(document["key"]),
            signature=bytes.fromhex(document["signature"]),
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise Malformed("this line is no checkpoint") from error
    if checkpoint_line(checkpoint) != raw:
        raise Malformed("this checkpoint is not spelled as Bursar does")
    return checkpoint


def _document(raw: bytes, *names: str) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Malformed("this line is not JSON") from error
    if not isinstance(document, dict) or tuple(document) != names:
        raise Malformed(f"this line does not hold {', '.join(names)}")
    return document


def _time(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.UTC)
