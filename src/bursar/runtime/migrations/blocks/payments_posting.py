"""The function of revision 0008 that posts many payments and transfers in one call.

One call takes the items that waited while the last one was in flight, of any workspace, and answers
for each. The items are carried out in their order, exactly as if each came alone: funds are checked
in a loop over arrays, which costs microseconds an item, and everything is written set-based.

A call is a transaction of its own. It runs with every workspace in sight until that transaction ends,
because one batch holds items of several. So each join names the item's own workspace. What is not
plain (no balance yet, a closed account, a credit line) is left to the ordinary road, which sees one
workspace and words the refusal.

Plans are made once for a connection, perhaps while the tables are empty, when any index looks as good
as the right one. OFFSET 0 keeps each look-up a look-up by its key.
"""

# What a call is given for each item, in the order of the parameters after the first three.
PARAMETERS = """
    p_workspaces uuid[], p_operations text[], p_keys text[], p_hashes bytea[], p_actors text[],
    p_people uuid[], p_credentials uuid[], p_sources text[], p_requests text[], p_ids uuid[],
    p_kinds text[], p_origins text[], p_payers uuid[], p_payees uuid[], p_currencies text[],
    p_exponents smallint[], p_units numeric[], p_amounts numeric[], p_names text[], p_memos text[],
    p_references text[], p_metadata jsonb[], p_facts jsonb[], p_answers jsonb[]
"""

PARAMETERS_OF_ONE = """
    p_workspace uuid, p_operation text, p_key text, p_hash bytea, p_actor text, p_person uuid,
    p_credential uuid, p_source text, p_request text, p_id uuid, p_kind text, p_origin text,
    p_payer uuid, p_payee uuid, p_currency text, p_exponent smallint, p_units numeric,
    p_amount numeric, p_name text, p_memo text, p_reference text, p_metadatum jsonb, p_fact jsonb,
    p_answer jsonb
"""

BEYOND = """
-- The refusal of who has too little to spend, as the ordinary road words it.
CREATE FUNCTION payments_beyond(p_sentence text, p_hint text, p_name text, p_account uuid,
    p_currency text, p_exponent smallint, p_available numeric, p_needed numeric, p_on_hold numeric)
RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    scale numeric := 10::numeric ^ p_exponent;
    available text := round(p_available / scale, p_exponent);
    needed text := round(p_needed / scale, p_exponent);
BEGIN
    -- The name comes last: it may hold braces of its own.
    RETURN jsonb_build_object('code', 'insufficient_funds', 'field', 'amount', 'hint', p_hint,
        'message', replace(replace(replace(replace(p_sentence, '{available}', available),
            '{currency}', p_currency), '{needed}', needed), '{name}', p_name),
        'details', jsonb_build_object('available', available, 'needed', needed,
            'on_hold', round(p_on_hold / scale, p_exponent)::text, 'currency', p_currency,
            'account_id', p_account));
END $$;
"""

