"""Where the command line keeps sessions: one file of the person's own, by server address."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

FILE_NAME = "sessions.json"
SESSIONS_MAX = 100


def session_at(settings: Any, address: str) -> str:
    """Return the session kept for a server, or blank."""
    return read(session_file(settings)).get(address, "")


def session_file(settings: Any) -> Path:
    """Return where sessions are kept: the person's configuration folder."""
    folder = settings.xdg_config_home or Path("~/.config")
    return Path(folder).expanduser() / "bursar" / FILE_NAME


def read(file: Path) -> dict[str, str]:
    """Return sessions by server address; none from a file that is missing or broken."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(stored, dict):
        return {}
    return {name: value for name, value in stored.items() if isinstance(value, str)}


def write(file: Path, sessions: dict[str, str]) -> None:
    """Replace the file whole, readable by nobody else at any moment."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(dict(list(sessions.items())[-SESSIONS_MAX:]), out)
    Path(name).replace(file)
