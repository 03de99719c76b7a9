"""One log file per part, bounded: three files of at most 10 MB, the newest without a number."""

import asyncio
import os
from pathlib import Path
from typing import BinaryIO

LOG_BYTES_MAX = 10 * 1024 * 1024
LOG_FILES_KEPT = 3
TAIL_BYTES = 2048
READ_BYTES = 64 * 1024


class RotatingLog:
    """Takes a part's output as it comes and remembers the end of it for error messages."""

    def __init__(self, path: Path, *, bytes_max: int = LOG_BYTES_MAX) -> None:
        self._path = path
        self._bytes_max = bytes_max
        self._tail = b""
        self._reading: set[int] = set()
        self._stream: BinaryIO = self._open()

    def _open(self) -> BinaryIO:
        stream = self._path.open("ab", buffering=0)
        self._path.chmod(0o600)
        return stream

    def write(self, output: bytes) -> None:
        """Append output; a full disk must not stop the part, so errors of the file are dropped."""
        self._tail = (self._tail + output)[-TAIL_BYTES:]
        try:
            if self._stream.tell() + len(output) > self._bytes_max:
                self._rotate()
            self._stream.write(output)
        except OSError:
            return

    def pipe(self) -> int:
        """Return the writing end of a new pipe into this log; it is closed by the caller.

        Not asyncio's own pipe: with that, waiting for a program would wait for its orphans too.
        """
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        asyncio.get_running_loop().add_reader(reading, self._drain, reading)
        self._reading.add(reading)
        return writing

    def _drain(self, reading: int) -> None:
        try:
            output = os.read(reading, READ_BYTES)
        except BlockingIOError:
            return
        if output:
            self.write(output)
        else:
            self._close_pipe(reading)

    def _close_pipe(self, reading: int) -> None:
        asyncio.get_running_loop().remove_reader(reading)
        self._reading.discard(reading)
        os.close(reading)

    def _rotate(self) -> None:
        self._stream.close()
        for number in range(LOG_FILES_KEPT - 1, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            newer = self._path.with_name(f"{self._path.name}.{number - 1}")
            source = self._path if number == 1 else newer
            if source.exists():
                source.replace(older)
        self._stream = self._open()

    def tail(self, lines: int = 5) -> str:
        """Return the last lines written, for an error message."""
        for reading in tuple(self._reading):
            self._drain(reading)
        return "\n".join(self._tail.decode("utf-8", "replace").strip().splitlines()[-lines:])

    def close(self) -> None:
        """Close the file and the pipes, after taking what is still in them."""
        for reading in tuple(self._reading):
            self._drain(reading)
            if reading in self._reading:
                self._close_pipe(reading)
        self._stream.close()
