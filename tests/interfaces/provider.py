"""A server that stands for a provider: counts what it was asked, by idempotency key.

Runs as a process of its own, so that a worker can die while it answers:
`python -m tests.interfaces.provider PORT`. POST /charges acts once for each key; GET /charges/KEY
looks one up; POST /mode changes how it behaves; GET /asked counts requests, repeats included.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.interfaces.live import free_port


@dataclass
class Book:
    charges: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    mode: str = "answer"
    lock: threading.Lock = field(default_factory=threading.Lock)


def handler_for(book: Book) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_arguments: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path == "/mode":
                book.mode = body.decode()
                self._answer(200, {})
                return
            key = self.headers["idempotency-key"]
            with book.lock:
                book.asked.append(key)
                if book.mode != "refuse":
                    book.charges.setdefault(key, len(book.charges) + 1)
            if book.mode == "refuse":
                self._answer(402, {"error": "card_declined"})
                return
            if book.mode == "act_then_hang":
                time.sleep(60)  # it acted; the answer does not come
            self._answer(200, {"id": book.charges[key]})

        def do_GET(self) -> None:
            if self.path == "/asked":
                self._answer(200, {"asked": book.asked, "charges": book.charges})
                return
            found = book.charges.get(self.path.rpartition("/")[2])
            self._answer(404 if found is None else 200, {"id": found})

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


@dataclass(frozen=True)
class Provider:
    port: int

    def send(
        self, method: str, path: str, body: str = "", *, key: str = "", seconds: float = 10
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body.encode(), {"Idempotency-Key": key})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def behave(self, mode: str) -> None:
        self.send("POST", "/mode", mode)

    @property
    def charges(self) -> dict[str, int]:
        return dict(self.send("GET", "/asked")[1]["charges"])

    @property
    def asked(self) -> list[str]:
        return list(self.send("GET", "/asked")[1]["asked"])


@contextmanager
def running_provider() -> Iterator[Provider]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.interfaces.provider", str(port)])
    provider = Provider(port)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                provider.behave("answer")
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield provider
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler_for(Book())).serve_forever()
