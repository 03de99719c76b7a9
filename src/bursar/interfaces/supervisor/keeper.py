"""One keeper per part: wait for what it depends on, start it, watch it, start it again, stop it.

A keeper reacts to three events only: its program ended, a restart was asked for (a dependency
answers at a new address), or it shall stop.
"""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import psutil

from bursar.core.errors import BursarError
from bursar.interfaces.supervisor.logs import RotatingLog
from bursar.interfaces.supervisor.parts import Part, PartState
from bursar.runtime.embedded.processes import Launch, identify, wait_until_ready
from bursar.runtime.embedded.records import RUN_VARIABLE, RecordedProcess


class Surroundings(Protocol):
    """What a keeper needs from the supervisor."""

    mark: str

    def report(self, line: str) -> None:
        """Show one line of progress."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""

    def changed(self) -> None:
        """Hear that some part's state or process changed."""

    def start_failed(self, part: str) -> None:
        """Hear that a part never started and will not be tried again."""

    def moved(self, part: str) -> None:
        """Hear that a part answers at a new address."""


class Keeper:
    """Runs one part for as long as the supervisor lives."""

    def __init__(self, part: Part, surroundings: Surroundings, log: RotatingLog) -> None:
        self.part = part
        self.ready = asyncio.Event()
        self.finished = asyncio.Event()
        self.stop_requested = asyncio.Event()
        self.restart_requested = asyncio.Event()
        self.forced = asyncio.Event()
        self.recorded: RecordedProcess | None = None
        self._surroundings = surroundings
        self._log = log
        self._state = PartState.WAITING
        self._since = surroundings.now()
        self._restarts = 0
        self._detail = ""
        self._identity: str | None = None

    def status(self) -> dict[str, Any]:
        """Return this part's row of status.json."""
        return {
            "part": self.part.name,
            "state": self._state.value,
            "pid": self.recorded.pid if self.recorded else None,
            "restarts": self._restarts,
            "since": self._since.isoformat(),
            "detail": self._detail or None,
        }

    async def run(self, dependencies: Sequence["Keeper"]) -> None:
        """Keep the part running until asked to stop."""
        failures = 0
        try:
            while await self._dependencies_ready(dependencies):
                began = time.monotonic()
                was_ready = await self._run_once()
                if self.stop_requested.is_set():
                    break
                lived = time.monotonic() - began
                healthy = was_ready and lived >= self.part.restart.healthy_seconds
                if self.restart_requested.is_set():
                    self.restart_requested.clear()
                    failures = 0
                    continue
                failures = 0 if healthy else failures + 1
                if self._gives_up(failures):
                    return
                delay = self.part.restart.delay_seconds(failures, was_ready=was_ready)
                await self._pause(delay)
        finally:
            if self._state is not PartState.FAILED:
                self._set(PartState.STOPPED)
            self.finished.set()

    def _gives_up(self, failures: int) -> bool:
        """Give up on a part that never was ready; one that was is tried for ever."""
        attempts_max = 1 if self.part.runs_once else self.part.restart.start_attempts_max
        if self._identity is not None or failures < attempts_max:
            return False
        self._set(PartState.FAILED, self._detail)
        lines = [f"{self.part.name}: did not start: {self._detail}", self._log.tail()]
        self._surroundings.report("\n".join(line for line in lines if line))
        self._surroundings.start_failed(self.part.name)
        return True

    async def _pause(self, seconds: float) -> None:
        self._restarts += 1
        self._set(PartState.RESTARTING, self._detail)
        soon = f"in {seconds:.1f} s" if seconds else "now"
        self._surroundings.report(f"{self.part.name}: {self._detail}; starting again {soon}")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop_requested.wait(), seconds)

    async def _dependencies_ready(self, dependencies: Sequence["Keeper"]) -> bool:
        """Wait for all dependencies; False when asked to stop instead."""
        if self.stop_requested.is_set():
            return False
        if not all(keeper.ready.is_set() for keeper in dependencies):
            self._set(PartState.WAITING, self._detail)
        while not all(keeper.ready.is_set() for keeper in dependencies):
            waiting = [keeper.ready.wait() for keeper in dependencies if not keeper.ready.is_set()]
            await first_of(self.stop_requested.wait(), asyncio.gather(*waiting))
            if self.stop_requested.is_set():
                return False
        return True

    async def _run_once(self) -> bool:
        """Start the part and see it to its end. True when it had become ready."""
        began = time.monotonic()
        self._set(PartState.STARTING)
        self._surroundings.report(f"{self.part.name}: starting")
        try:
            launch = await asyncio.to_thread(self.part.prepare)
            process = await self._spawn(launch)
        except BursarError as error:
            self._detail = error.message + (f" {error.hint}" if error.hint else "")
            return False
        except (OSError, psutil.Error) as error:
            self._detail = f"cannot be started: {error}"
            return False
        ended = asyncio.create_task(process.wait())
        became_ready = False
        try:
            became_ready = await self._become_ready(launch, ended, began)
            if became_ready and not self.part.runs_once:
                await first_of(ended, self.stop_requested.wait(), self.restart_requested.wait())
        finally:
            if not (became_ready and self.part.runs_once):
                self.ready.clear()
            await self._end(process, ended)
            self.recorded = None
        if became_ready and self.part.runs_once:
            await self.stop_requested.wait()
        self._detail = self._detail or _ending(ended.result())
        return became_ready

    async def _spawn(self, launch: Launch) -> Process:
        environment = launch.child_environment() | {RUN_VARIABLE: self._surroundings.mark}
        output = self._log.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *launch.arguments(),
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                cwd=launch.folder,
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor alone
            )
        finally:
            os.close(output)
        identity = identify(process.pid)
        self.recorded = RecordedProcess(
            part=self.part.name,
            pid=process.pid,
            started_at_seconds=identity.started_at_seconds if identity else 0.0,
            stop_signal=int(self.part.stop_signal),
        )
        self._surroundings.changed()
        return process

    async def _become_ready(self, launch: Launch, ended: "asyncio.Task[int]", began: float) -> bool:
        if self.part.runs_once:
            await first_of(
                ended, self.stop_requested.wait(), asyncio.sleep(self.part.ready_seconds_max)
            )
            ready = ended.done() and ended.result() == 0
            if not ended.done() and not self.stop_requested.is_set():
                self._detail = f"did not end within {self.part.ready_seconds_max:.0f} s"
        elif self.part.ready is None:
            ready = not ended.done()
        else:
            probe = asyncio.create_task(
                wait_until_ready(self.part.ready, self.part.ready_seconds_max)
            )
            await first_of(probe, ended, self.stop_requested.wait())
            ready = probe.done() and probe.result() and not ended.done()
            if probe.done() and not ready and not ended.done():
                self._detail = f"did not answer within {self.part.ready_seconds_max:.0f} s"
            probe.cancel()
        if not ready or self.stop_requested.is_set():
            return False
        if not self._announce():
            return False
        moved = self._identity not in {None, launch.identity}
        self._identity = launch.identity
        self._set(PartState.DONE if self.part.runs_once else PartState.RUNNING)
        self.ready.set()
        where = f" on {launch.identity}" if launch.identity else ""
        verb = "done" if self.part.runs_once else "ready"
        seconds = time.monotonic() - began
        self._surroundings.report(f"{self.part.name}: {verb} after {seconds:.1f} s{where}")
        if moved:
            self._surroundings.moved(self.part.name)
        return True

    def _announce(self) -> bool:
        try:
            if self.part.on_ready is not None:
                self.part.on_ready()
        except OSError as error:
            self._detail = f"its address could not be written down: {error}"
            return False
        return True

    async def _end(self, process: Process, ended: "asyncio.Task[int]") -> None:
        """Stop the program if it runs, then whatever it left in its process group or elsewhere."""
        if not ended.done():
            if self.stop_requested.is_set():
                self._set(PartState.STOPPING)
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(self.part.stop_signal)
            grace = asyncio.create_task(asyncio.sleep(self.part.stop_grace_seconds))
            await first_of(ended, grace, self.forced.wait())
            grace.cancel()
        # The leader may be gone while its children live on. Now, not later: ids are reused.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await ended
        if self.part.clean_up is not None:
            await asyncio.to_thread(self.part.clean_up)

    def _set(self, state: PartState, detail: str = "") -> None:
        self._state = state
        self._detail = detail
        self._since = self._surroundings.now()
        self._surroundings.changed()


def _ending(exit_code: int) -> str:
    if exit_code < 0:
        return f"was ended by signal {signal.Signals(-exit_code).name}"
    return f"ended with exit code {exit_code}"


async def first_of(*waits: Any) -> None:
    """Wait until one of these is done; coroutines left over are cancelled, tasks are not."""
    own = [asyncio.ensure_future(wait) for wait in waits if not isinstance(wait, asyncio.Task)]
    given = [wait for wait in waits if isinstance(wait, asyncio.Task)]
    try:
        await asyncio.wait([*own, *given], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in own:
            wait.cancel()
        await asyncio.gather(*own, return_exceptions=True)
