"""`make conformance`: the official Inspector and conformance suites against a live server.

The server is the production one, on a database of its own that is thrown away afterwards. Exit
code 1 when anything failed, 2 when the tools are not installed.

    python -m tests.conformance.run [inspector] [suites]
"""

import asyncio
import dataclasses
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conformance.inspector import Inspector
from tests.conformance.not_applicable import FIXTURE, NOT_APPLICABLE, ONLY_WITH_FIXTURE, REQUIRED
from tests.conformance.tools import Line, missing, run
from tests.conformance.with_token import TOKEN_VARIABLE
from tests.interfaces.live import Live, _wait, free_port, live_server
from tests.servers import RunningServers

REVISIONS = ("2025-11-25", "2026-07-28")
STAMP = re.compile(r"^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$")


def main(chosen: list[str]) -> int:
    """Return 1 when a check failed."""
    lacking = missing()
    if lacking:
        sys.stderr.write(f"{lacking}\n")
        return 2
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="bursar-conformance-") as folder:
        home = Path(folder)
        (home / "tools").mkdir()
        with _live(home) as live:
            for name, check in (("inspector", _inspector), ("suites", _suites)):
                if chosen and name not in chosen:
                    continue
                for line in check(live, home / "tools"):
                    _say(line)
                    lines.append(line)
    failed = sum(line.passed is False for line in lines)
    passed = sum(line.passed is True for line in lines)
    _say(f"\n{passed} passed, {failed} failed, {len(lines) - passed - failed} not applicable")
    return 1 if failed or not passed else 0


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def _live(home: Path) -> Iterator[Live]:
    servers = RunningServers()
    try:
        database = asyncio.run(servers.shared.create_database("bursar_conformance"))
        with live_server(database, servers.shared.redis_url(), home / "bursar") as live:
            yield live
    finally:
        servers.stop()


def _inspector(live: Live, home: Path) -> Iterator[Line]:
    yield from Inspector(live, home).lines()


def _suites(live: Live, home: Path) -> Iterator[Line]:
    unused = set(NOT_APPLICABLE)
    seen: set[str] = set()
    with _with_token(live) as open_server:
        for revision in REVISIONS:
            output = home / revision
            url = f"{open_server.address}/mcp"
            arguments = ("server", "--url", url, "--requirements", revision, "-o", str(output))
            done = run("conformance", *arguments, home=home)
            if not output.is_dir():
                yield Line(revision, "the suite ran", False, done.stderr[-300:])
                continue
            for folder in sorted(output.iterdir()):
                line, excuses = _scenario(revision, folder)
                unused -= excuses
                seen.add(line.name)
                yield line
    for name in sorted(REQUIRED - seen):
        yield Line("suites", name, False, "did not run")
    for name in sorted(unused):
        yield Line("suites", name, False, "excused, but nothing failed: strike it from the list")


def _scenario(revision: str, folder: Path) -> tuple[Line, set[str]]:
    """Read one scenario's outcome; also return the excuses it needed."""
    stamp = STAMP.match(folder.name)
    name = stamp.group(1) if stamp else folder.name
    checks = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    failures = [check for check in checks if check["status"] == "FAILURE"]
    excuses = {
        key
        for check in failures
        for key in (name, f"{name}/{check['id']}")
        if key in NOT_APPLICABLE
    }
    left = [
        check
        for check in failures
        if name not in excuses and f"{name}/{check['id']}" not in excuses
    ]
    if left:
        told = "; ".join(f"{check['id']}: {check.get('errorMessage')}" for check in left)
        return Line(revision, name, False, told[:300]), excuses
    if name in excuses:
        return Line(revision, name, None, NOT_APPLICABLE[name]), excuses
    if name in ONLY_WITH_FIXTURE:
        return Line(revision, name, None, f"proves nothing yet: {FIXTURE}"), excuses
    passed = sum(check["status"] == "SUCCESS" for check in checks)
    note = f"{passed} checks" + (f", {len(failures)} not applicable" if failures else "")
    return Line(revision, name, True, note), excuses


@contextmanager
def _with_token(live: Live) -> Iterator[Live]:
    """Start a second server process that puts the owner's token on each request."""
    port = free_port()
    environment = {**live.environment, "SERVER_PORT": str(port), TOKEN_VARIABLE: live.token}
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1",
        "--port", str(port), "--loop", "uvloop", "--no-access-log", "--log-level", "warning",
        "tests.conformance.with_token:create",
    ]  # fmt: skip
    with (live.home / "logs" / "with_token.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        open_server = dataclasses.replace(live, port=port)
        _wait(open_server, process)
        yield open_server
    finally:
        process.terminate()
        process.wait(timeout=20)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
