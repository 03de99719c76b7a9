"""Clients that write without pause and insist, and clients that repeat what was acknowledged."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.crash.installation import Installation
from tests.crash.money_writes import MoneyWrite

PAUSE_SECONDS = 0.03
PAUSE_SECONDS_UNREACHABLE = 0.15
NOT_NOW = frozenset({409, 503})
"""What a client may meet while parts die: "still at it" and "not now". Anything else is a defect."""


def dice(seed: int) -> random.Random:
    """Return a generator of moments and choices that a seed repeats."""
    return random.Random(seed)  # noqa: S311 - moments to kill at, no secrets


@dataclass
class Record:
    """What the clients were told: key by key the id of the first answer."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)
    replays: int = 0
    refused_bodies: int = 0
    last_at: float = 0.0
    """When the last write that was begun after the last kill was acknowledged."""


class Clients:
    """A number of writers and repeaters on one installation, each a thread with its connection."""

    def __init__(
        self, installation: Installation, write: MoneyWrite, *, writers: int, repeaters: int = 0
    ) -> None:
        self.record = Record()
        self._installation = installation
        self._write = write
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._keys: list[str] = []
        self._threads = [
            threading.Thread(target=self._guarded, args=(self._run_writer, number))
            for number in range(writers)
        ] + [
            threading.Thread(target=self._guarded, args=(self._run_repeater, number))
            for number in range(repeaters)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def acknowledged(self) -> int:
        return len(self.record.acknowledged)

    def stop(self) -> Record:
        """Let every write in flight be acknowledged, then end."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        return self.record

    def first_after(self, moment: float, seconds: float = 60.0) -> float:
        """Wait for a write that was begun after `moment`; return the seconds until its answer."""
        self._installation.wait_for(lambda: self.record.last_at > moment, seconds)
        return self.record.last_at - moment if self.record.last_at > moment else 0.0

    def _guarded(self, run: Callable[[int], None], number: int) -> None:
        try:
            run(number)
        except Exception as error:  # noqa: BLE001 - a client that ends unseen would prove nothing
            self._defect(f"a client ended: {error!r}")

    def _run_writer(self, number: int) -> None:
        line = _Line(self._installation)
        count = 0
        while not self._stopped.is_set():
            key = f"{self._write.name}-{number}-{count}"
            body = self._write.body(key)
            status, answer, _ = self._insist(line, key, body)
            if status >= 300:
                self._defect(f"{key}: {status} {answer}")
            else:
                with self._lock:
                    self.record.acknowledged[key] = self._write.identity(answer)
                    self._keys.append(key)
            count += 1
        line.close()

    def _run_repeater(self, number: int) -> None:
        chooser = dice(number)
        line = _Line(self._installation)
        while not self._stopped.is_set():
            if not self._keys:
                time.sleep(PAUSE_SECONDS)
                continue
            key = self._keys[chooser.randrange(len(self._keys))]
            body = self._write.body(key)
            if chooser.random() < 0.2:
                status, answer, _ = self._insist(line, key, self._write.body(key + " other"))
                if status == 422:
                    self.record.refused_bodies += 1
                else:
                    self._defect(f"another body under {key}: {status} {answer}")
                continue
            status, answer, replayed = self._insist(line, key, body)
            if (
                status >= 300
                or self._write.identity(answer) != self.record.acknowledged[key]
                or not replayed
            ):
                self._defect(f"replay of {key}: {status} replayed={replayed} {answer}")
            self.record.replays += 1
            time.sleep(PAUSE_SECONDS)
        line.close()

    def _insist(self, line: "_Line", key: str, body: Any) -> tuple[int, Any, bool]:
        """Send until there is an answer that stands."""
        while True:
            begun = time.monotonic()
            answer = line.send(self._write.path, body, key)
            if answer is None:
                time.sleep(PAUSE_SECONDS_UNREACHABLE)
                continue
            with self._lock:
                self.record.statuses[answer[0]] += 1
                if answer[0] < 300 and begun > self._mark:
                    self._mark = float("inf")
                    self.record.last_at = time.monotonic()
            if answer[0] not in NOT_NOW:
                return answer
            time.sleep(PAUSE_SECONDS)

    _mark = float("inf")

    def mark(self) -> float:
        """Begin to wait for the first acknowledged write that is begun from now on."""
        with self._lock:
            self._mark = time.monotonic()
            return self._mark

    def _defect(self, text: str) -> None:
        with self._lock:
            if len(self.record.defects) < 100:
                self.record.defects.append(text[:500])


class _Line:
    """A kept connection, opened anew when it breaks."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._connection: http.client.HTTPConnection | None = None

    def send(self, path: str, body: Any, key: str) -> tuple[int, Any, bool] | None:
        """Return the answer, or None when the connection broke: the outcome is unknown."""
        try:
            if self._connection is None:
                self._connection = self._installation.connection()
            return self._installation.exchange(self._connection, "POST", path, body, key)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            self.close()
            return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
