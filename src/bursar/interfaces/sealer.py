"""The sealer's process: a thread with a loop of its own inside the worker, or alone.

In the worker it costs a thread and one connection instead of another Python. It dies with the
worker and comes back with it; several workers take turns by the database's advisory lock.

    python -m bursar.interfaces.sealer
"""

import asyncio
import threading

import structlog

from bursar.audit.sealing import Sealer
from bursar.core.clock import SystemClock
from bursar.interfaces import catalogue
from bursar.interfaces.logs import configure_logs
from bursar.runtime.database import Database
from bursar.runtime.embedded.state import addresses
from bursar.settings import Settings

log = structlog.get_logger()


async def keep_sealing(settings: Settings, stop: asyncio.Event) -> None:
    """Seal the journal until asked to stop."""
    database = Database(addresses(settings).database_owner_url, connections_max=1)
    try:
        await Sealer(database, settings, SystemClock()).run(stop)
    finally:
        await database.close()


def start_in_thread(settings: Settings) -> threading.Thread:
    """Seal beside the caller's work for as long as the process lives."""

    def run() -> None:
        try:
            asyncio.run(keep_sealing(settings, asyncio.Event()))
        except Exception:
            log.exception("the sealer ended")

    thread = threading.Thread(target=run, name="bursar-sealer", daemon=True)
    thread.start()
    return thread


def main() -> None:
    """Run alone, until killed."""
    settings = Settings()
    configure_logs(settings)
    catalogue.load()
    asyncio.run(keep_sealing(settings, asyncio.Event()))


if __name__ == "__main__":
    main()
