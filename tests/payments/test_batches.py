"""Payments in batches: the same rows and answers as one by one, each once, each in its workspace."""

import asyncio
import datetime as dt
import json
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from random import Random
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from bursar.core.errors import BursarError, Unavailable
from bursar.interfaces.application import Application
from bursar.interfaces.invoke import Answer, Call, invoke
from bursar.interfaces.invoke_batched import invoke_batched
from bursar.ledger.models import Account
from bursar.ledger.models.accounts import AccountReference
from bursar.ledger.operations import accounts
from bursar.runtime.actor import Source
from bursar.runtime.batch import PostingRoad
from bursar.runtime.batcher import Busy
from bursar.runtime.database import EVERY_WORKSPACE
from bursar.runtime.registry import operations
from tests.harness import Harness, TestDatabase
from tests.payments.build import Door

D = Decimal
PAY = "payments.initiate_payment"
MOVE = "payments.create_transfer"


@pytest.fixture
async def process(door: Door) -> AsyncIterator[Application]:
    """A process of its own: an application with its own batcher and posting connection."""
    yield door.application
    await door.application.drain()


async def batched(door: Door, body: dict[str, Any], *, key: str = "", name: str = PAY) -> Answer:
    call = Call(
        name,
        body,
        Source.REST,
        actor=door.harness.actor(),
        idempotency_key=key or str(uuid.uuid4()),
    )
    return await invoke_batched(door.application, operations()[name], call)


async def ordinary(door: Door, body: dict[str, Any], *, key: str = "", name: str = PAY) -> Answer:
    call = Call(
        name,
        body,
        Source.REST,
        actor=door.harness.actor(),
        idempotency_key=key or str(uuid.uuid4()),
    )
    return await invoke(door.application, call)


def document(answer: Answer) -> Any:
    content = answer.content()
    return answer.document() if content is None else json.loads(content)


def payment(payer: Account, payee: Account, amount: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "payer_account": str(payer.id),
        "payee_account": str(payee.id),
        "amount": amount,
        "currency": "USD",
        **more,
    }


def transfer(payer: Account, payee: Account, amount: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "from_account": str(payer.id),
        "to_account": str(payee.id),
        "amount": amount,
        "currency": "USD",
        **more,
    }


async def two(door: Door, amount: str = "100") -> tuple[Account, Account]:
    """Two accounts that hold dollars, so that a batch finds both balances."""
    return await door.account("Payer", amount), await door.account("Payee", "5")


TABLES = {
    "payment": "payer_account_id",
    "transfer_group": "account_id",
    "transfer": None,
    "entry": None,
    "journal": None,
    "idempotency": None,
}
DIFFERENT = {"id", "seq", "xid", "transfer_id", "group_id", "balance_after", "request_id"}


async def rows_since(door: Door, mark: dict[str, int]) -> dict[str, list[dict[str, Any]]]:
    """Return every row of the workspace beyond the counts of `mark`, without ids and moments."""
    found: dict[str, list[dict[str, Any]]] = {}
    async with door.harness.database.transaction(
        door.harness.workspace_id, read_only=True
    ) as transaction:
        for table in TABLES:
            order = {"journal": "seq", "idempotency": "at, key", "entry": "id"}.get(table, "id")
            rows = await transaction.session.execute(
                text(f"SELECT * FROM {table} ORDER BY {order}")
            )
            plain = [
                {name: value for name, value in row._mapping.items() if name not in DIFFERENT}
                for row in rows
            ]
            found[table] = plain[mark.get(table, 0) :]
    return found


def without(value: Any, ids: list[str]) -> str:
    shown = json.dumps(value, default=str, sort_keys=True)
    for n, each in enumerate(ids):
        shown = shown.replace(each, f"<{n}>")
    return shown


@pytest.fixture
async def stranger(door: Door, tmp_path: Any) -> tuple[Door, dict[str, Any]]:
    """Another workspace of the same process, and a payment in it: company in a batch."""
    other = Door(Harness(door.harness.database, door.harness.clock, home=tmp_path / "other"))
    await other.harness.create_workspace()
    other.application = door.application
    return other, payment(*await two(other))


