"""MCP with the official client: three transports, both protocol eras, scopes, refusals."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.interfaces.live import Live

TRANSPORTS = ("http-auto", "http-legacy", "sse", "stdio")


@asynccontextmanager
async def connect(live: Live, transport: str, token: str | None = None) -> AsyncIterator[Client]:
    token = token or live.token
    headers = {"Authorization": f"Bearer {token}"}
    if transport == "stdio":
        import sys

        parameters = StdioServerParameters(
            command=sys.executable,
            args=["-m", "bursar", "mcp"],
            env={**live.environment, "BURSAR_TOKEN": token},
        )
        async with Client(parameters) as client:
            yield client
    elif transport == "sse":
        async with Client(sse_client(f"{live.address}/mcp/sse", headers=headers)) as client:
            yield client
    else:
        mode = "legacy" if transport == "http-legacy" else "auto"
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            transport_ = streamable_http_client(f"{live.address}/mcp", http_client=http)
            async with Client(transport_, mode=mode) as client:
                yield client


def token_with(live: Live, *scopes: str) -> str:
    body = {"name": "test", "scopes": list(scopes)}
    reply = live.send("POST", "/api/v1/api-tokens", body)
    assert reply.status == 201, reply.body
    return str(reply.json()["token"])


@pytest.mark.requirement("MCP.01", "MCP.03", "MCP.05")
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_each_transport_lists_and_calls_the_same_tools(live: Live, transport: str) -> None:
    async with connect(live, transport) as client:
        assert client.server_info.name == "Bursar"
        names = {tool.name for tool in (await client.list_tools()).tools}
        result = await client.call_tool("list_accounts", {"limit": 5})
    expected = live.send("GET", "/api/v1/accounts?limit=5").json()
    assert {"list_accounts", "get_asset_price"} <= names
    assert not result.is_error
    assert result.structured_content == expected
    assert json.loads(result.content[0].text) == expected


@pytest.mark.requirement("MCP.07", "MCP.08")
async def test_a_read_only_token_neither_sees_nor_calls_what_writes(live: Live) -> None:
    token = token_with(live, "ledger:read")
    async with connect(live, "http-auto", token) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        result = await client.call_tool(
            "ledger_open_account", {"name": "x", "kind": "checking", "currency": "USD"}
        )
    assert "list_accounts" in names
    assert "ledger_open_account" not in names
    assert "get_asset_price" not in names
    assert result.is_error
    refused = json.loads(result.content[0].text)
    assert (refused["code"], refused["details"]) == ("forbidden", {"scope": "ledger:write"})


@pytest.mark.requirement("MCP.07")
async def test_without_a_token_nothing_answers(live: Live) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    assert live.send("POST", "/mcp", body, token=None, headers=accept).status == 401
    assert live.send("GET", "/mcp/sse", token=None).status == 401


@pytest.mark.requirement("MCP.09")
@pytest.mark.parametrize(
    "arguments",
    [{"kind": "checking"}, {"name": 7, "kind": [], "currency": {}}, {"nonsense": "x" * 5000}],
)
async def test_bad_arguments_are_a_short_readable_result(
    live: Live, arguments: dict[str, Any]
) -> None:
    async with connect(live, "http-auto") as client:
        result = await client.call_tool("ledger_open_account", arguments)
        alive = await client.call_tool("list_accounts", {})
    document = json.loads(result.content[0].text)
    assert result.is_error
    assert document["code"] == "invalid_input"
    assert "pydantic" not in result.content[0].text
    assert not alive.is_error


@pytest.mark.requirement("MCP.10")
async def test_resources_are_listed_and_read_and_unknown_ones_refused(live: Live) -> None:
    async with connect(live, "http-auto") as client:
        resources = (await client.list_resources()).resources
        assert {str(r.uri) for r in resources} >= {"bursar://accounts"}
        for resource in resources:
            assert resource.mime_type == "application/json"
            if resource.uri == "bursar://portfolio/drift":
                # An empty workspace has no targets to drift from.
                with pytest.raises(MCPError, match="no target policy"):
                    await client.read_resource(str(resource.uri))
                continue
            contents = (await client.read_resource(str(resource.uri))).contents
            json.loads(contents[0].text)
        templates = (await client.list_resource_templates()).resource_templates
        assert "bursar://accounts/{account_id}" in {t.uri_template for t in templates}
        with pytest.raises(MCPError):
            await client.read_resource("bursar://nothing/here")


@pytest.mark.requirement("AUDIT.01")
async def test_what_an_agent_reads_and_is_refused_is_journaled(live: Live) -> None:
    import asyncpg

    async with connect(live, "http-auto") as client:
        await client.call_tool("list_accounts", {"limit": 3})
        await client.call_tool("ledger_get_account", {"account_id": "not-a-uuid"})
    connection = await asyncpg.connect(live.environment["DATABASE_OWNER_URL"])
    try:
        await connection.execute("SET bursar.every_workspace = 'on'")
        rows = await connection.fetch(
            "SELECT operation, outcome, error_code FROM journal WHERE source = 'mcp'"
            " ORDER BY seq DESC LIMIT 2"
        )
    finally:
        await connection.close()
    assert [tuple(r) for r in rows] == [
        ("ledger.get_account", "refused", "invalid_input"),
        ("ledger.list_accounts", "read", None),
    ]
