"""The supervisor as a process: order, repair, kills, Ctrl-C, and nothing left behind."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.interfaces.supervisor import Part, RestartPolicy, read_status
from bursar.interfaces.supervisor.logs import RotatingLog
from bursar.interfaces.supervisor.parts import check_parts
from bursar.runtime.embedded.home import Home, HomeLock
from bursar.runtime.embedded.processes import Launch, identify
from bursar.runtime.embedded.records import RecordedProcess, sweep, write_processes
from bursar.runtime.embedded.state import read_servers

pytestmark = pytest.mark.requirement("CONF.02")
SECONDS_MAX = 30.0


class Supervised:
    """A supervisor of one scenario, with what it has printed."""

    def __init__(self, folder: Path, scenario: str) -> None:
        self.home = Home(folder)
        folder.mkdir(exist_ok=True)
        self._output = (folder / "output").open("a+")
        self._output.truncate(0)
        script = Path(__file__).with_name("supervised.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(folder), scenario],
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env=dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        )

    def printed(self) -> str:
        return (self.home.path / "output").read_text()

    def wait_for(self, condition: Callable[[], Any], seconds_max: float = SECONDS_MAX) -> Any:
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            if value := condition():
                return value
            time.sleep(0.02)
        pytest.fail(f"not in {seconds_max} s; printed:\n{self.printed()}")

    def wait_ready(self) -> "Supervised":
        self.wait_for(lambda: "ALL READY" in self.printed())
        return self

    def part(self, name: str) -> dict[str, Any]:
        rows = (read_status(self.home) or {"parts": []})["parts"]
        return next((row for row in rows if row["part"] == name), {})

    def came_back(self, name: str, old_pid: int) -> bool:
        row = self.part(name)
        return row["state"] == "running" and row["pid"] != old_pid

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS_MAX)

    def close(self) -> None:
        if self.process.poll() is None:
            family = self.family()
            self.process.kill()
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        self.process.wait()
        self._output.close()


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[[str], Supervised]]:
    begun: list[Supervised] = []

    def begin(scenario: str) -> Supervised:
        begun.append(Supervised(tmp_path / "home", scenario))
        return begun[-1]

    yield begin
    for supervised in begun:
        supervised.close()


def gone(processes: list[psutil.Process]) -> bool:
    return not any(
        process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes
    )


def owner_query(home: Home, statement: str) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(read_servers(home)["database_owner_url"], timeout=5)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.mark.requirement("DEPLOY.06")
def test_parts_start_in_order_and_ctrl_c_leaves_nothing(supervise: Any) -> None:
    run = supervise("full").wait_ready()
    lines = run.printed()
    for earlier, later in (
        ("postgresql: ready", "migrate: starting"),
        ("migrate: done", "worker: starting"),
        ("redis: ready", "worker: starting"),
    ):
        assert lines.index(earlier) < lines.index(later)
    assert {row["state"] for row in read_status(run.home)["parts"]} == {"running", "done"}
    family = run.family()
    assert len(family) >= 7
    assert run.stop() == 0
    assert gone(family)
    assert read_servers(run.home) == {}
    assert read_status(run.home) is None
    assert "migrated" in (run.home.logs / "migrate.log").read_text()
    began = time.monotonic()
    again = supervise("full").wait_ready()
    assert time.monotonic() - began < 15
    assert again.stop() == 0


@pytest.mark.requirement("LEDGER.03")
def test_after_kill_of_the_supervisor_nothing_lives_on_and_nothing_is_lost(supervise: Any) -> None:
    run = supervise("full").wait_ready()
    owner_query(run.home, "create table kept (x int)")
    owner_query(run.home, "insert into kept values (7)")
    family = run.family()
    leaders = [process for process in family if process.name() != "sleep"]
    run.process.kill()
    run.process.wait()
    if sys.platform == "linux":
        run.wait_for(lambda: gone(leaders), 15)
    again = supervise("full").wait_ready()
    assert gone(family)
    assert owner_query(again.home, "select x from kept") == 7
    assert again.stop() == 0


def test_a_killed_part_comes_back(supervise: Any) -> None:
    run = supervise("full").wait_ready()
    names = ("postgresql", "redis", "worker")
    for name in names:
        pids = {part: run.part(part)["pid"] for part in names}
        os.kill(pids[name], signal.SIGKILL)
        run.wait_for(lambda name=name, old=pids[name]: run.came_back(name, old))
        assert run.part(name)["restarts"] == 1
        # Whoever keeps its address is not restarted with it.
        assert all(run.part(part)["pid"] == pids[part] for part in names if part != name)
        assert owner_query(run.home, "select 1") == 1
    assert run.stop() == 0


def test_a_second_supervisor_is_told_where_the_first_is(supervise: Any) -> None:
    run = supervise("moving").wait_ready()
    second = supervise("moving")
    assert second.process.wait(SECONDS_MAX) == 2
    assert f"at http://127.0.0.1:8123 (process {run.process.pid})" in second.printed()
    assert run.process.poll() is None


def test_external_servers_are_not_started(supervise: Any) -> None:
    run = supervise("external").wait_ready()
    assert [row["part"] for row in read_status(run.home)["parts"]] == ["worker"]
    assert not any(process.name() in {"postgres", "redis-server"} for process in run.family())
    assert not (run.home.postgresql / "18").exists()


def test_a_part_that_never_starts_ends_it_all_with_its_last_words(supervise: Any) -> None:
    run = supervise("broken")
    assert run.process.wait(SECONDS_MAX) == 1
    assert "broken: did not start: ended with exit code 1" in run.printed()
    assert "the reason is written here" in run.printed()
    assert run.printed().count("broken: starting") == 3
    assert "never: starting" not in run.printed()


def test_a_step_that_never_ends_is_given_up(supervise: Any) -> None:
    run = supervise("endless")
    assert run.process.wait(SECONDS_MAX) == 1
    assert "migrate: did not start: did not end within 0 s" in run.printed()


def test_one_that_will_not_stop_is_killed_with_its_children(supervise: Any) -> None:
    run = supervise("stubborn").wait_ready()
    run.wait_for(lambda: any(process.name() == "sleep" for process in run.family()))
    family = run.family()
    began = time.monotonic()
    assert run.stop() == 0
    assert 0.5 <= time.monotonic() - began < 8
    assert gone(family)


def test_users_of_a_part_that_moved_start_again_and_others_do_not(supervise: Any) -> None:
    run = supervise("moving").wait_ready()
    user, bystander = run.part("user")["pid"], run.part("bystander")["pid"]
    os.kill(run.part("server")["pid"], signal.SIGKILL)
    run.wait_for(
        lambda: (
            run.part("user")["pid"] not in {user, None} and run.part("user")["state"] == "running"
        )
    )
    assert run.part("bystander")["pid"] == bystander


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to the supervisor")
def test_orphans_are_collected(supervise: Any) -> None:
    run = supervise("orphans").wait_ready()
    seen = run.wait_for(
        lambda: [p for p in psutil.Process(run.process.pid).children() if p.name() == "sleep"]
    )
    run.wait_for(lambda: not any(psutil.pid_exists(process.pid) for process in seen))


def test_a_sweep_ends_the_recorded_process_and_spares_a_stranger(tmp_path: Path) -> None:
    processes = [subprocess.Popen(["sleep", "60"]) for _ in range(2)]
    ours, stranger = processes
    started = identify(ours.pid).started_at_seconds
    home = Home(tmp_path)
    try:
        with HomeLock.acquire(home):
            write_processes(
                home,
                "mark",
                [
                    RecordedProcess("a", ours.pid, started, signal.SIGTERM),
                    RecordedProcess("b", stranger.pid, started - 5, signal.SIGTERM),
                ],
            )
            assert sweep(home) == 1
            assert identify(ours.pid) is None
            assert identify(stranger.pid) is not None
            assert sweep(home) == 0
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_damaged_record_is_no_obstacle(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with HomeLock.acquire(home):
        for text in ("", "[]", '{"mark": 1}', json.dumps({"mark": "x", "processes": [{"pid": 1}]})):
            (home.run / "processes.json").write_text(text)
            assert sweep(home) == 0


@given(st.integers(0, 10_000))
def test_delays_grow_and_are_bounded(failures: int) -> None:
    policy = RestartPolicy()
    delay = policy.delay_seconds(failures)
    assert 0 <= delay <= policy.delay_seconds_max
    assert policy.delay_seconds(failures + 1) >= delay
    assert (delay == 0) == (failures == 0)
    assert policy.delay_seconds(failures, was_ready=True) <= 1


def test_the_table_of_parts_is_checked() -> None:
    def part(name: str, *depends_on: str) -> Part:
        return Part(name, lambda: Launch(("/bin/true",)), depends_on=depends_on)

    check_parts((part("a"), part("b", "a")))
    with pytest.raises(ValueError, match="two parts are called 'a'"):
        check_parts((part("a"), part("a")))
    with pytest.raises(ValueError, match="does not come before"):
        check_parts((part("a", "b"), part("b")))


def test_logs_rotate_and_keep_three_files(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "part.log", bytes_max=100)
    for number in range(40):
        log.write(f"line {number:04d}\n".encode())
    assert log.tail(2) == "line 0038\nline 0039"
    log.close()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["part.log", "part.log.1", "part.log.2"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    newest_first = [(tmp_path / name).read_text() for name in files]
    assert newest_first[0] > newest_first[1] > newest_first[2]
