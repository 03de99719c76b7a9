"""How long a person waits: from nothing to the first answer, a second start, single commands; and
what the whole set holds in memory at rest. Figures in seconds and MiB; the machine is noisy.

    python -m bench.startup
"""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil

from bench.row import Row, show
from tests.interfaces.live import free_port

REST_SECONDS = 20
RUNS = 5
WAIT_SECONDS_MAX = 180.0


def _environment(home: Path, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "BURSAR_HOME": str(home),
        "SERVER_PORT": str(port),
    }


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def _running(environment: dict[str, str], port: int, *arguments: str) -> Iterator[float]:
    """Run `bursar up`; yield the seconds to its first answer."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "bursar", "up", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port):
            if time.monotonic() - started > WAIT_SECONDS_MAX or process.poll() is not None:
                raise RuntimeError("the server did not answer")
            time.sleep(0.02)
        yield time.monotonic() - started
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def _memory_mib(home: Path) -> float:
    """Proportional set size of every process of this installation: shared pages count once."""
    total = 0
    for process in psutil.process_iter(["environ"]):
        try:
            mine = (process.info["environ"] or {}).get("BURSAR_HOME") == str(home)
            if mine or str(home) in " ".join(process.cmdline()):
                total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 2**20


def _command(environment: dict[str, str], *arguments: str) -> float:
    times = []
    for _ in range(RUNS):
        started = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "bursar", *arguments],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        times.append(time.monotonic() - started)
    return median(times)


def _api_start(environment: dict[str, str], port: int) -> float:
    """From starting an API process to its first answer, beside running databases."""
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1",
        "--port", str(port), "--loop", "uvloop", "bursar.interfaces.rest.server:create",
    ]  # fmt: skip
    times = []
    for _ in range(3):
        started = time.monotonic()
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not _answers(port):
            time.sleep(0.02)
        times.append(time.monotonic() - started)
        process.terminate()
        process.wait(timeout=30)
    return median(times)


def run() -> list[Row]:
    """Measure one installation through its life."""
    with tempfile.TemporaryDirectory() as folder:
        home, port = Path(folder) / "home", free_port()
        environment = _environment(home, port)
        with _running(environment, port, "--demo") as first:
            pass
        with _running(environment, port, "--demo") as second:
            time.sleep(REST_SECONDS)
            memory = _memory_mib(home)
            helping = _command(environment, "--help")
            summary = _command(environment, "portfolio", "summary")
            api = _api_start(environment, free_port())
    return [
        Row("bursar up --demo from an empty home to the first answer, seconds", first),
        Row("second start to the first answer, seconds", second),
        Row("memory of the whole set at rest, MiB (proportional set size)", memory),
        Row("API process from start to first answer, seconds", api, 5.0),
        Row("bursar --help, seconds", helping, 0.5),
        Row("bursar portfolio summary, seconds", summary, 1.5),
    ]


if __name__ == "__main__":
    show(run())
