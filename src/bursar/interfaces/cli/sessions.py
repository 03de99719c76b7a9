"""Signing in on the command line: a person's session, kept by server address, for admin work.

API tokens never carry admin rights; a session does when the person has them. The file is the
person's own (mode 0600); BURSAR_TOKEN still comes first, so programs are not affected.
"""

import json
import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from bursar.core.errors import BursarError, InvalidInput
from bursar.interfaces.cli import client, session_store


def sign_in(
    link: Annotated[
        str | None,
        typer.Argument(help="One-time sign-in link or its secret; asks for a password if none."),
    ] = None,
    *,
    username: Annotated[
        str | None, typer.Option(help="User name or e-mail address, for a password.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Sign in as a person, with a one-time link or a password; later commands act as them."""
    settings, address = client.place()
    if link is not None:
        path, body = "/auth/link", {"secret": urlsplit(link).fragment or link}
    else:
        username = username or typer.prompt("User name", err=True)
        path, body = (
            "/auth/login",
            {"username": username, "password": _password(from_input=password_stdin)},
        )
    answer = client.Server(address, "").call("POST", path, body)
    file = session_store.session_file(settings)
    known = session_store.read(file)
    known.pop(address, None)
    known[address] = answer["token"]
    session_store.write(file, known)
    shown = {name: value for name, value in answer.items() if name not in ("token", "token_type")}
    if as_json:
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    typer.echo(
        f"Signed in as {shown['username']} ({shown['role']}) in {shown['workspace_name']}"
        f" at {address}, until {shown['expires_at'][:16].replace('T', ' ')} UTC at the latest."
    )
    if not shown["has_password"]:
        typer.echo("Choose a password with 'bursar set-password'.")


def sign_out() -> None:
    """End the session that sign-in opened; commands use the API token again."""
    settings, address = client.place()
    file = session_store.session_file(settings)
    known = session_store.read(file)
    secret = known.pop(address, None)
    if secret is None:
        raise InvalidInput(f"nobody is signed in at {address}", hint="bursar sign-in starts it.")
    session_store.write(file, known)  # first: it is gone from here whatever the server says
    try:
        client.Server(address, secret).call("POST", "/auth/logout", {})
    except BursarError as error:
        typer.echo(f"Forgotten here; the server said: {error.message}")
        return
    typer.echo("Signed out.")


def set_password(
    *,
    from_stdin: Annotated[
        bool,
        typer.Option(
            "--stdin", help="Read two lines: the present password (blank if none), the new one."
        ),
    ] = False,
) -> None:
    """Choose your password, typed unseen; you must be signed in."""
    settings, address = client.place()
    secret = session_store.session_at(settings, address)
    if not secret:
        raise InvalidInput(f"nobody is signed in at {address}", hint="bursar sign-in starts it.")
    if from_stdin:
        present, new = _password(from_input=True), _password(from_input=True)
    else:
        present = typer.prompt(
            "Present password (blank if none)", default="", show_default=False, hide_input=True
        )
        new = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    body = {"new_password": new} | ({"current_password": present} if present else {})
    client.Server(address, secret).call("POST", "/users/me/password", body)
    typer.echo("The password is set; other sessions have ended.")


def _password(*, from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, err=True))