@pytest.mark.requirement("LEDGER.01", "LEDGER.03")
@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(
    ("name", "make", "more"),
    [
        (PAY, payment, {}),
        (PAY, payment, {"description": "Rent", "reference": "R 7", "payee_name": "Landlord"}),
        (PAY, payment, {"metadata": {"a": 'b"{}'}}),
        (MOVE, transfer, {}),
        (MOVE, transfer, {"description": "To savings"}),
    ],
)
async def test_both_roads_write_the_same_rows_and_answer_alike(
    process: Application,
    door: Door,
    stranger: tuple[Door, dict[str, Any]],
    *,
    alone: bool,
    name: str,
    make: Any,
    more: dict[str, Any],
) -> None:
    """Alone an item takes the function for one; in company the set-based one."""
    payer, payee = await two(door)
    body = make(payer, payee, "12.3", **more)
    company = [] if alone else [batched(*stranger)]
    mark = {table: len(rows) for table, rows in (await rows_since(door, {})).items()}
    answers, rows, keys = [], [], ["key one", "key two"]
    for road, key in zip((ordinary, batched), keys, strict=True):
        others = company if road is batched else []
        answer, *_ = await asyncio.gather(road(door, body, key=key, name=name), *others)
        answers.append(document(answer))
        rows.append(await rows_since(door, mark))
        mark = {table: mark[table] + len(new) for table, new in rows[-1].items()}
    first, second = (
        without(each, [answer["id"], key])
        for each, answer, key in zip(answers, answers, keys, strict=True)
    )
    assert first == second
    assert without(rows[0], [answers[0]["id"], keys[0]]) == without(
        rows[1], [answers[1]["id"], keys[1]]
    )
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.03")
async def test_both_roads_know_one_key(process: Application, door: Door) -> None:
    payer, payee = await two(door)
    for first_road, second_road in ((ordinary, batched), (batched, ordinary)):
        key = str(uuid.uuid4())
        first = await first_road(door, payment(payer, payee), key=key)
        again = await second_road(door, payment(payer, payee), key=key)
        assert (first.replayed, again.replayed) == (False, True)
        assert (again.status, document(again)) == (first.status, document(first))
        with pytest.raises(BursarError) as caught:
            await second_road(door, payment(payer, payee, "2"), key=key)
        assert (caught.value.status, caught.value.code) == (422, "idempotency_key_reused")


@pytest.mark.requirement("LEDGER.03")
@pytest.mark.parametrize("alone", [True, False])
async def test_a_refusal_is_worded_stored_and_replayed_alike(
    process: Application, door: Door, stranger: tuple[Door, dict[str, Any]], alone: bool
) -> None:
    payer, payee = await two(door, "10.5")
    refusals = []
    for road, other in ((ordinary, batched), (batched, ordinary)):
        key = str(uuid.uuid4())
        for each in (road, other):
            company = [] if alone else [batched(*stranger)]
            with pytest.raises(BursarError) as caught:
                await asyncio.gather(each(door, payment(payer, payee, "10.51"), key=key), *company)
            await asyncio.sleep(0.05)
            refusals.append((caught.value.replayed, caught.value.status, caught.value.as_json()))
    assert [replayed for replayed, *_ in refusals] == [False, True, False, True]
    assert refusals[0][1:] == refusals[1][1:] == refusals[2][1:] == refusals[3][1:]
    rows = await rows_since(door, {})
    outcomes = [(r["outcome"], r["error_code"]) for r in rows["journal"] if r["idempotency_key"]]
    assert outcomes == [("refused", "insufficient_funds")] * 2


@pytest.mark.requirement("LEDGER.01")
async def test_what_is_not_plain_takes_the_ordinary_road_unchanged(
    process: Application, door: Door
) -> None:
    payer, payee = await two(door)
    empty = await door.account("Empty")
    closed = await door.account("Closed")
    async with door.harness.context() as context:
        await accounts.close_account(context, AccountReference(account_id=closed.id))
    assert document(await batched(door, payment(payer, empty)))["status"] == "succeeded"
    named = payment(payer, payee) | {"payer_account": "Payer", "currency": None}
    assert document(await batched(door, named))["status"] == "succeeded"
    held = payment(payer, payee, capture_method="manual")
    assert document(await batched(door, held))["status"] == "requires_capture"
    for body in (
        payment(payer, closed),
        payment(payer, payer),
        payment(payer, payee, "0.001"),
        payment(payer, payee, "0"),
        payment(payer, payee, currency="XXQ"),
        payment(payer, payee) | {"payee_account": str(uuid.uuid4())},
    ):
        said = []
        for road in (ordinary, batched):
            with pytest.raises(BursarError) as caught:
                await road(door, body)
            said.append(caught.value.as_json())
        assert said[0] == said[1]
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.01", "LEDGER.03")
async def test_a_batch_never_crosses_workspaces(
    process: Application, door: Door, tmp_path: Any
) -> None:
    """One statement holds items of several workspaces; none reaches what is another's."""
    other = Door(Harness(door.harness.database, door.harness.clock, home=tmp_path))
    await other.harness.create_workspace()
    other.application = door.application
    mine, shop = await two(door)
    theirs, their_shop = await two(other)
    key = "the same key in both"
    results = await asyncio.gather(
        batched(door, payment(mine, shop, "1"), key=key),
        batched(other, payment(theirs, their_shop, "2"), key=key),
        batched(door, payment(theirs, shop, "3")),
        batched(door, payment(mine, their_shop, "4")),
        batched(other, payment(mine, theirs, "5")),
        return_exceptions=True,
    )
    assert [document(each)["amount"] for each in results[:2]] == ["1.00", "2.00"]  # type: ignore[arg-type]
    codes = [each.code for each in results[2:] if isinstance(each, BursarError)]
    assert codes == ["account_not_found"] * 3
    assert await door.held(mine) == (D("99"), D("99"))
    assert await other.held(theirs) == (D("98"), D("98"))
    for one in (door, other):
        rows = await rows_since(one, {})
        assert len(rows["payment"]) == 1
        assert {row["workspace_id"] for table in rows.values() for row in table} == {
            one.harness.workspace_id
        }
        assert (await one.verified()).holds
    # The sight of every workspace ends with the call: the connection sees nothing by itself.
    connection = door.application._roads[0]._connection
    assert await connection.fetchval("SELECT count(*) FROM payment") == 0


