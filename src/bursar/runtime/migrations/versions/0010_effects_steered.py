"""Effects: doubt, progress, a limit that a retry moves on, and being dropped; runs of jobs."""

from bursar.runtime.migrations.script import run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

EFFECT = """
ALTER TABLE effect
    ADD COLUMN tries_max smallint NOT NULL DEFAULT 8,
    ADD COLUMN in_doubt boolean NOT NULL DEFAULT false,
    ADD COLUMN progress jsonb,
    DROP CONSTRAINT ck_effect_state,
    ADD CONSTRAINT ck_effect_state CHECK (state IN
        ('queued', 'running', 'done', 'dead', 'uncertain', 'dropped'));
-- What waits for a person: counted at every look at metrics, so it must not cost a scan.
CREATE INDEX ix_effect_attention ON effect (state, created_at)
    WHERE state IN ('dead', 'uncertain');
"""
JOB_RUN = """
-- Of the whole installation, not of a workspace: no row security.
CREATE TABLE job_run (
    id uuid NOT NULL,
    job text NOT NULL,
    state text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    result jsonb,
    error jsonb,
    CONSTRAINT pk_job_run PRIMARY KEY (id),
    CONSTRAINT ck_job_run_state CHECK (state IN ('running', 'done', 'failed', 'lost'))
);
CREATE INDEX ix_job_run_job ON job_run (job, started_at);
CREATE INDEX ix_job_run_started_at ON job_run (started_at);
"""


def upgrade() -> None:
    run(EFFECT, JOB_RUN)


def downgrade() -> None:
    run("DROP TABLE job_run", "DROP INDEX ix_effect_attention")
    run(
        """
        UPDATE effect SET state = 'dead' WHERE state = 'dropped';
        ALTER TABLE effect DROP COLUMN tries_max, DROP COLUMN in_doubt, DROP COLUMN progress,
            DROP CONSTRAINT ck_effect_state,
            ADD CONSTRAINT ck_effect_state CHECK (state IN
                ('queued', 'running', 'done', 'dead', 'uncertain'));
        """
    )
