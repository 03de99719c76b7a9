"""`bursar`: every operation of the registry as a command, and the commands that run the server."""

import inspect
import json
import sys
import uuid
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from bursar import __version__
from bursar.core.errors import BursarError, InvalidInput
from bursar.interfaces.cli import client, manifest
from bursar.interfaces.cli.audit_commands import add_audit_commands
from bursar.interfaces.cli.server_commands import add_server_commands

TYPES: dict[str, Any] = {
    "text": str,
    "integer": int,
    "boolean": bool,
    "list": list[str],
    "json": str,
}
EXIT_REFUSED = 1
EXIT_USAGE = 2


def build(commands: list[dict[str, Any]] | None = None) -> typer.Typer:
    """Return the whole command line, of the stored commands unless others are given."""
    app = typer.Typer(
        name="bursar",
        help="Bursar: one book of all your money. For education and research; no financial advice.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    groups: dict[str, typer.Typer] = {}
    for command in manifest.load() if commands is None else commands:
        if not command["words"]:
            continue
        parent = app
        for word in command["words"][:-1]:
            if word not in groups:
                groups[word] = typer.Typer(no_args_is_help=True, help=f"Commands about {word}.")
                parent.add_typer(groups[word], name=word)
            parent = groups[word]
        parent.command(command["words"][-1], help=command["description"])(_function(command))
    add_server_commands(app, groups)
    if "audit" in groups:
        add_audit_commands(groups["audit"])
    return app


def _function(command: dict[str, Any]) -> Any:
    """Return a function with the signature Typer reads its arguments and options from."""

    def run(**values: Any) -> None:
        as_json = values.pop("as_json")
        dry_run = values.pop("dry_run", False)
        key = values.pop("idempotency_key", None)
        body = {
            p["name"]: _value(p, values[p["name"]])
            for p in command["parameters"]
            if values.get(p["name"]) is not None
        }
        execute(command, body, as_json=as_json, dry_run=dry_run, key=key)

    parameters = [_parameter(p) for p in command["parameters"]]
    parameters.append(_flag("as_json", "--json", "Print the result as JSON and nothing else."))
    if command["writes"]:
        parameters.append(_flag("dry_run", "--dry-run", "Show the result and change nothing."))
    if command["moves_money"]:
        parameters.append(_key_option())
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__name__ = command["operation"].replace(".", "_")
    return run


def _flag(name: str, option: str, text: str) -> inspect.Parameter:
    annotation = Annotated[bool, typer.Option(option, help=text)]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation
    )


def _key_option() -> inspect.Parameter:
    text = "Repeat an earlier request safely: the key it was sent with. Default a new one."
    annotation = Annotated[str | None, typer.Option("--idempotency-key", help=text)]
    return inspect.Parameter(
        "idempotency_key", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _parameter(facts: dict[str, Any]) -> inspect.Parameter:
    text = facts["help"]
    if facts["choices"]:
        text += f" One of: {', '.join(facts['choices'])}."
    if facts["kind"] == "json":
        text += " Written as JSON."
    kind: Any = TYPES[facts["kind"]]
    if facts["argument"]:
        marker: Any = typer.Argument(help=text, show_default=False, metavar=facts["name"].upper())
    elif facts["kind"] == "boolean":
        name = facts["name"].replace("_", "-")
        opposite = name.removeprefix("no-") if name.startswith("no-") else f"no-{name}"
        marker = typer.Option(f"--{name}/--{opposite}", help=text, show_default=False)
    else:
        marker = typer.Option(f"--{facts['name'].replace('_', '-')}", help=text, show_default=False)
    default: Any = inspect.Parameter.empty if facts["required"] else None
    optional: Any = kind if facts["required"] else kind | None
    annotation: Any = Annotated[optional, marker]
    return inspect.Parameter(
        facts["name"], inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def _value(facts: dict[str, Any], given: Any) -> Any:
    if facts["kind"] == "list":
        return [part for text in given for part in text.split(",") if part]
    if facts["kind"] != "json":
        return given
    try:
        return json.loads(given)
    except ValueError:
        raise InvalidInput(
            f"--{facts['name'].replace('_', '-')} must be JSON", field=facts["name"]
        ) from None


def execute(
    command: dict[str, Any],
    body: dict[str, Any],
    *,
    as_json: bool,
    dry_run: bool = False,
    key: str | None = None,
) -> None:
    """Call the server and print its answer; what moves money also tells the key it was sent with."""
    server = client.find_server()
    key = key or str(uuid.uuid4())
    tells_key = command.get("moves_money", False) and not dry_run
    if tells_key and not as_json:
        typer.echo(f"idempotency key: {key}", err=True)
    document = server.call(command["method"], command["path"], body, dry_run=dry_run, key=key)
    if tells_key and as_json:
        typer.echo(f"idempotency key: {key}", err=True)
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    from bursar.interfaces.cli.render import show  # noqa: PLC0415 - heavy, loaded on first use

    show(document, operation=command["operation"])


def main() -> None:
    """Run the command line; a refusal is one readable message and exit code 1."""
    app = build()
    try:
        app()
    except BursarError as error:
        _print_error(error)
        sys.exit(EXIT_REFUSED)
    except ValidationError as error:
        if error.title != "Settings":
            raise
        # Never the error itself: it shows the values, and secrets are among them.
        for problem in error.errors(include_url=False, include_context=False, include_input=False):
            _print_error(_setting_error(problem))
        sys.exit(EXIT_REFUSED)


def _setting_error(problem: Any) -> InvalidInput:
    name = ".".join(str(part) for part in problem["loc"]).upper()
    message = str(problem["msg"]).removeprefix("Value error, ")
    return InvalidInput(
        message,
        field=name or None,
        hint="Correct it in the environment or in .env; 'bursar doctor' checks the rest.",
    )


def _print_error(error: BursarError) -> None:
    if "--json" in sys.argv:
        typer.echo(json.dumps(error.as_json()), err=True)
        return
    where = f" ({error.field})" if error.field else ""
    typer.echo(f"error{where}: {error.message}", err=True)
    if error.hint:
        typer.echo(f"hint: {error.hint}", err=True)


__all__ = ["__version__", "build", "execute", "main"]
