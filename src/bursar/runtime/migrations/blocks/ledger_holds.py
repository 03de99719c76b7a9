"""The functions of revision 0003 for holds: reserve an amount, capture it in parts, release it."""

HOLD = """
-- Reserve an amount. Answers the balance that may not go below zero when it would, else null.
CREATE FUNCTION ledger_hold(p_workspace uuid, p_group uuid, p_transfer uuid, p_debit bigint,
    p_credit bigint, p_amount numeric, p_effective timestamptz, p_expires timestamptz)
RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_lock(p_workspace, ARRAY[p_debit, p_credit]);
    IF EXISTS (SELECT FROM balance b WHERE b.id = p_debit AND b.no_overdraft
               AND b.credits_posted - b.debits_posted - b.debits_pending < p_amount) THEN
        RETURN p_debit;
    END IF;
    INSERT INTO transfer (id, workspace_id, group_id, kind, debit_id, credit_id, commodity_id,
                          amount, code, effective_at)
    SELECT p_transfer, p_workspace, p_group, 'pending', p_debit, p_credit, b.commodity_id, p_amount,
           1, p_effective
    FROM balance b WHERE b.id = p_debit;
    INSERT INTO pending (transfer_id, workspace_id, remaining, state, expires_at)
    VALUES (p_transfer, p_workspace, p_amount, 'pending', p_expires);
    UPDATE balance SET debits_pending = debits_pending + p_amount WHERE id = p_debit;
    UPDATE balance SET credits_pending = credits_pending + p_amount WHERE id = p_credit;
    RETURN NULL;
END $$;
"""

RESOLVE = """
-- Post a part of a hold (null: what is left), or void or expire what is left. Answers 'done',
-- 'missing', the state it was resolved with before, or 'too_much'.
CREATE FUNCTION ledger_resolve(p_workspace uuid, p_group uuid, p_hold uuid, p_kind text,
    p_amount numeric, p_effective timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    held transfer;
    waiting pending;
    part numeric;
BEGIN
    SELECT * INTO held FROM transfer t
        WHERE t.id = p_hold AND t.workspace_id = p_workspace AND t.kind = 'pending';
    IF NOT FOUND THEN RETURN 'missing'; END IF;
    PERFORM ledger_lock(p_workspace, ARRAY[held.debit_id, held.credit_id]);
    SELECT * INTO waiting FROM pending p WHERE p.transfer_id = p_hold FOR UPDATE;
    IF waiting.state <> 'pending' THEN RETURN waiting.state; END IF;
    part := CASE WHEN p_kind = 'post' THEN coalesce(p_amount, waiting.remaining)
                 ELSE waiting.remaining END;
    IF part > waiting.remaining THEN RETURN 'too_much'; END IF;
    UPDATE balance SET debits_pending = debits_pending - part WHERE id = held.debit_id;
    UPDATE balance SET credits_pending = credits_pending - part WHERE id = held.credit_id;
    IF p_kind = 'post' THEN
        PERFORM ledger_move(p_workspace, ARRAY[p_group], ARRAY[p_effective], ARRAY[held.debit_id],
            ARRAY[held.credit_id], ARRAY[part], ARRAY[held.code], 'post', p_hold);
    ELSE
        INSERT INTO transfer (id, workspace_id, group_id, kind, debit_id, credit_id, commodity_id,
                              amount, code, pending_id, effective_at)
        VALUES (uuidv7(), p_workspace, p_group, p_kind, held.debit_id, held.credit_id,
                held.commodity_id, part, held.code, p_hold, p_effective);
    END IF;
    UPDATE pending SET remaining = remaining - part,
        state = CASE WHEN remaining > part THEN 'pending' WHEN p_kind = 'post' THEN 'posted'
                     WHEN p_kind = 'void' THEN 'voided' ELSE 'expired' END
    WHERE transfer_id = p_hold;
    RETURN 'done';
END $$;
"""

CREATE = (HOLD, RESOLVE)
DROP = ("DROP FUNCTION ledger_resolve", "DROP FUNCTION ledger_hold")
