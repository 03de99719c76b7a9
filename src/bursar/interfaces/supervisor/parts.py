"""What the supervisor is told about each thing it runs, and how it names its states."""

import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from bursar.runtime.embedded.processes import Launch


class PartState(StrEnum):
    """Where a part stands."""

    WAITING = "waiting"  # for the parts it depends on
    STARTING = "starting"
    RUNNING = "running"
    DONE = "done"  # a part that runs once and has succeeded
    RESTARTING = "restarting"  # it ended; it starts again after a delay
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"  # it never started; the supervisor gives up


@dataclass(frozen=True)
class RestartPolicy:
    """How long to wait before starting a part again: growing, bounded, at once after a long life.

    A part that had been ready comes back within a second however often it is killed; one that
    fails to start is tried ever more seldom.
    """

    delay_seconds_first: float = 0.1
    factor: float = 2.0
    delay_seconds_max: float = 15.0
    delay_seconds_max_after_ready: float = 0.5
    healthy_seconds: float = 5.0
    start_attempts_max: int = 3

    def delay_seconds(self, failures_in_a_row: int, *, was_ready: bool = False) -> float:
        """Return the wait before the next start: 0 after no failure, then 0.1, 0.2, ... 15."""
        if failures_in_a_row <= 0:
            return 0.0
        # The exponent is bounded, so a part that fails for weeks does not overflow a float.
        grown = self.delay_seconds_first * self.factor ** min(failures_in_a_row - 1, 32)
        most = self.delay_seconds_max_after_ready if was_ready else self.delay_seconds_max
        return min(grown, most)


@dataclass(frozen=True)
class Part:
    """One program the supervisor runs.

    `prepare` is called in a thread before every start and returns the command; it raises
    BursarError when the part cannot run. `ready` is asked until it says yes; without it a part is
    ready as soon as it runs. `on_ready` runs before dependents start. `clean_up` (in a thread, too)
    ends processes the part left outside its own process group. A part with `runs_once` is ready
    when it has ended with exit code 0, and is not started again.
    """

    name: str
    prepare: Callable[[], Launch]
    ready: Callable[[], Awaitable[bool]] | None = None
    ready_seconds_max: float = 60.0
    depends_on: tuple[str, ...] = ()
    on_ready: Callable[[], None] | None = None
    clean_up: Callable[[], None] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_seconds: float = 10.0
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    runs_once: bool = False


def check_parts(parts: tuple[Part, ...]) -> None:
    """Refuse double names, and parts that depend on a later or unknown one (so no cycles)."""
    seen: set[str] = set()
    for part in parts:
        if part.name in seen:
            msg = f"two parts are called {part.name!r}"
            raise ValueError(msg)
        for name in part.depends_on:
            if name not in seen:
                msg = f"{part.name!r} depends on {name!r}, which does not come before it"
                raise ValueError(msg)
        seen.add(part.name)
