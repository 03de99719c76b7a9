"""The functions of revision 0003 that write to the book, set-based: a whole import is one call.

Amounts move from the debited balance to the credited one; an entry is what a balance gained
(positive) or gave (negative). Balances are locked in the order of their ids by every caller.

A plan made while the tables were small would read a whole table for each row of the first large
import. So the posting functions plan each call, knowing how much it brings; the triggers, whose
plans are always kept, only look up by primary key, and OFFSET 0 keeps the order of a join.
"""

CHECKS = """
-- Both balances and the group of a transfer are there, in the same workspace and commodity.
CREATE FUNCTION ledger_transfers_refer() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added t
        LEFT JOIN balance d ON d.id = t.debit_id
        LEFT JOIN balance c ON c.id = t.credit_id
        LEFT JOIN transfer_group g ON g.id = t.group_id
        WHERE ((d.workspace_id, d.commodity_id) = (t.workspace_id, t.commodity_id)
           AND (c.workspace_id, c.commodity_id) = (t.workspace_id, t.commodity_id)
           AND g.workspace_id = t.workspace_id) IS NOT TRUE) THEN
        RAISE EXCEPTION 'a transfer needs a group and two balances of its workspace and commodity'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'transfer_refers';
    END IF;
    RETURN NULL;
END $$;

-- The entries of a transfer arrive in one statement: exactly its two sides, so they sum to zero.
CREATE FUNCTION ledger_entries_balance() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added e
        LEFT JOIN transfer t ON t.id = e.transfer_id
        GROUP BY e.transfer_id
        HAVING count(*) <> 2 OR sum(e.amount) <> 0
            OR bool_and(t.workspace_id = e.workspace_id) IS NOT TRUE
            OR count(*) FILTER (WHERE e.balance_id = t.debit_id AND e.amount = -t.amount) <> 1
            OR count(*) FILTER (WHERE e.balance_id = t.credit_id AND e.amount = t.amount) <> 1
            OR bool_or(t.kind NOT IN ('single', 'post', 'reversal'))) THEN
        RAISE EXCEPTION 'the entries of a transfer must be its two sides and sum to zero'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_balance';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER transfers_refer AFTER INSERT ON transfer REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_transfers_refer();
CREATE TRIGGER entries_balance AFTER INSERT ON entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_balance();
"""

OPEN_BALANCES = """
-- Return the balance of each (account, commodity), making those that do not exist yet. Rows are
-- made in one order, so that two callers never wait for each other in a circle.
CREATE FUNCTION ledger_open_balances(p_workspace uuid, p_accounts uuid[], p_commodities bigint[])
RETURNS TABLE (account_id uuid, commodity_id bigint, balance_id bigint) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO balance (workspace_id, account_id, commodity_id, no_overdraft)
    SELECT p_workspace, a.id, c.id,
           a.class IN ('asset', 'liability')
           AND CASE WHEN c.kind = 'fiat' THEN a.no_overdraft ELSE NOT a.allow_short END
    FROM (SELECT DISTINCT * FROM unnest(p_accounts, p_commodities) w (account, commodity)) w
    JOIN account a ON a.id = w.account AND a.workspace_id = p_workspace
    JOIN commodity c ON c.id = w.commodity AND c.workspace_id = p_workspace
    WHERE NOT EXISTS (SELECT FROM balance b WHERE b.account_id = a.id AND b.commodity_id = c.id)
    ORDER BY a.id, c.id
    ON CONFLICT ON CONSTRAINT uq_balance_account_id_commodity_id DO NOTHING;
    RETURN QUERY SELECT b.account_id, b.commodity_id, b.id
        FROM (SELECT DISTINCT * FROM unnest(p_accounts, p_commodities) w (account, commodity)) w
        JOIN balance b ON b.account_id = w.account AND b.commodity_id = w.commodity
        WHERE b.workspace_id = p_workspace;
END $$;
"""

