"""The browser journeys of web/journeys, in the system's Chromium, against a server with the demo."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.interfaces.web.files import BuiltPages
from tests.house.rules import ROOT
from tests.interfaces.live import Live, live_server
from tests.servers import SharedServers

WEB = ROOT / "web"
SECONDS_MAX = 420
NAMES = ("chromium", "chromium-browser", "google-chrome")


def node_folder() -> str | None:
    found = subprocess.run([ROOT / "deploy/node.sh"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


def missing() -> str | None:
    """Say what the journeys lack on this machine, and how to get it."""
    if not any(shutil.which(name) for name in NAMES):
        return "no Chromium on this machine (Debian: apt-get install chromium)"
    if node_folder() is None or not (WEB / "node_modules/@playwright/test").is_dir():
        return "web/node_modules is not installed (make web)"
    if not BuiltPages():
        return "the web pages are not built (make web)"
    return None


@pytest.fixture(scope="module")
def server(
    shared_servers: SharedServers, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """A demo of its own: the journeys change passwords, books and people."""
    database = asyncio.run(shared_servers.create_database(f"bursar_web_{worker_id}"))
    home = tmp_path_factory.mktemp("web")
    with live_server(database, shared_servers.redis_url(worker_id), home, demo=True) as running:
        yield running


@pytest.mark.requirement("WEB.01", "WEB.02", "WEB.03", "WEB.05", "WEB.08", "WEB.09")
def test_the_journeys(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    lacking = missing()
    if lacking:
        pytest.skip(lacking)
    server: Live = request.getfixturevalue("server")
    node = node_folder()
    ran = subprocess.run(
        ["npx", "playwright", "test", "--output", str(tmp_path / "results")],
        cwd=WEB,
        env={
            **os.environ,
            "PATH": f"{node}{os.pathsep}{os.environ['PATH']}",
            "BURSAR_URL": server.address,
            "BURSAR_LINK": server.link,
            "BURSAR_SESSION_FILE": str(tmp_path / "owner.json"),
            "CHROMIUM": next(path for name in NAMES if (path := shutil.which(name))),
        },
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
