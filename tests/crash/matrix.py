"""The kill matrix: every part killed at random moments, and afterwards everything is counted.

    python -m tests.crash.matrix [--kills 56] [--writers 24] [--seed N] [--operation NAME]

Writers write money with idempotency keys and insist until they have an answer; repeaters send
acknowledged keys again, with the same body and with another. In the end: every acknowledged write
is in the book (lost), none is there twice (doubled), the book's invariants hold (drift), and the
sealed journal is whole (audit).
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from tests.crash.clients import Clients, Record, dice
from tests.crash.installation import Installation
from tests.crash.money_writes import MONEY_WRITES, MoneyWrite

PAUSE_SECONDS_MAX = 1.0
RECOVERY_SECONDS_P95_MAX = 3.0


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def part(name: str) -> Callable[[Installation], None]:
    """Kill the process of one part."""

    def kill(installation: Installation) -> None:
        pid = installation.wait_for(lambda: installation.pid(name))
        _kill(pid)

    return kill


def api_process(installation: Installation) -> None:
    """Kill the process that answers, and leave its parent to notice."""
    parent = psutil.Process(installation.wait_for(lambda: installation.pid("api")))
    for child in parent.children():
        _kill(child.pid)


def database_process(installation: Installation) -> None:
    """Kill one server process of a connection: PostgreSQL then restarts all of them."""
    parent = psutil.Process(installation.wait_for(lambda: installation.pid("postgresql")))
    serving = [p for p in parent.children() if "bursar_app" in " ".join(p.cmdline())]
    if serving:
        _kill(serving[time.monotonic_ns() % len(serving)].pid)


def sealer(installation: Installation) -> None:
    """Cut the sealer's connection, wherever in a pass it is: it shares its process with the worker."""

    async def cut() -> None:
        connection = await asyncpg.connect(installation.admin_url(), timeout=5)
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'bursar_owner' AND datname = 'bursar'"
            )
        finally:
            await connection.close()

    installation.wait_for(lambda: _done(cut))


def supervisor(installation: Installation) -> None:
    """Kill the parent of everything, and start it again as a person would."""
    installation.kill()
    installation.start()


def _done(work: Callable[[], Any]) -> bool:
    try:
        asyncio.run(work())
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, KeyError):
        return False
    return True


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


TARGETS: dict[str, Callable[[Installation], None]] = {
    "api": part("api"),
    "api process": api_process,
    "postgresql": part("postgresql"),
    "postgresql process": database_process,
    "redis": part("redis"),
    "worker": part("worker"),
    "sealer": sealer,
    "scheduler": part("scheduler"),
    "supervisor": supervisor,
}


@dataclass
class Outcome:
    """What the matrix found; all of it should be 0 but the first lines."""

    kills: Counter[str] = field(default_factory=Counter)
    recoveries: list[tuple[str, float]] = field(default_factory=list)
    acknowledged: int = 0
    replays: int = 0
    lost: int = 0
    doubled: int = 0
    other_id: int = 0
    drift: int = 0
    audit: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (
            self.lost or self.doubled or self.other_id or self.drift or self.audit or self.defects
        )

    def percentile(self, share: float, *, without: str = "") -> float:
        times = sorted(seconds for name, seconds in self.recoveries if name != without)
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


