"""Anchors: checkpoints kept outside the database, so that a cut tail is found.

Who owns the database can remove the last rows with their leaves and checkpoints, and what is left
is sound. An anchor file (and the log, which has the same line) remembers that there was more. One
line per log and interval; copy the file to a place that the database's administrators cannot write.
"""

import datetime as dt
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import structlog

from bursar.audit.calc.checkpoints import Checkpoint
from bursar.audit.calc.documents import checkpoint_line

FOLDER: Final = "anchors"
FILE_NAME: Final = "journal.jsonl"
FILE_BYTES_MAX: Final = 16 * 1024 * 1024
FILES_KEPT: Final = 8
log = structlog.get_logger()


def anchor_files(home: Path) -> list[Path]:
    """Return the anchor files of an installation that exist, newest first."""
    newest = home / FOLDER / FILE_NAME
    numbered = [newest.with_name(f"{FILE_NAME}.{number}") for number in range(1, FILES_KEPT)]
    return [file for file in (newest, *numbered) if file.is_file()]


class Anchors:
    """Keeps the newest checkpoint of each log until it is due to be written."""

    def __init__(self, home: Path, interval_seconds: float) -> None:
        self._file = home / FOLDER / FILE_NAME
        self._interval = dt.timedelta(seconds=interval_seconds)
        self._waiting: dict[uuid.UUID, Checkpoint] = {}
        self._due = dt.datetime.min.replace(tzinfo=dt.UTC)

    def note(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Take checkpoints that were committed."""
        for checkpoint in checkpoints:
            self._waiting[checkpoint.log_id] = checkpoint

    def write(self, now: dt.datetime) -> int:
        """Write what waits if the interval has passed; return how many lines. Blocking.

        Raises OSError when the file cannot be written; the checkpoints then wait for the next time.
        """
        if not self._waiting or now < self._due:
            return 0
        self._due = now + self._interval
        lines = [checkpoint_line(checkpoint) for checkpoint in self._waiting.values()]
        self._append(b"".join(lines))
        for checkpoint in self._waiting.values():
            log.info(
                "journal anchor",
                log_id=str(checkpoint.log_id),
                size=checkpoint.size,
                root=checkpoint.root.hex(),
                key=checkpoint.key_id,
            )
        self._waiting.clear()
        return len(lines)

    def _append(self, content: bytes) -> None:
        self._file.parent.mkdir(mode=0o700, exist_ok=True)
        if self._file.exists() and self._file.stat().st_size + len(content) > FILE_BYTES_MAX:
            self._rotate()
        descriptor = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                os.ftruncate(descriptor, _whole_lines(descriptor, size))  # a stop cut a line short
            os.write(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _rotate(self) -> None:
        for number in range(FILES_KEPT - 1, 1, -1):
            older = self._file.with_name(f"{FILE_NAME}.{number - 1}")
            if older.exists():
                older.replace(self._file.with_name(f"{FILE_NAME}.{number}"))
        self._file.replace(self._file.with_name(f"{FILE_NAME}.1"))


def _whole_lines(descriptor: int, size: int) -> int:
    """Return the length of the file up to the end of its last whole line."""
    start = max(0, size - 1024 * 1024)
    return start + os.pread(descriptor, size - start, start).rfind(b"\n") + 1
