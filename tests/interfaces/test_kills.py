"""The real set of parts under `kill -9`: nothing acknowledged is lost, nothing goes in twice."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bursar.interfaces.supervisor import read_status
from bursar.runtime.embedded.home import Home
from tests.interfaces.live import free_port

pytestmark = pytest.mark.requirement("CONF.02", "LEDGER.03")
SECONDS_MAX = 60.0
WRITERS = 3
ACCOUNT = "Everyday"


class Installation:
    """`bursar up` on a home of its own, as a person runs it."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.port = free_port()
        self.refusals: set[int] = set()
        self._output = folder.with_suffix(".log").open("a+")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
            "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
            "BURSAR_HOME": str(folder),
            "SERVER_PORT": str(self.port),
            "ENVIRONMENT": "test",
        }
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bursar", "up"],
            env=self.environment,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        self.wait_for(self.healthy)

    def wait_for(self, condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + SECONDS_MAX
        while time.monotonic() < deadline:
            if value := condition():
                return value
            time.sleep(0.05)
        self._output.seek(0)
        pytest.fail(f"not in {SECONDS_MAX} s; printed:\n{self._output.read()}")

    def send(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> tuple[int, Any]:
        token = self.home.keys / "cli-token"
        headers = {"Content-Type": "application/json"}
        if token.exists():
            headers["Authorization"] = f"Bearer {token.read_text()}"
        if key is not None:
            headers["Idempotency-Key"] = key
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def healthy(self) -> bool:
        try:
            return self.send("GET", "/health")[1]["status"] == "healthy"
        except (OSError, http.client.HTTPException):
            return False

    def pid(self, part: str) -> int:
        rows = (read_status(self.home) or {"parts": []})["parts"]
        return next((row["pid"] or 0 for row in rows if row["part"] == part), 0)

    def write(self, key: str) -> None:
        """Deposit one dollar; try again until the server says it has it."""
        body = {"account": ACCOUNT, "kind": "deposit", "effective_at": "2024-01-02",
                "amount": "1.00", "memo": key}  # fmt: skip

        def acknowledged() -> bool:
            try:
                status, _ = self.send("POST", "/api/v1/transactions", body, key)
            except (OSError, http.client.HTTPException):
                return False
            if status >= 300:
                self.refusals.add(status)
            return status < 300

        self.wait_for(acknowledged)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS_MAX)

    def close(self) -> None:
        if self.process.poll() is None:
            family = self.family()
            self.process.kill()
            self.process.wait()
            for process in family:
                if process.is_running():
                    process.kill()
        self._output.close()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "home with späces")
    yield made
    made.close()


class Writers:
    """Clients that write without pause and count what was acknowledged."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._stopped = threading.Event()
        self._counts = [0] * WRITERS
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    @property
    def acknowledged(self) -> int:
        return sum(self._counts)

    def _run(self, number: int) -> None:
        while not self._stopped.is_set():
            self._installation.write(f"{number}-{self._counts[number]}")
            self._counts[number] += 1

    def stop(self) -> int:
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        return self.acknowledged


def rounds(installation: Installation) -> Iterator[list[int]]:
    """Yield the processes to kill together, as they are by then."""
    yield [installation.pid("postgresql")]
    api_process = psutil.Process(installation.pid("api")).children()[0].pid
    yield [api_process, *(installation.pid(part) for part in ("redis", "worker", "scheduler"))]


def test_kills_of_every_part_lose_nothing_and_double_nothing(installation: Installation) -> None:
    account = {"name": ACCOUNT, "kind": "checking", "currency": "USD",
               "opened_at": "2024-01-01T00:00:00Z"}  # fmt: skip
    assert installation.send("POST", "/api/v1/accounts", account, "account")[0] == 201
    writers = Writers(installation)
    try:
        for pids in rounds(installation):
            before = writers.acknowledged
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            installation.wait_for(lambda pids=pids: not any(map(psutil.pid_exists, pids)))
            installation.wait_for(lambda before=before: writers.acknowledged > before + WRITERS)
            installation.wait_for(installation.healthy)
        family = installation.family()
        installation.process.kill()
        installation.process.wait()
        installation.start()
        assert not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in family)
    finally:
        acknowledged = writers.stop()
    # What a client met meanwhile is "not now" (503) or "still at it" (409), never a defect.
    assert installation.refusals <= {503, 409}
    accounts = installation.send("GET", "/api/v1/accounts")[1]["items"]
    [balance] = next(row["balances"] for row in accounts if row["name"] == ACCOUNT)
    assert balance["amount"] == f"{acknowledged}.00"
    assert installation.send("GET", "/api/v1/ledger/verify")[1]["holds"] is True
    assert installation.wait_for(lambda: installation.pid("worker"))
    family = installation.family()
    assert installation.stop() == 0
    assert not any(process.is_running() for process in family)
