"""No input breaks an operation, by any interface: it is answered, or refused with field and reason.

A short, repeatable run belongs to the suite; `make fuzz` runs the long form. Writes are dry runs.
"""

import json
import os
import re
import time
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from mcp.shared.exceptions import MCPError
from typer.testing import CliRunner

from bursar.core.errors import BursarError
from bursar.interfaces import catalogue
from bursar.interfaces.cli.main import build
from bursar.runtime.pages import encode_cursor
from bursar.runtime.registry import Operation, operations
from tests.interfaces.fuzzing import bodies
from tests.interfaces.live import Live, Reply
from tests.interfaces.test_mcp import connect

catalogue.load()
pytestmark = pytest.mark.requirement("SEC.01")

ROUNDS = int(os.environ.get("BURSAR_FUZZ_ROUNDS", "6"))
SEED = int(os.environ.get("BURSAR_FUZZ_SEED", "0"))
SECONDS_MAX = 30.0
# Guesses at passwords are counted and slowed down, which would slow down the tests after these.
WITHOUT_GUESSES = {"identity.sign_in", "identity.use_sign_in_link", "identity.register"}
KNOWN = sorted(
    (o for o in operations().values() if o.run.__module__.startswith("bursar.")),
    key=lambda o: o.name,
)


def by_rest(live: Live, operation: Operation, body: dict[str, Any]) -> Reply:
    path, rest = operation.path, dict(body)
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace("{" + name + "}", quote(_text(rest.pop(name, "x")), safe="") or "%20")
    headers = {"Dry-Run": "true"} if operation.writes else {}
    if operation.method in ("GET", "DELETE"):
        query = urlencode([(_text(k), _text(v)[:3000]) for k, v in rest.items()])
        return live.send(operation.method, f"/api/v1{path[:6000]}?{query[:6000]}", headers=headers)
    data = json.dumps(rest).encode()
    return live.send(operation.method, f"/api/v1{path[:6000]}", data, headers=headers)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()


def faults(answer: Any, status: int) -> list[str]:
    """What is wrong with a refusal, as a client sees it."""
    if status >= 500:
        return [f"it broke: {status}"]
    if not isinstance(answer, dict) or not answer.get("code") or not answer.get("message"):
        return ["no code or no message"]
    if answer["code"] == "invalid_input" and not (answer.get("field") or answer.get("details")):
        return ["no field"]
    return []


@pytest.mark.parametrize("operation", KNOWN, ids=lambda o: o.name)
def test_rest_answers_whatever_it_is_sent(demo: Live, operation: Operation) -> None:
    if operation.name in WITHOUT_GUESSES and ROUNDS < 50:
        pytest.skip("guesses are counted; the long form makes them")
    for body in bodies(operation, ROUNDS, SEED):
        started = time.monotonic()
        reply = by_rest(demo, operation, body)
        took = time.monotonic() - started
        document = json.loads(reply.body)
        said = faults(document, reply.status) if reply.status >= 400 else []
        if took > SECONDS_MAX:
            said.append(f"it took {took:.1f} s")
        assert not said, f"{said} for {json.dumps(body)[:2000]}: {reply.body[:600]!r}"


PLACES: tuple[Any, ...] = (
    0, -1, 1, 2**62, 2**64, 1.5, True, None, "", "x", "\0", "\ud800", {}, [], "2024-01-01", "2024-01-01T00:00:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-01-01T00:00:00+00:00",
    "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}",
)  # fmt: skip
PAGED = [o for o in KNOWN if "cursor" in o.input_model.model_fields and o.scope != "admin"]


@pytest.mark.parametrize("operation", PAGED, ids=lambda o: o.name)
def test_a_forged_cursor_is_refused_or_finds_a_place(demo: Live, operation: Operation) -> None:
    """Cursors are opaque, not secret: anybody can take one apart and put another together."""
    account = quote(demo.send("GET", "/api/v1/accounts?limit=1").json()["items"][0]["id"])
    path = operation.path.replace("{account_id}", account).replace("{instrument}", "AAPL")
    assert "{" not in path, "say what to put there"
    narrowed = [f"account={account}"] if "account" in operation.input_model.model_fields else []
    forged = [[one] for one in PLACES]
    forged += [[one, other] for one in PLACES for other in PLACES]
    for position in forged:
        cursor = encode_cursor(position)
        for part in ("", *narrowed):
            reply = demo.send("GET", f"/api/v1{path}?cursor={cursor}&{part}")
            assert reply.status in (200, 422), (position, part, reply.body[:300])


async def test_tools_answer_whatever_they_are_sent(demo: Live) -> None:
    async with connect(demo, "http-auto") as client:
        for operation in (o for o in KNOWN if o.tool):
            for body in bodies(operation, max(2, ROUNDS // 2), SEED + 1):
                arguments = json.loads(sendable(body))
                if operation.writes:
                    arguments["dry_run"] = True
                try:
                    result = await client.call_tool(operation.tool or "", arguments)
                except MCPError as error:
                    text = str(error)
                else:
                    text = result.content[0].text if result.is_error else ""
                assert "internal" not in text.lower(), (operation.name, body, text)


def sendable(body: dict[str, Any]) -> str:
    """JSON that the official client can send: no numbers beyond JSON, no half characters."""
    text = json.dumps(body).replace("NaN", "0").replace("Infinity", "0")
    return re.sub(r"\\ud[89a-f][0-9a-f]{2}", "?", text)


COMMANDS = [o for o in KNOWN if o.command and o.name not in WITHOUT_GUESSES]


def test_commands_answer_whatever_they_are_given(
    demo: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BURSAR_HOME", "BURSAR_API_URL"):
        monkeypatch.setenv(name, demo.environment[name])
    monkeypatch.setenv("BURSAR_TOKEN", demo.token)
    app, runner = build(), CliRunner()
    for operation in COMMANDS:
        for body in bodies(operation, max(1, ROUNDS // 4), SEED + 2):
            arguments = [*operation.command, "--json", *(["--dry-run"] if operation.writes else [])]
            for name, value in body.items():
                text = _text(value).replace("\0", "")[:2000]  # an argument holds no NUL
                if name in operation.positional:
                    arguments.append(text)
                else:
                    arguments += [f"--{name.replace('_', '-')}", text]
            done = runner.invoke(app, arguments)
            where = (arguments, done.output[-500:], done.exception)
            assert done.exit_code in (0, 1, 2), where
            assert done.exception is None or isinstance(done.exception, SystemExit | BursarError), (
                where
            )
            assert getattr(done.exception, "http_status", 400) < 500, where
