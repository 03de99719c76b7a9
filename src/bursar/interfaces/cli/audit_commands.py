"""`bursar audit export | verify | check | rotate-key`: the sealed journal on the command line.

Exporting is an HTTP client like any command; verifying needs neither server nor database; checking
and rotating are for the server's own machine.
"""

import asyncio
import contextlib
import datetime as dt
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from bursar.core.errors import InvalidInput
from bursar.interfaces.cli import client

EXIT_FAULT = 1
ROWS_PER_PAGE = 1_000
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
AnchorFiles = Annotated[
    list[Path] | None,
    typer.Option("--anchors", help="Anchors file kept elsewhere; finds a cut tail. Repeatable."),
]


def add_audit_commands(group: typer.Typer) -> None:
    """Add the commands that are written by hand."""
    group.command("export")(export)
    group.command("verify")(verify)
    group.command("check")(check)
    group.command("rotate-key")(rotate_key)


def export(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; standard output if none.")
    ] = None,
) -> None:
    """Write the sealed journal to a file: rows, leaves, checkpoints and public keys, one a line."""
    server = client.find_server()
    stack = contextlib.ExitStack()
    with stack:
        if output is None:
            stream: BinaryIO = sys.stdout.buffer
        else:
            try:
                stream = stack.enter_context(output.open("wb"))
            except OSError as error:
                raise InvalidInput(f"{output}: {error.strerror or error}", field="output") from None
        rows = 0
        for line in _export_lines(server):
            stream.write(line)
            rows += line.startswith(b'{"index":')
    if output is not None:
        typer.echo(f"{output}: {rows} rows")


