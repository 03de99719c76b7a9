"""Replay a log from its first row and hold it against every checkpoint: one pass, bounded memory.

Fed with rows and checkpoints in order, by the verifier of a file and by the check of the live
database alike. It stops at the first fault and names the first index that is bad: exactly, when a
row and its sealed hash differ or an index is missing; as a range behind the last good checkpoint,
when somebody rewrote rows and their hashes together.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bursar.audit.calc.checkpoints import Checkpoint, KeyRegister
from bursar.audit.calc.merkle import Frontier, hash_leaf

BATCH_LEAVES: Final = 4096
ANCHORS_MAX: Final = 200_000


class Fault(Exception):
    """The log is not what was sealed. `index` is the first bad row; the rows before it are good.

    Where the first bad row is known only to lie before `index_end`, that is said.
    """

    def __init__(self, index: int, reason: str, *, index_end: int | None = None) -> None:
        super().__init__(reason)
        self.index = index
        self.index_end = index_end
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a replay found: how far it came, and the first fault if there is one."""

    log_id: uuid.UUID
    rows: int
    checkpoints: int
    anchors: int
    keys: tuple[str, ...]
    fault: Fault | None

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.fault is None


class Replay:
    """The replay of one log. `anchors` are checkpoints kept elsewhere; those of other logs are ignored."""

    def __init__(
        self, log_id: uuid.UUID, register: KeyRegister, anchors: Iterable[Checkpoint] = ()
    ) -> None:
        self.log_id = log_id
        self.register = register
        self.checkpoints = 0
        self.anchors_met = 0
        self._frontier = Frontier()
        self._waiting: list[bytes] = []
        self._sound_size = 0
        self._last_size = 0
        own = sorted((a for a in anchors if a.log_id == log_id), key=lambda a: a.size)
        self._anchors = own[:ANCHORS_MAX][::-1]
        self._stop = self._anchors[-1].size if self._anchors else -1

    @property
    def size(self) -> int:
        """Rows taken so far."""
        return self._frontier.size + len(self._waiting)

    def verdict(self, fault: Fault | None = None) -> Verdict:
        """Return what was found so far."""
        return Verdict(
            self.log_id,
            self.size,
            self.checkpoints,
            self.anchors_met,
            self.register.starting_points,
            fault,
        )

    def row(self, index: int, leaf: bytes, content: bytes | None) -> None:
        """Take the next row: its index, the hash sealed for it, and what it says now."""
        size = self.size
        if index != size:
            raise Fault(size, f"row {size} is missing: row {index} follows row {size - 1}")
        if content is None:
            raise Fault(index, "the row was deleted; its sealed hash is still there")
        if hash_leaf(content) != leaf:
            raise Fault(index, "the row is not what was sealed: it was changed or swapped")
        self.leaf(leaf)

    def leaf(self, leaf: bytes) -> None:
        """Take the next row by its hash, which the caller has held against the row."""
        self._waiting.append(leaf)
        waiting = len(self._waiting)
        if waiting == BATCH_LEAVES or self._frontier.size + waiting == self._stop:
            self._settle()

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Take the checkpoint that stands for the rows so far."""
        self._settle()
        name = f"the checkpoint of size {checkpoint.size}"
        if checkpoint.log_id != self.log_id:
            raise Fault(self._sound_size, f"{name} belongs to the log {checkpoint.log_id}")
        if checkpoint.size <= self._last_size or checkpoint.size != self._frontier.size:
            raise Fault(
                min(self._frontier.size, checkpoint.size),
                f"{name} stands behind {self._frontier.size} rows",
            )
        problem = self.register.verify(checkpoint)
        if problem is not None:
            raise Fault(
                self._sound_size, f"{name} cannot be trusted: {problem}", index_end=checkpoint.size
            )
        self._hold_against(checkpoint, name)
        self.checkpoints += 1
        self._last_size = checkpoint.size

    def finish(self, size: int | None = None) -> Verdict:
        """End the replay at `size` rows (None: as many as there were); every row must be covered."""
        self._settle()
        if self._anchors:
            raise Fault(
                self.size,
                f"the tail was cut: {self.size} rows are there, "
                f"and an anchor proves that there were {self._anchors[0].size}",
            )
        if size is not None and size != self.size:
            raise Fault(
                min(size, self.size), f"{size} rows were announced and {self.size} are there"
            )
        if self._last_size != self.size:
            raise Fault(self._last_size, "no checkpoint covers the rows from here on")
        return self.verdict()

    def _settle(self) -> None:
        if self._waiting:
            self._frontier.extend(self._waiting)
            self._waiting.clear()
        while self._anchors and self._anchors[-1].size == self._frontier.size:
            anchor = self._anchors.pop()
            self._stop = self._anchors[-1].size if self._anchors else -1
            name = f"the anchor of size {anchor.size}"
            problem = self.register.verify(anchor)
            if problem is not None:
                raise Fault(
                    self._sound_size, f"{name} does not fit: {problem}", index_end=anchor.size
                )
            self._hold_against(anchor, name)
            self.anchors_met += 1

    def _hold_against(self, checkpoint: Checkpoint, name: str) -> None:
        if self._frontier.root() != checkpoint.root:
            raise Fault(
                self._sound_size,
                f"{name} signed another history: a row from {self._sound_size} to "
                f"{checkpoint.size - 1} was changed, removed, added or moved together with its hash",
                index_end=checkpoint.size,
            )
        self._sound_size = checkpoint.size
