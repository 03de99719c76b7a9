"""A person signs in on the command line, does admin work, and signs out again."""

import json
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bursar import __main__ as entry
from bursar.interfaces.cli import main as cli
from tests.interfaces.live import Live
from tests.interfaces.two_workspaces import new_link

pytestmark = pytest.mark.requirement("CLI.01")


def bursar(
    live: Live, folder: Path, *arguments: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bursar", *arguments],
        env={**live.environment, "BURSAR_TOKEN": "", "XDG_CONFIG_HOME": str(folder)},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_a_link_signs_in_for_admin_work_until_sign_out(live: Live, tmp_path: Path) -> None:
    link = f"{live.address}/sign-in#{await new_link(live)}"
    before = bursar(live, tmp_path, "identity", "list-people")
    assert before.returncode == 1
    assert "bursar sign-in" in before.stderr
    done = bursar(live, tmp_path, "sign-in", link, "--json")
    assert done.returncode == 0, done.stderr
    assert "token" not in json.loads(done.stdout)
    kept = tmp_path / "bursar" / "sessions.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(json.loads(kept.read_text(encoding="utf-8"))) == [live.address]
    assert bursar(live, tmp_path, "identity", "list-people").returncode == 0
    again = bursar(live, tmp_path, "sign-in", link)
    assert again.returncode == 1
    assert bursar(live, tmp_path, "identity", "list-people").returncode == 0  # still signed in
    secret = json.loads(kept.read_text(encoding="utf-8"))[live.address]
    assert bursar(live, tmp_path, "sign-out").returncode == 0
    assert json.loads(kept.read_text(encoding="utf-8")) == {}
    assert live.send("GET", "/api/v1/people", token=secret).status == 401
    assert bursar(live, tmp_path, "sign-out").returncode == 1


async def test_a_password_signs_in_and_is_read_from_standard_input(
    live: Live, tmp_path: Path
) -> None:
    bursar(live, tmp_path, "sign-in", await new_link(live))
    chosen = bursar(live, tmp_path, "set-password", "--stdin", typed="\ncorrect horse battery\n")
    assert chosen.returncode == 0, chosen.stderr
    way = ("sign-in", "--username", "owner", "--password-stdin")
    assert bursar(live, tmp_path, *way, typed="wrong\n").returncode == 1
    right = bursar(live, tmp_path, *way, typed="correct horse battery\n")
    assert right.returncode == 0, right.stderr


def test_an_interrupt_while_loading_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupted)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == entry.EXIT_INTERRUPTED
    assert capsys.readouterr().err.strip() == ""


def test_an_early_interrupt_of_up_leaves_no_trace(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = subprocess.Popen(
        [sys.executable, "-m", "bursar", "up"],
        env={"BURSAR_HOME": str(home), "PYTHONPATH": ":".join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not home.exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in said
