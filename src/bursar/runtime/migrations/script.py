"""Run SQL blocks inside a migration, several statements in one.

SQLAlchemy prepares each statement, and a prepared statement is one command; functions and whole
schemas are clearer as one block, so these go to the driver as they are.
"""

from alembic import op
from sqlalchemy import text


def run(*blocks: str) -> None:
    """Execute each block in the migration's transaction."""
    bind = op.get_bind()
    bind.execute(text("SELECT 1"))  # the driver begins lazily: make sure it has
    connection = bind.connection.dbapi_connection
    for block in blocks:
        connection.run_async(lambda driver, sql=block: driver.execute(sql))  # type: ignore[union-attr]
