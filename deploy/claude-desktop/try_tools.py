"""Start `bursar mcp` as a desktop client would, and exercise the base tools end to end.

Run it beside a running Bursar:  .venv/bin/python deploy/claude-desktop/try_tools.py
It reads only. Exit code 0 when every tool answered, 1 otherwise.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters

CONFIGURATION = Path(__file__).with_name("claude_desktop_config.json")
EXPECTED = (
    "get_portfolio_summary",
    "get_positions",
    "get_asset_price",
    "get_performance",
    "get_allocation_drift",
    "recommend_allocation",
    "rebalance_portfolio",
    "run_what_if",
    "explain_figure",
    "import_statement",
    "list_accounts",
    "search_transactions",
)


def parameters() -> StdioServerParameters:
    """Return the server exactly as the configuration starts it, from this installation."""
    entry = json.loads(CONFIGURATION.read_text(encoding="utf-8"))["mcpServers"]["bursar"]
    beside = Path(sys.executable).with_name(entry["command"])
    command = str(beside) if beside.exists() else entry["command"]
    environment = {k: str(Path(v).expanduser()) for k, v in entry["env"].items()}
    import os  # noqa: PLC0415 - only here

    return StdioServerParameters(
        command=command,
        args=entry["args"],
        env={**environment, **os.environ},
    )


async def call(client: Client, name: str, **arguments: Any) -> Any:
    """Call one tool and print one line."""
    result = await client.call_tool(name, arguments)
    text = result.content[0].text if result.content else ""
    if result.is_error:
        raise SystemExit(f"{name}: {text}")
    print(f"{name:24} {len(text):6} bytes")
    return result.structured_content


async def main() -> None:
    """List and call."""
    async with Client(parameters()) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        missing = [name for name in EXPECTED if name not in names]
        if missing:
            raise SystemExit(f"missing tools: {', '.join(missing)}")
        print(f"{len(names)} tools")
        summary = await call(client, "get_portfolio_summary")
        positions = await call(client, "get_positions")
        await call(client, "list_accounts")
        await call(client, "search_transactions", limit=5)
        await call(client, "get_performance")
        ticker = next((p["ticker"] for p in positions["items"] if p.get("ticker")), None)
        if ticker is not None:
            await call(client, "get_asset_price", ticker=ticker)
        await call(client, "explain_figure", figure_id=summary["net_worth"]["id"])
        resources = (await client.list_resources()).resources
        for resource in resources:
            contents = (await client.read_resource(str(resource.uri))).contents
            print(f"{resource.uri!s:32} {len(contents[0].text):6} bytes")
    print("all tools answered")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except* Exception as problems:  # noqa: BLE001 - whatever the client raised, one line is enough
        raise SystemExit(f"bursar mcp did not answer: {problems.exceptions[0]}") from None
