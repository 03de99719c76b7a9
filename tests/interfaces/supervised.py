"""Run by the supervisor's tests as a process of its own: `supervised.py HOME SCENARIO`."""

import asyncio
import itertools
import sys
from collections.abc import Callable
from pathlib import Path

from bursar.interfaces.supervisor import Part, RestartPolicy, Supervisor, claim_home, server_parts
from bursar.runtime.embedded.home import AlreadyRunning, Home, HomeLock
from bursar.runtime.embedded.processes import Launch
from bursar.settings import Settings

SLEEPER = "import time\nwhile True: time.sleep(1)"
WITH_GRANDCHILD = "import subprocess; subprocess.Popen(['sleep', '600'])\n" + SLEEPER
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WITH_GRANDCHILD
DAEMON = (
    "import subprocess; subprocess.Popen(['/bin/sh', '-c', 'sleep 0.2 & exec sleep 0.1'],"
    " start_new_session=True).wait()\n" + SLEEPER
)


def python(name: str, code: str, *depends_on: str, **options: object) -> Part:
    launch = Launch((sys.executable, "-u", "-c", code))
    return Part(name, lambda: launch, depends_on=depends_on, **options)


def full(home: Path, lock: HomeLock) -> list[Part]:
    return [
        *server_parts(Settings(bursar_home=home, _env_file=None), lock),
        python("migrate", "print('migrated')", "postgresql", runs_once=True),
        python("worker", WITH_GRANDCHILD, "migrate", "redis"),
    ]


def external(home: Path, lock: HomeLock) -> list[Part]:
    settings = Settings(
        bursar_home=home,
        database_url="postgresql://elsewhere/bursar",
        redis_url="redis://elsewhere",
        _env_file=None,
    )
    return [*server_parts(settings, lock), python("worker", SLEEPER)]


def stubborn(_home: Path, _lock: HomeLock) -> list[Part]:
    return [python("worker", STUBBORN, stop_grace_seconds=0.5)]


def orphans(_home: Path, _lock: HomeLock) -> list[Part]:
    return [python("worker", DAEMON)]


def broken(_home: Path, _lock: HomeLock) -> list[Part]:
    broken_part = python(
        "broken",
        "import sys; sys.exit('the reason is written here')",
        ready=lambda: asyncio.sleep(0, False),
        restart=RestartPolicy(delay_seconds_first=0.05),
    )
    return [python("fine", SLEEPER), broken_part, python("never", SLEEPER, "broken")]


def endless(_home: Path, _lock: HomeLock) -> list[Part]:
    return [python("migrate", SLEEPER, runs_once=True, ready_seconds_max=0.3)]


def moving(_home: Path, _lock: HomeLock) -> list[Part]:
    number = itertools.count()
    server = Part(
        "server",
        lambda: Launch((sys.executable, "-c", SLEEPER), identity=f"place {next(number)}"),
    )
    return [server, python("user", SLEEPER, "server"), python("bystander", SLEEPER)]


SCENARIOS: dict[str, Callable[[Path, HomeLock], list[Part]]] = {
    function.__name__: function
    for function in (full, external, stubborn, orphans, broken, endless, moving)
}


def show(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(folder: Path, scenario: str) -> int:
    home = Home(folder)
    try:
        lock = claim_home(home)
    except AlreadyRunning as error:
        show(error.message)
        return 2
    with lock:
        supervisor = Supervisor(
            lock,
            SCENARIOS[scenario](folder, lock),
            report=show,
            address="http://127.0.0.1:8123",
        )
        announcing = asyncio.create_task(announce(supervisor))
        code = await supervisor.run()
        announcing.cancel()
        return code


async def announce(supervisor: Supervisor) -> None:
    if await supervisor.wait_until_ready():
        show("ALL READY")


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), sys.argv[2])))