@pytest.mark.requirement("LEDGER.03")
async def test_sixty_four_callers_with_one_new_key_make_one_payment(
    process: Application, door: Door, test_database: TestDatabase
) -> None:
    payer, payee = await two(door)
    second = Door(door.harness)
    try:
        key = str(uuid.uuid4())
        doors = [(door, second)[n % 2] for n in range(64)]
        results = await asyncio.gather(
            *(batched(each, payment(payer, payee), key=key) for each in doors),
            return_exceptions=True,
        )
        paid = [document(each) for each in results if isinstance(each, Answer)]
        refused = {each.code for each in results if isinstance(each, BursarError)}
        assert refused <= {"idempotency_in_flight"}
        assert len({each["id"] for each in paid}) == 1
        assert sum(1 for e in results if isinstance(e, Answer) and not e.replayed) == 1
        assert await door.held(payer) == (D("99"), D("99"))
    finally:
        await second.application.drain()


@pytest.mark.requirement("LEDGER.01", "LEDGER.03")
async def test_two_processes_post_over_the_same_accounts(process: Application, door: Door) -> None:
    dice = Random(7)  # noqa: S311 - a test's dice
    circle = [await door.account(f"Account {n}", "20") for n in range(6)]
    second = Door(door.harness)
    try:
        tasks = []
        for _ in range(400):
            payer, payee = dice.sample(circle, 2)
            body = payment(payer, payee, str(dice.choice((1, 7, 15))))
            one = dice.choice((door, second))
            road = ordinary if dice.random() < 0.05 else batched
            tasks.append(asyncio.ensure_future(road(one, body)))
            if dice.random() < 0.1:
                await asyncio.sleep(0.001)
        results = await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await second.application.drain()
    wrong = [e for e in results if not isinstance(e, Answer | BursarError)]
    assert not wrong
    assert {e.code for e in results if isinstance(e, BursarError)} == {"insufficient_funds"}
    held = [await door.held(account) for account in circle]
    assert sum(amount for amount, _ in held) == D(120)
    assert min(amount for amount, _ in held) >= 0
    report = await door.verified()
    assert report.holds, report


@pytest.mark.requirement("LEDGER.03")
async def test_funds_are_given_in_the_order_of_the_calls(process: Application, door: Door) -> None:
    """Exactly as if each call came alone: also what an earlier item of the batch brings in."""
    first, second, third = [
        await door.account(name, amount)
        for name, amount in (("First", "10"), ("Second", "1"), ("Third", "1"))
    ]
    wanted = [
        (second, third, "5", False),  # holds 1
        (first, second, "6", True),
        (second, third, "6", True),  # 1 + 6
        (second, third, "2", False),  # 1 left
        (second, third, "1", True),
        (first, third, "5", False),
        (first, third, "4", True),
    ]
    results = await asyncio.gather(
        *(batched(door, payment(payer, payee, amount)) for payer, payee, amount, _ in wanted),
        return_exceptions=True,
    )
    assert [isinstance(each, Answer) for each in results] == [good for *_, good in wanted]
    report = await door.verified()
    assert report.holds, report


