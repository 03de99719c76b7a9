"""Speak to the server over HTTP with the standard library: the command line starts in no time."""

import http.client
import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from bursar import __version__
from bursar.core.errors import BursarError, Refused, Unauthenticated, Unavailable
from bursar.interfaces.cli.session_store import session_at

PREFIX = "/api/v1"
SECONDS_MAX = 300
ANSWER_BYTES_MAX = 256 * 1024 * 1024
HTTP_ERROR_FIRST = 400


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server answers and what to show it."""

    address: str
    token: str

    def call(
        self, method: str, path: str, body: dict[str, Any], *, dry_run: bool = False, key: str = ""
    ) -> Any:
        """Call one operation; return its JSON or raise the error the server stated."""
        rest = dict(body)
        for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
            path = path.replace("{" + name + "}", quote(str(rest.pop(name)), safe=""))
        headers = self._headers(dry_run=dry_run)
        data = None
        if method in ("GET", "DELETE"):
            query = urlencode({name: _in_query(value) for name, value in rest.items()})
            path = f"{path}?{query}" if query else path
        else:
            data = json.dumps(rest).encode()
            headers["Content-Type"] = "application/json"
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        status, raw = self._send(method, PREFIX + path, data, headers)
        return _read(status, raw)

    def upload(
        self, path: str, fields: dict[str, str], file: tuple[str, bytes], *, dry_run: bool = False
    ) -> Any:
        """Send one file, its name and bytes, as a form: it may be larger than a JSON body may."""
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
            for name, text in fields.items()
        ]
        name = file[0].replace("\\", "_").replace('"', "_").replace("\r", "_").replace("\n", "_")
        parts += [
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n".encode(),
            file[1],
            f"\r\n--{mark}--\r\n".encode(),
        ]
        headers = self._headers(dry_run=dry_run)
        headers["Content-Type"] = f"multipart/form-data; boundary={mark}"
        headers["Idempotency-Key"] = str(uuid.uuid4())
        status, raw = self._send("POST", PREFIX + path, b"".join(parts), headers)
        return _read(status, raw)

    def _headers(self, *, dry_run: bool) -> dict[str, str]:
        headers = {
            "User-Agent": f"bursar-cli/{__version__}",
            "Accept": "application/json",
        }
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if dry_run:
            headers["Dry-Run"] = "true"
        return headers

    def _send(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        parts = urlsplit(self.address)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(parts.netloc, timeout=SECONDS_MAX)
        try:
            connection.request(method, parts.path.rstrip("/") + path, data, headers)
            response = connection.getresponse()
            return response.status, response.read(ANSWER_BYTES_MAX)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(
                f"no server answers at {self.address}",
                hint="Start it with 'bursar up' (or 'make run'), or set BURSAR_API_URL.",
            ) from error
        finally:
            connection.close()


def _in_query(value: Any) -> Any:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else value


class ServerError(BursarError):
    """An error the server stated; shown as it was sent."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(
            str(document.get("message", "the server refused")),
            hint=document.get("hint"),
            field=document.get("field"),
            details=document.get("details"),
        )
        self.document = document
        self.http_status = status

    def as_json(self) -> dict[str, Any]:
        """Return the server's own document."""
        return self.document


def _read(status: int, raw: bytes) -> Any:
    try:
        document = json.loads(raw) if raw else {}
    except ValueError:
        raise Refused(
            f"the server answered {status} with something that is not JSON",
            hint="Check BURSAR_API_URL: is it a Bursar server?",
        ) from None
    if status >= HTTP_ERROR_FIRST:
        raise ServerError(status, document if isinstance(document, dict) else {})
    return document


def find_server() -> Server:
    """Return the server to speak to, and as whom: BURSAR_TOKEN, a signed-in person, or this machine.

    The last is the token that 'bursar up' made here.
    """
    settings, address = place()
    token = settings.bursar_token.get_secret_value() or session_at(settings, address)
    token_file = settings.bursar_home / "keys" / "cli-token"
    if not token and token_file.is_file():
        token = token_file.read_text(encoding="utf-8").strip()
    if not token:
        raise Unauthenticated(
            "the command line has no token",
            hint="Run 'bursar sign-in', set BURSAR_TOKEN, or run on the machine where 'bursar up'"
            " made one.",
        )
    return Server(address, token)


def place() -> tuple[Any, str]:
    """Return the settings, and the address of the server they mean."""
    from bursar.settings import Settings  # noqa: PLC0415 - heavy, loaded on first use

    settings = Settings()
    host = "127.0.0.1" if settings.server_host in ("0.0.0.0", "::") else settings.server_host  # noqa: S104 - reading, not binding
    here = _running_port(settings.bursar_home / "run" / "status.json") or settings.server_port
    address = settings.bursar_api_url or f"http://{host}:{here}"
    return settings, address.rstrip("/")


def _running_port(status_file: Path) -> int | None:
    """Return the port that the supervisor of this home says it serves on, if it says so."""
    try:
        address = json.loads(status_file.read_text(encoding="utf-8")).get("address") or ""
        return urlsplit(address).port
    except (OSError, ValueError):
        return None
