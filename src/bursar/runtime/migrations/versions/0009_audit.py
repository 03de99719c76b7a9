"""Audit: the sealed journal's leaves, checkpoints and public keys."""

from bursar.runtime.migrations.script import run
from bursar.runtime.row_security import append_only, protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = """
-- subtrees: the Merkle nodes that this leaf completes, from level 1 up, 32 bytes each. A node is
-- stored once, with the leaf that makes it final, so nothing here is ever changed.
CREATE TABLE journal_leaf (
    log_id uuid NOT NULL,
    index bigint NOT NULL,
    seq bigint NOT NULL,
    version smallint NOT NULL,
    hash bytea NOT NULL,
    subtrees bytea NOT NULL,
    CONSTRAINT pk_journal_leaf PRIMARY KEY (log_id, index),
    CONSTRAINT uq_journal_leaf_seq UNIQUE (seq),
    CONSTRAINT ck_journal_leaf_index CHECK (index >= 0),
    CONSTRAINT ck_journal_leaf_hash CHECK (length(hash) = 32 AND length(subtrees) % 32 = 0)
);

CREATE TABLE journal_key (
    id text NOT NULL,
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    public_key bytea NOT NULL,
    created_at timestamptz NOT NULL,
    previous_id text,
    endorsement bytea NOT NULL,
    CONSTRAINT pk_journal_key PRIMARY KEY (id),
    CONSTRAINT fk_journal_key_previous_id FOREIGN KEY (previous_id) REFERENCES journal_key (id)
);

-- sealed_xid, sealed_seq: every journal row of this database cluster up to here has its leaf. Ids
-- of transactions mean something inside one cluster only, so the cluster is written beside them.
CREATE TABLE journal_checkpoint (
    id bigint GENERATED ALWAYS AS IDENTITY,
    log_id uuid NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    at timestamptz NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL,
    cluster bigint NOT NULL,
    sealed_xid xid8 NOT NULL,
    sealed_seq bigint NOT NULL,
    CONSTRAINT pk_journal_checkpoint PRIMARY KEY (id),
    CONSTRAINT uq_journal_checkpoint_log_id_size UNIQUE (log_id, size),
    CONSTRAINT ck_journal_checkpoint_size CHECK (size > 0),
    CONSTRAINT ck_journal_checkpoint_root CHECK (length(root) = 32),
    CONSTRAINT fk_journal_checkpoint_key_id FOREIGN KEY (key_id) REFERENCES journal_key (id)
);

-- Readers go in the order (xid, seq): by seq alone they would miss rows that committed late.
CREATE INDEX IF NOT EXISTS ix_journal_xid_seq ON journal (xid, seq);
DROP INDEX IF EXISTS ix_journal_xid;
"""
SEALED = ("journal_leaf", "journal_checkpoint", "journal_key")


def upgrade() -> None:
    """Create the tables; keys are public and belong to no workspace."""
    run(TABLES)
    run(*protect("journal_leaf", "log_id"), *protect("journal_checkpoint", "log_id"))
    for table in SEALED:
        run(*append_only(table))


def downgrade() -> None:
    """Drop the tables: the proofs are lost, the journal stays."""
    run(
        "DROP TABLE journal_checkpoint, journal_leaf, journal_key",
        "CREATE INDEX ix_journal_xid ON journal (xid)",
        "DROP INDEX ix_journal_xid_seq",
    )
