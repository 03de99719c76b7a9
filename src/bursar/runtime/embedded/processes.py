"""A process is named by its id and its start time together: ids are reused, the pair is not.

A zombie counts as dead: it holds no memory and no file, it only waits for a parent that may never
come (a container's process 1 often does not reap).
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import psutil

from bursar.runtime.embedded import launch
from bursar.runtime.embedded.accounts import ServerAccount

START_TIME_TOLERANCE_SECONDS = 0.02
PROBE_INTERVAL_SECONDS = 0.02


class ProcessIdentity(NamedTuple):
    """One process, told apart from a later one that got the same id."""

    pid: int
    started_at_seconds: float


@dataclass(frozen=True)
class Launch:
    """How to start a program: absolute command, environment, folder, user, and how it dies.

    `identity` changes when those who use the program must start anew (a server's address).
    `death_signal` reaches it when its parent is gone, however that happened (Linux).
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    inherits_environment: bool = True
    folder: Path | None = None
    account: ServerAccount | None = None
    death_signal: signal.Signals = signal.SIGTERM
    identity: str = ""

    def arguments(self) -> list[str]:
        """Return the command wrapped so that it dies with the calling process (see launch.py)."""
        user, group, reads = (-1, -1, 0) if self.account is None else self.account.arguments()
        fixed = (os.getpid(), int(self.death_signal), user, group, reads)
        script = [sys.executable, "-I", "-S", launch.__file__]
        return [*script, *(str(number) for number in fixed), *self.command]

    def child_environment(self) -> dict[str, str]:
        """Return the whole environment of the child."""
        if not self.inherits_environment:
            return dict(self.environment)
        return dict(os.environ) | dict(self.environment)  # noqa: TID251 - handed on, not read


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
        and abs(now.started_at_seconds - identity.started_at_seconds) < START_TIME_TOLERANCE_SECONDS
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


async def wait_until_ready(probe: Callable[[], Awaitable[bool]], seconds_max: float) -> bool:
    """Ask every 20 ms until the answer is yes; False after `seconds_max`."""
    try:
        async with asyncio.timeout(seconds_max):
            while not await probe():  # noqa: ASYNC110 - another process answers when it can
                await asyncio.sleep(PROBE_INTERVAL_SECONDS)
    except TimeoutError:
        return False
    return True
