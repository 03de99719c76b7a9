"""Commands that are not operations: run the server, look after it, hand files over."""

import asyncio
import json
import sys
from typing import Annotated

import typer

from bursar import __version__
from bursar.core.errors import BursarError
from bursar.interfaces.cli import events, files, sessions

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
EXIT_FAILED = 1


def add_server_commands(app: typer.Typer, groups: dict[str, typer.Typer]) -> None:
    """Add the commands that are written by hand, some of them beside generated ones."""
    if "events" in groups:
        groups["events"].command("tail")(events.tail)
    app.command("up")(up)
    app.command("doctor")(doctor)
    app.command("mcp")(mcp)
    app.command("sign-in")(sessions.sign_in)
    app.command("sign-out")(sessions.sign_out)
    app.command("set-password")(sessions.set_password)
    app.command("import")(files.import_files)
    app.command("load-prices")(files.load_prices)
    app.command("export")(files.export)
    app.command("config")(config)
    app.command("version")(version)


def up(
    *,
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Fill a new installation with a demo.")
    ] = False,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    only: Annotated[
        str, typer.Option(help="Comma-separated parts to run, such as prepare,api; all if none.")
    ] = "",
) -> None:
    """Start everything: databases, API, worker and scheduler, under one parent."""
    from bursar.interfaces.up import up as run  # noqa: PLC0415 - heavy, loaded on first use
    from bursar.settings import Settings  # noqa: PLC0415 - heavy, loaded on first use

    overrides = {} if port is None else {"SERVER_PORT": str(port)}
    settings = Settings.with_environment(overrides)
    chosen = [name.strip() for name in only.split(",") if name.strip()]
    raise typer.Exit(asyncio.run(run(settings, _report, demo=demo, only=chosen)))


def _report(line: str) -> None:
    typer.echo(line)
    sys.stdout.flush()


def doctor(*, as_json: JsonFlag = False) -> None:
    """Say what is wrong with this installation and how to mend it."""
    from bursar.core.clock import SystemClock  # noqa: PLC0415 - heavy, loaded on first use
    from bursar.runtime.doctor import examine  # noqa: PLC0415 - heavy, loaded on first use
    from bursar.settings import Settings  # noqa: PLC0415 - heavy, loaded on first use

    checks = asyncio.run(examine(Settings, SystemClock()))
    failed = any(check.outcome.value == "fail" for check in checks)
    if as_json:
        rows = [
            {"name": c.name, "outcome": c.outcome.value, "message": c.message, "hint": c.hint}
            for c in checks
        ]
        typer.echo(json.dumps({"ok": not failed, "checks": rows}, indent=2))
    else:
        for check in checks:
            typer.echo(f"{check.outcome.value:>4}  {check.name}: {check.message}")
            if check.hint:
                typer.echo(f"      {check.hint}")
    raise typer.Exit(EXIT_FAILED if failed else 0)


def mcp(
    *,
    toolsets: Annotated[
        str | None, typer.Option(help="Comma-separated toolsets to expose, or all.")
    ] = None,
) -> None:
    """Serve MCP on standard input and output, for a desktop client."""
    from bursar.interfaces.mcp.stdio import run  # noqa: PLC0415 - heavy, loaded on first use
    from bursar.settings import Settings  # noqa: PLC0415 - heavy, loaded on first use

    overrides = {} if toolsets is None else {"MCP_TOOLSETS": toolsets}
    try:
        asyncio.run(run(Settings.with_environment(overrides)))
    except BursarError as error:
        typer.echo(f"error: {error.message}\nhint: {error.hint}", err=True)
        raise typer.Exit(EXIT_FAILED) from None


def config(*, as_json: JsonFlag = False) -> None:
    """Show the settings in force, secrets masked."""
    from bursar.settings import Settings  # noqa: PLC0415 - heavy, loaded on first use

    shown = Settings().masked()
    if as_json:
        typer.echo(json.dumps(shown, indent=2))
        return
    for name, value in shown.items():
        typer.echo(f"{name}={value}")


def version(*, as_json: JsonFlag = False) -> None:
    """Print the version."""
    typer.echo(json.dumps({"version": __version__}) if as_json else __version__)
