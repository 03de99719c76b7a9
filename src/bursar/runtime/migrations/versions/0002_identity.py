"""Identity: workspaces, people, passwords, sign-in links, sessions, API tokens."""

from bursar.runtime.migrations.script import run
from bursar.runtime.row_security import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE workspace (
    id uuid NOT NULL,
    name text NOT NULL,
    base_currency text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_workspace PRIMARY KEY (id)
);
"""


def upgrade() -> None:
    run(TABLES)
    run(*protect("workspace", "id"))


def downgrade() -> None:
    run("DROP TABLE workspace")
