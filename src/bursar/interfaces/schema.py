"""What Alembic's own command line needs: every table imported, and the owner's address.

`alembic.ini` names this module. `bursar up` migrates by itself; this is for writing migrations.
"""

from bursar.interfaces import catalogue
from bursar.runtime.embedded.state import addresses
from bursar.settings import Settings

catalogue.load()


def owner_address() -> str:
    """Return the address of the role that owns the schema, for SQLAlchemy's asyncpg driver.

    Raises ServersNotRunning when the embedded servers are meant and do not run.
    """
    owner = addresses(Settings()).database_owner_url
    return owner.replace("postgresql://", "postgresql+asyncpg://", 1)
