"""A whole server for tests: prepared as `bursar up` prepares it, answering on a real port."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS_MAX = 60.0


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Live:
    port: int
    token: str
    link: str
    home: Path
    environment: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request; `token` None sends none, "" the owner's."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token or self.token}"
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            return Reply(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )
        finally:
            connection.close()

    def bursar(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line against this server."""
        return subprocess.run(
            [sys.executable, "-m", "bursar", *arguments],
            env={**self.environment, "BURSAR_TOKEN": self.token},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def live_server(database: Any, redis_url: str, home: Path, *, demo: bool = False) -> Iterator[Live]:
    """Prepare and start a server on this database; stop it at the end."""
    port = free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "BURSAR_HOME": str(home),
        "DATABASE_URL": database.application_url,
        "DATABASE_OWNER_URL": database.owner_url,
        "REDIS_URL": redis_url,
        "SERVER_PORT": str(port),
        "BURSAR_API_URL": f"http://127.0.0.1:{port}",
        "ENVIRONMENT": "test",
        "MCP_TOOLSETS": "all",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    prepare = [sys.executable, "-m", "bursar.interfaces.prepare", *(["--demo"] * demo)]
    subprocess.run(prepare, env=environment, check=True, timeout=300)
    welcome = json.loads((home / "run" / "welcome.json").read_text(encoding="utf-8"))
    log = (home / "logs" / "api.log").open("wb")
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1",
        "--port", str(port), "--loop", "uvloop", "--no-access-log", "--log-level", "warning",
        "--workers-kill-timeout", "5", "bursar.interfaces.rest.server:create",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    live = Live(
        port=port,
        token=(home / "keys" / "cli-token").read_text(encoding="utf-8").strip(),
        link=welcome["sign_in_link"].partition("#")[2],
        home=home,
        environment=environment,
    )
    try:
        _wait(live, process)
        yield live
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def _wait(live: Live, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if live.send("GET", "/health", token=None).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    log = (live.home / "logs" / "api.log").read_text(encoding="utf-8")
    raise AssertionError(f"the server did not start: {log[-3000:]}")
