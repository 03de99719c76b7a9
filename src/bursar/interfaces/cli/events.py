"""`bursar events tail`: print events as they happen; goes on by itself after a lost connection."""

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

import typer

from bursar.core.errors import BursarError, Unavailable
from bursar.interfaces.cli import client

SILENCE_SECONDS_MAX = 45.0  # three heartbeats
WAIT_SECONDS = 2.0
LINE_BYTES_MAX = 1024 * 1024
HTTP_OK = 200


def tail(
    *,
    types: Annotated[
        str, typer.Option(help="Comma-separated names, such as ledger.* or account.opened.")
    ] = "",
    objects: Annotated[str, typer.Option(help="Comma-separated ids to hear about.")] = "",
    cursor: Annotated[
        str, typer.Option(help="Go on after this cursor; 'start' is the beginning.")
    ] = "",
    count: Annotated[int, typer.Option(min=0, help="Stop after so many; 0 is never.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print what happens, as it happens; Ctrl-C ends it."""
    wanted = {"types": types, "objects": objects}
    query = {name: text for name, text in wanted.items() if text}
    server = client.find_server()
    seen = 0
    try:
        for event in _events(server, query, cursor):
            typer.echo(json.dumps(event, ensure_ascii=False) if as_json else _line(event))
            seen += 1
            if seen == count:
                return
    except KeyboardInterrupt:
        return


def _line(event: dict[str, Any]) -> str:
    facts = " ".join(f"{fact['type']} {fact['object']}" for fact in event["facts"][:3])
    hidden = event["facts_total"] - min(len(event["facts"]), 3)
    more = f" and {hidden} more" if hidden > 0 else ""
    actor = f"{event['actor']['kind']}/{event['actor']['source']}"
    return f"{event['at'][:19]}  {event['type']:<32} {actor:<14} {facts}{more}".rstrip()


@dataclass(slots=True)
class _Place:
    """Where a tail is: its cursor, and whether the server ever answered."""

    cursor: str
    reached: bool = False


def _events(server: client.Server, query: dict[str, str], cursor: str) -> Iterator[dict[str, Any]]:
    """Yield events for ever; a lost connection is opened again from the last cursor."""
    place = _Place(cursor)
    while True:
        try:
            yield from _stream(server, query, place)
        except Unavailable:
            if not place.reached:
                raise
        threading.Event().wait(WAIT_SECONDS)


def _stream(
    server: client.Server, query: dict[str, str], place: _Place
) -> Iterator[dict[str, Any]]:
    """Yield the events of one connection, and keep the last cursor in `place`."""
    parts = urlsplit(server.address)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=SILENCE_SECONDS_MAX)
    asked = {**query, **({"cursor": place.cursor} if place.cursor else {})}
    path = parts.path.rstrip("/") + f"{client.PREFIX}/events?{urlencode(asked)}"
    headers = {"Authorization": f"Bearer {server.token}", "Accept": "text/event-stream"}
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        if response.status != HTTP_OK:
            raise _refusal(response)
        place.reached = True
        name = ""
        while raw := response.readline(LINE_BYTES_MAX):
            field, _, value = raw.decode().rstrip("\n").partition(":")
            value = value.removeprefix(" ")
            if field == "id":
                place.cursor = value
            elif field == "event":
                name = value
            elif field == "data" and name != "end":
                yield json.loads(value)
            elif field == "data" and not json.loads(value)["resume"]:
                raise BursarError(json.loads(value)["message"])
            elif not field and not value:
                name = ""
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(
            f"no server answers at {server.address}",
            hint="Start it with 'bursar up' (or 'make run'), or set BURSAR_API_URL.",
        ) from error
    finally:
        connection.close()


def _refusal(response: http.client.HTTPResponse) -> BursarError:
    try:
        document = json.loads(response.read(LINE_BYTES_MAX))
    except ValueError:
        document = {}
    if response.status == Unavailable.status:
        return Unavailable(str(document.get("message", "the server is not ready")))
    return client.ServerError(response.status, document)
