"""`bursar up` on a home of its own, as a person runs it, and how to hurt it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from bursar.interfaces.supervisor import read_status
from bursar.runtime.embedded.home import Home
from bursar.runtime.embedded.state import read_servers
from tests.interfaces.live import free_port

SECONDS_MAX = 60.0
ANSWER_SECONDS_MAX = 20.0


class Installation:
    """One running installation; `restart` is what a person does after the supervisor died."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.port = free_port()
        self._output = folder.with_suffix(".log").open("a+")
        self._token = ""
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
            "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
            "BURSAR_HOME": str(folder),
            "SERVER_PORT": str(self.port),
            "ENVIRONMENT": "test",
            "LOG_LEVEL": "WARNING",
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

    def wait_for(self, condition: Callable[[], Any], seconds: float = SECONDS_MAX) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if value := condition():
                return value
            time.sleep(0.02)
        self._output.seek(0)
        raise AssertionError(f"not in {seconds} s; printed:\n{self._output.read()[-5000:]}")

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS_MAX)

    def exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Any = None,
        key: str | None = None,
    ) -> tuple[int, Any, bool]:
        """Send on an open connection; return status, document and whether it is a replay."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token()}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        connection.request(method, path, json.dumps(body), headers)
        response = connection.getresponse()
        replayed = response.getheader("Idempotent-Replayed") == "true"
        return response.status, json.loads(response.read()), replayed

    def send(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> tuple[int, Any]:
        connection = self.connection()
        try:
            return self.exchange(connection, method, path, body, key)[:2]
        finally:
            connection.close()

    def token(self) -> str:
        file = self.home.keys / "cli-token"
        if not self._token and file.exists():
            self._token = file.read_text()
        return self._token

    def healthy(self) -> bool:
        try:
            return self.send("GET", "/health")[1]["status"] == "healthy"
        except (OSError, http.client.HTTPException, ValueError):
            return False

    def pid(self, part: str) -> int:
        rows = (read_status(self.home) or {"parts": []})["parts"]
        return next((row["pid"] or 0 for row in rows if row["part"] == part), 0)

    def database_url(self) -> str:
        """The owner's address."""
        return read_servers(self.home)["database_owner_url"]

    def admin_url(self) -> str:
        """The superuser's address."""
        owner = self.database_url()
        password = (self.home.keys / "postgresql_postgres").read_text().strip()
        return f"postgresql://postgres:{password}@{owner.rpartition('@')[2]}"

    def bursar(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line on this machine."""
        return subprocess.run(
            [sys.executable, "-m", "bursar", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self) -> list[psutil.Process]:
        """Kill the supervisor itself; return what it was parent of."""
        family = self.family()
        self.process.kill()
        self.process.wait()
        return family

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS_MAX)

    def close(self) -> None:
        if self.process.poll() is None:
            for process in self.kill():
                if process.is_running():
                    process.kill()
        self._output.close()
