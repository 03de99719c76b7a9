"""MCP beyond lists and calls: what is declared, whose a session is, how a refusal reads."""

import json
import re
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, METHOD_NOT_FOUND
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from bursar.core.errors import BursarError, InvalidInput, Unavailable
from bursar.interfaces.mcp.guard import Guard
from bursar.interfaces.mcp.refusals import ERROR_BYTES_MAX, compact, protocol_error, refusal
from bursar.settings import Environment, Settings
from tests.interfaces.live import Live
from tests.interfaces.test_mcp import connect, token_with

ERAS = ("http-auto", "http-legacy")
PROTOCOL = "2025-11-25"
ACCEPT = {"Accept": "application/json, text/event-stream"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": PROTOCOL,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
LIST_TOOLS = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}


@pytest.mark.requirement("MCP.01", "MCP.12")
@pytest.mark.parametrize("era", ERAS)
async def test_only_what_is_served_is_declared(live: Live, era: str) -> None:
    async with connect(live, era) as client:
        declared = client.server_capabilities.model_dump(exclude_none=True, exclude_defaults=True)
        with pytest.raises(MCPError) as refused:
            await client.list_prompts()
        resources = client.server_capabilities.resources
    assert set(declared) == {"tools", "resources"}
    assert resources is not None
    assert not resources.subscribe
    assert not resources.list_changed
    assert refused.value.error.code == METHOD_NOT_FOUND


@pytest.mark.requirement("MCP.01")
@pytest.mark.parametrize("era", [*ERAS, "sse"])
async def test_a_connection_is_told_the_day_and_the_base_currency(live: Live, era: str) -> None:
    async with connect(live, era) as client:
        told = client.instructions or ""
    async with connect(live, era, token_with(live, "ledger:read")) as client:
        told_to_reader = client.instructions or ""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    currency = live.send("GET", "/api/v1/workspace").json()["base_currency"]
    assert today in told
    assert f"base currency is {currency}" in told
    assert today in told_to_reader
    assert "base currency" not in told_to_reader, "it may not read the workspace"


@pytest.mark.requirement("MCP.09", "MCP.12")
async def test_every_schema_is_json_schema_2020_12_without_references(live: Live) -> None:
    async with connect(live, "http-auto") as client:
        tools = (await client.list_tools()).tools
    for tool in tools:
        for schema in (tool.input_schema, tool.output_schema):
            assert schema is not None, tool.name
            Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object", tool.name
            assert "$ref" not in json.dumps(schema), tool.name
        hints = tool.annotations
        assert tool.title, tool.name
        assert hints is not None
        assert None not in (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint)


@pytest.mark.requirement("MCP.09")
async def test_optional_arguments_may_be_left_out_or_null(live: Live) -> None:
    async with connect(live, "http-auto") as client:
        left_out = await client.call_tool("list_accounts", {})
        null = await client.call_tool("list_accounts", {"kind": None})
    assert not left_out.is_error
    assert left_out.structured_content == null.structured_content


@pytest.mark.requirement("MCP.09")
@pytest.mark.parametrize("dry_run", ["true", "yes", 1, {}])
async def test_a_dry_run_that_is_no_boolean_changes_nothing(live: Live, dry_run: Any) -> None:
    before = live.send("GET", "/api/v1/accounts?limit=500").json()
    arguments = {"name": "Never", "kind": "checking", "currency": "USD", "dry_run": dry_run}
    async with connect(live, "http-auto") as client:
        result = await client.call_tool("ledger_open_account", arguments)
    assert result.is_error
    assert json.loads(result.content[0].text)["field"] == "dry_run"
    assert live.send("GET", "/api/v1/accounts?limit=500").json() == before


@pytest.mark.requirement("MCP.10")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("address", ["bursar://nothing/here", "bursar://accounts/no-such-id"])
async def test_an_unknown_resource_is_named_in_the_error(
    live: Live, era: str, address: str
) -> None:
    async with connect(live, era) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(address)
    assert refused.value.error.code == INVALID_PARAMS
    assert refused.value.error.data["uri"] == address


JSON_DETAILS = st.dictionaries(
    st.text(max_size=40),
    st.lists(st.dictionaries(st.text(max_size=30), st.text(max_size=300)), max_size=30)
    | st.text(max_size=500)
    | st.integers(),
    max_size=6,
)


