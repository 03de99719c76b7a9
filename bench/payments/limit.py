"""Payments over HTTP against the limit of the database they run on, in one run on one machine.

Every row is a ratio within this run, or a figure with an absolute bar. Durable throughout: fsync is
on, and an answer leaves after its commit.

    python -m bench payments.limit
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from bench.payments.book import Book, seed
from bench.payments.load import Outcome, Plan
from bench.payments.pgbench import Limits, limits
from bench.payments.servers import Cluster, api, cluster, cpu_seconds
from bench.row import Row, show
from tests.interfaces.live import Live

CONNECTIONS = 1_000
SECONDS = float(os.environ.get("BENCH_PAYMENT_SECONDS", "6"))
WARM_SECONDS = 2.0
ROUNDS = 3
BATCH_CALLS = 80
PATH = "/api/v1/payments"
HORDAK = "django-hordak==2.0.0"
INSTALL_SECONDS_MAX = 180


def load(live: Live, book: Book, **more: object) -> Outcome:
    """Run the load generator in a process of its own."""
    given: dict[str, object] = {
        "port": live.port,
        "token": live.token,
        "path": PATH,
        "payers": [str(each) for each in book.customers],
        "payees": [str(each) for each in book.merchants],
        "connections": CONNECTIONS,
        "seconds": SECONDS,
        "warm_seconds": WARM_SECONDS,
        **more,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.payments.load"],
        input=json.dumps(asdict(Plan(**given))),  # type: ignore[arg-type]
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Outcome(**json.loads(done.stdout))


def _said(found: Outcome) -> str:
    text = f"{found.per_second:.0f}/s, p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms"
    if found.failed:
        text += f", not 201: {found.failed}"
    return text + (f", unserved: {found.unserved}" if found.unserved else "")


class Medians:
    """Closed loops and pgbench in turn, so that the machine's drift hits all of them."""

    def __init__(self, live: Live, book: Book, peer: Limits) -> None:
        self.batch_limit: list[float] = []
        self.single: list[float] = []
        self.spread: list[Outcome] = []
        self.hot: list[Outcome] = []
        hot = [str(book.merchants[0])]
        for _ in range(ROUNDS):
            self.batch_limit.append(peer.batched_per_second(BATCH_CALLS))
            self.spread.append(load(live, book))
            self.single.append(peer.single_per_second(int(SECONDS)))
            self.hot.append(load(live, book, payees=hot))

    def rows(self) -> list[Row]:
        limit, single = statistics.median(self.batch_limit), statistics.median(self.single)
        spread = _middle(self.spread)
        hot = _middle(self.hot)
        pairs = zip(self.spread, self.batch_limit, strict=True)
        within = statistics.median(found.per_second / peer for found, peer in pairs)
        hot_pairs = zip(self.hot, self.spread, strict=True)
        hot_within = statistics.median(a.per_second / b.per_second for a, b in hot_pairs)
        return [
            Row("set-based SQL, 256 items a call, one client: items/s", limit, None, "pgbench"),
            Row("single-item function, 32 clients: items/s", single, None, "pgbench"),
            Row(
                "HTTP, 1000 connections / set-based SQL", within, 0.6, _said(spread), at_least=True
            ),
            Row(
                "HTTP, 1000 connections / single-item function, 32 clients",
                spread.per_second / single,
                1.0,
                at_least=True,
            ),
            Row("all to one merchant / spread", hot_within, 0.9, _said(hot), at_least=True),
        ]


