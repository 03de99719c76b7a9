"""What a governed MCP call costs: an authenticated, journaled read against a bare SDK echo.

Both servers run alone on one core in the same ASGI server; the load comes from another one, over
raw keep-alive sockets in a closed loop, in turns so that the machine's drift hits both. The ratio
is seconds per call over the echo's: 2 is half its calls per second.

    python -m bench.mcp_calls
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mcp.server import MCPServer
from starlette.applications import Starlette

from bench.row import Row, show
from bursar.interfaces import catalogue
from bursar.interfaces.reference.operation_pages import tools_snapshot
from tests.interfaces.live import Live, free_port, live_server
from tests.servers import RunningServers

CALLERS = 16
SECONDS = 3.0
ROUNDS = 3
CORE_BYTES_MAX = 20_000
MEAN_BYTES_MAX = 700
PREFIX = "io.modelcontextprotocol"
VERSION = "2026-07-28"


def create_echo() -> Starlette:
    """Return the peer: the SDK's server with one tool and nothing around it."""
    server: MCPServer[None] = MCPServer("echo", log_level="WARNING")

    @server.tool()
    async def echo(text: str) -> dict[str, str]:
        return {"text": text}

    return server.streamable_http_app()


def request(port: int, tool: str, arguments: dict[str, str], token: str) -> bytes:
    meta = {
        f"{PREFIX}/protocolVersion": VERSION,
        f"{PREFIX}/clientInfo": {"name": "bench", "version": "1"},
        f"{PREFIX}/clientCapabilities": {},
    }
    parameters = {"name": tool, "arguments": arguments, "_meta": meta}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": parameters}
    body = json.dumps(message).encode()
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        "Accept: application/json, text/event-stream\r\n"
        f"MCP-Protocol-Version: {VERSION}\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _call(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes
) -> tuple[bytes, bytes]:
    writer.write(sent)
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    if b"content-length:" not in lower:
        raise AssertionError(head)
    size = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
    return head, await reader.readexactly(size)


async def _caller(port: int, sent: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    calls = 0
    try:
        while time.perf_counter() < until:
            head, body = await _call(reader, writer, sent)
            if not head.startswith(b"HTTP/1.1 200") or b'"isError":true' in body:
                raise AssertionError(head + body)
            calls += 1
    finally:
        writer.close()
    return calls


async def _rate(port: int, sent: bytes) -> float:
    """Return calls per second of CALLERS callers, each waiting for its answer."""
    started = time.perf_counter()
    until = started + SECONDS
    calls = sum(await asyncio.gather(*(_caller(port, sent, until) for _ in range(CALLERS))))
    return calls / (time.perf_counter() - started)


@contextmanager
def _echo(live: Live, folder: Path) -> Iterator[int]:
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1",
        "--port", str(port), "--loop", "uvloop", "--no-access-log", "--log-level", "warning",
        "bench.mcp_calls:create_echo",
    ]  # fmt: skip
    with (folder / "echo.log").open("wb") as log:
        process = subprocess.Popen(command, env=dict(live.environment), stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                asyncio.run(_rate_probe(port))
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


async def _rate_probe(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


@contextmanager
def _cores(cores: set[int]) -> Iterator[None]:
    """Keep this process, and what it starts meanwhile, to some cores, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores & set(range(os.cpu_count() or 1)) or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _rates(servers: RunningServers, folder: Path) -> tuple[float, float]:
    """Return the medians of both rates, the echo's first."""
    database = asyncio.run(servers.shared.create_database("bench_mcp"))
    with (
        _cores({0}),
        live_server(database, servers.shared.redis_url(), folder / "home") as live,
        _echo(live, folder) as echo_port,
    ):
        account = {"name": "Bench", "kind": "checking", "currency": "USD"}
        opened = live.send("POST", "/api/v1/accounts", account).json()
        echo = request(echo_port, "echo", {"text": "x" * 36}, "")
        read = request(live.port, "ledger_get_account", {"account_id": opened["id"]}, live.token)
        with _cores({1}):
            pairs = [
                (asyncio.run(_rate(echo_port, echo)), asyncio.run(_rate(live.port, read)))
                for _ in range(ROUNDS)
            ]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def run() -> list[Row]:
    """Measure on servers of its own."""
    catalogue.load()
    sizes = tools_snapshot()["sizes"]
    servers = RunningServers()
    try:
        with tempfile.TemporaryDirectory() as folder:
            echo, read = _rates(servers, Path(folder))
    finally:
        servers.stop()
    note = f"{read:.0f} against {echo:.0f} calls/s, {CALLERS} callers, one core"
    tools = f"{sizes['core_tools']} tools, {sizes['core_bytes_total']} bytes"
    mean = f"{sizes['tools']} tools"
    return [
        Row("MCP: authenticated journaled read / bare SDK echo", echo / read, 2.0, note),
        Row(
            "MCP: tools/list by default / 20 KB",
            sizes["core_bytes_total"] / CORE_BYTES_MAX,
            1.0,
            tools,
        ),
        Row("MCP: mean bytes of a tool / 700", sizes["bytes_mean"] / MEAN_BYTES_MAX, None, mean),
    ]


if __name__ == "__main__":
    show(run())
