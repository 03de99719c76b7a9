"""Portfolio: target policies, each version kept."""

from bursar.runtime.migrations.script import run
from bursar.runtime.row_security import append_only, protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TARGETS = """
CREATE TABLE target_policy (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL,
    terms jsonb,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_target_policy PRIMARY KEY (id),
    CONSTRAINT fk_target_policy_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT uq_target_policy_workspace_id_name_version UNIQUE (workspace_id, name, version),
    CONSTRAINT ck_target_policy_version CHECK (version > 0)
);
"""


def upgrade() -> None:
    """Create the table."""
    run(TARGETS, *protect("target_policy"), *append_only("target_policy"))


def downgrade() -> None:
    """Drop the table."""
    run("DROP TABLE target_policy;")
