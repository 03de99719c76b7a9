"""The functions of revision 0007 that guard payments: allowed changes of state, kept identities.

What one row may say (its amounts fit its status) are CHECK constraints in the revision itself;
here is what needs the row before, or other tables.
"""

MAY_BECOME = """
-- The transitions of a payment; docs/use/payments.md draws them, payments/calc/states.py is the same
-- in Python, and a test compares the three. Staying is listed where amounts grow within a state.
CREATE FUNCTION payment_may_become(p_from text, p_to text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE p_from
        WHEN 'created' THEN p_to IN
            ('requires_action', 'processing', 'requires_capture', 'succeeded', 'failed', 'canceled')
        WHEN 'requires_action' THEN p_to IN
            ('processing', 'requires_capture', 'succeeded', 'failed', 'canceled')
        WHEN 'processing' THEN p_to IN
            ('requires_action', 'requires_capture', 'succeeded', 'failed', 'canceled')
        WHEN 'requires_capture' THEN p_to IN
            ('partially_captured', 'succeeded', 'canceled', 'expired')
        WHEN 'partially_captured' THEN p_to IN
            ('partially_captured', 'succeeded', 'partially_refunded', 'refunded')
        WHEN 'succeeded' THEN p_to IN ('partially_refunded', 'refunded', 'reversed')
        WHEN 'partially_refunded' THEN p_to IN ('partially_refunded', 'refunded')
        ELSE false
    END
$$;
"""

GUARD = """
-- A change keeps what identifies the payment, follows the transitions, and never takes back an
-- amount. Where the status stays, only states that list themselves may change an amount.
CREATE FUNCTION payment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.workspace_id, NEW.payer_account_id, NEW.payee_account_id, NEW.payee_name,
        NEW.commodity_id, NEW.amount, NEW.capture_method, NEW.method, NEW.provider,
        NEW.description, NEW.reference, NEW.metadata, NEW.idempotency_key, NEW.request_hash,
        NEW.created_at, NEW.actor_kind, NEW.user_id, NEW.credential_id)
       IS DISTINCT FROM
       (OLD.id, OLD.workspace_id, OLD.payer_account_id, OLD.payee_account_id, OLD.payee_name,
        OLD.commodity_id, OLD.amount, OLD.capture_method, OLD.method, OLD.provider,
        OLD.description, OLD.reference, OLD.metadata, OLD.idempotency_key, OLD.request_hash,
        OLD.created_at, OLD.actor_kind, OLD.user_id, OLD.credential_id)
       OR (OLD.provider_ref IS NOT NULL AND NEW.provider_ref IS DISTINCT FROM OLD.provider_ref)
       OR (NEW.expires_at IS DISTINCT FROM OLD.expires_at
           AND OLD.status NOT IN ('created', 'requires_action', 'processing')) THEN
        RAISE EXCEPTION 'what identifies a payment is never changed'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payment_kept';
    END IF;
    IF NEW.authorized < OLD.authorized OR NEW.captured < OLD.captured
       OR NEW.released < OLD.released OR NEW.refunded < OLD.refunded THEN
        RAISE EXCEPTION 'an amount of a payment is never taken back'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payment_kept';
    END IF;
    IF NEW.status <> OLD.status OR (NEW.authorized, NEW.captured, NEW.released, NEW.refunded)
                                <> (OLD.authorized, OLD.captured, OLD.released, OLD.refunded) THEN
        IF NOT payment_may_become(OLD.status, NEW.status) THEN
            RAISE EXCEPTION 'a payment that is % cannot become %', OLD.status, NEW.status
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payment_transition';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_guard BEFORE UPDATE ON payment
    FOR EACH ROW EXECUTE FUNCTION payment_guard();
"""

REFER = """
-- References of payments are checked once per statement, as those of transfers are: both accounts
-- are the workspace's own and open, the commodity is its, and what was authorised from a balance
-- has the group with the payment's own id (insert that first, or in the same statement). The group
-- holds a key lock on both accounts, so neither is being closed meanwhile. Joined by primary keys
-- alone: the plan is kept, and one made while the tables were empty must not read a workspace's groups.
CREATE FUNCTION payments_refer() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    first record;
BEGIN
    SELECT x.lost INTO first
    FROM (SELECT (payer.workspace_id = n.workspace_id AND payer.class IN ('asset', 'liability')
                  AND (n.payee_account_id IS NULL OR (payee.workspace_id = n.workspace_id
                                                      AND payee.class IN ('asset', 'liability')))
                  AND c.workspace_id = n.workspace_id
                  AND (n.authorized = 0 OR n.method <> 'balance'
                       OR g.workspace_id = n.workspace_id)) IS NOT TRUE AS lost,
                 payer.closed_at IS NOT NULL OR payee.closed_at IS NOT NULL AS closed
          FROM added n
          LEFT JOIN account payer ON payer.id = n.payer_account_id
          LEFT JOIN account payee ON payee.id = n.payee_account_id
          LEFT JOIN commodity c ON c.id = n.commodity_id
          LEFT JOIN transfer_group g ON g.id = n.id) x
    WHERE x.lost OR x.closed
    LIMIT 1;
    IF FOUND AND first.lost THEN
        RAISE EXCEPTION 'a payment needs accounts, a commodity and a group of its workspace'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'payment_refers';
    ELSIF FOUND THEN
        RAISE EXCEPTION 'a payment needs open accounts'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payment_accounts_open';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_refer AFTER INSERT ON payment REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION payments_refer();
"""

REFUNDS = """
-- A refund is never above what the payment still has: the payment counts it first, and then the
-- refunds of that payment must sum to exactly what it counts.
CREATE FUNCTION refunds_refer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT workspace_id, payment_id FROM added) n
        JOIN payment p ON p.workspace_id = n.workspace_id AND p.id = n.payment_id
        WHERE p.refunded <> (SELECT coalesce(sum(r.amount), 0) FROM refund r
                             WHERE r.workspace_id = n.workspace_id AND r.payment_id = n.payment_id
                               AND r.status <> 'failed')) THEN
        RAISE EXCEPTION 'the refunds of a payment must sum to what it counts as refunded'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_sum';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refunds_refer AFTER INSERT ON refund REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refunds_refer();

-- A refund that waits for a provider ends once; nothing else of it changes.
CREATE FUNCTION refund_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.workspace_id, NEW.payment_id, NEW.amount, NEW.reason, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.workspace_id, OLD.payment_id, OLD.amount, OLD.reason, OLD.created_at)
       OR (OLD.provider_ref IS NOT NULL AND NEW.provider_ref IS DISTINCT FROM OLD.provider_ref)
       OR (NEW.status <> OLD.status AND OLD.status <> 'pending') THEN
        RAISE EXCEPTION 'a refund is never changed once it has ended'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'refund_kept';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refund_guard BEFORE UPDATE ON refund
    FOR EACH ROW EXECUTE FUNCTION refund_guard();
"""

CREATE = (MAY_BECOME, GUARD, REFER, REFUNDS)
DROP = (
    "DROP FUNCTION refund_guard()",
    "DROP FUNCTION refunds_refer()",
    "DROP FUNCTION payments_refer()",
    "DROP FUNCTION payment_guard()",
    "DROP FUNCTION payment_may_become(text, text)",
)
