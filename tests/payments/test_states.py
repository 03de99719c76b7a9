"""The states of a payment are one list in three places, and the database refuses all other ways."""

import datetime as dt
import itertools
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bursar.core.ids import new_id
from bursar.payments.calc.states import TRANSITIONS, Amounts, PaymentStatus, status_of
from bursar.runtime.database import Database
from tests.harness import Harness, TestDatabase
from tests.house.rules import ROOT
from tests.payments.build import Door

S = PaymentStatus
# Amounts of 100 that each status may have: authorized, captured, released, refunded.
SHAPES: dict[PaymentStatus, tuple[int, int, int, int]] = {
    S.CREATED: (0, 0, 0, 0),
    S.REQUIRES_ACTION: (0, 0, 0, 0),
    S.PROCESSING: (0, 0, 0, 0),
    S.FAILED: (0, 0, 0, 0),
    S.REQUIRES_CAPTURE: (100, 0, 0, 0),
    S.PARTIALLY_CAPTURED: (100, 40, 0, 0),
    S.SUCCEEDED: (100, 100, 0, 0),
    S.PARTIALLY_REFUNDED: (100, 100, 0, 30),
    S.REFUNDED: (100, 100, 0, 100),
    S.REVERSED: (100, 100, 0, 0),
    S.CANCELED: (100, 0, 100, 0),
    S.EXPIRED: (100, 0, 100, 0),
}
INSERT = text("""
INSERT INTO payment (id, workspace_id, payer_account_id, payee_name, commodity_id, amount,
    authorized, captured, released, refunded, status, capture_method, method, failure_code,
    created_at, changed_at, actor_kind)
VALUES (:id, :workspace, :payer, 'Shop', :commodity, 100, :authorized, :captured, :released,
    :refunded, :status, 'manual', 'card', :failure, :at, :at, 'person')
""")
UPDATE = text("""
UPDATE payment SET status = :status, authorized = :authorized, captured = :captured,
    released = :released, refunded = :refunded, failure_code = :failure
WHERE workspace_id = :workspace AND id = :id
""")


@pytest.fixture(params=["application", "owner"])
async def role(
    request: pytest.FixtureRequest, test_database: TestDatabase
) -> AsyncIterator[Database]:
    """A connection of the application's role, or of the role that owns the tables."""
    url = getattr(test_database, f"{request.param}_url")
    database = Database(url, connections_max=1)
    yield database
    await database.close()


class Planter:
    """Payments put straight into the table, in any state."""

    def __init__(self, database: Database, harness: Harness, facts: dict[str, Any]) -> None:
        self.database, self.harness, self.facts = database, harness, facts

    def parameters(self, status: str, shape: tuple[int, int, int, int]) -> dict[str, Any]:
        names = ("authorized", "captured", "released", "refunded")
        return {
            **dict(zip(names, map(Decimal, shape), strict=True)),
            "status": status,
            "failure": "declined" if status == "failed" else None,
            "workspace": self.harness.workspace_id,
        }

    async def plant(self, status: PaymentStatus) -> dict[str, Any]:
        row = self.parameters(status.value, SHAPES[status]) | {"id": new_id(), **self.facts}
        await self.run(INSERT, row)
        return row

    async def run(self, statement: Any, parameters: dict[str, Any]) -> None:
        async with self.database.transaction(self.harness.workspace_id) as transaction:
            await transaction.session.execute(statement, parameters)


@pytest.fixture
async def planter(role: Database, harness: Harness) -> Planter:
    door = Door(harness)
    account = await door.account("Checking", "1")
    async with harness.context() as context:
        commodity = await context.session.scalar(
            text("SELECT id FROM commodity WHERE workspace_id = :w AND code = 'USD'"),
            {"w": harness.workspace_id},
        )
    facts = {"payer": account.id, "commodity": commodity, "at": harness.clock.now()}
    return Planter(role, harness, facts)


@pytest.mark.requirement("PAY.07", "LEDGER.02")
async def test_every_forbidden_transition_is_refused_by_the_database(planter: Planter) -> None:
    tried = 0
    for start, end in itertools.product(S, S):
        if start is end:
            continue
        row = await planter.plant(start)
        wanted = planter.parameters(end.value, SHAPES[end]) | {"id": row["id"]}
        if end in TRANSITIONS[start]:
            if start is S.CREATED and end is S.CANCELED:
                wanted |= {"authorized": Decimal(0), "released": Decimal(0)}
            await planter.run(UPDATE, wanted)
            continue
        tried += 1
        with pytest.raises(DBAPIError, match=r"cannot become|never taken back"):
            await planter.run(UPDATE, wanted)
    assert tried == sum(len(S) - 1 - len(ways - {start}) for start, ways in TRANSITIONS.items())


