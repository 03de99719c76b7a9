"""The command line's page and snapshot, from the command tree as it is built for a user."""

from collections.abc import Iterator
from typing import Any

import typer

from bursar.interfaces.reference.markdown import page as as_page

WIDTH = 100


def helps(command: Any, words: str = "bursar") -> Iterator[tuple[str, str]]:
    """Yield each command's words and help text, groups before their members."""
    context = typer.Context(command, info_name=words, terminal_width=WIDTH)
    yield words, command.get_help(context).strip()
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from helps(child, f"{words} {name}")


def snapshot(tree: Any) -> str:
    """Return every help text, one after the other."""
    return "\n\n".join(f"$ {words} --help\n{text}" for words, text in helps(tree)) + "\n"


def page(tree: Any) -> str:
    """Return docs/reference/cli.md."""
    lead = (
        "Commands that read or write the book are made from the operations and speak to the server "
        "over HTTP; `--json` prints the server's answer and nothing else. Shell completion: "
        "`bursar --install-completion`."
    )
    parts = [f"## {words}\n\n```text\n{text}\n```\n" for words, text in helps(tree)]
    return as_page("Command line", lead, parts)
