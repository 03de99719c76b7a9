"""The MCP Inspector's command line against a live server: every transport, and refusals.

Its exit codes: 0 done, 3 a token is needed, 5 the tool answered with an error, 6 a schema that not
every host takes (with --strict).
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from tests.conformance.tools import Line, run
from tests.interfaces.live import Live

DONE, TOKEN_NEEDED, TOOL_ERROR = 0, 3, 5
PASSED_ON = (
    "BURSAR_HOME", "DATABASE_URL", "REDIS_URL", "ENVIRONMENT", "MCP_TOOLSETS", "PYTHONPATH", "NO_COLOR",
)  # fmt: skip
TRANSPORTS = ("http legacy", "http modern", "sse", "stdio")


class Inspector:
    """Runs the Inspector against one server."""

    def __init__(self, live: Live, home: Path) -> None:
        self._live = live
        self._home = home
        self.reader = _token(live, "ledger:read")

    def ask(
        self, transport: str, *arguments: str, token: str | None = ""
    ) -> "CompletedProcess[str]":
        """Send one request by a transport; `token` None sends none, "" the owner's."""
        token = self._live.token if token == "" else token
        options = ["--cli", *arguments, "--format", "json"]
        kind, _, era = transport.partition(" ")
        if kind == "stdio":
            given = {name: self._live.environment.get(name, "") for name in PASSED_ON}
            for name, value in {**given, "BURSAR_TOKEN": token or ""}.items():
                options += ["-e", f"{name}={value}"]
            options += ["--", sys.executable, "-m", "bursar", "mcp"]
        else:
            path = "/mcp/sse" if kind == "sse" else "/mcp"
            options += ["--transport", kind, "--server-url", f"{self._live.address}{path}"]
            if era:
                options += ["--protocol-era", era]
            if token is not None:
                options += ["--header", f"Authorization: Bearer {token}"]
        return run("mcp-inspector", *options, home=self._home)

    def lines(self) -> Iterator[Line]:
        """Yield the outcome of each check."""
        listed = {name: self.ask(name, "--method", "tools/list", "--strict") for name in TRANSPORTS}
        for name, done in listed.items():
            # With --strict each finding is printed, warnings too, and none is wanted.
            clean = done.returncode == DONE and not done.stderr.strip()
            yield _line(f"tools/list --strict, {name}", done, passed=clean)
        names = {name: _names(done) for name, done in listed.items()}
        same = len({tuple(found) for found in names.values()}) == 1 and bool(names["stdio"])
        counts = ", ".join(str(len(found)) for found in names.values())
        yield Line("inspector", "the same tools on every transport", same, f"{counts} tools")
        for name in TRANSPORTS:
            done = self.ask(name, "--method", "resources/list")
            yield _line(f"resources/list, {name}", done, passed="bursar://accounts" in done.stdout)
            done = self.ask(name, "--method", "resources/templates/list")
            yield _line(
                f"resources/templates/list, {name}", done, passed="{account_id}" in done.stdout
            )
            done = self.ask(name, "--method", "tools/call", "--tool-name", "list_accounts")
            expected = self._live.send("GET", "/api/v1/accounts").json()
            answered = _result(done).get("structuredContent")
            yield _line(f"tools/call list_accounts, {name}", done, passed=answered == expected)
        yield from self._refusals()

    def _refusals(self) -> Iterator[Line]:
        for name in ("http legacy", "http modern", "sse"):
            done = self.ask(name, "--method", "tools/list", token=None)
            yield _line(f"no token, {name}", done, passed=done.returncode == TOKEN_NEEDED)
        reply = self._live.send("POST", "/mcp", {}, token=None)
        challenge = reply.headers.get("www-authenticate", "")
        refused = reply.status == 401 and challenge.startswith("Bearer ")
        yield Line("inspector", "no token is 401 with a challenge", refused, challenge)
        for name in TRANSPORTS:
            done = self.ask(name, "--method", "tools/list", token=self.reader)
            hidden = "ledger_open_account" not in done.stdout and "list_accounts" in done.stdout
            yield _line(f"missing scope is not listed, {name}", done, passed=hidden)
            done = self.ask(
                name, "--method", "tools/call", "--tool-name", "ledger_open_account",
                "--tool-arg", "name=x", "kind=checking", "currency=USD", token=self.reader,
            )  # fmt: skip
            # The Inspector itself calls only what is listed; the next check goes past it.
            yield _line(
                f"missing scope cannot be called, {name}",
                done,
                passed=done.returncode == TOOL_ERROR,
            )
        answer = self._call_unlisted("ledger_open_account")
        refused = answer.get("isError") is True and "ledger:write" in json.dumps(answer)
        yield Line(
            "inspector", "missing scope is refused by name", refused, json.dumps(answer)[:160]
        )

    def _call_unlisted(self, tool: str) -> dict[str, Any]:
        """Call a tool that the reader's list does not name, as a modern client sends it."""
        version = "2026-07-28"
        prefix = "io.modelcontextprotocol"
        meta = {
            f"{prefix}/protocolVersion": version,
            f"{prefix}/clientInfo": {"name": "test", "version": "1"},
            f"{prefix}/clientCapabilities": {},
        }
        arguments = {"name": "x", "kind": "checking", "currency": "USD"}
        reply = self._live.send(
            "POST",
            "/mcp",
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": tool, "arguments": arguments, "_meta": meta},
            },
            token=self.reader,
            headers={
                "Accept": "application/json, text/event-stream",
                "MCP-Protocol-Version": version,
                "Mcp-Method": "tools/call",
                "Mcp-Name": tool,
            },
        )
        return dict(reply.json().get("result", {"status": reply.status, "body": reply.json()}))


def _token(live: Live, *scopes: str) -> str:
    reply = live.send("POST", "/api/v1/api-tokens", {"name": "inspector", "scopes": list(scopes)})
    return str(reply.json()["token"])


def _result(done: "CompletedProcess[str]") -> dict[str, Any]:
    try:
        found = json.loads(done.stdout)["result"]
    except (ValueError, KeyError, TypeError):
        return {}
    return dict(found)


def _names(done: "CompletedProcess[str]") -> list[str]:
    return [tool["name"] for tool in _result(done).get("tools", [])]


def _line(name: str, done: "CompletedProcess[str]", *, passed: bool) -> Line:
    note = "" if passed else f"exit {done.returncode}: {(done.stderr or done.stdout)[-300:]!r}"
    return Line("inspector", name, passed, note)
