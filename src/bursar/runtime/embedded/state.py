"""Where the running servers answer: one small file that the supervisor keeps and everyone reads.

The file is believed only while a process holds the home's lock, so what a killed supervisor left
behind misleads nobody.
"""

import json
from dataclasses import dataclass, field
from typing import Final

from bursar.core.errors import Unavailable
from bursar.runtime.embedded.home import Home, is_running, write_atomically
from bursar.settings import Settings

FILE_NAME: Final = "servers.json"
DATABASE_URL: Final = "database_url"
DATABASE_OWNER_URL: Final = "database_owner_url"
DATABASE_ADMIN_URL: Final = "database_admin_url"
REDIS_URL: Final = "redis_url"


class ServersNotRunning(Unavailable):
    """The embedded servers are not running, so there is nothing to connect to."""

    code = "servers_not_running"
    default_hint = (
        "Start Bursar with 'bursar up' (or 'make run'), or set DATABASE_URL and REDIS_URL to "
        "servers of your own."
    )


@dataclass(frozen=True)
class Addresses:
    """Addresses with their passwords; the passwords stay out of the representation."""

    database_url: str = field(repr=False)
    database_owner_url: str = field(repr=False)
    redis_url: str = field(repr=False)


def read_servers(home: Home) -> dict[str, str]:
    """Return the addresses the running supervisor wrote; empty when none is running."""
    if not is_running(home):
        return {}
    try:
        stored = json.loads((home.run / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(stored, dict):
        return {}
    return {str(name): str(url) for name, url in stored.items()}


def publish_servers(home: Home, **urls: str) -> None:
    """Add addresses to the file. Only the holder of the home's lock may call this."""
    text = json.dumps(read_servers(home) | urls, indent=1)
    write_atomically(home.run / FILE_NAME, text, synced=False)


def forget_servers(home: Home) -> None:
    """Remove the file, at start and at stop. Only the holder of the home's lock may call this."""
    (home.run / FILE_NAME).unlink(missing_ok=True)


def addresses(settings: Settings) -> Addresses:
    """Return where PostgreSQL and Redis answer: from the settings, else from the running servers.

    With an external DATABASE_URL and no DATABASE_OWNER_URL one role does both. Raises
    ServersNotRunning when an embedded server is meant and none runs.
    """
    running: dict[str, str] = {}
    if settings.database_url is None or settings.redis_url is None:
        running = read_servers(Home(settings.bursar_home))

    def embedded(name: str, server: str) -> str:
        if name not in running:
            msg = f"{server} is not running in {settings.bursar_home}"
            raise ServersNotRunning(msg)
        return running[name]

    if settings.database_url is not None:
        database = settings.database_url
        owner = settings.database_owner_url or database
    else:
        database = embedded(DATABASE_URL, "PostgreSQL")
        owner = embedded(DATABASE_OWNER_URL, "PostgreSQL")
    return Addresses(database, owner, settings.redis_url or embedded(REDIS_URL, "Redis"))
