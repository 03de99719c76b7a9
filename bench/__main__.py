"""Run every benchmark, print its rows and keep them in bench/RESULTS.md.

python -m bench [name ...]
"""

import importlib
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.row import Row

BENCHES = {
    "portfolio_arrays": "Portfolio arithmetic from memory",
    "portfolio_store": "Portfolio through the store",
    "portfolio_http": "Portfolio summary through HTTP",
    "market_load": "Prices in and out",
    "statement_import": "Large statements and the proof of the book",
    "ledger_verify": "The proof of the book at length",
    "invoke": "The one door",
    "journal_sealing": "The sealed journal",
    "mcp_calls": "MCP calls",
    "events": "Live events",
    "payments.limit": "Payments at the limit",
    "startup": "What a person waits for",
}
RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """# Benchmark results

Ratios are measured in one run on one machine, each against the peer or limit named in its row;
seconds and MiB stand where the goal is absolute. `make bench` writes this page.
"""


def main(names: list[str]) -> int:
    """Return 1 when a target was missed."""
    chosen = names or list(BENCHES)
    parts = [HEAD, _machine()]
    missed = 0
    for name in chosen:
        print(f"\n{BENCHES[name]}", flush=True)
        rows: list[Row] = importlib.import_module(f"bench.{name}").run()
        for row in rows:
            print(f"  {row}", flush=True)
        missed += sum(not row.ok for row in rows)
        parts.append(_table(BENCHES[name], rows))
    if not names:
        RESULTS.write_text("\n".join(parts), encoding="utf-8")
    print(f"\n{missed} targets missed")
    return 1 if missed else 0


def _machine() -> str:
    now = datetime.now(UTC)
    return (
        f"Last run: {now:%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}.\n"
    )


def _table(title: str, rows: list[Row]) -> str:
    lines = [f"## {title}", "", "| measure | value | target | |", "|---|---:|---:|---|"]
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        target = "" if row.target is None else f"{sign} {row.target:g}"
        verdict = "reported" if row.target is None else ("ok" if row.ok else "**missed**")
        lines.append(f"| {row.name} | {row.ratio:.4g} | {target} | {verdict} {row.note} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
