"""Payments: payment, refund, the history of each payment, and what the database refuses of them."""

from bursar.runtime.migrations.blocks import payment_states
from bursar.runtime.migrations.script import run
from bursar.runtime.row_security import append_only, protect

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A payment shares its id with its first transfer group, and with its pending transfer when it began
# with a hold: so payments by account are found by the groups' indexes, due holds by the holds' own,
# and a payment that is paid at once writes two index entries here and no more. What the amounts
# mean: authorized <= amount was reserved or paid; captured of it was paid; released of it was given
# back unpaid; refunded of captured went back. Still on hold: authorized - captured - released.
PAYMENTS = """
CREATE TABLE payment (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    payer_account_id uuid NOT NULL,
    payee_account_id uuid,
    payee_name text,
    commodity_id bigint NOT NULL,
    amount numeric(38,0) NOT NULL,
    authorized numeric(38,0) DEFAULT 0 NOT NULL,
    captured numeric(38,0) DEFAULT 0 NOT NULL,
    released numeric(38,0) DEFAULT 0 NOT NULL,
    refunded numeric(38,0) DEFAULT 0 NOT NULL,
    disputed numeric(38,0) DEFAULT 0 NOT NULL,
    status text NOT NULL,
    capture_method text DEFAULT 'automatic' NOT NULL,
    method text DEFAULT 'balance' NOT NULL,
    provider text,
    provider_ref text,
    failure_code text,
    description text,
    reference text,
    metadata jsonb,
    expires_at timestamptz,
    idempotency_key text,
    request_hash bytea,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    user_id uuid,
    credential_id uuid,
    CONSTRAINT pk_payment PRIMARY KEY (workspace_id, id),
    CONSTRAINT fk_payment_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id) NOT ENFORCED,
    CONSTRAINT fk_payment_payer_account_id FOREIGN KEY (payer_account_id, workspace_id)
        REFERENCES account (id, workspace_id) NOT ENFORCED,
    CONSTRAINT fk_payment_payee_account_id FOREIGN KEY (payee_account_id, workspace_id)
        REFERENCES account (id, workspace_id) NOT ENFORCED,
    CONSTRAINT fk_payment_commodity_id FOREIGN KEY (commodity_id) REFERENCES commodity (id) NOT ENFORCED,
    CONSTRAINT ck_payment_amounts CHECK (amount > 0 AND authorized <= amount
        AND captured >= 0 AND released >= 0 AND refunded >= 0 AND disputed >= 0
        AND captured + released <= authorized AND captured <= authorized
        AND refunded + disputed <= captured),
    CONSTRAINT ck_payment_status CHECK (CASE status
        WHEN 'created' THEN authorized = 0
        WHEN 'requires_action' THEN authorized = 0
        WHEN 'processing' THEN authorized = 0
        WHEN 'failed' THEN authorized = 0 AND failure_code IS NOT NULL
        WHEN 'requires_capture' THEN authorized > 0 AND captured = 0 AND released = 0
        WHEN 'partially_captured' THEN captured > 0 AND captured < authorized AND released = 0
        WHEN 'succeeded' THEN captured > 0 AND captured + released = authorized AND refunded = 0
        WHEN 'partially_refunded' THEN captured + released = authorized AND refunded > 0
                                   AND refunded < captured
        WHEN 'refunded' THEN captured > 0 AND captured + released = authorized
                         AND refunded = captured
        WHEN 'canceled' THEN captured = 0 AND released = authorized
        WHEN 'expired' THEN captured = 0 AND released = authorized AND authorized > 0
        WHEN 'reversed' THEN captured > 0 AND captured + released = authorized AND refunded = 0
        ELSE false END),
    CONSTRAINT ck_payment_capture_method CHECK (capture_method = 'manual' OR (capture_method = 'automatic'
        AND status NOT IN ('requires_capture', 'partially_captured', 'expired'))),
    CONSTRAINT ck_payment_method CHECK (method <> 'balance' OR (provider IS NULL AND provider_ref IS NULL)),
    CONSTRAINT ck_payment_two_sides CHECK (payer_account_id <> payee_account_id),
    CONSTRAINT ck_payment_texts CHECK (length(payee_name) <= 200 AND length(description) <= 500
        AND length(reference) <= 100 AND length(idempotency_key) <= 255
        AND octet_length(metadata::text) <= 16384)
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX uq_payment_idempotency_key ON payment (workspace_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX uq_payment_provider_ref ON payment (provider, provider_ref, workspace_id)
    WHERE provider_ref IS NOT NULL;
CREATE INDEX ix_payment_reference ON payment (workspace_id, reference) WHERE reference IS NOT NULL;

-- A refund shares its id with the transfer group that gives the amount back.
CREATE TABLE refund (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    amount numeric(38,0) NOT NULL,
    status text DEFAULT 'succeeded' NOT NULL,
    reason text,
    provider_ref text,
    created_at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    user_id uuid,
    credential_id uuid,
    CONSTRAINT pk_refund PRIMARY KEY (workspace_id, id),
    CONSTRAINT fk_refund_payment_id FOREIGN KEY (workspace_id, payment_id)
        REFERENCES payment (workspace_id, id),
    CONSTRAINT ck_refund_amount CHECK (amount > 0),
    CONSTRAINT ck_refund_status CHECK (status IN ('pending', 'succeeded', 'failed')),
    CONSTRAINT ck_refund_texts CHECK (length(reason) <= 500)
);
CREATE INDEX ix_refund_payment_id ON refund (workspace_id, payment_id, id);

-- What became of a payment after it was made, from number 1; its beginning is the payment itself.
CREATE TABLE payment_change (
    workspace_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    number smallint NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    amount numeric(38,0),
    group_id uuid,
    reason text,
    actor_kind text NOT NULL,
    user_id uuid,
    credential_id uuid,
    CONSTRAINT pk_payment_change PRIMARY KEY (workspace_id, payment_id, number),
    CONSTRAINT fk_payment_change_payment_id FOREIGN KEY (workspace_id, payment_id)
        REFERENCES payment (workspace_id, id),
    CONSTRAINT ck_payment_change_number CHECK (number > 0),
    CONSTRAINT ck_payment_change_texts CHECK (length(reason) <= 500)
);
"""


def upgrade() -> None:
    """Create the tables and what guards them."""
    run(PAYMENTS, *payment_states.CREATE)
    for table in ("payment", "refund", "payment_change"):
        run(*protect(table))
    for table in ("payment", "refund"):
        refuse = "EXECUTE FUNCTION bursar_refuse_change()"
        run(
            f"CREATE TRIGGER {table}_never_removed BEFORE DELETE ON {table} FOR EACH ROW {refuse}",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
        )
    run(*append_only("payment_change"))


def downgrade() -> None:
    """Drop them."""
    run("DROP TABLE payment_change, refund, payment", *payment_states.DROP)
