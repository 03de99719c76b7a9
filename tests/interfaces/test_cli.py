"""The command line as a person meets it: help, tables, JSON, refusals, exit codes, speed."""

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.interfaces.live import Live

HELP_SECONDS_MAX = 3.0  # the target is 0.5 s on a quiet machine; bench/commands.py measures it


@pytest.mark.requirement("CLI.01")
def test_help_names_the_commands_and_starts_fast(live: Live) -> None:
    started = time.perf_counter()
    done = live.bursar("--help")
    assert done.returncode == 0
    assert time.perf_counter() - started < HELP_SECONDS_MAX
    for command in ("up", "doctor", "import", "export", "account", "price", "mcp"):
        assert command in done.stdout


@pytest.mark.requirement("CLI.09")
def test_json_is_only_json_and_equals_rest(live: Live) -> None:
    name = f"Cli {uuid.uuid4()}"
    opened = live.bursar("account", "open", name, "--kind", "savings",
                         "--currency", "EUR", "--json")  # fmt: skip
    assert opened.returncode == 0, opened.stderr
    account = json.loads(opened.stdout)
    assert account["name"] == name
    shown = json.loads(live.bursar("account", "show", account["id"], "--json").stdout)
    assert shown == live.send("GET", f"/api/v1/accounts/{account['id']}").json()


def test_a_table_is_shown_to_a_person(live: Live) -> None:
    live.bursar("account", "open", "Shown", "--kind", "savings", "--currency", "EUR")
    done = live.bursar("account", "list")
    assert done.returncode == 0
    assert "currency" in done.stdout
    assert "{" not in done.stdout


@pytest.mark.requirement("CLI.01", "API.01")
def test_a_refusal_is_readable_and_exits_non_zero(live: Live) -> None:
    done = live.bursar("account", "show", str(uuid.uuid4()))
    assert done.returncode == 1
    assert done.stderr.startswith("error")
    assert "Traceback" not in done.stderr
    as_json = live.bursar("account", "show", str(uuid.uuid4()), "--json")
    assert json.loads(as_json.stderr)["code"] == "account_not_found"
    assert as_json.stdout == ""


@pytest.mark.requirement("CLI.01")
def test_a_bad_argument_exits_non_zero_without_a_traceback(live: Live) -> None:
    done = live.bursar("account", "open", "--nonsense")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


@pytest.mark.requirement("CLI.08")
def test_config_masks_secrets_and_version_prints_one_line(live: Live) -> None:
    shown = live.bursar("config").stdout
    assert live.token not in shown
    assert "DATABASE_URL=postgresql://" in shown
    password = live.environment["DATABASE_URL"].split(":")[2].split("@")[0]
    assert password not in shown
    assert live.bursar("version").stdout.count("\n") == 1


def test_a_dry_run_changes_nothing(live: Live) -> None:
    name = f"Dry {uuid.uuid4()}"
    done = live.bursar("account", "open", name, "--kind", "savings",
                       "--currency", "EUR", "--dry-run", "--json")  # fmt: skip
    identifier = json.loads(done.stdout)["id"]
    assert live.send("GET", f"/api/v1/accounts/{identifier}").status == 404


def test_without_a_server_the_message_says_how_to_start_one(live: Live) -> None:
    import os
    import subprocess
    import sys

    environment = {**live.environment, "BURSAR_API_URL": "http://127.0.0.1:9", "BURSAR_TOKEN": "x"}
    done = subprocess.run(
        [sys.executable, "-m", "bursar", "account", "list"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "bursar up" in done.stderr


@pytest.mark.requirement("IMPORT.01")
def test_a_file_larger_than_a_json_body_goes_in(live: Live, tmp_path: Path) -> None:
    rows = "".join(f"2020-01-{n % 28 + 1:02},{n}.00,{'x' * 900}\n" for n in range(6_000))
    statement = tmp_path / "large.csv"
    statement.write_text("Date,Amount,Description\n" + rows)
    assert statement.stat().st_size > 5_000_000
    done = live.bursar("import", str(statement), "--account", "Large", "--dry-run", "--json")
    assert done.returncode == 0, done.stdout[-2000:]


def test_price_files_are_loaded_by_name(live: Live, tmp_path: Path) -> None:
    prices = tmp_path / "ZZTOP.csv"
    prices.write_text("date,close\n2020-01-02,1.5\n2020-01-03,1.75\n")
    done = live.bursar("load-prices", str(prices), "--create", "--currency", "EUR", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["files"][0]["added"] == 2
    assert live.send("GET", "/api/v1/instruments/ZZTOP").json()["currency"] == "EUR"
    refused = live.bursar("load-prices", str(tmp_path / "none.csv"))
    assert refused.returncode == 1
    assert "none.csv" in refused.stderr


def bursar_up(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start a server that must refuse to."""
    path = os.pathsep.join(part for part in sys.path if part)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "bursar", "up"],
        env={**kept, "PYTHONPATH": path, "BURSAR_HOME": str(home), **variables},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.requirement("CONF.02")
def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        # As granian does: without the check, both would listen and answer in turns.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = bursar_up(tmp_path, SERVER_PORT=str(port))
    assert done.returncode == 1
    assert f"error (SERVER_PORT): port {port} on 127.0.0.1 is taken" in done.stderr
    assert "postgresql: starting" not in done.stdout


@pytest.mark.requirement("CONF.02")
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"SERVER_PORT": "abc"}, "error (SERVER_PORT): Input should be a valid integer"),
        ({"SERVER_PORT": "99999"}, "error (SERVER_PORT): Input should be less than"),
        (
            {"ENVIRONMENT": "production", "DATABASE_URL": "postgresql://u:hunter2@h/d"},
            "error: SECRET_KEY must be set",
        ),
    ],
)
def test_a_wrong_setting_is_one_sentence_without_its_value(
    variables: dict[str, str], said: str, tmp_path: Path
) -> None:
    done = bursar_up(tmp_path, **variables)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr
