"""Runtime: journal, idempotency, effects, and the function that records an outcome."""

from bursar.runtime.migrations.script import run
from bursar.runtime.row_security import append_only, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE journal (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    at timestamptz NOT NULL,
    workspace_id uuid,
    actor_kind text NOT NULL,
    user_id uuid,
    credential_id uuid,
    source text NOT NULL,
    operation text NOT NULL,
    outcome text NOT NULL,
    error_code text,
    input_hash bytea NOT NULL,
    facts jsonb NOT NULL,
    request_id text NOT NULL,
    idempotency_key text,
    CONSTRAINT pk_journal PRIMARY KEY (seq)
);
CREATE INDEX ix_journal_workspace_seq ON journal (workspace_id, seq);
CREATE INDEX ix_journal_xid ON journal (xid);
CREATE INDEX ix_journal_workspace_operation ON journal (workspace_id, operation, seq);

CREATE TABLE idempotency (
    workspace_id uuid NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    input_hash bytea NOT NULL,
    status smallint NOT NULL,
    body jsonb NOT NULL,
    at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_idempotency PRIMARY KEY (workspace_id, operation, key)
);
CREATE INDEX ix_idempotency_expires_at ON idempotency (expires_at);

CREATE TABLE effect (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL,
    attempts smallint NOT NULL,
    next_at timestamptz NOT NULL,
    locked_until timestamptz,
    last_error jsonb,
    result jsonb,
    request_id text NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT pk_effect PRIMARY KEY (id),
    CONSTRAINT ck_effect_state CHECK (state IN ('queued', 'running', 'done', 'dead', 'uncertain'))
);
CREATE INDEX ix_effect_due ON effect (next_at) WHERE state IN ('queued', 'running');
CREATE INDEX ix_effect_workspace ON effect (workspace_id, created_at);
"""

REFUSE_CHANGE = """
CREATE FUNCTION bursar_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""

CLAIM = """
-- Insert-first look-up of an idempotency key: the advisory lock makes a second caller with the
-- same key learn at once that the first is still running, instead of waiting for it.
CREATE FUNCTION bursar_claim(p_workspace uuid, p_operation text, p_key text)
RETURNS TABLE (state text, input_hash bytea, status smallint, body jsonb) LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(
        hashtextextended(p_workspace::text || ':' || p_operation || ':' || p_key, 0)) THEN
        RETURN QUERY SELECT 'in_flight'::text, NULL::bytea, NULL::smallint, NULL::jsonb;
        RETURN;
    END IF;
    RETURN QUERY SELECT 'done'::text, i.input_hash, i.status, i.body FROM idempotency i
        WHERE i.workspace_id = p_workspace AND i.operation = p_operation AND i.key = p_key;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'new'::text, NULL::bytea, NULL::smallint, NULL::jsonb;
    END IF;
END $$;
"""

RECORD = """
-- One call writes all that `invoke` adds to an operation: the journal row, the answer kept for
-- replays, and the effects. `outcome` is a document made by bursar.runtime.journal.
CREATE FUNCTION bursar_record(outcome jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO journal (at, workspace_id, actor_kind, user_id, credential_id, source, operation,
                         outcome, error_code, input_hash, facts, request_id, idempotency_key)
    SELECT (outcome->>'at')::timestamptz, (outcome->>'workspace_id')::uuid, outcome->>'actor_kind',
           (outcome->>'user_id')::uuid, (outcome->>'credential_id')::uuid, outcome->>'source',
           outcome->>'operation', outcome->>'outcome', outcome->>'error_code',
           decode(outcome->>'input_hash', 'hex'), outcome->'facts', outcome->>'request_id',
           outcome->>'idempotency_key';
    INSERT INTO idempotency (workspace_id, operation, key, input_hash, status, body, at, expires_at)
    SELECT (outcome->>'workspace_id')::uuid, outcome->>'operation', outcome->>'idempotency_key',
           decode(outcome->>'input_hash', 'hex'), (outcome->'answer'->>'status')::smallint,
           outcome->'answer'->'body', (outcome->>'at')::timestamptz,
           (outcome->'answer'->>'expires_at')::timestamptz
    WHERE outcome->'answer' IS NOT NULL;
    INSERT INTO effect (id, workspace_id, kind, payload, state, attempts, next_at, request_id,
                        created_at)
    SELECT (e->>'id')::uuid, (outcome->>'workspace_id')::uuid, e->>'kind', e->'payload', 'queued', 0,
           (outcome->>'at')::timestamptz, outcome->>'request_id', (outcome->>'at')::timestamptz
    FROM jsonb_array_elements(outcome->'effects') e;
$$;
"""


def upgrade() -> None:
    run(TABLES, REFUSE_CHANGE, CLAIM, RECORD)
    run(*protect("journal", nullable=True), *protect("idempotency"), *protect("effect"))
    run(*append_only("journal"))


def downgrade() -> None:
    run("DROP FUNCTION bursar_record(jsonb)", "DROP FUNCTION bursar_claim(uuid, text, text)")
    run("DROP TABLE effect, idempotency, journal", "DROP FUNCTION bursar_refuse_change()")