@pytest.mark.requirement("MCP.09")
@given(
    message=st.text(max_size=2000),
    hint=st.none() | st.text(max_size=2000),
    field=st.none() | st.text(max_size=300),
    details=st.none() | JSON_DETAILS,
)
def test_a_refusal_fits_and_keeps_its_shape(
    message: str, hint: str | None, field: str | None, details: dict[str, Any] | None
) -> None:
    shown = refusal(InvalidInput(message, hint=hint, field=field, details=details))
    # Control characters are escaped to six bytes each, so the worst text takes some more.
    assert len(compact(shown).encode()) <= ERROR_BYTES_MAX * 2
    assert set(shown) >= {"code", "message", "details"}
    if message.isascii() and message.isprintable() and '"' not in message and "\\" not in message:
        short = refusal(InvalidInput(message))
        assert len(compact(short).encode()) <= ERROR_BYTES_MAX
        assert short["message"] == message or short["message"].endswith("…")


def test_a_long_list_of_problems_is_cut_not_dropped() -> None:
    problems: list[Any] = [{"field": f"rows.{n}", "problem": "is no date"} for n in range(50)]
    shown = refusal(InvalidInput("rows.0: is no date", details={"problems": problems, "count": 50}))
    assert shown["details"]["count"] == 50
    assert 3 <= len(shown["details"]["problems"]) < 50
    assert shown["details"]["problems"][0] == problems[0]
    assert len(compact(shown).encode()) <= ERROR_BYTES_MAX


def test_a_missing_key_is_asked_for_by_its_argument_name() -> None:
    shown = refusal(InvalidInput("a key is needed", field="Idempotency-Key", hint="Send a header."))
    assert shown["field"] == "idempotency_key"
    assert "header" not in shown["hint"]


@pytest.mark.parametrize(
    ("error", "code"), [(InvalidInput("x"), -32602), (Unavailable("x"), -32603)]
)
def test_a_fault_of_the_server_is_not_blamed_on_the_caller(error: BursarError, code: int) -> None:
    assert protocol_error(error).error.code == code


@pytest.mark.requirement("MCP.04")
def test_a_session_belongs_to_who_opened_it(live: Live) -> None:
    opened = live.send("POST", "/mcp", INITIALIZE, headers=ACCEPT)
    session = {**ACCEPT, "Mcp-Session-Id": opened.headers["mcp-session-id"]}
    other = token_with(live, "ledger:read")
    assert live.send("POST", "/mcp", LIST_TOOLS, token=other, headers=session).status == 404
    assert live.send("GET", "/mcp", token=other, headers=session).status == 404
    assert live.send("DELETE", "/mcp", token=other, headers=session).status == 404
    assert live.send("POST", "/mcp", LIST_TOOLS, token=None, headers=session).status == 401
    assert live.send("POST", "/mcp", LIST_TOOLS, headers=session).status == 200
    unknown = {**ACCEPT, "Mcp-Session-Id": "0" * 32}
    assert live.send("POST", "/mcp", LIST_TOOLS, headers=unknown).status == 404
    assert live.send("DELETE", "/mcp", headers=session).status == 200
    assert live.send("POST", "/mcp", LIST_TOOLS, headers=session).status == 404


@pytest.mark.requirement("MCP.04")
async def test_an_event_stream_belongs_to_who_opened_it(live: Live) -> None:
    other = token_with(live, "ledger:read")
    own = {"Authorization": f"Bearer {live.token}"}
    async with (
        httpx2.AsyncClient(base_url=live.address, timeout=10) as http,
        http.stream("GET", "/mcp/sse", headers=own) as stream,
    ):
        lines = stream.aiter_lines()
        endpoint = ""
        while not endpoint:
            found = re.fullmatch(r"data: (/mcp/messages/\S+)", await anext(lines))
            endpoint = found.group(1) if found else ""
        for headers, status in (({"Authorization": f"Bearer {other}"}, 404), ({}, 401), (own, 202)):
            sent = await http.post(endpoint, json=INITIALIZE, headers=headers)
            assert sent.status_code == status
        assert (await http.post(endpoint, content=b"{", headers=own)).status_code == 400
        answered = [await anext(lines) for _ in range(4)]
    assert any('"serverInfo"' in line for line in answered), "the stream outlives what was refused"


