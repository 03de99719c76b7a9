"""The book's invariants as SQL: each counts what it checked and names the first offenders.

A check reads rows once, in an order its index gives; numbers are those of the design notes.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

OFFENDERS_MAX = 10
WORK_MEMORY = "64MB"  # a book of a million entries is compared without files on disk


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: `checked` counts rows; `differences` yields a `subject` per offender."""

    id: str
    name: str
    checked: str
    differences: str


ENTRIES = "SELECT count(*) FROM entry WHERE workspace_id = :workspace"
TRANSFERS = "SELECT count(*) FROM transfer WHERE workspace_id = :workspace"
BALANCES = "SELECT count(*) FROM balance WHERE workspace_id = :workspace"

CHECKS = (
    Check(
        "I1",
        "the entries of each transfer are its two sides and sum to zero",
        TRANSFERS,
        """
        SELECT 'transfer ' || coalesce(t.id, e.transfer_id) AS subject
        FROM (SELECT transfer_id, count(*) AS sides, sum(amount) AS total, max(amount) AS amount,
                     min(balance_id) FILTER (WHERE amount < 0) AS debit_id,
                     min(balance_id) FILTER (WHERE amount > 0) AS credit_id
              FROM entry WHERE workspace_id = :workspace GROUP BY transfer_id) e
        FULL JOIN (SELECT * FROM transfer WHERE workspace_id = :workspace
                     AND kind IN ('single', 'post', 'reversal')) t ON t.id = e.transfer_id
        WHERE (e.sides = 2 AND e.total = 0 AND e.amount = t.amount AND e.debit_id = t.debit_id
               AND e.credit_id = t.credit_id) IS NOT TRUE""",
    ),
    Check(
        "I2",
        "each commodity sums to zero over all balances",
        BALANCES,
        """
        SELECT 'commodity ' || c.code AS subject
        FROM balance b JOIN commodity c ON c.id = b.commodity_id
        WHERE b.workspace_id = :workspace GROUP BY c.id, c.code
        HAVING sum(b.credits_posted - b.debits_posted) <> 0
            OR sum(b.credits_pending - b.debits_pending) <> 0""",
    ),
    Check(
        "I3",
        "each balance equals the sum of its entries",
        ENTRIES,
        """
        SELECT 'balance ' || b.id AS subject
        FROM balance b
        LEFT JOIN (SELECT balance_id, sum(amount) FILTER (WHERE amount > 0) AS credits,
                          -sum(amount) FILTER (WHERE amount < 0) AS debits,
                          max(effective_at) AS latest
                   FROM entry WHERE workspace_id = :workspace GROUP BY balance_id) e
               ON e.balance_id = b.id
        WHERE b.workspace_id = :workspace
          AND (b.credits_posted <> coalesce(e.credits, 0)
               OR b.debits_posted <> coalesce(e.debits, 0)
               OR b.latest_effective_at IS DISTINCT FROM e.latest)""",
    ),
    Check(
        "I4",
        "no limited balance is below zero, holds included",
        "SELECT count(*) FROM balance WHERE workspace_id = :workspace AND no_overdraft",
        """
        SELECT 'balance ' || id AS subject FROM balance
        WHERE workspace_id = :workspace AND no_overdraft
          AND credits_posted - debits_posted - debits_pending < 0""",
    ),
    Check(
        "I5",
        "a hold is resolved once and never captured above its amount",
        "SELECT count(*) FROM pending WHERE workspace_id = :workspace",
        """
        SELECT 'hold ' || p.transfer_id AS subject
        FROM pending p JOIN transfer t ON t.id = p.transfer_id
        LEFT JOIN (SELECT pending_id, sum(amount) AS resolved,
                          count(*) FILTER (WHERE kind IN ('void', 'expire')) AS ends
                   FROM transfer WHERE workspace_id = :workspace AND pending_id IS NOT NULL
                   GROUP BY pending_id) r ON r.pending_id = p.transfer_id
        WHERE p.workspace_id = :workspace
          AND (t.amount <> p.remaining + coalesce(r.resolved, 0) OR r.ends > 1
               OR (p.state = 'pending') <> (p.remaining > 0))""",
    ),
    Check(
        "I8",
        "the database refuses to change or remove what is in the book",
        "SELECT 6::bigint",
        """
        SELECT 'trigger ' || w.name AS subject
        FROM unnest(ARRAY['transfer_group', 'transfer', 'entry']) t (name)
        CROSS JOIN LATERAL unnest(ARRAY[t.name || '_append_only', t.name || '_no_truncate'])
             w (name)
        WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = t.name::regclass
                            AND g.tgname = w.name AND g.tgenabled = 'O')""",
    ),
    Check(
        "I12",
        "replaying the entries gives every balance after every entry, and which were late",
        ENTRIES,
        """
        SELECT 'entry ' || r.id AS subject
        FROM (SELECT id, balance_after, late, effective_at,
                     coalesce(lag(balance_after) OVER before, 0) + amount AS replayed,
                     max(effective_at) OVER before AS latest
              FROM entry WHERE workspace_id = :workspace
              WINDOW before AS (PARTITION BY balance_id ORDER BY id
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) r
        WHERE r.replayed <> r.balance_after
           OR r.late <> coalesce(r.effective_at < r.latest, false)""",
    ),
    Check(
        "L1",
        "the open lots of each position add up to its balance, where its lots are known",
        "SELECT count(*) FROM tax_lot WHERE workspace_id = :workspace",
        """
        SELECT 'position ' || b.account_id || ' ' || c.code AS subject
        FROM balance b JOIN commodity c ON c.id = b.commodity_id
        JOIN account a ON a.id = b.account_id AND a.class IN ('asset', 'liability')
        LEFT JOIN (SELECT account_id, instrument_id, sum(remaining) AS units
                   FROM tax_lot WHERE workspace_id = :workspace
                   GROUP BY account_id, instrument_id) l
               ON l.account_id = b.account_id AND l.instrument_id = c.instrument_id
        LEFT JOIN (SELECT * FROM lot_problem WHERE workspace_id = :workspace) p
               ON p.account_id = b.account_id AND p.instrument_id = c.instrument_id
        WHERE b.workspace_id = :workspace AND c.instrument_id IS NOT NULL
          AND p.account_id IS NULL
          AND b.credits_posted - b.debits_posted <> coalesce(l.units, 0)""",
    ),
)


async def run(
    session: AsyncSession, workspace_id: uuid.UUID, check: Check
) -> tuple[int, int, list[str]]:
    """Return the rows checked, the number of differences, and the first offenders."""
    await session.execute(text(f"SET LOCAL work_mem = '{WORK_MEMORY}'"))
    named = {"workspace": workspace_id}
    counted = named if ":workspace" in check.checked else {}
    compared = named if ":workspace" in check.differences else {}
    checked = await session.scalar(text(check.checked), counted)
    report = text(
        f"SELECT count(*), (array_agg(subject))[\\:{OFFENDERS_MAX}]"  # noqa: S608 - text from above
        f" FROM ({check.differences}) d"
    )
    row = (await session.execute(report, compared)).one()
    return int(checked or 0), int(row[0]), list(row[1] or ())
