"""Check the whole installation's journal in its database, past the server: for `bursar audit check`."""

from bursar.audit.calc.checkpoints import Checkpoint
from bursar.audit.calc.replay import Verdict
from bursar.audit.operations.state import check_every_log
from bursar.runtime.database import Database
from bursar.runtime.embedded.state import addresses
from bursar.settings import Settings


async def check_database(settings: Settings, anchors: list[Checkpoint]) -> list[Verdict]:
    """Return the verdict of every log."""
    database = Database(addresses(settings).database_url, connections_max=1)
    try:
        return await check_every_log(database, anchors)
    finally:
        await database.close()
