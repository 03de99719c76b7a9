"""Two small files tell others about a run: status.json what runs, processes.json what to sweep up.

A sweep ends only processes that are provably ours: the very process that was recorded (id and start
time), or one that carries the run's random mark in its environment.
"""

import contextlib
import json
import secrets
import signal
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import psutil

from bursar.runtime.embedded.home import (
    AlreadyRunning,
    Home,
    HomeLock,
    is_running,
    write_atomically,
)
from bursar.runtime.embedded.processes import ProcessIdentity, is_alive

STATUS_FILE: Final = "status.json"
PROCESSES_FILE: Final = "processes.json"
RUN_VARIABLE: Final = "BURSAR_RUN"
SWEEP_GRACE_SECONDS = 10.0
RECORDED_PROCESSES_MAX = 1000


@dataclass(frozen=True)
class RecordedProcess:
    """A process of a run, as written down when it started."""

    part: str
    pid: int
    started_at_seconds: float
    stop_signal: int


def claim_home(home: Home) -> HomeLock:
    """Take the home's lock; when another supervisor has it, say where that one answers.

    Raises AlreadyRunning.
    """
    try:
        return HomeLock.acquire(home)
    except AlreadyRunning as error:
        status = read_status(home)
        if status is None:
            raise
        where = f" at {status['address']}" if status.get("address") else ""
        msg = f"Bursar already runs in {home.path}{where} (process {status.get('pid')})"
        raise AlreadyRunning(msg, hint=error.hint) from None


def read_status(home: Home) -> dict[str, Any] | None:
    """Return what the running supervisor last wrote; None when none runs."""
    if not is_running(home):
        return None
    try:
        status = json.loads((home.run / STATUS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return status if isinstance(status, dict) else None


def write_status(home: Home, status: dict[str, Any]) -> None:
    """Write status.json for `bursar doctor` and for a second start."""
    write_atomically(home.run / STATUS_FILE, json.dumps(status, indent=1), synced=False)


def new_run_mark() -> str:
    """Return a random word that every process of this run carries in its environment."""
    return secrets.token_hex(16)


def write_processes(home: Home, mark: str, processes: Iterable[RecordedProcess]) -> None:
    """Write processes.json, so that the next start can end what a killed supervisor left."""
    record = {"mark": mark, "processes": [asdict(process) for process in processes]}
    write_atomically(home.run / PROCESSES_FILE, json.dumps(record, indent=1), synced=False)


def sweep(home: Home) -> int:
    """End the processes of the last run that still live and return how many. Blocking.

    Only the holder of the home's lock may call this.
    """
    doomed = left_behind(home)
    for stop in (True, False):
        for process, number in doomed.values():
            try:
                process.send_signal(number if stop else signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        _, alive = psutil.wait_procs(
            [process for process, _ in doomed.values()], timeout=SWEEP_GRACE_SECONDS
        )
        if not alive:
            break
    (home.run / PROCESSES_FILE).unlink(missing_ok=True)
    return len(doomed)


def left_behind(home: Home) -> dict[int, tuple[psutil.Process, int]]:
    """Return the recorded run's processes that still live, by id, with the signal that stops each."""
    mark, recorded = _read_processes(home)
    found: dict[int, tuple[psutil.Process, int]] = {}
    for record in recorded:
        if is_alive(ProcessIdentity(record.pid, record.started_at_seconds)):
            with contextlib.suppress(psutil.NoSuchProcess):
                found[record.pid] = (psutil.Process(record.pid), record.stop_signal)
    for process in _carrying(mark) if mark else ():
        found.setdefault(process.pid, (process, signal.SIGTERM))
    return found


def _carrying(mark: str) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get(RUN_VARIABLE) == mark
    ]


def _read_processes(home: Home) -> tuple[str, Sequence[RecordedProcess]]:
    try:
        record = json.loads((home.run / PROCESSES_FILE).read_text(encoding="utf-8"))
        rows = record["processes"][:RECORDED_PROCESSES_MAX]
        return str(record["mark"]), [RecordedProcess(**row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return "", []
