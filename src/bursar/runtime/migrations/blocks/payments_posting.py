"""The function of revision 0008 that posts many payments and transfers in one call.

One call takes the items that waited while the last one was in flight, of any workspace, and answers
for each. The items are carried out in their order, exactly as if each came alone: funds are checked
in a loop over arrays, which costs a microsecond an item, and everything is written set-based.

The call runs with every workspace in sight, because one batch holds items of several. So each join
names the item's own workspace; what is not found there is left to the ordinary road, which knows
only that workspace and words the refusal.
"""

POST = """
CREATE FUNCTION payments_post(p_at timestamptz, p_workspaces uuid[], p_operations text[],
    p_keys text[], p_hashes bytea[], p_actors text[], p_users uuid[], p_credentials uuid[],
    p_sources text[], p_requests text[], p_facts jsonb[], p_answers jsonb[], p_groups uuid[],
    p_debits uuid[], p_credits uuid[], p_currencies text[], p_amounts numeric[], p_memos text[])
RETURNS TABLE (outcome text, status smallint, body jsonb) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    count int := cardinality(p_keys);
    free boolean[];
    outcomes text[];
    statuses smallint[];
    bodies jsonb[];
    debits bigint[];
    credits bigint[];
    commodities bigint[];
    debits_after numeric[] := array_fill(NULL::numeric, ARRAY[count]);
    credits_after numeric[] := array_fill(NULL::numeric, ARRAY[count]);
    ids bigint[];
    floors boolean[];
    held numeric[];
    on_hold numeric[];
    late boolean[];
    debited numeric[];
    credited numeric[];
    d int;
    c int;
    amount numeric;
    sight text := coalesce(current_setting('bursar.every_workspace', true), '');
BEGIN
    PERFORM set_config('bursar.every_workspace', 'on', true);
    -- The same locks as bursar_claim takes, so that both roads see each other's calls in flight.
    SELECT array_agg(pg_try_advisory_xact_lock(hashtextextended(
               i.workspace::text || ':' || i.operation || ':' || i.key, 0)) ORDER BY i.n)
    INTO free
    FROM unnest(p_workspaces, p_operations, p_keys) WITH ORDINALITY i (workspace, operation, key, n);

    -- A statement of its own: its snapshot is younger than the locks.
    SELECT array_agg(CASE WHEN NOT i.free THEN 'in_flight'
                          WHEN k.input_hash = i.hash THEN 'replayed'
                          WHEN k.input_hash IS NOT NULL THEN 'reused'
                          WHEN d.id IS NULL OR c.id IS NULL OR d.id = c.id THEN 'ordinary'
                          ELSE 'done' END ORDER BY i.n),
           array_agg(k.status ORDER BY i.n), array_agg(k.body ORDER BY i.n),
           array_agg(d.id ORDER BY i.n), array_agg(c.id ORDER BY i.n), array_agg(m.id ORDER BY i.n)
    INTO outcomes, statuses, bodies, debits, credits, commodities
    FROM unnest(free, p_workspaces, p_operations, p_keys, p_hashes, p_debits, p_credits, p_currencies)
         WITH ORDINALITY i (free, workspace, operation, key, hash, debit, credit, currency, n)
    LEFT JOIN idempotency k ON (k.workspace_id, k.operation, k.key)
                               = (i.workspace, i.operation, i.key)
    LEFT JOIN commodity m ON m.workspace_id = i.workspace AND m.code = i.currency
                         AND m.instrument_id IS NULL
    LEFT JOIN account da ON da.id = i.debit AND da.workspace_id = i.workspace
                        AND da.class IN ('asset', 'liability') AND da.closed_at IS NULL
    LEFT JOIN account ca ON ca.id = i.credit AND ca.workspace_id = i.workspace
                        AND ca.class IN ('asset', 'liability') AND ca.closed_at IS NULL
    LEFT JOIN balance d ON d.account_id = da.id AND d.commodity_id = m.id
    LEFT JOIN balance c ON c.account_id = ca.id AND c.commodity_id = m.id;

    SELECT array_agg(b.id), array_agg(b.no_overdraft), array_agg(b.held), array_agg(b.on_hold),
           array_agg(b.late), array_agg(0::numeric), array_agg(0::numeric)
    INTO ids, floors, held, on_hold, late, debited, credited
    FROM (SELECT x.id, x.no_overdraft, x.credits_posted - x.debits_posted AS held,
                 x.debits_pending AS on_hold, coalesce(x.latest_effective_at > p_at, false) AS late
          FROM balance x
          WHERE x.id = ANY (ARRAY(SELECT unnest(ARRAY[i.debit, i.credit])
                                  FROM unnest(outcomes, debits, credits) i (outcome, debit, credit)
                                  WHERE i.outcome = 'done'))
          ORDER BY x.id FOR NO KEY UPDATE) b;

    FOR n IN 1 .. count LOOP
        CONTINUE WHEN outcomes[n] <> 'done';
        d := array_position(ids, debits[n]);
        c := array_position(ids, credits[n]);
        amount := p_amounts[n];
        IF floors[d] AND held[d] - on_hold[d] < amount THEN
            outcomes[n] := 'refused';
            CONTINUE;
        END IF;
        held[d] := held[d] - amount;
        held[c] := held[c] + amount;
        debited[d] := debited[d] + amount;
        credited[c] := credited[c] + amount;
        debits_after[n] := held[d];
        credits_after[n] := held[c];
    END LOOP;

    INSERT INTO idempotency (workspace_id, operation, key, input_hash, status, body, at, expires_at)
    SELECT i.workspace, i.operation, i.key, i.hash, 201, i.answer, p_at, 'infinity'
    FROM unnest(outcomes, p_workspaces, p_operations, p_keys, p_hashes, p_answers)
         i (outcome, workspace, operation, key, hash, answer)
    WHERE i.outcome = 'done';

    INSERT INTO journal (at, workspace_id, actor_kind, user_id, credential_id, source, operation,
                         outcome, error_code, input_hash, facts, request_id, idempotency_key)
    SELECT p_at, i.workspace, i.actor, i.person, i.credential, i.source, i.operation, i.outcome,
           CASE WHEN i.outcome = 'refused' THEN 'not_held' END, i.hash,
           CASE WHEN i.outcome = 'done' THEN i.facts ELSE '[]' END, i.request, i.key
    FROM unnest(outcomes, p_workspaces, p_actors, p_users, p_credentials, p_sources, p_operations,
                p_hashes, p_facts, p_requests, p_keys) WITH ORDINALITY
         i (outcome, workspace, actor, person, credential, source, operation, hash, facts, request,
            key, n)
    WHERE i.outcome IN ('done', 'refused')
    ORDER BY i.n;

    INSERT INTO transfer_group (id, workspace_id, kind, effective_at, account_id,
        counter_account_id, currency, amount, cash_change, source, memo, metadata, created_at)
    SELECT i.grp, i.workspace, 'transfer', p_at, i.debit, i.credit, i.currency, i.amount, -i.amount,
           'payment', i.memo, '{}', p_at
    FROM unnest(outcomes, p_groups, p_workspaces, p_debits, p_credits, p_currencies, p_amounts,
                p_memos) i (outcome, grp, workspace, debit, credit, currency, amount, memo)
    WHERE i.outcome = 'done';

    INSERT INTO transfer (id, workspace_id, group_id, kind, debit_id, credit_id, commodity_id,
                          amount, code, effective_at)
    SELECT i.grp, i.workspace, i.grp, 'single', i.debit, i.credit, i.commodity, i.amount, 1, p_at
    FROM unnest(outcomes, p_groups, p_workspaces, debits, credits, commodities, p_amounts)
         i (outcome, grp, workspace, debit, credit, commodity, amount)
    WHERE i.outcome = 'done';

    INSERT INTO entry (workspace_id, transfer_id, balance_id, amount, balance_after, effective_at,
                       late)
    SELECT i.workspace, i.grp, s.balance, s.amount, s.after, p_at,
           late[array_position(ids, s.balance)]
    FROM unnest(outcomes, p_groups, p_workspaces, debits, credits, p_amounts, debits_after,
                credits_after) WITH ORDINALITY
         i (outcome, grp, workspace, debit, credit, amount, debit_after, credit_after, n)
    CROSS JOIN LATERAL (VALUES (i.debit, -i.amount, i.debit_after),
                               (i.credit, i.amount, i.credit_after)) s (balance, amount, after)
    WHERE i.outcome = 'done'
    ORDER BY i.n;

    UPDATE balance b
    SET debits_posted = b.debits_posted + t.debits, credits_posted = b.credits_posted + t.credits,
        latest_effective_at = greatest(b.latest_effective_at, p_at)
    FROM unnest(ids, debited, credited) t (id, debits, credits)
    WHERE b.id = t.id AND t.debits + t.credits > 0;

    RETURN QUERY SELECT i.outcome, i.status, i.body
        FROM unnest(outcomes, statuses, bodies) WITH ORDINALITY i (outcome, status, body, n)
        ORDER BY i.n;
    PERFORM set_config('bursar.every_workspace', sight, true);
END $$;
"""
