"""Activities become balanced groups of transfers, once, and are undone by reversals."""

from decimal import Decimal

import pytest

from bursar.ledger.errors import NotHeld
from bursar.ledger.models import (
    AccountReference,
    ActivityKind,
    BalancesQuery,
)
from bursar.ledger.operations import accounts, activities, balances
from tests.harness import Harness
from tests.ledger import build


async def held(harness: Harness, account_id, at=None) -> dict[str, Decimal]:
    async with harness.context(read_only=True) as context:
        report = await balances.get_balances(context, BalancesQuery(account_id=account_id, at=at))
    return {balance.code: balance.amount for balance in report.accounts[0].balances}


@pytest.mark.requirement("LEDGER.01", "DB.11")
async def test_a_buy_moves_cash_units_and_fee(harness: Harness) -> None:
    account = await build.open_account(harness)
    apple = build.instrument()
    async with harness.context() as context:
        posted = await activities.post_activities(
            context,
            [
                build.activity(
                    account.id,
                    ActivityKind.BUY,
                    build.moment(2, 15),
                    instrument=apple,
                    quantity=Decimal(10),
                    unit_price=Decimal(100),
                    fees=Decimal(1),
                ),
                build.deposit(account.id, "5000", build.moment(1), external_id="d1"),
            ],
        )
    assert all(answer.duplicate_of is None for answer in posted)
    assert await held(harness, account.id) == {"USD": Decimal("3999.00"), "AAPL": Decimal(10)}
    assert await held(harness, account.id, build.moment(1, 5)) == {"USD": Decimal("5000.00")}
    async with harness.context() as context:
        again = await activities.post_activities(
            context, [build.deposit(account.id, "5000", build.moment(1), external_id="d1")]
        )
    assert again[0].duplicate_of == posted[1].id
    assert await held(harness, account.id) == {"USD": Decimal("3999.00"), "AAPL": Decimal(10)}


@pytest.mark.requirement("LEDGER.01")
async def test_selling_more_than_held_is_refused_and_writes_nothing(harness: Harness) -> None:
    account = await build.open_account(harness)
    apple = build.instrument()
    sale = build.activity(
        account.id,
        ActivityKind.SELL,
        build.moment(3),
        instrument=apple,
        quantity=Decimal(1),
        amount=Decimal(5),
    )
    with pytest.raises(NotHeld, match=r"takes more AAPL than Broker holds") as refusal:
        async with harness.context() as context:
            await activities.post_activities(
                context, [build.deposit(account.id, "1", build.moment(1)), sale]
            )
    assert refusal.value.details is not None
    assert refusal.value.details["activity"] == 1
    assert refusal.value.details["held"] == "0.000000"
    assert await held(harness, account.id) == {}


@pytest.mark.requirement("LEDGER.01")
async def test_reversal_undoes_and_release_allows_import_again(harness: Harness) -> None:
    account = await build.open_account(harness)
    first = build.deposit(account.id, "12.34", build.moment(1), external_id="x")
    async with harness.context() as context:
        (posted,) = await activities.post_activities(context, [first])
        await activities.reverse_activity(context, posted.id, "wrong account")
    assert await held(harness, account.id) == {}
    async with harness.context() as context:
        (again,) = await activities.post_activities(context, [first])
    assert again.duplicate_of == posted.id
    second = build.deposit(account.id, "9", build.moment(1), external_id="y")
    async with harness.context() as context:
        (posted,) = await activities.post_activities(context, [second])
        await activities.reverse_activity(context, posted.id, "import undone", release=True)
    async with harness.context() as context:
        (again,) = await activities.post_activities(context, [second])
    assert again.duplicate_of is None
    assert await held(harness, account.id) == {"USD": Decimal("9.00")}
    async with harness.context(read_only=True) as context:
        shown = await accounts.get_account(context, AccountReference(account_id=account.id))
    assert [balance.amount for balance in shown.balances] == [Decimal("9.00")]
