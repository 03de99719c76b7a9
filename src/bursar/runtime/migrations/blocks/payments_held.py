"""The posting functions with surer and shorter waits (revision 0012).

Whether an account is open is read with a key lock on it: closing waits for that, or the item sees it
closed and takes the ordinary road. Read without, an account closed in between made the payment's own
check end the whole statement.

With p_skip, balances that somebody else keeps locked are passed over instead of waited for. Their items answer 'held': nothing was
done, and they come again. So do later items that take from an account of a held one: what they
would find there depends on it.
"""

from bursar.runtime.migrations.blocks import payments_posting


def _changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        if text.count(old) != 1:
            msg = f"not once in the function: {old!r}"
            raise ValueError(msg)
        text = text.replace(old, new)
    return text


_BALANCES = """
          FROM balance x
          WHERE x.id = ANY (ARRAY(SELECT unnest(ARRAY[i.debit, i.credit])
                                  FROM unnest(outcomes, debits, credits) i (outcome, debit, credit)
                                  WHERE i.outcome = 'done'))
          ORDER BY x.id FOR NO KEY UPDATE) b;
"""
_FREE = """
    IF p_skip THEN
        wanted := ARRAY(
            SELECT x.id FROM balance x
            WHERE x.id = ANY (ARRAY(SELECT unnest(ARRAY[i.debit, i.credit])
                                    FROM unnest(outcomes, debits, credits) i (outcome, debit, credit)
                                    WHERE i.outcome = 'done'))
            ORDER BY x.id FOR NO KEY UPDATE SKIP LOCKED);
    ELSE
        wanted := ARRAY(SELECT unnest(ARRAY[i.debit, i.credit])
                        FROM unnest(outcomes, debits, credits) i (outcome, debit, credit)
                        WHERE i.outcome = 'done');
    END IF;
"""

_PAYER = """
        WHERE x.id = i.payer AND x.workspace_id = i.workspace AND x.class = 'asset'
          AND x.closed_at IS NULL
"""
_PAYEE = """
        WHERE x.id = i.payee AND x.workspace_id = i.workspace AND x.class IN ('asset', 'liability')
          AND x.closed_at IS NULL
"""
_PAYER_OF_ONE = "      AND a.class = 'asset' AND a.closed_at IS NULL"
_PAYEE_OF_ONE = "      AND a.class IN ('asset', 'liability') AND a.closed_at IS NULL"

POST = _changed(
    payments_posting.POST,
    ("p_answers jsonb[])", "p_answers jsonb[],\n    p_skip boolean DEFAULT false)"),
    (
        "    ids bigint[];\n",
        "    ids bigint[];\n    wanted bigint[];\n    blocked bigint[] := '{}';\n",
    ),
    ("    SELECT array_agg(b.id), ", f"{_FREE}\n    SELECT array_agg(b.id), "),
    (
        _BALANCES,
        """
          FROM balance x
          WHERE x.id = ANY (wanted)
          ORDER BY x.id FOR NO KEY UPDATE) b;
""",
    ),
    (
        "        units := p_units[n];\n",
        """        IF d IS NULL OR c IS NULL OR debits[n] = ANY (blocked) THEN
            outcomes[n] := 'held';
            blocked := blocked || ARRAY[debits[n], credits[n]];
            CONTINUE;
        END IF;
        units := p_units[n];
""",
    ),
    (f"{_PAYER}        OFFSET 0)", f"{_PAYER}        OFFSET 0 FOR KEY SHARE)"),
    (f"{_PAYEE}        OFFSET 0)", f"{_PAYEE}        OFFSET 0 FOR KEY SHARE)"),
)
ONE = _changed(
    payments_posting.ONE,
    (f"{_PAYER_OF_ONE};", f"{_PAYER_OF_ONE}\n    FOR KEY SHARE OF a;"),
    (f"{_PAYEE_OF_ONE};", f"{_PAYEE_OF_ONE}\n    FOR KEY SHARE OF a;"),
)

GONE = ("DROP FUNCTION payments_post_one", "DROP FUNCTION payments_post")
CREATE = (*GONE, POST, ONE)
DROP = (*GONE, payments_posting.POST, payments_posting.ONE)
