"""The supervisor: a table of parts, one keeper each, and the signals that end it all.

Parts start as soon as what they depend on is ready and stop once what depends on them has stopped,
side by side where they can. The supervisor adopts orphans (Linux), so it also reaps what a killed
part leaves, and every part dies with it (death signal), so even `kill -9` leaves nothing for long;
the next start sweeps up what is left then.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

import psutil

from bursar.core.clock import Clock, SystemClock
from bursar.interfaces.supervisor.keeper import Keeper, first_of
from bursar.interfaces.supervisor.logs import RotatingLog
from bursar.interfaces.supervisor.parts import Part, check_parts
from bursar.runtime.embedded.home import HomeLock
from bursar.runtime.embedded.records import (
    new_run_mark,
    sweep,
    write_processes,
    write_status,
)
from bursar.runtime.embedded.state import forget_servers

PR_SET_CHILD_SUBREAPER = 36
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
REAP_SECONDS = 1.0


class Supervisor:
    """Runs parts under one home lock until told to stop.

    `report` gets one line per event, `address` is shown to whoever starts a second supervisor.
    """

    def __init__(
        self,
        lock: HomeLock,
        parts: Sequence[Part],
        *,
        report: Callable[[str], None],
        address: str = "",
        clock: Clock | None = None,
    ) -> None:
        check_parts(tuple(parts))
        self.mark = new_run_mark()
        self._home = lock.home
        self._report = report
        self._address = address
        self._clock = clock or SystemClock()
        self._started = self._clock.now()
        self._stopping = asyncio.Event()
        self._child_ended = asyncio.Event()
        self._exit_code = 0
        self._logs = {
            part.name: RotatingLog(self._home.logs / f"{part.name}.log") for part in parts
        }
        self._keepers: dict[str, Keeper] = {}
        for part in parts:
            self._keepers[part.name] = Keeper(part, self, self._logs[part.name])

    def report(self, line: str) -> None:
        """Show one line of progress."""
        self._report(line)

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return self._clock.now()

    def changed(self) -> None:
        """Write the status and the processes down anew; a full disk must not stop the parts."""
        with contextlib.suppress(OSError):
            self._write_down()

    def _write_down(self) -> None:
        keepers = self._keepers.values()
        recorded = [keeper.recorded for keeper in keepers if keeper.recorded is not None]
        write_processes(self._home, self.mark, recorded)
        write_status(
            self._home,
            {
                "pid": os.getpid(),
                "address": self._address or None,
                "since": self._started.isoformat(),
                "parts": [keeper.status() for keeper in keepers],
            },
        )

    def start_failed(self, part: str) -> None:
        """Stop everything: a part that never started needs a person."""
        del part
        self._exit_code = 1
        self._stopping.set()

    def moved(self, part: str) -> None:
        """Restart the parts that use `part`, for they still hold its old address."""
        for keeper in self._keepers.values():
            if part in keeper.part.depends_on and not keeper.part.runs_once:
                keeper.restart_requested.set()

    def stop(self) -> None:
        """Stop all parts in order; a second call stops waiting and kills them."""
        if self._stopping.is_set():
            for keeper in self._keepers.values():
                keeper.forced.set()
        self._stopping.set()

    async def wait_until_ready(self) -> bool:
        """Wait until every part is ready; False when the supervisor stops instead."""
        for keeper in self._keepers.values():
            await first_of(keeper.ready.wait(), self._stopping.wait())
        return not self._stopping.is_set()

    async def run(self) -> int:
        """Run until stopped. Returns 0 after an orderly stop, 1 when a part never started."""
        _adopt_orphans()
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup asks to ignore SIGHUP
                loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGCHLD, self._child_ended.set)
        forget_servers(self._home)
        swept = await asyncio.to_thread(sweep, self._home)
        if swept:
            self.report(f"ended {swept} processes that the last run left behind")
        reaper = asyncio.create_task(self._reap())
        running = [
            asyncio.create_task(k.run([self._keepers[name] for name in k.part.depends_on]))
            for k in self._keepers.values()
        ]
        try:
            # Keepers end before the stop only by giving up or by a defect: then all of it ends.
            await first_of(self._stopping.wait(), *running)
        finally:
            self._stopping.set()
            await self._stop_in_order()
            reaper.cancel()
            for number in (*STOP_SIGNALS, signal.SIGCHLD):
                loop.remove_signal_handler(number)
            forget_servers(self._home)
            for log in self._logs.values():
                log.close()
        await asyncio.gather(*running)
        return self._exit_code

    async def _stop_in_order(self) -> None:
        """Stop each part once the parts that depend on it have stopped."""
        if self._exit_code == 0:
            self.report("stopping")

        async def stop(keeper: Keeper) -> None:
            for other in self._keepers.values():
                if keeper.part.name in other.part.depends_on:
                    await other.finished.wait()
            keeper.stop_requested.set()
            await keeper.finished.wait()

        await asyncio.gather(*(stop(keeper) for keeper in self._keepers.values()))
        self.report("stopped")

    async def _reap(self) -> None:
        """Collect adopted orphans that have ended.

        Children that somebody in this process waits for are not ours to collect: they are gone
        within milliseconds, so only what is still a zombie a second later is an orphan.
        """
        while True:
            await self._child_ended.wait()
            self._child_ended.clear()
            before = self._zombies()
            while before:
                await asyncio.sleep(REAP_SECONDS)
                now = self._zombies()
                _collect(before & now)
                before = now - before

    def _zombies(self) -> set[int]:
        own = {k.recorded.pid for k in self._keepers.values() if k.recorded is not None}
        zombies = set()
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.Error):
                if child.status() == psutil.STATUS_ZOMBIE:
                    zombies.add(child.pid)
        return zombies - own


def _collect(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _adopt_orphans() -> None:
    """Become the parent of orphaned grandchildren, where the system knows that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