@pytest.mark.requirement("LEDGER.03")
async def test_the_clock_may_jump_back(process: Application, door: Door) -> None:
    payer, payee = await two(door)
    paid = [document(await batched(door, payment(payer, payee)))]
    door.harness.clock._at -= dt.timedelta(hours=5)
    paid.append(document(await batched(door, payment(payer, payee))))
    door.harness.clock._at += dt.timedelta(days=400)
    paid.append(document(await batched(door, payment(payer, payee))))
    assert paid[1]["created_at"] < paid[0]["created_at"] < paid[2]["created_at"]
    report = await door.verified()
    assert report.holds, report
    assert await door.held(payer) == (D("97"), D("97"))


async def test_a_poisoned_item_is_alone_with_its_error(
    process: Application, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row of the batch breaks the statement: the others are posted, once, and it is told."""
    payer, payee = await two(door)
    real = PostingRoad._columns

    async def columns(self: PostingRoad, statement: str, *given: Any) -> Any:
        if "poison" in given or any("poison" in c for c in given if isinstance(c, list)):
            raise asyncpg.DataError("a value that no column can hold")
        return await real(self, statement, *given)

    monkeypatch.setattr(PostingRoad, "_columns", columns)
    results = await asyncio.gather(
        *(batched(door, payment(payer, payee), key="poison" if n == 11 else "") for n in range(20)),
        return_exceptions=True,
    )
    failed = [n for n, each in enumerate(results) if not isinstance(each, Answer)]
    assert failed == [11]
    assert isinstance(results[11], BursarError)
    assert results[11].code == "internal_error"
    assert await door.held(payer) == (D("81"), D("81"))


async def kill_backends(test_database: TestDatabase, door: Door) -> None:
    """End the posting connection on the server, as a restart does."""
    connection = await asyncpg.connect(test_database.application_url)
    try:
        for road in door.application._roads:
            if road._connection is not None and not road._connection.is_closed():
                pid = road._connection.get_server_pid()
                await connection.execute("SELECT pg_terminate_backend($1)", pid)
    finally:
        await connection.close()


@pytest.mark.requirement("LEDGER.03")
async def test_a_lost_connection_loses_and_doubles_nothing(
    process: Application, door: Door, test_database: TestDatabase
) -> None:
    payer, payee = await two(door, "1000")
    paid: list[Answer] = []

    async def pay() -> None:
        for _ in range(12):
            answer = await batched(door, payment(payer, payee))
            paid.append(answer)

    async def disturb() -> None:
        for _ in range(4):
            await asyncio.sleep(0.03)
            await kill_backends(test_database, door)

    await asyncio.gather(disturb(), *(pay() for _ in range(4)))
    assert len(paid) == 48
    assert not any(each.replayed for each in paid)
    assert len({document(each)["id"] for each in paid}) == len(paid)
    assert await door.held(payer) == (D(1000 - len(paid)), D(1000 - len(paid)))
    report = await door.verified()
    assert report.holds, report


async def test_a_statement_that_takes_too_long_is_answered_with_503(
    process: Application, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another transaction keeps the balance: the server gives up, nothing is saved, all are told."""
    payer, payee = await two(door)
    monkeypatch.setattr(
        "bursar.runtime.batch.SERVER_SETTINGS",
        {"statement_timeout": "200", "standard_conforming_strings": "on"},
    )
    async with door.harness.database.transaction(EVERY_WORKSPACE) as transaction:
        await transaction.session.execute(
            text("SELECT FROM balance WHERE account_id = :id FOR UPDATE"), {"id": payer.id}
        )
        results = await asyncio.gather(
            *(batched(door, payment(payer, payee)) for _ in range(3)), return_exceptions=True
        )
    assert all(isinstance(e, Unavailable) and e.retry_after_seconds for e in results)
    assert await door.held(payer) == (D(100), D(100))
    assert document(await batched(door, payment(payer, payee)))["status"] == "succeeded"


async def test_a_full_disk_is_an_answer_and_loses_nothing(
    process: Application, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is raised where PostgreSQL's would come from; no disk is filled here."""
    payer, payee = await two(door)
    real = PostingRoad._columns
    full = True

    async def columns(self: PostingRoad, statement: str, *given: Any) -> Any:
        if full:
            raise Busy from asyncpg.DiskFullError("could not extend file: No space left on device")
        return await real(self, statement, *given)

    monkeypatch.setattr(PostingRoad, "_columns", columns)
    key = str(uuid.uuid4())
    with pytest.raises(Unavailable, match="nothing was saved"):
        await batched(door, payment(payer, payee), key=key)
    full = False
    again = await batched(door, payment(payer, payee), key=key)
    assert (again.status, again.replayed) == (201, False)
    assert await door.held(payer) == (D(99), D(99))