POST = """
-- Post payments and transfers between balances, each item once. Answers for each item, in order:
-- done; refused (not enough to spend; the refusal is stored as the key's answer); replayed, with the
-- key's first answer; reused (the key came with another body); in_flight (another call holds the
-- key); ordinary (nothing was done, because the item is not plain).
CREATE FUNCTION payments_post(p_at timestamptz, p_beyond text, p_hint text, PARAMETERS)
RETURNS TABLE (outcome text, status smallint, body text) LANGUAGE plpgsql
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
    spendable numeric[];
    on_hold numeric[];
    held numeric[];
    had numeric[] := array_fill(NULL::numeric, ARRAY[count]);
    reserved numeric[] := array_fill(NULL::numeric, ARRAY[count]);
    late boolean[];
    debited numeric[];
    credited numeric[];
    d int;
    c int;
    units numeric;
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
    FROM unnest(free, p_workspaces, p_operations, p_keys, p_hashes, p_payers, p_payees,
                p_currencies, p_exponents)
         WITH ORDINALITY i (free, workspace, operation, key, hash, payer, payee, currency, exponent, n)
    LEFT JOIN LATERAL (
        SELECT x.input_hash, x.status, x.body FROM idempotency x
        WHERE x.workspace_id = i.workspace AND x.operation = i.operation AND x.key = i.key
        OFFSET 0) k ON true
    LEFT JOIN LATERAL (
        SELECT x.id FROM commodity x
        WHERE x.workspace_id = i.workspace AND x.code = i.currency AND x.instrument_id IS NULL
          AND x.exponent = i.exponent
        OFFSET 0) m ON true
    LEFT JOIN LATERAL (
        SELECT x.id, x.workspace_id FROM balance x
        WHERE x.account_id = i.payer AND x.commodity_id = m.id
        OFFSET 0) d ON d.workspace_id = i.workspace
    LEFT JOIN LATERAL (
        SELECT x.id, x.workspace_id FROM balance x
        WHERE x.account_id = i.payee AND x.commodity_id = m.id
        OFFSET 0) c ON c.workspace_id = i.workspace;

    SELECT array_agg(b.id), array_agg(b.held - b.on_hold), array_agg(b.on_hold), array_agg(b.held),
           array_agg(b.late), array_agg(0::numeric), array_agg(0::numeric)
    INTO ids, spendable, on_hold, held, late, debited, credited
    FROM (SELECT x.id, x.credits_posted - x.debits_posted AS held, x.debits_pending AS on_hold,
                 coalesce(x.latest_effective_at > p_at, false) AS late
          FROM balance x
          WHERE x.id = ANY (ARRAY(SELECT unnest(ARRAY[i.debit, i.credit])
                                  FROM unnest(outcomes, debits, credits) i (outcome, debit, credit)
                                  WHERE i.outcome = 'done'))
          ORDER BY x.id FOR NO KEY UPDATE) b;

    -- Again younger than the locks: who closes an account waits for its balances.
    SELECT array_agg(CASE WHEN i.outcome <> 'done' THEN i.outcome
                          WHEN payer.id IS NULL OR payee.id IS NULL THEN 'ordinary'
                          ELSE 'done' END ORDER BY i.n)
    INTO outcomes
    FROM unnest(outcomes, p_workspaces, p_payers, p_payees) WITH ORDINALITY
         i (outcome, workspace, payer, payee, n)
    LEFT JOIN LATERAL (
        SELECT x.id FROM account x
        WHERE x.id = i.payer AND x.workspace_id = i.workspace AND x.class = 'asset'
          AND x.closed_at IS NULL
        OFFSET 0) payer ON true
    LEFT JOIN LATERAL (
        SELECT x.id FROM account x
        WHERE x.id = i.payee AND x.workspace_id = i.workspace AND x.class IN ('asset', 'liability')
          AND x.closed_at IS NULL
        OFFSET 0) payee ON true;

    FOR n IN 1 .. count LOOP
        CONTINUE WHEN outcomes[n] <> 'done';
        d := array_position(ids, debits[n]);
        c := array_position(ids, credits[n]);
        units := p_units[n];
        IF spendable[d] < units THEN
            outcomes[n] := 'refused';
            had[n] := spendable[d];
            reserved[n] := on_hold[d];
            CONTINUE;
        END IF;
        spendable[d] := spendable[d] - units;
        spendable[c] := spendable[c] + units;
        held[d] := held[d] - units;
        held[c] := held[c] + units;
        debited[d] := debited[d] + units;
        credited[c] := credited[c] + units;
        debits_after[n] := held[d];
        credits_after[n] := held[c];
    END LOOP;

    IF 'refused' = ANY (outcomes) THEN
        SELECT array_agg(CASE WHEN i.outcome = 'refused' THEN payments_beyond(p_beyond, p_hint,
                   a.name, i.payer, i.currency, i.exponent, i.had, i.units, i.reserved)
                   ELSE i.body END ORDER BY i.n),
               array_agg(CASE WHEN i.outcome = 'refused' THEN 409::smallint ELSE i.status END ORDER BY i.n)
        INTO bodies, statuses
        FROM unnest(outcomes, bodies, statuses, p_workspaces, p_payers, p_currencies, p_exponents,
                    had, p_units, reserved) WITH ORDINALITY
             i (outcome, body, status, workspace, payer, currency, exponent, had, units, reserved, n)
        LEFT JOIN account a ON a.id = i.payer AND a.workspace_id = i.workspace;
    END IF;

    INSERT INTO idempotency (workspace_id, operation, key, input_hash, status, body, at, expires_at)
    SELECT i.workspace, i.operation, i.key, i.hash, coalesce(i.status, 201),
           coalesce(i.body, i.answer), p_at, 'infinity'
    FROM unnest(outcomes, p_workspaces, p_operations, p_keys, p_hashes, statuses, bodies, p_answers)
         i (outcome, workspace, operation, key, hash, status, body, answer)
    WHERE i.outcome IN ('done', 'refused');

    INSERT INTO journal (at, workspace_id, actor_kind, user_id, credential_id, source, operation,
                         outcome, error_code, input_hash, facts, request_id, idempotency_key)
    SELECT p_at, i.workspace, i.actor, i.person, i.credential, i.source, i.operation, i.outcome,
           CASE WHEN i.outcome = 'refused' THEN 'insufficient_funds' END, i.hash,
           CASE WHEN i.outcome = 'done' THEN i.facts ELSE '[]' END, i.request, i.key
    FROM unnest(outcomes, p_workspaces, p_actors, p_people, p_credentials, p_sources, p_operations,
                p_hashes, p_facts, p_requests, p_keys) WITH ORDINALITY
         i (outcome, workspace, actor, person, credential, source, operation, hash, facts, request,
            key, n)
    WHERE i.outcome IN ('done', 'refused')
    ORDER BY i.n;

    INSERT INTO transfer_group (id, workspace_id, kind, effective_at, account_id,
        counter_account_id, currency, amount, cash_change, source, payee, memo, metadata, created_at)
    SELECT i.id, i.workspace, i.kind, p_at, i.payer, i.payee, i.currency,
           i.amount, -i.amount, i.origin, i.name, i.memo, '{}', p_at
    FROM unnest(outcomes, p_ids, p_workspaces, p_kinds, p_origins, p_payers, p_payees, p_currencies,
                p_amounts, p_names, p_memos)
         i (outcome, id, workspace, kind, origin, payer, payee, currency, amount, name, memo)
    WHERE i.outcome = 'done';

    INSERT INTO transfer (id, workspace_id, group_id, kind, debit_id, credit_id, commodity_id,
                          amount, code, effective_at)
    SELECT i.id, i.workspace, i.id, 'single', i.debit, i.credit, i.commodity, i.units, 1, p_at
    FROM unnest(outcomes, p_ids, p_workspaces, debits, credits, commodities, p_units)
         i (outcome, id, workspace, debit, credit, commodity, units)
    WHERE i.outcome = 'done';

    INSERT INTO entry (workspace_id, transfer_id, balance_id, amount, balance_after, effective_at,
                       late)
    SELECT i.workspace, i.id, s.balance, s.units, s.after, p_at, late[array_position(ids, s.balance)]
    FROM unnest(outcomes, p_ids, p_workspaces, debits, credits, p_units, debits_after,
                credits_after) WITH ORDINALITY
         i (outcome, id, workspace, debit, credit, units, debit_after, credit_after, n)
    CROSS JOIN LATERAL (VALUES (i.debit, -i.units, i.debit_after),
                               (i.credit, i.units, i.credit_after)) s (balance, units, after)
    WHERE i.outcome = 'done'
    ORDER BY i.n;

    INSERT INTO payment (id, workspace_id, payer_account_id, payee_account_id, payee_name,
        commodity_id, amount, authorized, captured, status, description, reference, metadata,
        idempotency_key, request_hash, created_at, changed_at, actor_kind, user_id, credential_id)
    SELECT i.id, i.workspace, i.payer, i.payee, i.name, i.commodity, i.units, i.units, i.units,
           'succeeded', i.memo, i.reference, i.metadata, i.key, i.hash, p_at, p_at, i.actor,
           i.person, i.credential
    FROM unnest(outcomes, p_ids, p_workspaces, p_origins, p_payers, p_payees, p_names, commodities,
                p_units, p_memos, p_references, p_metadata, p_keys, p_hashes, p_actors, p_people,
                p_credentials)
         i (outcome, id, workspace, origin, payer, payee, name, commodity, units, memo, reference,
            metadata, key, hash, actor, person, credential)
    WHERE i.outcome = 'done' AND i.origin = 'payment';

    UPDATE balance b
    SET debits_posted = b.debits_posted + t.debits, credits_posted = b.credits_posted + t.credits,
        latest_effective_at = greatest(b.latest_effective_at, p_at)
    FROM unnest(ids, debited, credited) t (id, debits, credits)
    WHERE b.id = t.id AND t.debits + t.credits > 0;

    RETURN QUERY SELECT i.outcome, i.status, i.body::text
        FROM unnest(outcomes, statuses, bodies) WITH ORDINALITY i (outcome, status, body, n)
        ORDER BY i.n;
END $$;
""".replace("PARAMETERS", PARAMETERS.strip())

