"""Accounts around a batch: their own currency, their names in answers, and their closing meanwhile."""

import asyncio
import uuid
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bursar.core.errors import BursarError, Unavailable
from bursar.interfaces.application import Application
from bursar.ledger.models.accounts import AccountReference
from bursar.ledger.operations import accounts
from bursar.payments.models.payments import Payment
from bursar.payments.models.transfers import Transfer
from bursar.payments.operations.batches import POSTING
from bursar.runtime.batch import SERVER_SETTINGS, PostingRoad
from bursar.runtime.batcher import Limits
from bursar.runtime.database import EVERY_WORKSPACE
from bursar.runtime.registry import operations
from tests.payments.build import D, Door
from tests.payments.test_batches import (
    MOVE,
    PAY,
    batched,
    document,
    payment,
    process,
    transfer,
    two,
)

__all__ = ["process"]


@pytest.mark.requirement("LEDGER.03")
@pytest.mark.parametrize(("name", "model"), [(PAY, Payment), (MOVE, Transfer)])
async def test_a_batch_answers_with_the_models_fields_in_their_order(
    process: Application, door: Door, name: str, model: Any
) -> None:
    payer, payee = await two(door)
    body = (payment if name == PAY else transfer)(payer, payee)
    said = await batched(door, body, name=name)
    assert list(document(said)) == list(model.model_fields)
    content = (said.content() or b"").decode()
    assert model.model_validate_json(content).model_dump_json() == content


