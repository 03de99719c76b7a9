"""A load generator on epoll and raw sockets: HTTP/1.1, keep-alive, loopback only, bounded.

Closed loop: every connection sends its next request when it has the answer. Open loop: requests are
due at random (Poisson) moments whatever the server does, and latency counts from the moment a
request was due, also while no connection was free for it: nothing is left out because the server was
slow (no coordinated omission).

    python -m bench.payments.load < plan.json > result.json
"""

import json
import random
import select
import socket
import sys
import time
from array import array
from collections import deque
from dataclasses import asdict, dataclass, field

CONNECTIONS_MAX = 4_000
SECONDS_MAX = 120.0
REQUESTS_MAX = 2_000_000
DRAIN_SECONDS_MAX = 15.0
READ_BYTES = 65_536


@dataclass(frozen=True)
class Plan:
    """What to send: `payers` and `payees` are drawn at random; `rate` 0 is the closed loop."""

    port: int
    token: str
    path: str
    payers: list[str]
    payees: list[str]
    connections: int
    seconds: float
    rate: float = 0.0
    warm_seconds: float = 0.0
    seed: int = 1
    header: str = ""

    def check(self) -> None:
        assert 0 < self.connections <= CONNECTIONS_MAX
        assert 0 < self.seconds <= SECONDS_MAX
        assert self.rate * self.seconds <= REQUESTS_MAX


@dataclass
class Outcome:
    """What came back; latencies in milliseconds, over answers counted after the warm-up."""

    answered: int = 0
    offered: int = 0
    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    p50: float = 0.0
    p99: float = 0.0
    longest: float = 0.0
    unserved: int = 0
    cpu_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds

    @property
    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != "201")


class Client:
    """All connections of one run."""

    def __init__(self, plan: Plan) -> None:
        plan.check()
        self.plan = plan
        self.random = random.Random(plan.seed)
        self.poll = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        self.due: dict[int, float] = {}
        self.partial: dict[int, bytes] = {}
        self.idle: deque[int] = deque()
        self.latencies = array("d")
        self.statuses: dict[str, int] = {}
        self.number = 0
        self.run = f"{time.time_ns():x}"
        self.head = (
            f"POST {plan.path} HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\n"
            f"Authorization: Bearer {plan.token}\r\nContent-Type: application/json\r\n"
            f"{plan.header}"
        ).encode()

    def connect(self) -> None:
        for _ in range(self.plan.connections):
            made = socket.create_connection(("127.0.0.1", self.plan.port), timeout=10)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.settimeout(0)
            self.sockets[made.fileno()] = made
            self.poll.register(made.fileno(), select.EPOLLIN)
            self.idle.append(made.fileno())

    def close(self) -> None:
        for each in self.sockets.values():
            each.close()
        self.poll.close()

    def send(self, connection: int, due: float) -> None:
        plan, pick = self.plan, self.random.random
        self.number += 1
        payer = plan.payers[int(pick() * len(plan.payers))]
        payee = plan.payees[int(pick() * len(plan.payees))]
        body = b'{"payer_account":"%b","payee_account":"%b","amount":"0.01","currency":"USD"}' % (
            payer.encode(),
            payee.encode(),
        )
        request = b"%bIdempotency-Key: %b-%d\r\nContent-Length: %d\r\n\r\n%b" % (
            self.head,
            self.run.encode(),
            self.number,
            len(body),
            body,
        )
        self.due[connection] = due
        sent = self.sockets[connection].send(request)
        assert sent == len(request), "a small request does not fit into an empty socket"

    def receive(self, connection: int) -> float | None:
        """Read; when the answer is whole, note it and return the moment, else None."""
        data = self.sockets[connection].recv(READ_BYTES)
        if not data:
            self.statuses["closed"] = self.statuses.get("closed", 0) + 1
            self.poll.unregister(connection)
            self.due.pop(connection, None)
            return None
        data = self.partial.pop(connection, b"") + data
        end = data.find(b"\r\n\r\n")
        place = data.lower().find(b"content-length:", 0, end) if end > 0 else -1
        if end < 0 or len(data) < end + 4 + int(data[place + 15 : data.find(b"\r\n", place)]):
            self.partial[connection] = data
            return None
        status = data[9:12].decode()
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return time.perf_counter()


def closed_loop(client: Client) -> Outcome:
    plan, outcome = client.plan, Outcome()
    started = time.perf_counter()
    counted, end = started + plan.warm_seconds, started + plan.warm_seconds + plan.seconds
    for connection in list(client.idle):
        client.send(connection, time.perf_counter())
    cpu = time.process_time()
    while (now := time.perf_counter()) < end and client.due:
        for connection, _ in client.poll.poll(min(0.1, end - now)):
            at = client.receive(connection)
            if at is None:
                continue
            if at >= counted:
                client.latencies.append(at - client.due[connection])
            client.send(connection, at)
    outcome.seconds, outcome.answered = plan.seconds, len(client.latencies)
    outcome.offered = outcome.answered
    outcome.cpu_seconds = time.process_time() - cpu
    # A connection that never got an answer in the whole run is one the server forgot.
    outcome.unserved = sum(1 for due in client.due.values() if due < counted)
    return outcome


def open_loop(client: Client) -> Outcome:
    plan, outcome = client.plan, Outcome()
    started = time.perf_counter()
    counted, end = started + plan.warm_seconds, started + plan.warm_seconds + plan.seconds
    arrival = started + client.random.expovariate(plan.rate)
    waiting: deque[float] = deque()
    cpu, in_time = time.process_time(), 0
    while True:
        now = time.perf_counter()
        while arrival <= now and arrival < end:
            waiting.append(arrival)
            outcome.offered += arrival >= counted
            arrival += client.random.expovariate(plan.rate)
        while waiting and client.idle:
            client.send(client.idle.popleft(), waiting.popleft())
        if now > end and ((not client.due and not waiting) or now > end + DRAIN_SECONDS_MAX):
            break
        pause = 0.05 if arrival >= end else max(0.0, min(0.05, arrival - time.perf_counter()))
        for connection, _ in client.poll.poll(pause):
            at = client.receive(connection)
            if at is None:
                continue
            due = client.due.pop(connection)
            client.idle.append(connection)
            if due >= counted:
                client.latencies.append(at - due)
                in_time += at <= end
    outcome.seconds, outcome.answered = plan.seconds, in_time
    outcome.cpu_seconds = time.process_time() - cpu
    outcome.unserved = len(client.due) + len(waiting)
    return outcome


def run(plan: Plan) -> Outcome:
    """Send what the plan says and return what came back."""
    client = Client(plan)
    try:
        client.connect()
        outcome = open_loop(client) if plan.rate else closed_loop(client)
    finally:
        client.close()
    outcome.statuses = client.statuses
    ordered = sorted(client.latencies)
    if ordered:
        outcome.p50 = ordered[len(ordered) // 2] * 1000
        outcome.p99 = ordered[int(len(ordered) * 0.99)] * 1000
        outcome.longest = ordered[-1] * 1000
    return outcome


if __name__ == "__main__":
    json.dump(asdict(run(Plan(**json.load(sys.stdin)))), sys.stdout)
