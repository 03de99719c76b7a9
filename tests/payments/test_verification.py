"""`ledger.verify` finds each way in which payments and the book could disagree."""

import pytest
from sqlalchemy import text

from bursar.core.model import Nothing
from bursar.ledger.operations.verification import add_checks, verify
from bursar.payments.store.verification import CHECKS
from bursar.runtime.database import Database
from tests.harness import Harness, TestDatabase
from tests.payments.build import Door

WHERE = "WHERE workspace_id = :w AND reference"
TAMPERED = {
    "captured more than its transfers": (
        f"UPDATE payment SET released = 24, captured = 36 {WHERE} = 'held'", {"I5b", "I5c"},
    ),
    "paid another amount": (
        f"UPDATE payment SET amount = 99, authorized = 99, captured = 99 {WHERE} = 'paid'", {"I5b"},
    ),
    "refunded without a refund": (
        f"UPDATE payment SET refunded = 10, status = 'partially_refunded' {WHERE} = 'paid'",
        {"I5b", "I5c"},
    ),
    "a refund that moved another amount": (
        "UPDATE refund SET amount = 1 WHERE workspace_id = :w", {"I5b"},
    ),
    "a reversal that never was": (
        f"UPDATE payment SET status = 'reversed' {WHERE} = 'paid'", {"I5b", "I5c"},
    ),
    "a change without its line": (
        "DELETE FROM payment_change WHERE workspace_id = :w AND number = 2", {"I5c"},
    ),
    "a key with another body": (
        f"UPDATE payment SET request_hash = sha256('x') {WHERE} = 'paid'", {"I7"},
    ),
    "a key that answers with another payment": (
        f"UPDATE payment SET idempotency_key = 'other' {WHERE} = 'paid'", {"I7"},
    ),
}  # fmt: skip


@pytest.mark.requirement("LEDGER.01", "LEDGER.02", "LEDGER.03")
@pytest.mark.parametrize("name", TAMPERED)
async def test_tampering_behind_the_triggers_is_found(
    harness: Harness, test_database: TestDatabase, name: str
) -> None:
    door = Door(harness)
    await door.account("Payer", "500")
    body = {"payer_account": "Payer", "payee_name": "Shop"}
    await door.call("initiate_payment", amount="0.60", reference="paid", **body)
    held = await door.call(
        "initiate_payment", amount="0.60", reference="held", capture_method="manual", **body
    )
    await door.call("capture_payment", payment_id=held["id"], amount="0.35")
    other = await door.call("initiate_payment", amount="0.30", reference="refunded", **body)
    await door.call("process_refund", payment_id=other["id"], amount="0.10")
    assert (await door.verified()).holds
    change, expected = TAMPERED[name]
    database = Database(test_database.owner_url, connections_max=1)
    try:
        owner = Harness(
            database, harness.clock, home=harness.home, workspace_id=harness.workspace_id
        )
        async with owner.context(dry_run=True) as context:
            for table in ("payment", "refund", "payment_change"):
                await context.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            touched = await context.session.execute(text(change), {"w": harness.workspace_id})
            assert touched.rowcount
            proof = await verify(context, Nothing())
    finally:
        await database.close()
    broken = {each.id for each in proof.invariants if each.differences}
    assert broken == expected


def test_an_invariant_is_stated_once() -> None:
    with pytest.raises(ValueError, match="stated twice"):
        add_checks(CHECKS[0])