def _export_lines(server: client.Server) -> Iterator[bytes]:
    """Yield the lines of an export, fetched page by page; memory holds one page."""
    import uuid  # noqa: PLC0415 - as the next

    from bursar.audit.calc import documents  # noqa: PLC0415 - heavy, loaded on first use
    from bursar.audit.calc.checkpoints import (  # noqa: PLC0415 - heavy, loaded on first use
        Checkpoint,
        PublicKey,
    )

    page = server.call("GET", "/audit/log", {"limit": ROWS_PER_PAGE})
    size, log_id = page["size"], uuid.UUID(page["log_id"])
    yield documents.header_line(log_id, size)
    for key in server.call("GET", "/audit/keys", {})["items"]:
        yield documents.key_line(
            PublicKey(
                key["key_id"],
                bytes.fromhex(key["public_key"]),
                dt.datetime.fromisoformat(key["created_at"]),
                key["previous_key_id"],
                bytes.fromhex(key["endorsement"]),
            )
        )
    while True:
        ends = [
            Checkpoint(
                uuid.UUID(each["log_id"]),
                each["size"],
                bytes.fromhex(each["root"]),
                dt.datetime.fromisoformat(each["at"]),
                each["key_id"],
                bytes.fromhex(each["signature"]),
            )
            for each in reversed(page["checkpoints"])
        ]
        for row in page["rows"]:
            yield documents.row_line(row["index"], row["leaf_hash"], row["row"])
            while ends and ends[-1].size <= row["index"] + 1:
                yield documents.checkpoint_line(ends.pop())
        if page["next_index"] is None:
            return
        query = {"limit": ROWS_PER_PAGE, "from_index": page["next_index"], "size": size}
        page = server.call("GET", "/audit/log", query)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export.")],
    *,
    anchors: AnchorFiles = None,
    trust: Annotated[
        list[str] | None,
        typer.Option(help="Id of a key you trust to begin with; any if none. Repeatable."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Prove an export offline: rows, tree, signatures, anchors. Exit code 1 names the first fault."""
    from bursar.audit.calc import export_file  # noqa: PLC0415 - heavy, loaded on first use
    from bursar.audit.calc.documents import Malformed  # noqa: PLC0415 - heavy, loaded on first use

    try:
        kept = _anchors(anchors or [])
        with file.open("rb", buffering=1024 * 1024) as lines:
            verdict = export_file.verify_export(lines, anchors=kept, trusted=frozenset(trust or ()))
    except OSError as error:
        raise InvalidInput(f"{error.filename}: {error.strerror or error}", field="file") from None
    except Malformed as error:
        raise InvalidInput(f"{file}: {error}", field="file") from None
    _show([_document(verdict)], as_json=as_json)


def check(*, anchors: AnchorFiles = None, as_json: JsonFlag = False) -> None:
    """Check every log in the live database, on the server's machine. Exit code 1 names the first fault.

    Reads the anchors under BURSAR_HOME and those given.
    """
    from bursar.audit.anchors import anchor_files  # noqa: PLC0415 - heavy, loaded on first use
    from bursar.audit.calc.documents import Malformed  # noqa: PLC0415 - heavy, loaded on first use
    from bursar.interfaces.audit_check import check_database  # noqa: PLC0415 - heavy, loaded on first use
    from bursar.settings import Settings  # noqa: PLC0415 - heavy, loaded on first use

    settings = Settings()
    try:
        kept = _anchors([*anchor_files(settings.bursar_home), *(anchors or [])])
    except Malformed as error:
        raise InvalidInput(f"an anchors file is damaged: {error}", field="anchors") from None
    except OSError as error:
        raise InvalidInput(f"{error.filename}: {error.strerror}", field="anchors") from None
    verdicts = asyncio.run(check_database(settings, kept))
    _show([_document(verdict) for verdict in verdicts], as_json=as_json)


def rotate_key(*, as_json: JsonFlag = False) -> None:
    """Make a new signing key, endorsed by the old one, on the server's machine."""
    from bursar.audit.signing_key import rotate  # noqa: PLC0415 - heavy, loaded on first use
    from bursar.core.clock import SystemClock  # noqa: PLC0415 - heavy, loaded on first use
    from bursar.settings import Settings  # noqa: PLC0415 - heavy, loaded on first use

    old, new = rotate(Settings(), SystemClock())
    if as_json:
        typer.echo(json.dumps({"old_key_id": old, "new_key_id": new}))
    else:
        typer.echo(
            f"key {new} signs from now on; {old} endorsed it and stays valid for what it signed"
        )


def _anchors(files: list[Path]) -> list[Any]:
    from bursar.audit.calc.export_file import read_anchors  # noqa: PLC0415 - heavy, loaded on first use

    found: list[Any] = []
    for file in files:
        with file.open("rb") as lines:
            found += read_anchors(lines)
    return found


def _document(verdict: Any) -> dict[str, Any]:
    fault = verdict.fault
    return {
        "log": str(verdict.log_id),
        "holds": verdict.holds,
        "rows": verdict.rows,
        "checkpoints": verdict.checkpoints,
        "anchors": verdict.anchors,
        "first_keys": list(verdict.keys),
        "bad_index": None if fault is None else fault.index,
        "bad_index_end": None if fault is None else fault.index_end,
        "reason": None if fault is None else fault.reason,
    }


def _show(verdicts: list[dict[str, Any]], *, as_json: bool) -> None:
    holds = all(each["holds"] for each in verdicts)
    if as_json:
        typer.echo(json.dumps({"holds": holds, "logs": verdicts}, indent=2))
    for each in [] if as_json else verdicts:
        counts = (
            f"{each['rows']} rows, {each['checkpoints']} checkpoints, {each['anchors']} anchors, "
            f"keys from {', '.join(each['first_keys']) or 'none'}"
        )
        if each["holds"]:
            typer.echo(f"log {each['log']}: whole and unchanged ({counts})")
        else:
            end = each["bad_index_end"]
            where = f"index {each['bad_index']}" + ("" if end is None else f" to {end - 1}")
            typer.echo(f"log {each['log']}: BROKEN at {where}: {each['reason']} ({counts})")
    if not verdicts and not as_json:
        typer.echo("nothing is sealed yet")
    raise typer.Exit(0 if holds else EXIT_FAULT)