def _middle(found: list[Outcome]) -> Outcome:
    return sorted(found, key=lambda each: each.per_second)[len(found) // 2]


def open_rows(servers: Cluster, live: Live, pid: int, book: Book) -> list[Row]:
    """Offered loads that do not wait for the server."""
    rows = []
    for rate in (1000.0, 2000.0):
        before = servers.cpu_seconds(), cpu_seconds(pid)
        found = load(live, book, rate=rate)
        spent = [
            now - then
            for now, then in zip((servers.cpu_seconds(), cpu_seconds(pid)), before, strict=True)
        ]
        whole = SECONDS + WARM_SECONDS
        rows += [
            Row(
                f"offered {rate:.0f}/s, open loop: answered in time / offered",
                found.answered / found.offered,
                0.99,
                _said(found),
                at_least=True,
            ),
            Row(f"offered {rate:.0f}/s, open loop: p99 milliseconds", found.p99, 100.0),
        ]
        if rate == 1000.0:
            cores = sum(spent) / whole
            note = f"database {spent[0] / whole:.2f}, server {spent[1] / whole:.2f}"
            rows.append(Row("processor cores of server and database at 1000/s", cores, 0.8, note))
    return rows


def peer_rows(servers: Cluster, live: Live, book: Book, batched: Medians) -> list[Row]:
    """The same requests without batches, and through the framework."""
    ordinary = load(live, book, header="Dry-Run: false\r\n", connections=64)
    spread, hot = _middle(batched.spread).per_second, _middle(batched.hot).per_second
    rows = [
        Row(
            "ordinary invoke write through FastAPI, 64 connections: payments/s",
            ordinary.per_second,
            None,
            _said(ordinary),
        ),
    ]
    with (
        tempfile.TemporaryDirectory() as home,
        api(servers, Path(home), factory="bench.payments.per_request:create") as (other, _),
    ):
        each = load(other, book)
        each_hot = load(other, book, payees=[str(book.merchants[0])])
    rows += [
        Row(
            "batched / one transaction per request, pool of 16",
            spread / each.per_second,
            6.0,
            _said(each),
            at_least=True,
        ),
        Row(
            "the same, all to one merchant",
            hot / each_hot.per_second,
            12.0,
            _said(each_hot),
            at_least=True,
        ),
    ]
    return rows


def hordak_row(servers: Cluster, batched: Medians, limit_per_second: float) -> Row:
    """The peer in Django, or why it was not measured."""
    name = "HTTP, 1000 connections / django-hordak, one thread"
    script = Path(__file__).with_name("django_peer.py")
    with tempfile.TemporaryDirectory(prefix="bursar-hordak-") as folder:
        python = Path(os.environ.get("BENCH_HORDAK_PYTHON", f"{folder}/bin/python"))
        try:
            if not python.exists():
                venv.create(folder, with_pip=True)
                subprocess.run(
                    [python, "-m", "pip", "install", "-q", HORDAK, "psycopg[binary]"],
                    check=True,
                    capture_output=True,
                    timeout=INSTALL_SECONDS_MAX,
                )
            at = urlsplit(servers.admin_url)
            given = (at.hostname, at.port, at.username, at.password, "bench_hordak", SECONDS)
            servers.create_database("bench_hordak")
            done = subprocess.run(
                [python, script, *map(str, given)],
                check=True,
                capture_output=True,
                text=True,
                timeout=120,
            )
        except (subprocess.SubprocessError, OSError) as error:
            reason = (getattr(error, "stderr", None) or str(error))[-160:]
            return Row(name, 0.0, None, f"not measured: {reason!r}")
    peer = float(done.stdout.split()[-1])
    ratio = _middle(batched.spread).per_second / peer
    note = f"{peer:.0f}/s; set-based SQL is {limit_per_second / peer:.0f} times it"
    return Row(name, ratio, 20.0, note, at_least=True)


def run() -> list[Row]:
    """Measure on a durable server of its own."""
    with cluster() as servers, tempfile.TemporaryDirectory() as home:
        with api(servers, Path(home)) as (live, pid):
            book = seed(servers.owner_url)
            peer = limits(servers, book)
            load(live, book, seconds=1.0)
            rows = open_rows(servers, live, pid, book)
            batched = Medians(live, book, peer)
            measured = batched.rows()
            rows += peer_rows(servers, live, book, batched)
        rows.append(hordak_row(servers, batched, measured[0].ratio))
        busy = f"load average {os.getloadavg()[1]:.1f} over 5 minutes, {os.cpu_count()} cores"
        return [
            *measured,
            *rows,
            Row("processes that wanted a core meanwhile", os.getloadavg()[1], None, busy),
        ]


if __name__ == "__main__":
    show(run())
