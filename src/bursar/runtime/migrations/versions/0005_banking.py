"""Banking: imported files, column mappings, worked-out opening balances, corporate actions carried out."""

from bursar.runtime.migrations.script import run
from bursar.runtime.row_security import protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

IMPORTS = """
CREATE TABLE import_batch (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    filename text NOT NULL,
    sha256 bytea NOT NULL,
    size_bytes bigint NOT NULL,
    format text NOT NULL,
    added bigint NOT NULL,
    duplicates bigint NOT NULL,
    refused bigint NOT NULL,
    accounts jsonb NOT NULL,
    problems jsonb NOT NULL,
    imported_at timestamptz NOT NULL,
    imported_by text NOT NULL,
    user_id uuid,
    undone_at timestamptz,
    CONSTRAINT pk_import_batch PRIMARY KEY (id),
    CONSTRAINT fk_import_batch_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT ck_import_batch_sha256 CHECK (octet_length(sha256) = 32),
    CONSTRAINT ck_import_batch_counts CHECK (added >= 0 AND duplicates >= 0 AND refused >= 0)
);
CREATE INDEX ix_import_batch_workspace_id_id ON import_batch (workspace_id, id);

CREATE TABLE column_mapping (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    name text NOT NULL,
    fingerprint bytea,
    mapping jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT pk_column_mapping PRIMARY KEY (id),
    CONSTRAINT fk_column_mapping_workspace_id
        FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT uq_column_mapping_workspace_id_name UNIQUE (workspace_id, name)
);
CREATE INDEX ix_column_mapping_workspace_id_fingerprint ON column_mapping
    (workspace_id, fingerprint);
"""

POSTINGS = """
-- commodity: a currency code, or the id of an instrument.
CREATE TABLE opening (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    account_id uuid NOT NULL,
    commodity text NOT NULL,
    activity_id uuid NOT NULL,
    amount numeric NOT NULL,
    effective_at timestamptz NOT NULL,
    CONSTRAINT pk_opening PRIMARY KEY (id),
    CONSTRAINT fk_opening_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT uq_opening_account_id_commodity UNIQUE (account_id, commodity)
);

CREATE TABLE action_posting (
    action_id uuid NOT NULL,
    account_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    brought_by_statement boolean NOT NULL,
    terms jsonb NOT NULL,
    quantity numeric,
    posted_at timestamptz NOT NULL,
    CONSTRAINT pk_action_posting PRIMARY KEY (action_id, account_id),
    CONSTRAINT fk_action_posting_workspace_id
        FOREIGN KEY (workspace_id) REFERENCES workspace (id)
);
"""


def upgrade() -> None:
    run(IMPORTS, POSTINGS)
    for table in ("import_batch", "column_mapping", "opening", "action_posting"):
        run(*protect(table))


def downgrade() -> None:
    run("DROP TABLE action_posting, opening, column_mapping, import_batch")