def stdio(live: Live, text: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bursar", "mcp"],
        env={**live.environment, **environment},
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.requirement("MCP.05", "MCP.07")
@pytest.mark.parametrize(
    ("token", "home"), [("bur_live_wrong", None), ("nonsense", None), ("", "empty")]
)
def test_stdio_does_not_start_without_a_valid_token(
    live: Live, tmp_path: Any, token: str, home: str | None
) -> None:
    changed = {"BURSAR_HOME": str(tmp_path)} if home else {}
    done = stdio(live, json.dumps(INITIALIZE) + "\n", BURSAR_TOKEN=token, **changed)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "error: MCP needs a" in done.stderr
    assert "BURSAR_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.requirement("MCP.05")
def test_stdio_writes_nothing_but_messages_to_standard_output(live: Live) -> None:
    """Bad lines, a bad call and a good one: each line that comes back is one JSON-RPC message."""
    calls = [
        INITIALIZE,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        LIST_TOOLS,
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "no_such_tool"}},
        {"jsonrpc": "2.0", "id": 4, "method": "no/such/method"},
        {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "list_accounts"}},
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "bursar", "mcp"],
        env={**live.environment, "BURSAR_TOKEN": live.token, "LOG_LEVEL": "DEBUG"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stop = threading.Timer(60, process.kill)
    stop.start()
    try:
        process.stdin.write("this is no message\n")
        process.stdin.write("".join(json.dumps(call) + "\n" for call in calls))
        process.stdin.flush()
        messages: list[dict[str, Any]] = []
        for line in process.stdout:
            messages.append(json.loads(line))
            if {3, 4, 5} <= {message.get("id") for message in messages}:
                break
        process.stdin.close()
        rest = process.stdout.read()
        assert process.wait(timeout=30) == 0
    finally:
        stop.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    assert rest == ""
    assert all(message["jsonrpc"] == "2.0" for message in messages)
    answered = {message.get("id"): message for message in messages}
    assert answered[3]["result"]["isError"] is True
    assert answered[4]["error"]["code"] == METHOD_NOT_FOUND
    assert answered[5]["result"]["isError"] is False


async def _fine(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def answer(settings: dict[str, Any], host: str, origin: str | None = None) -> int:
    made = Settings(_env_file=None, environment=Environment.TEST, **settings)
    client = TestClient(Guard(_fine, made))
    headers = {"Host": host} | ({"Origin": origin} if origin else {})
    return int(client.get("/mcp", headers=headers).status_code)


EVERYWHERE = {"server_host": "0.0.0.0"}  # noqa: S104 - never bound
PUBLIC = {**EVERYWHERE, "public_url": "https://money.example.org/bursar"}


@pytest.mark.requirement("MCP.07")
@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        ({}, "127.0.0.1:8000", 200),
        ({}, "localhost", 200),
        ({}, "[::1]:8000", 200),
        ({}, "evil.example.org", 421),
        ({}, "localhost.evil.example.org:8000", 421),
        ({}, "localhost:8000@evil.example.org", 421),
        ({}, "localhost:none", 421),
        ({}, "192.168.1.5:8000", 421),
        (EVERYWHERE, "192.168.1.5:8000", 200),
        (EVERYWHERE, "[fe80::1]:8000", 200),
        (EVERYWHERE, "evil.example.org:8000", 421),
        (EVERYWHERE, "0x7f.1", 421),
        (PUBLIC, "money.example.org", 200),
        (PUBLIC, "MONEY.example.org:443", 200),
        (PUBLIC, "example.org", 421),
    ],
)
def test_only_the_servers_own_names_are_answered(
    settings: dict[str, Any], host: str, status: int
) -> None:
    assert answer(settings, host) == status


@pytest.mark.parametrize(
    ("settings", "origin", "status"),
    [
        ({}, "http://localhost:6274", 200),
        ({}, "http://evil.example.org", 403),
        ({}, "http://localhost.evil.example.org", 403),
        ({}, "null", 403),
        ({"cors_origins": "https://app.example.org"}, "https://app.example.org", 200),
        (PUBLIC, "https://money.example.org", 200),
        (PUBLIC, "http://money.example.org", 403),
    ],
)
def test_only_known_pages_may_call(settings: dict[str, Any], origin: str, status: int) -> None:
    host = "money.example.org" if settings is PUBLIC else "localhost:8000"
    assert answer(settings, host, origin) == status