POST = """
-- Move the legs: transfers, two entries each, one update per balance. The caller has locked
-- the balances and so knows that they are this workspace's.
CREATE FUNCTION ledger_move(p_workspace uuid, p_group uuid[], p_effective timestamptz[],
    p_debit bigint[], p_credit bigint[], p_amount numeric[], p_code smallint[], p_kind text,
    p_pending uuid)
RETURNS void LANGUAGE sql
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off AS $$
    WITH leg AS MATERIALIZED (
        SELECT l.*, uuidv7() AS id, d.commodity_id
        FROM unnest(p_group, p_effective, p_debit, p_credit, p_amount, p_code) WITH ORDINALITY
             l (group_id, effective_at, debit_id, credit_id, amount, code, n)
        CROSS JOIN LATERAL (SELECT x.commodity_id FROM balance x WHERE x.id = l.debit_id OFFSET 0) d
    ), written AS (
        INSERT INTO transfer (id, workspace_id, group_id, kind, debit_id, credit_id, commodity_id,
                              amount, code, pending_id, effective_at)
        SELECT id, p_workspace, group_id, p_kind, debit_id, credit_id, commodity_id, amount, code,
               p_pending, effective_at
        FROM leg
    ), side AS MATERIALIZED (
        SELECT n, id, debit_id AS balance_id, -amount AS amount, effective_at FROM leg
        UNION ALL SELECT n, id, credit_id, amount, effective_at FROM leg
    ), posted AS (
        INSERT INTO entry (workspace_id, transfer_id, balance_id, amount, balance_after,
                           effective_at, late)
        SELECT p_workspace, s.id, s.balance_id, s.amount,
               b.credits_posted - b.debits_posted + sum(s.amount) OVER so_far,
               s.effective_at,
               coalesce(s.effective_at < greatest(b.latest_effective_at,
                        max(s.effective_at) OVER before), false)
        FROM side s
        CROSS JOIN LATERAL (
            SELECT x.credits_posted, x.debits_posted, x.latest_effective_at
            FROM balance x WHERE x.id = s.balance_id OFFSET 0) b
        WINDOW so_far AS (PARTITION BY s.balance_id ORDER BY s.n ROWS UNBOUNDED PRECEDING),
               before AS (PARTITION BY s.balance_id ORDER BY s.n
                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ORDER BY s.n, s.amount
    )
    UPDATE balance b
    SET debits_posted = b.debits_posted + t.debits,
        credits_posted = b.credits_posted + t.credits,
        latest_effective_at = greatest(b.latest_effective_at, t.latest)
    FROM (SELECT balance_id, coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS debits,
                 coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS credits,
                 max(effective_at) AS latest
          FROM side GROUP BY balance_id) t
    WHERE b.id = t.balance_id;
$$;

-- Lock balances in one order for all callers; refuse ids that are not this workspace's.
CREATE FUNCTION ledger_lock(p_workspace uuid, p_balances bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    locked int;
BEGIN
    PERFORM FROM balance b WHERE b.id = ANY (p_balances) AND b.workspace_id = p_workspace
        ORDER BY b.id FOR NO KEY UPDATE;
    GET DIAGNOSTICS locked = ROW_COUNT;
    IF locked <> (SELECT count(DISTINCT i) FROM unnest(p_balances) i) THEN
        RAISE EXCEPTION 'a balance does not exist in this workspace'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
END $$;
"""

