"""Files in and out: `bursar import`, `bursar load-prices` and `bursar export`.

A file goes up as a form, because a JSON body is held to a few megabytes.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bursar.core.errors import BursarError, InvalidInput
from bursar.interfaces.cli import client

EXIT_FAILED = 1


def import_files(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Statement files.")],
    *,
    account: Annotated[
        str | None, typer.Option(help="Account to import into, when the file names none.")
    ] = None,
    mapping: Annotated[
        str | None, typer.Option(help="Column mapping for a CSV file: a saved name, or JSON.")
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Import the good rows of a file with bad ones.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be imported; change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Import statements: OFX, QIF, CSV or Bursar's JSON. Importing again adds nothing twice."""
    server = client.find_server()
    results: list[dict[str, Any]] = []
    failed = False
    for path in paths:
        fields = {"partial": json.dumps(partial)}
        if account is not None:
            fields["account"] = account
        if mapping is not None:
            fields["mapping" if mapping.lstrip().startswith("{") else "mapping_name"] = mapping
        try:
            file = (path.name, read_bytes(path))
            result = server.upload("/imports", fields, file, dry_run=dry_run)
        except BursarError as error:
            failed = True
            result = {"filename": path.name, "error": error.as_json()}
        results.append(result)
        if not as_json:
            _show(path, result)
    if as_json:
        typer.echo(json.dumps({"imports": results}, indent=2, ensure_ascii=False))
    raise typer.Exit(EXIT_FAILED if failed else 0)


def load_prices(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Price files.")],
    *,
    create: Annotated[
        bool, typer.Option("--create", help="Create instruments for unknown tickers.")
    ] = False,
    currency: Annotated[str, typer.Option(help="Currency of instruments created.")] = "USD",
    kind: Annotated[str, typer.Option(help="Kind of instruments created.")] = "stock",
    basis: Annotated[str, typer.Option(help="raw, split_adjusted or adjusted.")] = "raw",
    columns: Annotated[
        str | None, typer.Option(help='Column by meaning, as JSON: {"close": "Last"}.')
    ] = None,
    source: Annotated[str | None, typer.Option(help="Where the prices come from.")] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Take the good rows of a file with bad ones.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be loaded; change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Load files of daily prices: CSV or Parquet. Loading again changes nothing."""
    fields = {
        "create_instruments": json.dumps(create),
        "currency": currency,
        "kind": kind,
        "basis": basis,
        "partial": json.dumps(partial),
    }
    fields |= {} if columns is None else {"columns": columns}
    fields |= {} if source is None else {"source": source}
    server = client.find_server()
    results: list[dict[str, Any]] = []
    for path in paths:
        try:
            file = (path.name, read_bytes(path))
            result = server.upload("/prices/files", fields, file, dry_run=dry_run)
        except BursarError as error:
            result = {"filename": path.name, "error": error.as_json()}
        results.append(result)
        if not as_json:
            _show(path, result)
    if as_json:
        typer.echo(json.dumps({"files": results}, indent=2, ensure_ascii=False))
    raise typer.Exit(EXIT_FAILED if any("error" in each for each in results) else 0)


def _show(path: Path, result: dict[str, Any]) -> None:
    if "error" in result:
        error = result["error"]
        typer.echo(f"{path}: refused: {error['message']}", err=True)
        for problem in (error.get("details") or {}).get("problems", [])[:20]:
            typer.echo(f"  {json.dumps(problem, ensure_ascii=False)}", err=True)
        if error.get("hint"):
            typer.echo(f"  hint: {error['hint']}", err=True)
        return
    from bursar.interfaces.cli.render import show  # noqa: PLC0415 - heavy, loaded on first use

    typer.echo(str(path))
    show(result)


def export(
    kind: Annotated[str, typer.Argument(help="json, csv or beancount.")] = "json",
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; standard output if none.")
    ] = None,
) -> None:
    """Take everything out in an open format."""
    document = client.find_server().call("GET", "/exports/{format}", {"format": kind})
    if output is None:
        typer.echo(document["content"])
        return
    try:
        output.write_text(document["content"], encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{output}: {error.strerror or error}", field="output") from None
    typer.echo(f"{output}: {document['filename']}, {len(document['content'])} characters")


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes, or say plainly why not."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror or error}", field="file") from None