@pytest.mark.requirement("LEDGER.03")
@pytest.mark.parametrize("name", [PAY, MOVE])
async def test_without_a_currency_the_payers_own_is_taken_by_the_batch(
    process: Application, door: Door, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    payer, payee = await two(door)
    calls: list[int] = []
    post = PostingRoad.post

    async def counted(self: PostingRoad, batch: Any) -> Any:
        calls.append(len(batch))
        return await post(self, batch)

    monkeypatch.setattr(PostingRoad, "post", counted)
    body = (payment if name == PAY else transfer)(payer, payee) | {"currency": None}
    for _ in range(2):
        assert document(await batched(door, body, name=name))["currency"] == "USD"
    assert calls == [1, 1]
    assert await door.held(payer) == (D("98"), D("98"))
    # Nobody else's account says its currency.
    batch = operations()[name].batch
    assert batch is not None
    assert await door.application.known(batch, uuid.uuid4(), payer.id) is None
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.01", "LEDGER.03")
async def test_an_account_is_closed_or_paid_never_both(process: Application, door: Door) -> None:
    """Whoever comes second waits for the first, and then sees what it did."""
    payer, _ = await two(door)
    for n in range(24):
        payee = await door.account(f"Empty {n}", "1")
        back = payment(payee, payer, "1")
        assert document(await batched(door, back))["status"] == "succeeded"

        async def close(account_id: uuid.UUID = payee.id, wait: float = n * 0.0005) -> Any:
            await asyncio.sleep(wait)
            async with door.harness.context() as context:
                return await accounts.close_account(
                    context, AccountReference(account_id=account_id)
                )

        company = [batched(door, payment(payer, payee)) for _ in range(n % 3 + 1)]
        closed, *paid = await asyncio.gather(close(), *company, return_exceptions=True)
        refused = [each for each in paid if isinstance(each, BursarError)]
        if isinstance(closed, BursarError):
            assert closed.code == "account_not_empty"
            assert not refused
        else:
            assert [each.code for each in refused] == ["account_closed"] * len(paid)
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.01")
async def test_a_posting_keeps_its_accounts_from_being_closed_until_it_ends(door: Door) -> None:
    payer, payee = await two(door)
    group = text(
        "INSERT INTO transfer_group (id, workspace_id, kind, effective_at, account_id,"
        " counter_account_id, source, metadata, created_at)"
        " VALUES (:id, :workspace, 'payment', now(), :payer, :payee, 'payment', '{}', now())"
    )
    given = {"workspace": door.harness.workspace_id, "payer": payer.id, "payee": payee.id}
    for side in (payer, payee):
        async with door.harness.database.transaction(door.harness.workspace_id) as posting:
            await posting.session.execute(group, {**given, "id": uuid.uuid4()})
            posting.rollback = True

            async def close(account_id: uuid.UUID = side.id) -> None:
                async with door.harness.context() as context:
                    await context.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
                    await accounts.close_account(context, AccountReference(account_id=account_id))

            with pytest.raises(DBAPIError, match="lock timeout"):
                await close()
    # An account of nobody, or of another workspace, is refused as the enforced keys did.
    for field in ("payer", "payee"):
        with pytest.raises(DBAPIError, match="accounts of its workspace"):
            async with door.harness.database.transaction(door.harness.workspace_id) as posting:
                await posting.session.execute(
                    group, {**given, "id": uuid.uuid4(), field: uuid.uuid4()}
                )


async def _posted(door: Door, body: dict[str, Any]) -> str:
    return str(document(await batched(door, body))["status"])


@pytest.mark.requirement("LEDGER.03")
async def test_a_balance_that_another_transaction_keeps_holds_up_nobody_else(
    process: Application, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "bursar.runtime.batch.SERVER_SETTINGS", {**SERVER_SETTINGS, "lock_timeout": "100"}
    )
    held, payee = await two(door)
    free, shop = await two(door)
    last = await door.account("Last", "1")
    async with door.harness.database.transaction(EVERY_WORKSPACE) as transaction:
        await transaction.session.execute(
            text("SELECT FROM balance WHERE account_id = :id FOR UPDATE"), {"id": held.id}
        )
        waiting = [
            asyncio.create_task(_posted(door, payment(held, last, "100"))),
            # It can only be paid from what the call before it brings.
            asyncio.create_task(_posted(door, payment(last, payee, "101"))),
        ]
        await asyncio.sleep(0)
        async with asyncio.timeout(2):
            said = [await _posted(door, payment(free, shop)) for _ in range(5)]
            said += await asyncio.gather(*(_posted(door, payment(free, shop)) for _ in range(5)))
        assert set(said) == {"succeeded"}
        assert not any(each.done() for each in waiting)
    assert await asyncio.gather(*waiting) == ["succeeded"] * 2
    assert await door.held(last) == (D(0), D(0))
    assert await door.held(free) == (D(90), D(90))
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.03")
async def test_a_balance_that_is_kept_too_long_is_answered_with_503(
    process: Application, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "bursar.runtime.batch.SERVER_SETTINGS", {**SERVER_SETTINGS, "lock_timeout": "50"}
    )
    payer, payee = await two(door)
    door.application.batcher_of(POSTING)._limits = Limits(wait_seconds_max=0.3)
    async with door.harness.database.transaction(EVERY_WORKSPACE) as transaction:
        await transaction.session.execute(
            text("SELECT FROM balance WHERE account_id = :id FOR UPDATE"), {"id": payer.id}
        )
        async with asyncio.timeout(3):
            with pytest.raises(Unavailable, match="nothing was saved"):
                await batched(door, payment(payer, payee))
    assert await door.held(payer) == (D(100), D(100))
    assert await _posted(door, payment(payer, payee)) == "succeeded"


@pytest.mark.requirement("LEDGER.03")
async def test_only_calls_on_an_account_that_is_kept_locked_are_told_busy(
    process: Application, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account itself is locked, as by one who closes it: no balance to pass over."""
    monkeypatch.setattr(
        "bursar.runtime.batch.SERVER_SETTINGS", {**SERVER_SETTINGS, "lock_timeout": "50"}
    )
    payer, payee = await two(door)
    free, shop = await two(door)
    async with door.harness.database.transaction(EVERY_WORKSPACE) as transaction:
        await transaction.session.execute(
            text("SELECT FROM account WHERE id = :id FOR UPDATE"), {"id": payer.id}
        )
        results = await asyncio.gather(
            *(batched(door, payment(free, shop)) for _ in range(4)),
            batched(door, payment(payer, payee)),
            *(batched(door, payment(free, shop)) for _ in range(4)),
            return_exceptions=True,
        )
    busy = [each for each in results if isinstance(each, BaseException)]
    assert [type(each) for each in busy] == [Unavailable]
    assert results.index(busy[0]) == 4
    assert await door.held(free) == (D(92), D(92))
