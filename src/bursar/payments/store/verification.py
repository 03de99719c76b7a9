"""Invariants of payments, verified with the book's own: the rows say what the transfers did.

Numbers are those of the design notes; a letter tells several checks of one invariant apart.
"""

from bursar.ledger.operations.verification import Check

PAYMENTS = "SELECT count(*) FROM payment WHERE workspace_id = :workspace"

CHECKS = (
    Check(
        "I5b",
        "each payment's amounts are those of its transfers, and refunds never exceed captures",
        PAYMENTS,
        """
        SELECT 'payment ' || p.id AS subject
        FROM payment p
        LEFT JOIN (SELECT group_id, sum(amount) AS paid FROM transfer
                   WHERE workspace_id = :workspace AND kind = 'single' GROUP BY group_id) s
               ON s.group_id = p.id
        LEFT JOIN transfer h ON h.id = p.id AND h.kind = 'pending'
        LEFT JOIN (SELECT pending_id, coalesce(sum(amount) FILTER (WHERE kind = 'post'), 0) AS captured,
                          coalesce(sum(amount) FILTER (WHERE kind <> 'post'), 0) AS released
                   FROM transfer WHERE workspace_id = :workspace AND pending_id IS NOT NULL
                   GROUP BY pending_id) r ON r.pending_id = p.id
        LEFT JOIN pending w ON w.transfer_id = p.id
        LEFT JOIN (SELECT f.payment_id, sum(f.amount) AS refunded, sum(t.amount) AS moved
                   FROM refund f LEFT JOIN transfer t ON t.group_id = f.id
                   WHERE f.workspace_id = :workspace AND f.status <> 'failed'
                   GROUP BY f.payment_id) b ON b.payment_id = p.id
        LEFT JOIN (SELECT coalesce(t.pending_id, g.id) AS payment_id, sum(x.amount) AS undone
                   FROM transfer_group m
                   JOIN transfer_group g ON g.id = m.reverses_id AND g.kind IN ('payment', 'capture')
                   JOIN transfer t ON t.group_id = g.id
                   JOIN transfer x ON x.group_id = m.id
                   WHERE m.workspace_id = :workspace GROUP BY 1) u ON u.payment_id = p.id
        WHERE p.workspace_id = :workspace AND p.method = 'balance'
          AND (CASE WHEN p.capture_method = 'automatic'
                    THEN p.captured = coalesce(s.paid, 0) AND h.id IS NULL
                    ELSE p.authorized = h.amount AND p.captured = coalesce(r.captured, 0)
                         AND p.released = coalesce(r.released, 0)
                         AND w.remaining = p.authorized - p.captured - p.released END
               AND p.refunded = coalesce(b.refunded, 0) AND p.refunded = coalesce(b.moved, 0)
               AND p.refunded + p.disputed <= p.captured
               AND coalesce(u.undone, 0) = CASE WHEN p.status = 'reversed' THEN p.captured ELSE 0 END
              ) IS NOT TRUE""",
    ),
    Check(
        "I5c",
        "the history of each payment sums to its amounts and ends in its status",
        "SELECT count(*) FROM payment_change WHERE workspace_id = :workspace",
        """
        SELECT 'payment ' || p.id AS subject
        FROM payment p
        LEFT JOIN (SELECT payment_id, count(*) AS changes, max(number) AS last,
                          coalesce(sum(amount) FILTER (WHERE kind = 'captured'), 0) AS captured,
                          coalesce(sum(amount) FILTER (WHERE kind IN ('released', 'expired')), 0) AS released,
                          coalesce(sum(amount) FILTER (WHERE kind = 'refunded'), 0) AS refunded,
                          (array_agg(status ORDER BY number DESC))[1] AS status
                   FROM payment_change WHERE workspace_id = :workspace GROUP BY payment_id) c
               ON c.payment_id = p.id
        WHERE p.workspace_id = :workspace AND p.method = 'balance'
          AND (coalesce(c.changes, 0) = coalesce(c.last, 0)
               AND p.status = coalesce(c.status, CASE WHEN p.capture_method = 'manual'
                                                      THEN 'requires_capture' ELSE 'succeeded' END)
               AND (p.capture_method = 'automatic' OR p.captured = coalesce(c.captured, 0))
               AND p.released = coalesce(c.released, 0) AND p.refunded = coalesce(c.refunded, 0)
              ) IS NOT TRUE""",
    ),
    Check(
        "I7",
        "each key of a payment stands for one payment and one body",
        "SELECT count(*) FROM payment WHERE workspace_id = :workspace AND idempotency_key IS NOT NULL",
        """
        SELECT 'key ' || i.key AS subject
        FROM idempotency i
        LEFT JOIN payment p ON p.workspace_id = i.workspace_id AND p.idempotency_key = i.key
        WHERE i.workspace_id = :workspace AND i.operation = 'payments.initiate_payment'
          AND CASE WHEN i.status < 400
                   THEN (p.id::text = i.body->>'id' AND p.request_hash = i.input_hash) IS NOT TRUE
                   ELSE p.id IS NOT NULL END""",
    ),
)