@pytest.mark.requirement("PAY.07", "LEDGER.02")
async def test_what_identifies_a_payment_stays_and_it_is_never_removed(planter: Planter) -> None:
    row = await planter.plant(S.SUCCEEDED)
    where = " WHERE workspace_id = :workspace AND id = :id"
    for change in (
        "amount = 50",
        "payer_account_id = uuidv7()",
        "payee_name = 'Thief'",
        "created_at = created_at - interval '1 day'",
        "idempotency_key = 'other'",
        "metadata = '{}'",
        "user_id = uuidv7()",
        "captured = 99, status = 'partially_captured'",
        "refunded = 10",
        "expires_at = now()",
    ):
        with pytest.raises(DBAPIError, match=r"never|cannot|violates check"):
            await planter.run(text(f"UPDATE payment SET {change}{where}"), row)
    for status, change in (
        (S.PARTIALLY_REFUNDED, "refunded = 20"),
        (S.PARTIALLY_CAPTURED, "captured = 30"),
    ):
        other = await planter.plant(status)
        with pytest.raises(DBAPIError, match="never taken back"):
            await planter.run(text(f"UPDATE payment SET {change}{where}"), other)
    for removal in (f"DELETE FROM payment{where}", "TRUNCATE payment CASCADE"):
        with pytest.raises(DBAPIError, match=r"never changed or removed|permission denied"):
            await planter.run(text(removal), row if "DELETE" in removal else {})


@pytest.mark.requirement("LEDGER.02")
@pytest.mark.parametrize(
    ("status", "shape"),
    [
        ("succeeded", (100, 101, 0, 0)),
        ("succeeded", (100, 60, 0, 0)),
        ("succeeded", (100, 100, 0, 1)),
        ("refunded", (100, 100, 0, 99)),
        ("partially_refunded", (100, 100, 0, 101)),
        ("canceled", (100, 10, 90, 0)),
        ("requires_capture", (100, 1, 0, 0)),
        ("created", (1, 0, 0, 0)),
        ("paid", (100, 100, 0, 0)),
        ("succeeded", (101, 101, 0, 0)),
    ],
)
async def test_amounts_that_do_not_fit_the_status_are_refused(
    planter: Planter, status: str, shape: tuple[int, int, int, int]
) -> None:
    row = planter.parameters(status, shape) | {"id": new_id(), **planter.facts}
    with pytest.raises(DBAPIError, match="violates check constraint"):
        await planter.run(INSERT, row)


async def test_references_are_checked(planter: Planter) -> None:
    row = planter.parameters("succeeded", SHAPES[S.SUCCEEDED]) | {"id": new_id(), **planter.facts}
    for lost in ({"payer": new_id()}, {"commodity": -1}):
        with pytest.raises(DBAPIError, match="needs accounts"):
            await planter.run(INSERT, row | lost)
    from_balance = text(str(INSERT).replace("'card'", "'balance'"))
    with pytest.raises(DBAPIError, match="a group of its workspace"):
        await planter.run(from_balance, row)


async def test_refunds_must_sum_to_what_the_payment_counts(planter: Planter) -> None:
    row = await planter.plant(S.PARTIALLY_REFUNDED)
    insert = text(
        "INSERT INTO refund (id, workspace_id, payment_id, amount, created_at, actor_kind)"
        " VALUES (uuidv7(), :workspace, :id, :amount, :at, 'person')"
    )
    with pytest.raises(DBAPIError, match="must sum"):
        await planter.run(insert, row | {"amount": Decimal(31)})
    await planter.run(insert, row | {"amount": Decimal(30)})
    with pytest.raises(DBAPIError, match="must sum"):
        await planter.run(insert, row | {"amount": Decimal(1)})
    change = text("UPDATE refund SET amount = 1 WHERE payment_id = :id")
    with pytest.raises(DBAPIError, match="never changed"):
        await planter.run(change, row)


@pytest.mark.requirement("PAY.07")
async def test_python_database_and_documentation_name_the_same_transitions(
    harness: Harness,
) -> None:
    async with harness.context(read_only=True) as context:
        rows = await context.session.execute(
            text(
                "SELECT a, b, payment_may_become(a, b) FROM unnest(CAST(:states AS text[])) a,"
                " unnest(CAST(:states AS text[])) b"
            ),
            {"states": [each.value for each in S]},
        )
        in_database = {(a, b) for a, b, allowed in rows if allowed}
    in_python = {(a.value, b.value) for a, ways in TRANSITIONS.items() for b in ways}
    page = (ROOT / "docs/use/payments.md").read_text(encoding="utf-8")
    rows_of_page = re.findall(r"^\| `(\w+)` \|[^|]*\| (.*) \|$", page, flags=re.MULTILINE)
    documented = {(a, b) for a, ways in rows_of_page for b in re.findall(r"`(\w+)`", ways)}
    assert in_database == in_python
    assert documented == in_python


def test_a_status_follows_from_the_amounts() -> None:
    for status, (authorized, captured, released, refunded) in SHAPES.items():
        if not authorized or status is S.REVERSED:
            continue
        amounts = Amounts(authorized, captured, released, refunded)
        assert status_of(amounts, expired=status is S.EXPIRED) is status


async def test_another_workspace_sees_and_changes_nothing(harness: Harness) -> None:
    door = Door(harness)
    await door.account("Checking", "10")
    paid = await door.call(
        "initiate_payment", payer_account="Checking", payee_name="Shop", amount="1"
    )
    other = Harness(harness.database, harness.clock, home=harness.home)
    await other.create_workspace()
    async with other.context() as context:
        for table in ("payment", "refund", "payment_change"):
            count = text(f"SELECT count(*) FROM {table}")
            assert await context.session.scalar(count) == 0
        touched = await context.session.execute(
            text("UPDATE payment SET status = 'reversed' WHERE id = :id"), {"id": paid["id"]}
        )
        assert touched.rowcount == 0
    assert dt.datetime.fromisoformat(paid["created_at"]) == harness.clock.now()