LEDGER_POST = """
-- Post activities: groups (rows of transfer_group as a JSON array, in posting order) with legs that
-- name their group by its place, from 1. Answers for each group: 'posted'; 'duplicate' with the
-- group that has its external id or content hash already; 'insufficient' with the balance that
-- may not go below zero. Without p_partial an insufficient group ends the call with nothing written.
-- With it the groups after that one on the same balance answer 'retry': what they would find is
-- not known before the caller dealt with the refusal.
CREATE FUNCTION ledger_post(p_workspace uuid, p_groups jsonb, p_leg_group int[], p_debit bigint[],
    p_credit bigint[], p_amount numeric[], p_code smallint[], p_partial boolean)
RETURNS TABLE (ord int, status text, group_id uuid, balance_id bigint) LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    skipped int[];
    existing uuid[];
    attempts smallint[];
    refused int[] := '{}';
    refused_balance bigint[] := '{}';
    again int[] := '{}';
    short record;
    written int;
BEGIN
    PERFORM ledger_lock(p_workspace, p_debit || p_credit);

    SELECT coalesce(array_agg(g.ordinality::int ORDER BY g.ordinality) FILTER (WHERE NOT e.free), '{}'),
           array_agg(e.id ORDER BY g.ordinality) FILTER (WHERE NOT e.free),
           array_agg(CASE WHEN e.free THEN e.attempt + 1 ELSE 0 END ORDER BY g.ordinality)
    INTO skipped, existing, attempts
    FROM jsonb_populate_recordset(NULL::transfer_group, p_groups) WITH ORDINALITY g
    LEFT JOIN LATERAL (
        SELECT t.id, t.attempt, EXISTS (SELECT FROM transfer_group r
                                        WHERE r.reverses_id = t.id AND r.released) AS free
        FROM (SELECT x.id, x.attempt FROM transfer_group x
              WHERE x.workspace_id = p_workspace AND x.account_id = g.account_id
                AND x.external_id = g.external_id
              UNION ALL
              SELECT x.id, x.attempt FROM transfer_group x
              WHERE x.workspace_id = p_workspace AND x.account_id = g.account_id
                AND x.content_hash = g.content_hash) t
        ORDER BY free, t.attempt DESC LIMIT 1
    ) e ON true;

    LOOP
        SELECT r.grp, r.id INTO short
        FROM (SELECT s.grp, b.id, b.credits_posted - b.debits_posted - b.debits_pending
                     + sum(s.amount) OVER (PARTITION BY b.id ORDER BY s.grp) AS left_over
              FROM (SELECT l.grp, l.id, -l.amount AS amount
                    FROM unnest(p_leg_group, p_debit, p_amount) l (grp, id, amount)
                    UNION ALL
                    SELECT l.grp, l.id, l.amount
                    FROM unnest(p_leg_group, p_credit, p_amount) l (grp, id, amount)) s
              CROSS JOIN LATERAL (SELECT * FROM balance x WHERE x.id = s.id OFFSET 0) b
              LEFT JOIN unnest(skipped || refused || again) x (grp) ON x.grp = s.grp
              WHERE x.grp IS NULL AND b.no_overdraft) r
        WHERE r.left_over < 0 ORDER BY r.grp, r.id LIMIT 1;
        EXIT WHEN NOT FOUND;
        IF NOT p_partial THEN
            RETURN QUERY SELECT short.grp, 'insufficient', NULL::uuid, short.id;
            RETURN;
        END IF;
        refused := refused || short.grp;
        refused_balance := refused_balance || short.id;
        again := again || ARRAY(
            SELECT DISTINCT l.grp FROM unnest(p_leg_group, p_debit, p_credit) l (grp, debit, credit)
            WHERE l.grp > short.grp AND short.id IN (l.debit, l.credit)
              AND l.grp <> ALL (skipped || refused || again));
    END LOOP;
    skipped := skipped || refused || again;

    INSERT INTO transfer_group (id, workspace_id, kind, effective_at, account_id,
        counter_account_id, instrument_id, quantity, unit_price, currency, amount, fees, taxes,
        cash_change, counter_instrument_id, counter_quantity, counter_amount, counter_currency,
        ratio_numerator, ratio_denominator, rate_numerator, rate_denominator, source, external_id,
        import_id, content_hash, attempt, payee, memo, category, reverses_id, released, lot_choice,
        metadata, created_at)
    SELECT g.id, p_workspace, g.kind, g.effective_at, g.account_id,
        g.counter_account_id, g.instrument_id, g.quantity, g.unit_price, g.currency, g.amount,
        g.fees, g.taxes, g.cash_change, g.counter_instrument_id, g.counter_quantity,
        g.counter_amount, g.counter_currency, g.ratio_numerator, g.ratio_denominator,
        g.rate_numerator, g.rate_denominator, g.source, g.external_id, g.import_id, g.content_hash,
        a.attempt, g.payee, g.memo, g.category, g.reverses_id, coalesce(g.released, false),
        g.lot_choice, g.metadata, g.created_at
    FROM jsonb_populate_recordset(NULL::transfer_group, p_groups) WITH ORDINALITY g
    JOIN unnest(attempts) WITH ORDINALITY a (attempt, n) ON a.n = g.ordinality
    LEFT JOIN unnest(skipped) x (grp) ON x.grp = g.ordinality
    WHERE x.grp IS NULL
    ORDER BY g.ordinality
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> jsonb_array_length(p_groups) - cardinality(skipped) THEN
        -- another transaction posted the same activity a moment ago: run again and find it
        RAISE EXCEPTION 'the same activity was posted at the same time'
            USING ERRCODE = 'serialization_failure';
    END IF;

    PERFORM ledger_move(p_workspace, m.ids, m.moments, m.debits, m.credits, m.amounts, m.codes,
                        m.kind, NULL)
    FROM (SELECT CASE WHEN g.reverses_id IS NULL THEN 'single' ELSE 'reversal' END AS kind,
                 array_agg(g.id ORDER BY l.n) AS ids, array_agg(g.effective_at ORDER BY l.n) AS moments,
                 array_agg(l.debit ORDER BY l.n) AS debits, array_agg(l.credit ORDER BY l.n) AS credits,
                 array_agg(l.amount ORDER BY l.n) AS amounts, array_agg(l.code ORDER BY l.n) AS codes
          FROM jsonb_populate_recordset(NULL::transfer_group, p_groups) WITH ORDINALITY g
          JOIN unnest(p_leg_group, p_debit, p_credit, p_amount, p_code) WITH ORDINALITY
               l (grp, debit, credit, amount, code, n) ON l.grp = g.ordinality
          LEFT JOIN unnest(skipped) x (grp) ON x.grp = g.ordinality
          WHERE x.grp IS NULL
          GROUP BY 1) m;

    RETURN QUERY
    SELECT g.ordinality::int,
           CASE WHEN d.n IS NOT NULL THEN 'duplicate' WHEN r.n IS NOT NULL THEN 'insufficient'
                WHEN a.n IS NOT NULL THEN 'retry' ELSE 'posted' END,
           CASE WHEN d.n IS NOT NULL THEN d.id WHEN r.n IS NULL AND a.n IS NULL THEN g.id END,
           r.id
    FROM jsonb_populate_recordset(NULL::transfer_group, p_groups) WITH ORDINALITY g
    LEFT JOIN unnest(skipped[:coalesce(cardinality(existing), 0)], existing) d (n, id)
           ON d.n = g.ordinality
    LEFT JOIN unnest(refused, refused_balance) r (n, id) ON r.n = g.ordinality
    LEFT JOIN unnest(again) a (n) ON a.n = g.ordinality
    ORDER BY 1;
END $$;
"""

CREATE = (CHECKS, OPEN_BALANCES, POST, LEDGER_POST)
DROP = (
    "DROP FUNCTION ledger_post",
    "DROP FUNCTION ledger_move",
    "DROP FUNCTION ledger_lock",
    "DROP FUNCTION ledger_open_balances",
)