ONE = """
-- The same for one item, by plain statements: what a call at rest takes, some 15 % faster than
-- the set-based function with arrays of one.
CREATE FUNCTION payments_post_one(p_at timestamptz, p_beyond text, p_hint text, PARAMETERS)
RETURNS TABLE (outcome text, status smallint, body text) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    known record;
    payer record;
    payee record;
    commodity bigint;
    refusal jsonb;
BEGIN
    PERFORM set_config('bursar.every_workspace', 'on', true);
    IF NOT pg_try_advisory_xact_lock(hashtextextended(
           p_workspace::text || ':' || p_operation || ':' || p_key, 0)) THEN
        RETURN QUERY SELECT 'in_flight', NULL::smallint, NULL::text;
        RETURN;
    END IF;
    SELECT x.input_hash, x.status, x.body::text AS body INTO known FROM idempotency x
    WHERE x.workspace_id = p_workspace AND x.operation = p_operation AND x.key = p_key;
    IF FOUND THEN
        RETURN QUERY SELECT CASE WHEN known.input_hash = p_hash THEN 'replayed' ELSE 'reused' END,
                            known.status, known.body;
        RETURN;
    END IF;
    SELECT x.id INTO commodity FROM commodity x
    WHERE x.workspace_id = p_workspace AND x.code = p_currency AND x.instrument_id IS NULL
      AND x.exponent = p_exponent;
    PERFORM FROM balance x WHERE x.id IN (
            SELECT y.id FROM balance y WHERE y.account_id = p_payer AND y.commodity_id = commodity
            UNION ALL
            SELECT y.id FROM balance y WHERE y.account_id = p_payee AND y.commodity_id = commodity)
        ORDER BY x.id FOR NO KEY UPDATE;
    SELECT b.id, a.name, b.credits_posted - b.debits_posted AS held, b.debits_pending AS on_hold,
           coalesce(b.latest_effective_at > p_at, false) AS late
    INTO payer FROM balance b JOIN account a ON a.id = b.account_id
    WHERE b.account_id = p_payer AND b.commodity_id = commodity AND b.workspace_id = p_workspace
      AND a.class = 'asset' AND a.closed_at IS NULL;
    SELECT b.id, b.credits_posted - b.debits_posted AS held,
           coalesce(b.latest_effective_at > p_at, false) AS late
    INTO payee FROM balance b JOIN account a ON a.id = b.account_id
    WHERE b.account_id = p_payee AND b.commodity_id = commodity AND b.workspace_id = p_workspace
      AND a.class IN ('asset', 'liability') AND a.closed_at IS NULL;
    IF payer.id IS NULL OR payee.id IS NULL OR payer.id = payee.id THEN
        RETURN QUERY SELECT 'ordinary', NULL::smallint, NULL::text;
        RETURN;
    END IF;
    IF payer.held - payer.on_hold < p_units THEN
        refusal := payments_beyond(p_beyond, p_hint, payer.name, p_payer, p_currency, p_exponent,
                                   payer.held - payer.on_hold, p_units, payer.on_hold);
    END IF;
    INSERT INTO idempotency (workspace_id, operation, key, input_hash, status, body, at, expires_at)
    VALUES (p_workspace, p_operation, p_key, p_hash, CASE WHEN refusal IS NULL THEN 201 ELSE 409 END,
            coalesce(refusal, p_answer), p_at, 'infinity');
    INSERT INTO journal (at, workspace_id, actor_kind, user_id, credential_id, source, operation,
                         outcome, error_code, input_hash, facts, request_id, idempotency_key)
    VALUES (p_at, p_workspace, p_actor, p_person, p_credential, p_source, p_operation,
            CASE WHEN refusal IS NULL THEN 'done' ELSE 'refused' END,
            CASE WHEN refusal IS NOT NULL THEN 'insufficient_funds' END, p_hash,
            CASE WHEN refusal IS NULL THEN p_fact ELSE '[]' END, p_request, p_key);
    IF refusal IS NOT NULL THEN
        RETURN QUERY SELECT 'refused', 409::smallint, refusal::text;
        RETURN;
    END IF;
    INSERT INTO transfer_group (id, workspace_id, kind, effective_at, account_id,
        counter_account_id, currency, amount, cash_change, source, payee, memo, metadata, created_at)
    VALUES (p_id, p_workspace, p_kind, p_at, p_payer, p_payee, p_currency, p_amount, -p_amount,
            p_origin, p_name, p_memo, '{}', p_at);
    INSERT INTO transfer (id, workspace_id, group_id, kind, debit_id, credit_id, commodity_id,
                          amount, code, effective_at)
    VALUES (p_id, p_workspace, p_id, 'single', payer.id, payee.id, commodity, p_units, 1, p_at);
    INSERT INTO entry (workspace_id, transfer_id, balance_id, amount, balance_after, effective_at,
                       late)
    VALUES (p_workspace, p_id, payer.id, -p_units, payer.held - p_units, p_at, payer.late),
           (p_workspace, p_id, payee.id, p_units, payee.held + p_units, p_at, payee.late);
    IF p_origin = 'payment' THEN
        INSERT INTO payment (id, workspace_id, payer_account_id, payee_account_id, payee_name,
            commodity_id, amount, authorized, captured, status, description, reference, metadata,
            idempotency_key, request_hash, created_at, changed_at, actor_kind, user_id,
            credential_id)
        VALUES (p_id, p_workspace, p_payer, p_payee, p_name, commodity, p_units, p_units, p_units,
                'succeeded', p_memo, p_reference, p_metadatum, p_key, p_hash, p_at, p_at, p_actor,
                p_person, p_credential);
    END IF;
    UPDATE balance SET debits_posted = debits_posted + p_units,
        latest_effective_at = greatest(latest_effective_at, p_at) WHERE id = payer.id;
    UPDATE balance SET credits_posted = credits_posted + p_units,
        latest_effective_at = greatest(latest_effective_at, p_at) WHERE id = payee.id;
    RETURN QUERY SELECT 'done', NULL::smallint, NULL::text;
END $$;
""".replace("PARAMETERS", PARAMETERS_OF_ONE.strip())

# As in revision 0007, with its look-ups fenced: a plan made while transfer_group was empty read the whole
# table once for each statement, which is nothing for the first and most of the time later.
REFER = """
CREATE OR REPLACE FUNCTION payments_refer() RETURNS trigger LANGUAGE plpgsql
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
          LEFT JOIN LATERAL (SELECT * FROM account a WHERE a.id = n.payer_account_id OFFSET 0) payer
                 ON true
          LEFT JOIN LATERAL (SELECT * FROM account a WHERE a.id = n.payee_account_id OFFSET 0) payee
                 ON true
          LEFT JOIN LATERAL (SELECT m.workspace_id FROM commodity m WHERE m.id = n.commodity_id
                             OFFSET 0) c ON true
          LEFT JOIN LATERAL (SELECT t.workspace_id FROM transfer_group t WHERE t.id = n.id OFFSET 0) g
                 ON true) x
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
"""

CREATE = (BEYOND, POST, ONE, REFER)
DROP = (
    "DROP FUNCTION payments_post_one",
    "DROP FUNCTION payments_post",
    "DROP FUNCTION payments_beyond",
)