def run(
    installation: Installation, write: MoneyWrite, *, targets: list[str], writers: int, seed: int
) -> Outcome:
    """Kill each of `targets` in turn while clients write; count everything at the end."""
    chooser = dice(seed)
    outcome = Outcome()
    write.prepare(installation)
    clients = Clients(installation, write, writers=writers, repeaters=max(1, writers // 8))
    try:
        for number, name in enumerate(targets, start=1):
            installation.wait_for(lambda: clients.acknowledged > 10 * number)  # noqa: B023 - used at once
            time.sleep(chooser.random() * PAUSE_SECONDS_MAX)
            begun = clients.mark()
            TARGETS[name](installation)
            seconds = clients.first_after(begun)
            outcome.kills[name] += 1
            outcome.recoveries.append((name, seconds))
            say(f"{number:>3}  {name:<20} {seconds:6.2f} s  {clients.acknowledged} acknowledged")
            # A kill now and then meets a part that has not come back from the one before.
            if chooser.random() < 0.7:
                installation.wait_for(installation.healthy)
    finally:
        record = clients.stop()
    installation.wait_for(installation.healthy)
    installation.wait_for(lambda: asyncio.run(_everything_sealed(installation)))
    return asyncio.run(_count(installation, write, record, outcome))


async def _everything_sealed(installation: Installation) -> bool:
    connection = await asyncpg.connect(installation.admin_url())
    try:
        return not await connection.fetchval(
            "SELECT EXISTS (SELECT FROM journal j WHERE NOT EXISTS"
            " (SELECT FROM journal_leaf l WHERE l.seq = j.seq))"
        )
    finally:
        await connection.close()


async def _count(
    installation: Installation, write: MoneyWrite, record: Record, outcome: Outcome
) -> Outcome:
    connection = await asyncpg.connect(installation.admin_url())
    try:
        rows = await connection.fetch(write.stored)
        times = Counter(row["key"] for row in rows)
        ids = {row["key"]: row["id"] for row in rows}
    finally:
        await connection.close()
    outcome.acknowledged, outcome.replays = len(record.acknowledged), record.replays
    outcome.defects = record.defects
    outcome.lost = sum(key not in times for key in record.acknowledged)
    outcome.doubled = sum(count > 1 for count in times.values())
    outcome.other_id = sum(
        ids.get(key, given) != given for key, given in record.acknowledged.items()
    )
    verified = installation.send("GET", "/api/v1/ledger/verify")[1]
    outcome.drift = sum(each["differences"] for each in verified["invariants"])
    audit = json.loads(installation.bursar("audit", "check", "--json").stdout)
    outcome.audit = [
        f"log {log['log']} at {log['bad_index']}: {log['reason']}"
        for log in audit["logs"]
        if not log["holds"]
    ]
    say(f"audit check: {sum(log['rows'] for log in audit['logs'])} rows sealed")
    return outcome


def show(outcome: Outcome) -> None:
    """Print the outcome as the last lines."""
    kills = ", ".join(f"{count} {name}" for name, count in sorted(outcome.kills.items()))
    say(f"\nkills            {outcome.kills.total()} ({kills})")
    say(f"acknowledged     {outcome.acknowledged} writes, {outcome.replays} replays of them")
    for name in sorted(outcome.kills):
        times = [seconds for each, seconds in outcome.recoveries if each == name]
        say(f"  {name:<20} median {statistics.median(times):.2f} s, max {max(times):.2f} s")
    say(f"recovery p95     {outcome.percentile(0.95):.2f} s with the supervisor's own restart")
    say(f"                 {outcome.percentile(0.95, without='supervisor'):.2f} s without")
    say(f"lost             {outcome.lost}")
    say(f"doubled          {outcome.doubled}")
    say(f"other id         {outcome.other_id}")
    say(f"drift            {outcome.drift}")
    say(f"audit            {len(outcome.audit)} {'; '.join(outcome.audit)}")
    say(f"wrong answers    {len(outcome.defects)}")
    for text in outcome.defects[:10]:
        say(f"  {text}")


def order(kills: int, seed: int) -> list[str]:
    """Return which parts to kill: each as often as any other, in random order."""
    chooser, names = dice(seed), list[str]()
    while len(names) < kills:
        names += chooser.sample(list(TARGETS), len(TARGETS))
    return names[:kills]


def main() -> int:
    """Return 1 when anything was lost, doubled or broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=54)
    parser.add_argument("--writers", type=int, default=24)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10_000)
    parser.add_argument("--operation", choices=sorted(MONEY_WRITES), default="record_transaction")
    given = parser.parse_args()
    say(f"seed {given.seed}")
    folder = Path(tempfile.mkdtemp(prefix="bursar-crash-"))
    installation = Installation(folder / "home")
    try:
        outcome = run(
            installation,
            MONEY_WRITES[given.operation],
            targets=order(given.kills, given.seed),
            writers=given.writers,
            seed=given.seed,
        )
    finally:
        installation.close()
    show(outcome)
    if not outcome.clean:
        say(f"kept for inspection: {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
