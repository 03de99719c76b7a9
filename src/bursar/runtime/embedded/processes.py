"""A process is named by its id and its start time together: ids are reused, the pair is not.

A zombie counts as dead: it holds no memory and no file, it only waits for a parent that may never
come (a container's process 1 often does not reap).
"""

import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import psutil

from bursar.runtime.embedded.accounts import ServerAccount
from bursar.runtime.embedded import launch

START_TIME_TOLERANCE_SECONDS = 0.02


class ProcessIdentity(NamedTuple):
    """One process, told apart from a later one that got the same id."""

    pid: int
    started_at_seconds: float


@dataclass(frozen=True)
class Launch:
    """How to start a program: absolute command, extra environment, and what its users depend on.

    `identity` changes when those who use the part must start anew (a server's address).
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    identity: str = ""


def identify(pid: int) -> ProcessIdentity | None:
    """Return the identity of a living process, None when it is gone or a zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessIdentity(pid, float(process.create_time()))
    except psutil.Error:
        return None


def is_alive(identity: ProcessIdentity) -> bool:
    """Tell whether this very process still runs."""
    now = identify(identity.pid)
    return (
        now is not None
        and abs(now.started_at_seconds - identity.started_at_seconds)
        < START_TIME_TOLERANCE_SECONDS
    )


def marked_processes(program: str, mark: str) -> list[psutil.Process]:
    """Return living processes of `program` whose command line or title carries `mark`.

    Titles are readable where working folders are not (root without the right to trace others).
    """
    found = []
    for process in psutil.process_iter(["name", "cmdline", "status"]):
        if process.info["name"] != program or process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        if any(mark in part for part in process.info["cmdline"] or ()):
            found.append(process)
    return found


def end_processes(
    processes: Iterable[psutil.Process], *, first: signal.Signals, grace_seconds: float
) -> None:
    """Send `first`, wait at most `grace_seconds`, then kill what is left and wait for that too."""
    remaining = list(processes)
    for number in (first, signal.SIGKILL):
        for process in remaining:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
        _, remaining = psutil.wait_procs(remaining, timeout=grace_seconds)
        remaining = [process for process in remaining if _lives(process)]
        if not remaining:
            return


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def launch_command(
    command: Sequence[str],
    *,
    parent: int,
    death_signal: signal.Signals,
    account: ServerAccount | None = None,
) -> list[str]:
    """Wrap `command` so that it dies with process `parent` and runs as `account`."""
    user, group, reads = (-1, -1, 0) if account is None else account.launch_arguments()
    fixed = (parent, int(death_signal), user, group, reads)
    return [sys.executable, "-I", "-S", launch.__file__, *(str(number) for number in fixed), *command]
