"""A plain client of the event stream, for tests: it reads blocks as WHATWG HTML says."""

import contextlib
import http.client
import json
import select
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.interfaces.live import Live

SETTLE_SECONDS_MAX = 30.0


class Ended(Exception):
    """The connection ended."""


@dataclass
class Stream:
    """One open stream; remembers what a browser would remember."""

    response: http.client.HTTPResponse
    connection: http.client.HTTPConnection
    last_id: str = ""
    comments: list[str] = field(default_factory=list)
    retry: str = ""

    def block(self, seconds: float = 10.0) -> tuple[str, str]:
        """Return the next block's event name and data; both blank for a heartbeat."""
        assert self.connection.sock is not None
        self.connection.sock.settimeout(seconds)
        name, data = "", []
        while True:
            line = self.response.readline().decode()
            if not line:
                raise Ended
            text = line.rstrip("\n")
            if not text:
                return name, "\n".join(data)
            key, _, value = text.partition(":")
            value = value.removeprefix(" ")
            if not key:
                self.comments.append(value)
            elif key == "id":
                self.last_id = value
            elif key == "event":
                name = value
            elif key == "data":
                data.append(value)
            elif key == "retry":
                self.retry = value

    def event(self, seconds: float = 10.0) -> dict[str, Any]:
        """Return the next event; raises Ended with the end's document."""
        deadline = time.monotonic() + seconds
        while True:
            name, data = self.block(max(0.01, deadline - time.monotonic()))
            if name == "end":
                raise Ended(json.loads(data)["reason"])
            if data:
                document: dict[str, Any] = json.loads(data)
                return document

    def is_quiet(self, seconds: float) -> bool:
        """Tell whether nothing comes for that long."""
        return not select.select([self.connection.sock], [], [], seconds)[0]

    def events(self, count: int, seconds: float = 10.0) -> list[dict[str, Any]]:
        return [self.event(seconds) for _ in range(count)]

    def close(self) -> None:
        self.response.close()
        self.connection.close()


def connect(
    live: Live,
    query: str = "",
    *,
    token: str | None = "",
    last_id: str = "",
    headers: Mapping[str, str] | None = None,
) -> Stream:
    """Open a stream and read up to its first heartbeat, so that it is known to be open."""
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)
    sent = {"Accept": "text/event-stream", **(headers or {})}
    if token is not None:
        sent["Authorization"] = f"Bearer {token or live.token}"
    if last_id:
        sent["Last-Event-ID"] = last_id
    connection.request("GET", "/api/v1/events" + (f"?{query}" if query else ""), headers=sent)
    response = connection.getresponse()
    if response.status != 200:
        body = response.read()
        connection.close()
        raise AssertionError(response.status, body)
    stream = Stream(response, connection)
    while not stream.comments:
        stream.block()
    return stream


def settle(live: Live) -> None:
    """Wait until all that was written so far can be read as events, so that none of it comes later.

    Readers stop below the oldest transaction still open in the cluster, of whatever database: a
    listener that begins before that hears of what was written just before it came.
    """
    body = {"name": f"Settled {uuid.uuid4()}", "kind": "checking", "currency": "USD"}
    account = live.send("POST", "/api/v1/accounts", body).json()["id"]
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    while account not in live.send("GET", "/api/v1/events/history?limit=50").body.decode():
        assert time.monotonic() < deadline, "the journal's readers are held back"
        time.sleep(0.02)


@contextlib.contextmanager
def listening(live: Live, query: str = "", **more: Any) -> Iterator[Stream]:
    stream = connect(live, query, **more)
    try:
        yield stream
    finally:
        stream.close()
